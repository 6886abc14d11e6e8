"""The 2600B driver against the emulated 2602B, bytes on the wire included."""

import numpy as np
import pytest
from bench_meter import BenchMeter, column, play, program

from data.samples import Flag
from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.keithley_2600b import Keithley2600B
from drivers.simulated.bench import BUS_TIME
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseTrain, Segment

METER = BenchMeter("keithley-2600b")


def test_it_knows_who_it_is(meter):
    assert meter.identity.model == "2602B"
    assert meter.capabilities.model == "2602B"


def test_the_clock_is_read_to_the_microsecond_after_days(meter, bench):
    bench.clock.advance(3e5 + 0.123456)
    before = meter.now()
    assert before == pytest.approx(bench.clock.now, abs=1e-3)
    bench.clock.advance(1e-3)
    # Reading the clock takes a message's time on the bus as well.
    assert meter.now() - before == pytest.approx(1e-3 + BUS_TIME, abs=1e-6)


@pytest.mark.parametrize("rest", [1200.0, 2000.0, 8000.0])
def test_times_go_on_where_the_finest_timestamps_would_start_again(meter, rest):
    readouts = play(meter, program(*(Segment(0.0, rest, "up", Instant.REST),) * 3))
    time, requested = column(readouts, "time"), column(readouts, "requested_time")
    assert np.abs(time - requested).max() < 2e-3
    assert np.diff(time) == pytest.approx(rest, abs=1e-3)


def test_unequal_widths_and_gaps_are_timed_by_the_instrument(meter):
    rng = np.random.default_rng(3)
    parts = [
        PulseTrain(float(a), float(w), float(g), 2, "up")
        for a, w, g in zip(
            rng.uniform(1e-4, 1e-3, 7), rng.uniform(1e-3, 0.2, 7), rng.uniform(1e-3, 0.2, 7),
            strict=True,
        )
    ]  # fmt: skip
    played = program(*parts)
    readouts = play(meter, played)
    assert sum(len(r) for r in readouts) == len(played)
    assert [r.first for r in readouts if len(r)] == list(
        np.cumsum([0] + [len(r) for r in readouts if len(r)])[:-1]
    )
    late = column(readouts, "time") - column(readouts, "requested_time")
    assert np.abs(late).max() < 2e-6
    driven = played.level > 0
    assert column(readouts, "current") == pytest.approx(played.level, rel=1e-6, abs=1e-12)
    ends = played.start + played.duration
    lead = ends - (column(readouts, "requested_time") + played.aperture)
    assert np.all(lead >= 60e-6 - 1e-12)
    assert np.all(lead < 62e-6)
    assert driven.any()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_programs_of_few_segments(meter, count):
    played = program(Segment(1e-3, 5e-3, "up", Instant.PULSE_END, repeat=count))
    assert sum(len(r) for r in play(meter, played)) == count


def test_a_long_train_is_drained_in_slices(meter):
    played = program(PulseTrain(1e-5, 1e-3, 1e-3, 3000, "up"))
    readouts = play(meter, played)
    assert len(readouts) >= 3
    assert sum(len(r) for r in readouts) == 6000


def test_voltage_is_sourced_with_its_current_limit_flagged(meter, bench):
    charge = program(Segment(1e-3, 2.0, "up", Instant.PULSE_END))
    play(meter, charge)
    hold = program(
        Segment(0.0, 0.1, "up", Instant.HOLD, repeat=50), source="voltage", limit=1e-3,
        on_limit="flag",
    )  # fmt: skip
    readouts = play(meter, hold)
    limited = (column(readouts, "flags") & Flag.LIMIT) != 0
    assert limited[0]
    assert not limited[-1]
    assert column(readouts, "current")[0] == pytest.approx(-1e-3, rel=1e-3)
    assert column(readouts, "voltage")[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_reading_beyond_its_range_is_flagged(meter):
    # A charged device drives more through the limit than the range of the rest's 0 A measures.
    play(meter, program(Segment(10e-3, 1.0, "up", Instant.PULSE_END), limit=0.7))
    rest = program(*(Segment(0.0, 0.1, "up", Instant.REST),) * 3, limit=0.05, on_limit="flag")
    readouts = play(meter, rest)
    over = (column(readouts, "flags") & Flag.OVERRANGE) != 0
    assert over[0]
    assert np.array_equal(over, np.abs(column(readouts, "current")) > 1e30)
    unflagged = play(meter, program(Segment(1e-4, 0.1, "up", Instant.PULSE_END)))
    assert not column(unflagged, "flags").any()


def test_the_output_is_high_impedance_whenever_it_is_off(meter, bench):
    assert bench.stage("a").mode == "high_z" or bench.stage("a").mode == "zero"
    meter.make_safe()
    before = bench.stage("a").mode
    play(meter, program(Segment(1e-3, 0.1, "up", Instant.PULSE_END)))
    assert (before, bench.stage("a").mode) == ("high_z", "high_z")
    offs = [e.what for e in bench.journal if "smua output off" in e.what and e.time > 0]
    assert offs
    assert all("open" in what for what in offs)


def test_the_output_is_read_back_as_it_is_and_left_alone(meter, link, bench):
    meter.make_safe()
    assert str(meter.read_back()) == "output off, off mode high-impedance"
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    assert meter.read_back().on
    assert meter.drain().running
    meter.stand_by()
    assert not meter.read_back().on
    # Another hand on the instrument: the driver tells what is, not what it had asked for.
    link.instrument.write(b"smua.source.offmode=0 smua.source.output=0")
    assert str(meter.read_back()) == "output off, off mode 0 V source"
    link.instrument.write(b"smua.source.output=1")
    assert meter.read_back().on
    assert bench.stage("a").mode != "high_z"


def test_an_output_that_cannot_be_read_is_an_error(meter, link):
    link.cut()
    with pytest.raises(LinkError, match="no reply from"):
        meter.read_back()


def test_settings_are_read_back(meter):
    settings = meter.load(program(Segment(2e-4, 0.1, "up", Instant.PULSE_END), limit=0.5))
    assert settings["source.rangei"] == 1e-3
    assert settings["source.limitv"] == 0.5
    assert settings["measure.rangev"] == 1.0
    assert settings["measure.nplc"] == pytest.approx(0.01)
    assert settings["source.offmode"] == 2


def test_resting_at_zero_uses_a_low_range(meter):
    rest = program(Segment(0.0, 0.1, "up", Instant.REST))
    assert meter.load(rest)["source.rangei"] == 1e-6


def test_a_program_that_cannot_be_timed_is_refused_before_anything_is_sent(meter, bench):
    before = bench.clock.now
    with pytest.raises(ProtocolError, match="shorter than the 2602B can time"):
        meter.load(program(Segment(1e-3, 3e-4, "up", Instant.PULSE_END)))
    assert bench.clock.now == before


def test_draining_before_loading_is_an_error(meter):
    with pytest.raises(InstrumentError, match=r"call load\(\) first"):
        meter.drain()


def test_an_error_of_the_instrument_is_raised_with_its_code(meter):
    meter._tsp.write("smua.source.levle = 1")
    with pytest.raises(CommandError, match=r"-286 .*levle"):
        meter.load(program(Segment(1e-3, 0.1, "up", Instant.PULSE_END)))


def test_abort_mid_train_leaves_the_source_safe(meter, bench):
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    assert meter.drain().running
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("a").mode == "high_z"


def test_another_model_is_refused(link, monkeypatch):
    import drivers.keithley_2600b as module

    monkeypatch.setattr(module.Keithley2600B, "models", ("2636B",))
    with pytest.raises(InstrumentError, match=r"is a Keithley .* 2602B .*is for 2636B"):
        Keithley2600B.connect(link, "a", "4-wire")


def test_a_broken_link_is_a_link_error_and_make_safe_opens_a_new_one(meter, link, bench):
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    link.cut()
    with pytest.raises(LinkError, match="no reply from"):
        meter.drain()
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("a").mode == "high_z"


def test_an_instrument_that_is_too_slow_reports_its_overrun(meter, monkeypatch):
    import drivers.simulated.keithley_2600b.meter as inside

    played = program(PulseTrain(1e-5, 1e-3, 1e-3, 20, "up"))
    assert not column(play(meter, played), "flags").any()
    monkeypatch.setattr(inside, "MEASURE_OVERHEAD", 2.5e-3)
    meter.load(played)
    meter.start()
    readouts = []
    with pytest.raises(InstrumentError, match=r"lost a trigger .*overrun.* longer segments"):
        readouts.extend(iter(meter.drain, None))
    flags = column(readouts, "flags")
    assert flags[-1] & Flag.OVERRUN
    assert (flags & Flag.LATE).any()


@pytest.fixture
def small_buffers(monkeypatch):
    import drivers.keithley_2600b_models as holds

    monkeypatch.setattr(holds, "ROOM", 600)
    monkeypatch.setattr(holds, "WINDOW", 500)


def test_a_program_longer_than_the_buffers_plays_without_a_gap(small_buffers, meter, bench):
    unit = [PulseTrain(1e-5, 6e-2, 9e-2, 3, "up"), PulseTrain(-1e-5, 6e-2, 0.12, 2, "up")]
    played = program(*unit * 170)
    assert len(played) == 1700
    assert meter.capabilities.levels_needed(played) == 10
    readouts = play(meter, played)
    assert [r.first for r in readouts if len(r)] == list(
        np.cumsum([0] + [len(r) for r in readouts if len(r)])[:-1]
    )
    assert column(readouts, "time") == pytest.approx(column(readouts, "requested_time"), abs=2e-6)
    assert column(readouts, "current") == pytest.approx(played.level, rel=1e-6, abs=1e-10)
    assert not column(readouts, "flags").any()


def test_readings_that_were_overwritten_are_not_taken_for_others(small_buffers, meter, bench):
    meter.load(program(PulseTrain(1e-5, 2e-2, 2e-2, 850, "up")))
    meter.start()
    for _ in range(2):
        bench.message_arrives()
    # 800 segments have passed when it is asked: the first 300 readings have been overwritten.
    with pytest.raises(InstrumentError, match="overwritten in the 2602B before they were read"):
        meter.drain()


def test_levels_that_do_not_repeat_are_refused_with_the_longest_that_fits(small_buffers, meter):
    rng = np.random.default_rng(4)
    segments = [Segment(level, 1e-2, "up", Instant.PULSE_END) for level in rng.random(700) * 1e-3]
    with pytest.raises(ProtocolError, match="700 segments need 700 levels"):
        meter.load(program(*segments))

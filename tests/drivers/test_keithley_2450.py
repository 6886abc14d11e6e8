"""The 2450 driver against the emulated 2450 and 2460, and the traffic of each operation."""

import math

import numpy as np
import pytest
import reference
from bench_meter import BenchMeter, column, play, program

from data.samples import Flag
from drivers import keithley_2450_models as holds
from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.keithley_2450 import Keithley2450
from drivers.simulated.keithley_2450.models import BLOCK_TIME
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseTrain, Segment

METER = BenchMeter("keithley-2450", verified_period="2 ms")


@pytest.mark.parametrize("model", ["2450", "2460"])
def test_it_knows_who_it_is(model):
    known = BenchMeter("keithley-2450", model)
    meter = known.connect(known.rig()[2])
    assert meter.identity.model == model
    assert meter.capabilities.model == model
    assert meter.capabilities.current_ranges[-1] == {"2450": 1.0, "2460": 7.0}[model]
    meter.close()


def test_a_train_is_timed_by_the_instrument(meter):
    played = program(PulseTrain(1e-4, 1e-3, 1e-3, 300, "up"), PulseTrain(-1e-4, 1e-3, 1e-3, 300,
                                                                          "up"))  # fmt: skip
    readouts = play(meter, played)
    assert sum(len(r) for r in readouts) == len(played)
    late = column(readouts, "time") - column(readouts, "requested_time")
    assert np.abs(late).max() < 2e-6
    assert not column(readouts, "flags").any()
    assert column(readouts, "current") == pytest.approx(played.level, abs=1e-15)


def test_a_2460_plays_the_same():
    found = []
    for model in ("2450", "2460"):
        known = BenchMeter("keithley-2450", model, verified_period="2 ms", wiring="2-wire")
        meter = known.connect(known.rig()[2])
        found.append(
            column(play(meter, program(PulseTrain(1e-3, 1e-3, 1e-3, 10, "up"))), "voltage")
        )
        meter.close()
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert np.ptp(found[0]) > 1e-2


def test_1_ms_pulses_at_500_hz_read_what_the_circuit_says(meter, bench, monkeypatch):
    monkeypatch.setattr(reference, "SETTLING", 200e-6 / math.log(1000))  # the 2450's
    bench.set_resistance(bench.clock.now, 8000.0)
    played = program(PulseTrain(1e-3, 1e-3, 1e-3, 40, "up"), PulseTrain(-1e-3, 1e-3, 1e-3, 40,
                                                                        "up"))  # fmt: skip
    found = column(play(meter, played), "voltage")
    duration = played.duration.copy()
    duration[0] -= BLOCK_TIME  # of the block that starts the timers
    segments = list(zip(played.level, duration, strict=True))
    expected = reference.mean_voltages(8000.0, segments, played.aperture, holds.OVERHEAD)
    assert np.ptp(expected) > 0.1
    assert np.abs(found - expected).max() < 1e-6 * np.ptp(expected)


def test_unequal_widths_and_gaps_are_timed_by_the_instrument(meter, bench):
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
    late = column(readouts, "time") - column(readouts, "requested_time")
    assert np.abs(late).max() < 2e-6
    # What the bench's journal saw, besides what the instrument reported.
    changes = [(e.time, float(e.what.split()[1])) for e in bench.journal if "level " in e.what][
        -28:
    ]
    assert [level for _, level in changes] == pytest.approx(played.level, rel=1e-6)
    assert np.diff([t for t, _ in changes]) == pytest.approx(played.duration[:-1], abs=2e-5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_programs_of_few_segments(meter, count):
    played = program(Segment(1e-3, 5e-3, "up", Instant.PULSE_END, repeat=count))
    assert sum(len(r) for r in play(meter, played)) == count


def test_a_long_train_is_drained_in_slices(meter):
    readouts = play(meter, program(PulseTrain(1e-5, 5e-3, 5e-3, 2500, "up")))
    assert len(readouts) >= 3
    assert [r.first for r in readouts if len(r)] == list(
        np.cumsum([0] + [len(r) for r in readouts if len(r)])[:-1]
    )
    assert sum(len(r) for r in readouts) == 5000


def test_voltage_is_sourced_with_its_current_limit_flagged(meter):
    play(meter, program(Segment(1e-3, 2.0, "up", Instant.PULSE_END)))
    hold = program(
        Segment(0.0, 0.1, "up", Instant.HOLD, repeat=50), source="voltage", limit=1e-3,
        on_limit="flag",
    )  # fmt: skip
    readouts = play(meter, hold)
    limited = (column(readouts, "flags") & Flag.LIMIT) != 0
    assert limited[0]
    assert not limited[-1]
    assert column(readouts, "current")[0] == pytest.approx(-1e-3, rel=1e-3)
    # Where the limit acts the voltage is the measured one, not the 0 V that were asked for.
    assert column(readouts, "voltage")[0] > 1e-2
    assert column(readouts, "voltage")[-1] == pytest.approx(0.0, abs=1e-9)


def test_off_is_high_impedance_for_either_source_from_the_first_command_on(meter, bench):
    assert bench.stage("").mode == "high_z"
    play(meter, program(Segment(1e-3, 0.1, "up", Instant.PULSE_END)))
    volts = program(Segment(0.1, 0.1, "up", Instant.HOLD), source="voltage", limit=1e-3)
    play(meter, volts)
    offs = [e.what for e in bench.journal if "output off" in e.what]
    assert offs[0] == "output off, 0 V"  # as the instrument was found
    assert set(offs[1:]) == {"output off, open"}
    assert bench.stage("").mode == "high_z"


def test_the_program_ends_with_the_output_off_though_no_host_asks(meter, bench):
    meter.load(program(Segment(1e-3, 0.1, "up", Instant.PULSE_END, repeat=3)))
    meter.start()
    bench.run_to(bench.clock.now + 1.0)
    assert bench.stage("").mode == "high_z"


def test_the_output_is_read_back_as_it_is(meter, link):
    assert str(meter.read_back()) == "output off, off mode high-impedance"
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    assert meter.read_back().on
    assert meter.drain().running
    meter.stand_by()
    link.instrument.write(b"smu.source.offmode=smu.OFFMODE_NORMAL")
    assert str(meter.read_back()) == "output off, off mode not high-impedance"


def test_settings_are_read_back(meter):
    settings = meter.load(program(Segment(2e-4, 0.1, "up", Instant.PULSE_END), limit=0.5))
    assert settings["smu.source.func==smu.FUNC_DC_CURRENT"] is True
    assert settings["smu.source.range"] == 1e-3
    assert settings["smu.source.vlimit.level"] == 0.5
    assert settings["smu.measure.range"] == 2.0
    assert settings["smu.measure.nplc"] == pytest.approx(0.01)
    assert settings["smu.measure.sense==smu.SENSE_4WIRE"] is True
    assert settings["smu.source.offmode==smu.OFFMODE_HIGHZ"] is True
    assert settings["terminals"] == "front"
    assert settings["firmware"] == "1.7.12b"


def test_resting_at_zero_uses_a_low_range(meter):
    rest = program(Segment(0.0, 0.1, "up", Instant.REST))
    assert meter.load(rest)["smu.source.range"] == 1e-6


LEFT = (
    b"smu.source.func=smu.FUNC_DC_CURRENT smu.measure.func=smu.FUNC_DC_VOLTAGE",
    b"smu.measure.rel.level=0.3 smu.measure.rel.enable=smu.ON smu.measure.count=7",
    b"smu.measure.filter.enable=smu.ON smu.measure.autozero.enable=smu.ON",
    b"smu.source.autodelay=smu.ON smu.source.autorange=smu.ON smu.measure.autorange=smu.ON",
    b'smu.source.configlist.create("mine") trigger.model.load("SimpleLoop",5)',
    b'smu.source.configlist.create("fmes_levels") smu.source.configlist.store("fmes_levels")',
    b"trigger.timer[1].delay=1 trigger.timer[1].enable=trigger.ON",
)


def test_what_a_user_left_on_the_instrument_changes_no_reading():
    found = []
    for left in ((), LEFT):
        _, _, link = METER.rig()
        meter = Keithley2450.connect(link, "", "4-wire")
        for command in left:
            link.instrument.write(command)
        assert int(meter._tsp.error_count) == 0
        found.append(column(play(meter, program(PulseTrain(1e-4, 5e-3, 5e-3, 5, "up"))), "voltage"))
        meter.close()
    assert found[0] == pytest.approx(found[1], abs=1e-9)
    assert np.ptp(found[0]) > 1e-3


def test_a_period_of_2_ms_is_refused_until_it_was_verified(link, bench):
    meter = Keithley2450.connect(link, "", "4-wire")
    before = bench.clock.now
    with pytest.raises(ProtocolError) as refused:
        meter.load(program(PulseTrain(1e-4, 1e-3, 1e-3, 3, "up")))
    assert "a period of 2 ms is shorter than the 2450 can time; at least 4 ms" in str(refused.value)
    assert "PulseITrain.tsp" in str(refused.value)
    assert "source_meter.verified_period" in str(refused.value)
    assert "a width of 1 ms and a gap of 3 ms" in str(refused.value)
    assert bench.clock.now == before
    assert len(play(meter, program(PulseTrain(1e-4, 1e-3, 3e-3, 3, "up")))) > 0


@pytest.mark.parametrize(
    ("segments", "changes", "message"),
    [
        ([PulseTrain(1e-4, 6e-4, 2e-3, 2, "up")], {}, "shorter than the 2450 can time"),
        ([Segment(1.2, 1e-2, "up", Instant.PULSE_END)], {}, "beyond the 2450; at most 1 A"),
        ([Segment(1e-3, 1e-2, "up", Instant.PULSE_END)], {"limit": 0.2105}, "between two meas"),
        ([Segment(1e-3, 1e-2, "up", Instant.PULSE_END)], {"aperture": 1e-4}, "aperture 100 us is"),
        ([Segment(0.1, 0.1, "up", Instant.HOLD)],
         {"source": "voltage", "limit": 1e-3, "aperture": 99.9e-3},
         r"segments of 100 ms leave an aperture of at most 98\.5 ms on the 2450, not 99\.9 ms"),
        ([Segment(0.1, 3e-3, "up", Instant.HOLD)], {"source": "voltage", "limit": 1e-3},
         "at least 4 ms"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused_before_anything_is_sent(
    meter, bench, segments, changes, message
):
    before = bench.clock.now
    with pytest.raises(ProtocolError, match=message):
        meter.load(program(*segments, **changes))
    assert bench.clock.now == before


def test_levels_that_do_not_repeat_are_refused_with_the_longest_that_fits(meter, monkeypatch):
    monkeypatch.setattr(holds, "_MOST_LEVELS", 600)
    capabilities = Keithley2450.capabilities_of("2450", 50.0)
    rng = np.random.default_rng(4)
    segments = [Segment(level, 1e-2, "up", Instant.PULSE_END) for level in rng.random(700) * 1e-3]
    with pytest.raises(ProtocolError, match="700 segments need 700 levels"):
        program(*segments).check(capabilities)
    program(PulseTrain(1e-4, 1e-2, 1e-2, 5000, "up")).check(capabilities)


def test_draining_before_loading_is_an_error(meter):
    with pytest.raises(InstrumentError, match=r"call load\(\) first"):
        meter.drain()


def test_an_error_of_the_instrument_is_raised_with_its_code(meter):
    meter._tsp.write("smu.source.levle = 1")
    with pytest.raises(CommandError, match=r"-286 .*levle"):
        meter.load(program(Segment(1e-3, 0.1, "up", Instant.PULSE_END)))


def test_an_error_during_the_train_ends_it_with_its_code(meter, link):
    meter.load(program(Segment(1e-3, 0.1, "up", Instant.PULSE_END, repeat=100)))
    meter.start()
    link.instrument.write(b"smu.source.levle = 1")
    with pytest.raises(CommandError, match=r"reported during the train: -286 .*levle"):
        meter.drain()


def test_abort_mid_train_leaves_the_source_safe(meter, bench):
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    assert meter.drain().running
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("").mode == "high_z"
    assert sum(len(r) for r in play(meter, program(PulseTrain(1e-3, 0.1, 0.1, 3, "up")))) == 6


def test_a_broken_link_is_a_link_error_and_make_safe_opens_a_new_one(meter, link, bench):
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    link.cut()
    with pytest.raises(LinkError, match="no reply from"):
        meter.drain()
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("").mode == "high_z"


def test_an_instrument_set_to_another_language_is_refused_with_the_way_to_change_it():
    _, _, link = METER.rig()
    link.instrument.write(b"*LANG SCPI")
    link.instrument.restart()
    with pytest.raises(InstrumentError, match=r"set to the language SCPI.* MENU, System, Settings"):
        Keithley2450.connect(link, "", "4-wire")
    link.instrument.write(b"*LANG TSP")
    link.instrument.restart()
    Keithley2450.connect(link, "", "4-wire").close()


def test_another_model_is_refused(link, monkeypatch):
    monkeypatch.setattr(Keithley2450, "models", ("2460",))
    with pytest.raises(InstrumentError, match=r"is a KEITHLEY .* 2450 .*is for 2460; correct"):
        Keithley2450.connect(link, "", "4-wire")


def test_firmware_that_lacks_the_blocks_is_refused(link, monkeypatch):
    monkeypatch.setattr(type(link.instrument), "firmware", "1.6.7c")
    with pytest.raises(InstrumentError, match=r"has firmware 1.6.7c; the driver needs 1.7 or"):
        Keithley2450.connect(link, "", "4-wire")


def test_an_instrument_that_is_too_slow_flags_what_is_late_and_is_found_stuck(meter, monkeypatch):
    import drivers.simulated.keithley_2450.meter as inside

    played = program(PulseTrain(1e-4, 1e-3, 1e-3, 20, "up"))
    assert not column(play(meter, played), "flags").any()
    monkeypatch.setitem(inside.MEASURE_OVERHEAD, "v", 2.5e-3)
    meter.load(played)
    meter.start()
    readouts = []
    with pytest.raises(InstrumentError, match=r"lost a trigger .*overrun.* longer segments"):
        readouts.extend(iter(meter.drain, None))
    assert (column(readouts, "flags") & Flag.LATE).any()


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (b"smu.measure.sense=smu.SENSE_2WIRE", "did not sense as wired during reading"),
        (b"smu.source.output=smu.OFF", "the output was off during reading"),
        (b"smu.measure.range=0.02", "the measuring range was exceeded during reading"),
    ],
)
def test_readings_not_made_as_meant_end_the_run(meter, link, command, what):
    meter.load(program(Segment(1e-3, 0.1, "up", Instant.PULSE_END, repeat=100)))
    meter.start()
    link.instrument.write(command)
    with pytest.raises(InstrumentError, match=what):
        list(iter(meter.drain, None))

"""The 2400 driver: its traffic, its plans, and what it does on the emulated 2400."""

import numpy as np
import pytest
from bench_meter import BenchMeter, column, hold, play, program, rest
from faulty_wire import TappedLink, driven, misspelt, renumbered

from data.samples import Flag
from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.keithley_2400 import Keithley2400
from drivers.simulated.keithley_2400 import source as inside
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseTrain, Segment

METER = BenchMeter("keithley-2400")
uploaded, refuses = METER.uploaded, METER.refused


def pulse(level, width=20e-3):
    return Segment(level, width, "up", Instant.PULSE_END)


VOLTS = {"source": "voltage", "limit": 1e-3, "on_limit": "flag"}
TRAIN = program(PulseTrain(1e-4, 20e-3, 20e-3, 3, "up"), PulseTrain(-1e-4, 20e-3, 20e-3, 2, "up"))
STAIR = program(hold(0.1, 0.02), hold(0.2, 0.02), hold(0.1, 0.02), **VOLTS)
PROGRAMS = {
    "up and down": TRAIN,
    "unequal width and gap": program(PulseTrain(1e-4, 5e-3, 15e-3, 10, "up")),
    "paired pulses": program(rest(0.05), pulse(1e-4), rest(0.03), pulse(1e-4), rest(0.05)),
    "staircase": program(
        *(hold(0.01 * v, 0.05) for v in (*range(16), *range(16, -1, -1))), **VOLTS
    ),
    "staircase read all the time": program(
        *(hold(0.01 * v, 0.05) for v in (*range(16), *range(16, -1, -1))),
        source="voltage",
        limit=1e-2,
        aperture=0.048,
    ),
    "held voltage": program(hold(0.3, 0.1, 10), **VOLTS),
    "rest on a logarithmic scale": program(
        *(rest(d) for d in np.diff(np.geomspace(0.2, 20, 21), prepend=0)), aperture=5e-3
    ),
    "up to the end": program(pulse(1e-4), pulse(2e-4)),
}


def test_what_is_sent_when_it_connects(parts):
    assert parts[2].sent == [
        ":ABOR", "*IDN?", ":SYST:LFR?", "*CLS", ":OUTP:SMOD HIMP", ":SYST:TIME:RES:AUTO 0",
        ":SYST:TIME:RES", ":SYST:ERR:COUN?",
    ]  # fmt: skip
    assert str(parts[0].identity).startswith("Keithley Instruments Inc. 2400 (serial 1234567")


def test_what_is_sent_for_a_train(parts):
    meter, _, tap, _ = parts
    off = [
        ":ABOR", ":SOUR:CURR:MODE FIX", ":SOUR:VOLT:MODE FIX", ":SOUR:CURR 0", ":SOUR:VOLT 0",
        ":OUTP:SMOD HIMP", ":OUTP 0",
    ]  # fmt: skip
    tap.sent.clear()
    meter.load(TRAIN)
    assert [c for c in tap.sent if "?" not in c] == [
        *off, ":TRAC:FEED:CONT NEV", ":TRAC:CLE", ":SOUR:FUNC CURR", ":SENS:VOLT:RANG 0.2",
        ":SENS:FUNC:OFF:ALL", ":OUTP:SMOD HIMP", ":SOUR:CLE:AUTO 0", ":SOUR:FUNC CURR",
        ":SOUR:CURR:RANG:AUTO 0", ":SOUR:CURR:RANG 0.0001", ":SOUR:CURR 0",
        ":SOUR:CURR:MODE LIST", ":SOUR:SWE:RANG FIX", ":SOUR:DEL:AUTO 0", ":SOUR:DEL 0.0186",
        ":SYST:RSEN 1", ":SYST:AZER OFF", ":SENS:FUNC:CONC 1", ":SENS:VOLT:RANG:AUTO 0",
        ":SENS:VOLT:PROT 0.8", ":SENS:VOLT:RANG 2", ":SENS:VOLT:NPLC 0.01",
        ":TRIG:SOUR IMM", ":TRIG:COUN 1", ":TRIG:DEL 0", ":ARM:SOUR TIM", ":ARM:DIR ACC",
        ":ARM:TIM 0.02", ":ARM:COUN 10", ":TRAC:POIN 10", ":TRAC:FEED SENS", ":TRAC:TST:FORM ABS",
        ":FORM ASC", ":FORM:ELEM VOLT,CURR,TIME,STAT", ":TRAC:FEED:CONT NEXT",
        ':SENS:FUNC "VOLT"',
        ":SOUR:LIST:CURR 0.0001,0,0.0001,0,0.0001,0,-0.0001,0,-0.0001,0",
    ]  # fmt: skip
    tap.sent.clear()
    meter.start()
    assert tap.sent == [":OUTP 1", ":SYST:ERR:COUN?", ":SYST:TIME?", ":INIT", ":OUTP 0"]
    tap.sent.clear()
    assert len(meter.drain()) == 10
    assert tap.sent == ["*OPC?", ":SYST:ERR:COUN?", ":TRAC:DATA?"]
    tap.sent.clear()
    meter.stand_by()
    assert tap.sent == [*off, ":SYST:ERR:COUN?"]
    tap.sent.clear()
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert tap.sent == [*off, ":OUTP?;:OUTP:SMOD?"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_reads_what_the_2602b_reads(name):
    played, found = PROGRAMS[name], []
    for usual in (BenchMeter("keithley-2600b"), METER):
        meter = usual.connect(usual.rig()[1])
        found.append(play(meter, played))
        meter.close()
    keithley, slow = found
    # It reads 2 ms earlier: 0.7 mV at 0.1 mA, and 0.3 mV of its data sheet.
    assert column(slow, "voltage") == pytest.approx(column(keithley, "voltage"), abs=2e-3)
    assert column(slow, "current") == pytest.approx(column(keithley, "current"), abs=2e-5)
    late = column(slow, "time") - column(slow, "requested_time")
    assert np.abs(late).max() < 2e-3
    ends = played.start + played.duration
    apertures, after = (1, 1.2e-3) if played.on_limit == "fail" else (2, 1.9e-3)
    lead = ends - (column(slow, "requested_time") + apertures * played.aperture)
    changes = np.append(played.level[1:] != played.level[:-1], played.level[-1] != 0)
    assert np.all(lead[changes] >= after - 1e-9)
    assert np.all(lead[changes] < after + 1e-4)


def test_the_text_s_train_of_1_ms_at_500_hz_is_refused_with_the_nearest(meter):
    with pytest.raises(
        ProtocolError,
        match=r"1 ms is shorter than the 2400 can time .* at least 2 ms .*appendix A.* "
        r"nearest that fits has a width of 2 ms and a gap of 2 ms, a period of 4 ms",
    ):
        meter.load(program(PulseTrain(1e-3, 1e-3, 1e-3, 300, "up")))


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (program(pulse(1e-4, 20.5e-3), rest(0.02)), "does not end at a whole 1 ms.* fits is 20 ms"),
        (program(pulse(1e-4, 7e-3), rest(11e-3), pulse(1e-4, 7e-3), rest(7e-3)),
         "no period in common .* lasts multiples of 2 ms"),
        (program(PulseTrain(1e-4, 5e-3, 5e-3, 1251, "up")),
         "levels, more than the 2400 holds; at most 2500"),
        (program(pulse(1e-4), rest(0.02), limit=1e-4), "limit 100 uV cannot be enforced"),
        (program(rest(1.0), aperture=0.3), "aperture 300 ms is not possible"),
        (program(pulse(2.0), rest(0.02)), "level 2 A is beyond the 2400"),
    ],
    ids=["fine", "no period", "long", "limit", "aperture", "level"],
)  # fmt: skip
def test_what_cannot_be_timed_is_refused_before_anything_is_sent(parts, refused, said):
    meter, _, tap, _ = parts
    tap.sent.clear()
    with pytest.raises(ProtocolError, match=said):
        meter.load(refused)
    assert not tap.sent


def test_a_list_longer_than_a_command_is_appended(parts):
    meter, _, tap, _ = parts
    readouts = play(meter, program(PulseTrain(1e-5, 4e-3, 4e-3, 130, "up")))
    assert len(column(readouts, "time")) == 260
    assert sum(c.startswith(":SOUR:LIST:CURR:APP") for c in tap.sent) == 2


def test_the_current_limit_is_flagged(meter):
    play(meter, program(pulse(1e-3, 2.0), rest(0.01)))
    readouts = play(meter, program(hold(0.0, 0.1, 50), **VOLTS))
    limited = (column(readouts, "flags") & Flag.LIMIT) != 0
    assert limited[0]
    assert not limited[-1]


def test_high_impedance_is_the_off_state(parts):
    meter, bench, _, _ = parts
    with driven(bench.stage("")) as modes:
        play(meter, TRAIN)
        meter.make_safe()
    assert set(modes) == {"current"}
    assert bench.stage("").mode == "high_z"


def test_while_it_runs_nothing_is_read_and_an_abort_is_carried_out_at_once():
    bench, _, link = METER.rig(speed=20.0)
    tap = TappedLink(_Impatient(link))
    meter = METER.connect(tap)
    meter.load(program(PulseTrain(1e-4, 0.1, 0.1, 1000, "up")))
    meter.start()
    first = meter.drain()
    assert first.running
    assert not len(first)
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("").mode == "high_z"
    assert not meter.read_back().on
    # What had been asked for meanwhile is not taken for another answer.
    assert meter.load(TRAIN)["ARM:COUN"] == 10
    meter.close()


class _Impatient(TappedLink):
    """A link on which an answer may take 0.2 s."""

    def open(self, **terminations):
        adapter = self._link.open(**terminations)
        adapter._timeout = 0.2
        return adapter


def test_time_goes_on_where_the_instruments_clock_starts_again(parts):
    meter, bench, *_ = parts
    before = meter.now()
    for hours in range(1, 61):
        bench.clock.advance(3600.0)
        assert meter.now() - before == pytest.approx(3600.0 * hours, abs=1.0)


def test_a_broken_link_is_a_link_error_and_make_safe_opens_a_new_one(parts):
    meter, bench, _, link = parts
    meter.load(TRAIN)
    meter.start()
    link.cut()
    with pytest.raises(LinkError, match="no reply from"):
        meter.drain()
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("").mode == "high_z"


def test_another_model_is_refused(parts, monkeypatch):
    monkeypatch.setattr(Keithley2400, "models", ("2410",))
    with pytest.raises(InstrumentError, match=r"is a Keithley .* 2400 .*is for 2410"):
        Keithley2400.connect(parts[2], "", "4-wire")


def test_an_instrument_that_is_too_slow_is_late(meter, monkeypatch):
    monkeypatch.setattr(inside, "CONVERSION", 25e-3)
    assert column(play(meter, TRAIN), "flags")[-1] & Flag.LATE


def test_an_instrument_that_stopped_by_itself_is_told(parts):
    meter, _, _, link = parts
    meter.load(program(PulseTrain(1e-4, 0.1, 0.1, 1000, "up")))
    meter.start()
    link.instrument.write(b":ABOR")
    with pytest.raises(InstrumentError, match=r"stopped after \d+ of 2000"):
        meter.drain()


UNNOTICED = {":ABOR"}
"""Sent before the errors of an earlier user are cleared."""


@pytest.mark.parametrize("command", sorted({*uploaded(TRAIN), *uploaded(STAIR)} - UNNOTICED))
def test_a_misspelt_command_is_noticed_before_the_output_comes_on(command):
    played = TRAIN if command in uploaded(TRAIN) else STAIR
    for wrong in misspelt(command):
        refuses(command, wrong, played)


UNMINDED = {
    ":OUTP 0",  # the switch itself
    ":SOUR:VOLT 0",  # not what is sourced
    ":SOUR:CURR:RANG:AUTO 0", ":SOUR:DEL:AUTO 0", ":SENS:VOLT:RANG:AUTO 0",  # ended by the next
    ":SENS:VOLT:RANG 0.2",  # only until the limit is set
    ":SYST:TIME:RES:AUTO 0",  # times count from the first reading
}  # fmt: skip
"""Commands in which another number does not matter, or is no fault of a setting."""


@pytest.mark.parametrize(
    "command", [c for c in uploaded(TRAIN) if any(renumbered(c)) and c not in UNMINDED]
)
def test_a_number_that_arrives_otherwise_is_noticed(command):
    for wrong in renumbered(command):
        assert isinstance(refuses(command, wrong, TRAIN), CommandError)

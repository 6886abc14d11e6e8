"""The B2900 driver: its traffic, its plans, and what it does on the emulated B2901A and B2902A."""

import math
import re

import numpy as np
import pytest
from bench_meter import BenchMeter, column, hold, play, program, pulse, rest
from faulty_wire import driven, misspelt, renumbered, swap

from data.samples import Flag
from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.keysight_b2900 import KeysightB2900
from drivers.simulated.keysight_b2900 import channel as inside
from protocols.errors import ProtocolError
from protocols.program import PulseTrain

METER = BenchMeter("keysight-b2900")
uploaded, refuses = METER.uploaded, METER.refused
SECOND = BenchMeter("keysight-b2900", "B2902A", "2", wiring="2-wire")
VOLTS = {"source": "voltage", "limit": 1e-3, "on_limit": "flag"}
TRAIN = program(PulseTrain(1e-3, 1e-3, 1e-3, 4, "up"), PulseTrain(-1e-3, 1e-3, 1e-3, 4, "up"))
STAIR = program(hold(0.1, 0.02), hold(0.2, 0.02), hold(0.1, 0.02), **VOLTS)
PROGRAMS = {
    "up and down": TRAIN,
    "unequal width and gap": program(PulseTrain(1e-3, 1e-3, 9.3e-3, 10, "up")),
    "paired pulses": program(rest(0.05), pulse(1e-3), rest(0.01), pulse(1e-3), rest(0.05)),
    "paired pulses at any distance": program(
        rest(0.05), pulse(1e-3), rest(0.464158883), pulse(1e-3), rest(0.05)
    ),
    "paired pulses close together at any distance": program(
        rest(0.05), pulse(1e-3), rest(2.154435e-3), pulse(1e-3), rest(0.05)
    ),
    "several periods": program(
        PulseTrain(1e-3, 1e-3, 2e-3, 3, "up"), PulseTrain(-1e-3, 2e-3, 4e-3, 3, "up")
    ),
    "decay on a logarithmic scale": program(
        rest(0.02), pulse(1e-3), *(rest(d) for d in np.diff(np.geomspace(2e-3, 0.2, 9)))
    ),
    "staircase": program(
        *(hold(0.05 * v, 0.02) for v in (*range(16), *range(16, -1, -1))), **VOLTS
    ),
    "held voltage": program(hold(0.3, 0.1, 10), **VOLTS),
    "rest on a logarithmic scale": program(
        *(rest(d) for d in np.diff(np.geomspace(0.2, 20, 21), prepend=0)), aperture=20e-3
    ),
}


def test_what_is_sent_when_it_connects(parts):
    assert parts[2].sent == [
        "*IDN?", ":SYST:LFR?", "*CLS", ":OUTP1:OFF:MODE HIZ",
        ":SYST:TIME:TIM:COUN:RES:AUTO 0", ":SYST:TIME:TIM:COUN:RES", ":SYST:ERR:COUN?",
    ]  # fmt: skip


def test_what_is_sent_for_a_train(parts):
    meter, _, tap, _ = parts
    tap.sent.clear()
    meter.load(TRAIN)
    assert [c for c in tap.sent if "?" not in c] == [
        ":OUTP1:OFF:MODE HIZ", ":ABOR (@1)", ":OUTP1 0", ":TRAC1:FEED:CONT NEV", ":TRAC1:CLE",
        ":SOUR1:CURR 0", ":SOUR1:VOLT 0", ":SENS1:FUNC:OFF:ALL", ':SENS1:FUNC "VOLT","CURR"',
        ":OUTP1:OFF:MODE HIZ", ":OUTP1:OFF:AUTO 1", ":OUTP1:ON:AUTO 0", ":OUTP1:PROT 0",
        ":OUTP1:HCAP 0", ":SOUR1:FUNC:MODE CURR", ":SOUR1:FUNC:SHAP PULS",
        ":SOUR1:FUNC:TRIG:CONT 0", ":SOUR1:CURR 0", ":SOUR1:CURR:RANG:AUTO 0",
        ":SOUR1:CURR:RANG 0.001", ":SOUR1:CURR:TRIG 0", ":SOUR1:CURR:MODE LIST",
        ":SOUR1:PULS:DEL 0", ":SOUR1:PULS:WIDT 0.001", ":SOUR1:WAIT 0", ":SENS1:WAIT 0",
        ":SENS1:REM 1", ":SENS1:VOLT:PROT 0.8", ":SENS1:VOLT:RANG:AUTO 0", ":SENS1:VOLT:RANG 2",
        ":SENS1:VOLT:APER 0.0002",
        ":ARM1:TRAN:SOUR AINT", ":ARM1:TRAN:COUN 1", ":ARM1:TRAN:DEL 0",
        ":TRIG1:TRAN:SOUR TIM", ":TRIG1:TRAN:COUN 8", ":TRIG1:TRAN:DEL 0", ":TRIG1:TRAN:TIM 0.002",
        ":ARM1:ACQ:SOUR AINT", ":ARM1:ACQ:COUN 1", ":ARM1:ACQ:DEL 0.00075",
        ":TRIG1:ACQ:SOUR TIM", ":TRIG1:ACQ:COUN 16", ":TRIG1:ACQ:DEL 0", ":TRIG1:ACQ:TIM 0.001",
        ":TRAC1:POIN 16", ":TRAC1:TST:FORM ABS", ":TRAC1:FEED SENS", ":FORM REAL,64",
        ":FORM:BORD SWAP", ":FORM:ELEM:SENS VOLT,CURR,TIME,STAT", ":TRAC1:FEED:CONT NEXT",
        ":SOUR1:LIST:CURR 0.001,0.001,0.001,0.001,-0.001,-0.001,-0.001,-0.001",
        ":SYST:TIME:TIM:COUN:RES",
    ]  # fmt: skip
    tap.sent.clear()
    meter.start()
    assert tap.sent == [":OUTP1 1", ":INIT (@1)", ":SYST:TIME:TIM:COUN?", ":SYST:ERR:COUN?"]
    tap.sent.clear()
    assert len(meter.drain()) == 16
    assert tap.sent == [
        ":TRAC1:POIN:ACT?;:STAT:QUES:COND?;:STAT:QUES?;:SYST:ERR:COUN?;:SYST:TIME:TIM:COUN?",
        ":TRAC1:DATA? 0,16",
    ]
    tap.sent.clear()
    off = [":ABOR (@1)", ":SOUR1:CURR 0", ":SOUR1:VOLT 0", ":OUTP1:OFF:MODE HIZ", ":OUTP1 0"]
    meter.stand_by()
    assert tap.sent == [*off, ":SYST:ERR:COUN?"]
    tap.sent.clear()
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert tap.sent == [*off, ":OUTP1?;:OUTP1:OFF:MODE?"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_reads_what_the_2602b_reads(name):
    played, found = PROGRAMS[name], []
    for usual in (BenchMeter("keithley-2600b"), METER):
        meter = usual.connect(usual.rig()[1])
        found.append(play(meter, played))
        meter.close()
    keithley, keysight = found
    assert len(column(keysight, "voltage")) == len(played)
    assert [r.first for r in keysight if len(r)] == list(
        np.cumsum([0, *(len(r) for r in keysight if len(r))])[:-1]
    )
    # The two settle differently within their data sheets; offsets are off without noise.
    assert column(keysight, "voltage") == pytest.approx(column(keithley, "voltage"), abs=350e-6)
    assert column(keysight, "current") == pytest.approx(column(keithley, "current"), abs=2e-6)
    late = column(keysight, "time") - column(keysight, "requested_time")
    assert np.abs(late).max() < 2e-6
    ends = played.start + played.duration
    lead = ends - (column(keysight, "requested_time") + played.aperture)
    # Ends of segments are whole microseconds on the instrument.
    assert np.all(lead >= 50e-6 - 1e-6)
    changes = np.append(played.level[1:] != played.level[:-1], False)
    assert np.all(lead[changes] < 52e-6)


def test_the_second_channel_of_a_b2902a(parts):
    bench, tap, _ = SECOND.rig()
    meter = SECOND.connect(tap)
    with driven(bench.stage("1")) as other:
        readouts = play(meter, TRAIN)
    assert column(readouts, "current") == pytest.approx(TRAIN.level, abs=1e-9)
    assert not other
    assert not any("1:" in command and command[5:6] == "1" for command in tap.sent)
    assert meter.channels_of("B2902A") == ("1", "2")
    assert meter.channels_of("B2901A") == ()


def test_a_long_train_is_drained_in_slices(meter):
    readouts = play(meter, program(PulseTrain(1e-5, 1e-3, 1e-3, 2600, "up")))
    assert len(readouts) >= 3
    assert sum(len(r) for r in readouts) == 5200


def test_a_list_that_is_too_long_and_repeats_is_given_once(parts):
    meter, _, tap, _ = parts
    cycle = [PulseTrain(1e-5, 1e-3, 1e-3, 7, "up"), PulseTrain(-1e-5, 1e-3, 1e-3, 3, "up")]
    played = program(*cycle * 251)
    readouts = play(meter, played)
    assert column(readouts, "current") == pytest.approx(played.level, abs=1e-10)
    assert not column(readouts, "flags").any()
    sent = [c for c in tap.sent if c.startswith((":ARM1:TRAN", ":SOUR1:LIST")) and "?" not in c]
    assert sent == [
        ":ARM1:TRAN:SOUR TIM", ":ARM1:TRAN:COUN 251", ":ARM1:TRAN:DEL 0", ":ARM1:TRAN:TIM 0.02",
        ":SOUR1:LIST:CURR " + ",".join(["1e-05"] * 7 + ["-1e-05"] * 3),
    ]  # fmt: skip


def test_the_current_limit_is_flagged(meter):
    play(meter, program(pulse(1e-3, 2.0), rest(0.01)))
    readouts = play(meter, program(hold(0.0, 0.1, 50), **VOLTS))
    limited = (column(readouts, "flags") & Flag.LIMIT) != 0
    assert limited[0]
    assert not limited[-1]
    assert column(readouts, "current")[0] == pytest.approx(-1e-3, rel=1e-3)


def test_resting_at_zero_uses_a_low_range_and_high_impedance_is_the_off_state(parts):
    meter, bench, _, _ = parts
    assert meter.load(program(rest(0.1)))["SOUR1:CURR:RANG"] == 1e-6
    with driven(bench.stage("")) as modes:
        play(meter, TRAIN)
    assert set(modes) == {"current"}
    assert bench.stage("").mode == "high_z"


def test_the_clock_goes_on_while_the_timer_is_set_back(parts):
    meter, bench, _, _ = parts
    meter.load(TRAIN)
    began = meter.now()
    before = bench.clock.now
    bench.clock.advance(12.5)
    meter.load(TRAIN)
    assert meter.now() - began == pytest.approx(bench.clock.now - before, abs=1e-3)


def test_a_program_whose_host_is_gone_ends_with_the_output_off(parts):
    meter, bench, tap, _ = parts
    meter.load(TRAIN)
    with driven(bench.stage("")) as modes:
        meter.start()
    assert "current" in modes
    tap.sent.clear()
    bench.clock.advance_to(bench.clock.now + 2 * TRAIN.total_duration)
    bench.run_to(bench.clock.now)
    assert bench.stage("").mode == "high_z"
    assert not tap.sent


def test_abort_mid_train_leaves_the_source_safe(parts):
    meter, bench, _, _ = parts
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    assert meter.drain().running
    assert meter.read_back().on
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("").mode == "high_z"
    assert not meter.read_back().on


def test_a_broken_link_is_a_link_error_and_make_safe_opens_a_new_one(parts):
    meter, bench, _, link = parts
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 300, "up")))
    meter.start()
    link.cut()
    with pytest.raises(LinkError, match="no reply from"):
        meter.drain()
    assert "high-impedance" in meter.make_safe()
    assert bench.stage("").mode == "high_z"


def test_another_model_is_refused(parts, monkeypatch):
    monkeypatch.setattr(KeysightB2900, "models", ("B2902A",))
    with pytest.raises(InstrumentError, match=r"is a Keysight .* B2901A .*is for B2902A"):
        KeysightB2900.connect(parts[2], "", "4-wire")


def test_an_instrument_that_is_too_slow_reports_what_it_lost(meter, monkeypatch):
    assert not column(play(meter, TRAIN), "flags").any()
    monkeypatch.setattr(inside, "OVERHEAD", 1.5e-3)
    meter.load(TRAIN)
    meter.start()
    readouts = []
    while not readouts or readouts[-1].running:
        readouts.append(meter.drain())
    flags = column(readouts, "flags")
    assert flags[-1] & Flag.OVERRUN
    assert (flags & Flag.LATE).any()


def test_an_instrument_that_stopped_by_itself_is_told(parts):
    meter, _, _, link = parts
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 20, "up")))
    meter.start()
    meter.drain()
    link.instrument.write(b":ABOR (@1)")
    readouts = iter(meter.drain, None)
    with pytest.raises(InstrumentError, match="stopped after"):
        list(readouts)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (program(pulse(1e-3, 3e-4), rest(1e-3)), "shorter than the B2901A can time .* at least"),
        (program(pulse(1e-3), rest(1.25e-3), pulse(1e-3, 2e-3), rest(1e-3), aperture=5e-4),
         "have no tick in common .* nearest that fits lasts multiples of"),
        (program(pulse(1e-3), rest(5.0), pulse(2e-3, 2e-3), rest(1e-3)),
         "entries of the list, which holds 2500.* nearest that fits has levels that last"),
        (program(*(pulse(1e-6 * k) if k % 2 else rest(1e-3) for k in range(1, 5205))),
         "levels, more than the B2901A holds; at most 2500 .*LIST"),
        (program(hold(0.1, 1e-3, 100_001), source="voltage", limit=1e-3),
         "readings, more than the B2901A holds; at most 100000"),
        (program(pulse(1e-3), rest(1e-3), limit=0.01), "limit 10 mV cannot be enforced"),
        (program(rest(10.0), aperture=3.0), "aperture 3 s is not possible"),
    ],
    ids=["short", "no tick", "long list", "levels", "readings", "limit", "aperture"],
)  # fmt: skip
def test_what_cannot_be_timed_is_refused_before_anything_is_sent(parts, refused, said):
    meter, _, tap, _ = parts
    tap.sent.clear()
    with pytest.raises(ProtocolError, match=said):
        meter.load(refused)
    assert not tap.sent


@pytest.mark.parametrize("command", sorted({*uploaded(TRAIN), *uploaded(STAIR)}))
def test_a_misspelt_command_is_noticed_before_the_output_comes_on(command):
    played = TRAIN if command in uploaded(TRAIN) else STAIR
    for wrong in misspelt(command):
        refuses(command, wrong, played)


UNMINDED = {
    ":OUTP1 0",  # the switch itself
    ":SOUR1:VOLT 0",  # not what is sourced
    ":SOUR1:CURR:RANG:AUTO 0",  # choosing a range after it ends automatic ranging
    ":SYST:TIME:TIM:COUN:RES:AUTO 0",  # times count from the first reading
}
"""Commands in which another number does not matter, or is no fault of a setting."""


@pytest.mark.parametrize(
    "command", [c for c in uploaded(TRAIN) if any(renumbered(c)) and c not in UNMINDED]
)
def test_a_number_that_arrives_otherwise_is_noticed(command):
    for wrong in renumbered(command):
        assert isinstance(refuses(command, wrong, TRAIN), CommandError)


def test_an_aperture_that_the_instrument_clips_is_noticed():
    error = refuses(":SENS1:VOLT:APER 0.0002", ":SENS1:VOLT:APER 5", TRAIN)
    assert ":SENS1:VOLT:APER is +2.000000E+00 instead of 0.0002" in str(error)


def test_readings_beyond_the_measuring_range_are_an_error(parts):
    meter, _, tap, _ = parts
    meter.load(program(hold(0.1, 0.02, 3), **VOLTS))
    tap.change = lambda sent: sent
    parts[3].instrument.channels[1].functions.discard("CURR")
    meter.start()
    with pytest.raises(InstrumentError, match="beyond its measuring range"):
        meter.drain()
    assert not math.isnan(meter.now())


def test_a_command_that_reaches_the_other_channel_does_no_harm():
    _, tap, _ = SECOND.rig()
    SECOND.connect(tap).load(TRAIN)
    refused = 0
    for command in dict.fromkeys(tap.sent):
        wrong = re.sub(r"(?<=[A-Z])2(?=[ :?])|(?<=@)2", "1", command, count=1)
        if wrong == command:
            continue
        bench, other, _ = SECOND.rig(swap(command, wrong))
        with driven(bench.stage("1")) as modes:
            meter = SECOND.connect(other)
            try:
                readouts = play(meter, TRAIN)
            except InstrumentError:
                refused += 1
            else:
                # What was meant is what *RST leaves, or was sent before.
                assert column(readouts, "current") == pytest.approx(TRAIN.level, abs=1e-9), command
        assert not modes, command
    assert refused > 20

"""The 2461 driver: its traffic, how it lays programs out, and what it does on the emulated 2461."""

import math
from dataclasses import replace

import numpy as np
import pytest
from bench_meter import BenchMeter, column, hold, play, program, rest
from faulty_wire import driven, misspelt, renumbered, swap
from reference import mean_voltages
from scripted_link import ScriptedLink

from data.samples import Flag
from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.keithley_2461 import Keithley2461
from drivers.keithley_2461_layout import layout
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseTrain, Segment

METER = BenchMeter("keithley-2461")
refuses = METER.refused


def pulse(level=1e-3, width=1e-3):
    return Segment(level, width, "up", Instant.PULSE_END)


VOLTS = {"source": "voltage", "limit": 10e-3, "aperture": 5e-3, "on_limit": "flag"}
TRAIN = program(PulseTrain(1e-3, 1e-3, 1e-3, 2, "up"), PulseTrain(-1e-3, 1e-3, 1e-3, 2, "up"))
STAIR = program(hold(0.1, 0.02), hold(0.2, 0.02), hold(0.1, 0.02), **VOLTS)
PROGRAMS = {
    "up and down": TRAIN,
    "longer gaps": program(PulseTrain(1e-3, 1e-3, 9e-3, 10, "up")),
    "gaps between multiples": program(PulseTrain(1e-3, 1e-3, 9.3e-3, 10, "up")),
    "paired pulses": program(rest(0.05), pulse(), rest(9e-3), pulse(), rest(0.049)),
    "staircase": program(*(hold(0.05 * v, 0.02) for v in (*range(9), *range(9, -1, -1))), **VOLTS),
    "held voltage": program(hold(0.3, 0.1, 10), **VOLTS),
    "rest": program(rest(0.2, 5), aperture=20e-3),
    "pairs at any distance": program(rest(0.05), pulse(), rest(7.77e-3), pulse(), rest(0.05)),
    "decay on a logarithmic scale": program(
        rest(0.02), pulse(), *(rest(d) for d in np.diff(np.geomspace(2e-3, 0.2, 9)))
    ),
    "rest on a logarithmic scale": program(
        *(rest(float(d)) for d in np.diff(np.geomspace(0.2, 20, 21), prepend=0)), aperture=20e-3
    ),
}

IDENTITY = "KEITHLEY INSTRUMENTS,MODEL 2461,04110442,1.7.1e"
HELLO = [
    IDENTITY,
    "SCPI",
    "50",
    "HIMP",
    "HIMP",
    '1003,"User: fmes clock;4;2026/01/01 00:00:01.500"',
]
GREETING = [
    "*IDN?", "*LANG?", "SYST:LFR?", "OUTP:SMOD HIMP", "OUTP:CURR:SMOD?", "OUTP:VOLT:SMOD?",
    "SYST:CLE", 'SYST:EVEN:POST "fmes clock", INF', "SYST:EVEN:NEXT? INF",
]  # fmt: skip
COMMON = [
    "OUTP:SMOD HIMP", "OUTP 0", "SOUR:FUNC {kind}", 'SENS:FUNC "{other}"', "SENS:{other}:RANG {r}",
    "SENS:{other}:RSEN 1", "SENS:{other}:NPLC {nplc}", "SENS:{other}:AVER 0",
    "SENS:{other}:AZER 0", "SENS:AZER:ONCE", "SENS:COUN 1", "SOUR:{kind}:DEL:AUTO 0",
    "SOUR:{kind}:DEL 0", "SOUR:{kind}:READ:BACK 0", "SOUR:{kind}:RANG {s}", "SOUR:{kind} 0",
    "SOUR:{kind}:{limit} {most}", "SOUR:PULS:{kind}:{limit} {most}", 'TRAC:POIN 10,"defbuffer1"',
    'TRAC:FILL:MODE ONCE,"defbuffer1"', 'TRAC:CLE "defbuffer1"', "FORM ASC", "FORM:ASC:PREC 12",
]  # fmt: skip


def connected(*answers):
    link = ScriptedLink(*HELLO, *answers)
    meter = Keithley2461.connect(link, "", "4-wire")
    assert link.traffic == GREETING
    del link.traffic[:]
    return meter, link


def drain(meter, times):
    for _ in range(times):
        meter.drain()


# Its traffic.


def test_it_asks_who_is_there_and_in_which_language():
    meter, _ = connected()
    assert meter.identity.model == "2461"
    assert meter.capabilities.shortest_aperture == pytest.approx(2e-4)


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ([IDENTITY, "TSP"], InstrumentError, r"command set TSP.*'\*LANG SCPI', then switch it off"),
        ([IDENTITY, "SCPI2400"], InstrumentError, "command set SCPI2400"),
        ([IDENTITY.replace("2461", "2460")], InstrumentError, "2460.*is for 2461"),
        (["nonsense"], LinkError, "cannot be understood"),
        ([*HELLO[:3], "NORM", "HIMP"], InstrumentError, "off mode reads back 0 V source"),
        ([IDENTITY, "SCPI"], LinkError, "no reply from scripted"),
        ([*HELLO[:5], '1003,"User: fmes clock;4;yesterday"'], LinkError, "no time in"),
        ([*HELLO[:5], '0,"No error;0;0 0"'], LinkError, "does not show what was posted"),
    ],
)
def test_what_it_cannot_drive_is_refused_with_the_output_untouched(answers, error, said):
    link = ScriptedLink(*answers)
    with pytest.raises(error, match=said):
        Keithley2461.connect(link, "", "4-wire")
    assert not any(t.startswith(("INIT", "OUTP ")) for t in link.traffic)


def settings(kind, other, limit, **of):
    return [line.format(kind=kind, other=other, limit=limit, **of) for line in COMMON]


def test_what_is_sent_for_a_train(parts):
    meter, _, tap, _ = parts
    tap.sent.clear()
    meter.load(TRAIN)
    at = tap.sent.index("SYST:ERR:COUN?")
    assert tap.sent[:at] == [
        *settings("CURR", "VOLT", "VLIM", r="2", nplc="0.01", s="0.001", most="0.8"),
        "SOUR:PULS:LIST:CURR 0.001,0,0.001,0,-0.001,0,-0.001,0",
        'SOUR:PULS:SWE:CURR:LIST 0.000999899,ON,"defbuffer1",1,1,0,1.01e-07,OFF',
    ]  # fmt: skip
    assert all(command.endswith("?") or "? " in command for command in tap.sent[at:])
    tap.sent.clear()
    meter.start()
    assert tap.sent[:2] == ['SYST:EVEN:POST "fmes clock", INF', "INIT"]
    while meter.drain().running:
        pass
    tap.sent.clear()
    meter.stand_by()
    assert tap.sent == [
        "OUTP:SMOD HIMP", "OUTP OFF", "SOUR:CURR 0", "SOUR:VOLT 0", "SYST:ERR:COUN?",
    ]  # fmt: skip


def test_what_is_sent_for_a_staircase(parts):
    meter, _, tap, _ = parts
    tap.sent.clear()
    meter.load(STAIR)
    assert tap.sent[: tap.sent.index("SYST:ERR:COUN?")] == [
        *settings("VOLT", "CURR", "ILIM", r="0.01", nplc="0.25", s="2", most="0.01"),
        "SOUR:LIST:VOLT 0.1,0.2,0.1",
        'SOUR:SWE:VOLT:LIST 1,0.01485,1,OFF,"defbuffer1"',
    ]  # fmt: skip


def test_a_long_list_is_sent_in_parts_of_a_hundred(parts):
    meter, _, tap, _ = parts
    tap.sent.clear()
    meter.load(program(*(p for k in range(1, 126) for p in (pulse(1e-6 * k), rest(1e-3)))))
    lists = [c for c in tap.sent if c.startswith("SOUR:PULS:LIST:CURR") and "?" not in c]
    assert [line.split(" ")[0] for line in lists] == [
        "SOUR:PULS:LIST:CURR", "SOUR:PULS:LIST:CURR:APP", "SOUR:PULS:LIST:CURR:APP",
    ]  # fmt: skip
    assert [line.count(",") + 1 for line in lists] == [100, 100, 50]


def test_readings_are_asked_for_by_their_numbers_and_flagged():
    meter, link = connected()
    rows = [(0.047, 0.0, 1e-3, 192), (9.9e37, 1.0002e-3, 0, 192), (0.8, 2.2e-3, 1e-3, 224)]
    words = ",".join(f"{value:.11E}" for row in rows for value in row)
    bench, tap, _ = METER.rig()
    METER.connect(tap).load(TRAIN)
    asked = [command for command in tap.sent if "?" in command]
    link.answers[:] = answers_to(asked[asked.index("SYST:ERR:COUN?") :], tap, bench)
    meter.load(TRAIN)
    link.answers[:] = ['1003,"User: fmes clock;4;2026/01/01 00:00:02.000"', "0"]
    assert meter.start() == pytest.approx(0.5)
    del link.traffic[:]
    link.answers[:] = ["RUNNING;RUNNING;9", "3", "0", words]
    readout = meter.drain()
    assert link.traffic == [
        "TRIG:STAT?", 'TRAC:ACT:END? "defbuffer1"', "SYST:ERR:COUN?",
        'TRAC:DATA? 1,3,"defbuffer1",READ,REL,SOUR,SOURSTAT',
    ]  # fmt: skip
    assert link.answers == []
    assert readout.running
    assert readout.current.tolist() == [1e-3, 0.0, 1e-3]
    assert readout.flags.tolist() == [0, Flag.OVERRANGE | Flag.LATE * 0, Flag.LIMIT | Flag.LATE]
    assert readout.time - readout.requested_time == pytest.approx([0, 2e-7, 2e-4], abs=1e-12)


def answers_to(asked, tap, bench):
    """What the emulated instrument answers to queries."""
    adapter = tap.open()
    answers = []
    for query in asked:
        adapter.write(query)
        answers.append(adapter.read())
    return answers


def test_making_it_safe_aborts_first_and_reads_back():
    meter, link = connected("0", "HIMP", "HIMP")
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert link.traffic == [
        "ABOR", "OUTP:SMOD HIMP", "OUTP OFF", "SOUR:CURR 0", "SOUR:VOLT 0",
        "OUTP?", "OUTP:CURR:SMOD?", "OUTP:VOLT:SMOD?",
    ]  # fmt: skip


@pytest.mark.parametrize("late", ["0.0123,1e-3", "9"])
def test_a_late_answer_to_another_query_is_never_taken_for_an_output_that_is_off(late):
    meter, link = connected(late, "0", "HIMP")
    with pytest.raises(LinkError, match="for the state of the output"):
        meter.read_back()
    link.answers[:] = ["0", late, "0"]
    with pytest.raises(LinkError, match="for the off mode"):
        meter.read_back()


def test_its_error_queue_is_read(parts):
    meter, _, _, link = parts
    link.instrument.write(b"SOUR:CURR")
    (entry,) = meter.errors()
    assert entry.startswith('-109,"Missing parameter;1;')
    assert meter.errors() == ()


@pytest.mark.parametrize("answers", [("1", "HIMP", "HIMP"), ("0", "NORM", "HIMP")])
def test_a_state_that_is_not_safe_is_told_after_three_tries(answers):
    meter, link = connected(*answers * 3)
    with pytest.raises(InstrumentError, match="after it was switched off it reads back"):
        meter.make_safe()
    assert link.traffic.count("OUTP OFF") == 3
    assert link.answers == []
    meter, link = connected(*answers, "0", "HIMP", "HIMP")
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert link.traffic.count("ABOR") == 2


# How programs are laid out.


@pytest.mark.parametrize(
    ("name", "kind", "slots", "count", "off", "early"),
    [
        ("up and down", "pulses", 8, 1, 1.01e-7, 0),
        ("longer gaps", "pulses", 10, 10, 1.01e-7, 0),
        ("gaps between multiples", "pulses", 10, 10, 3e-5, 0),
        ("paired pulses", "pulses", 110, 1, 1.01e-7, 0),
        ("pairs at any distance", "pulses", 101, 1, 9.625e-5, 1),
        ("decay on a logarithmic scale", "pulses", 219, 1, 1.01e-7, 1),
        ("rest on a logarithmic scale", "pulses", 1, 773, 2.614e-6, 1),
        ("staircase", "sweep", 19, 1, 0.0, 0),
        ("held voltage", "pulses", 1, 10, 0.1 * 1.01e-4, 0),
        ("rest", "pulses", 1, 5, 0.2 * 1.01e-4, 0),
    ],
)
def test_a_program_becomes_a_list(name, kind, slots, count, off, early):
    found = layout(PROGRAMS[name])
    assert (found.kind, len(found.levels), found.count) == (kind, slots, count)
    assert found.off == pytest.approx(off, rel=0.01)
    ends = PROGRAMS[name].start + PROGRAMS[name].duration
    late = ends - PROGRAMS[name].aperture - found.requested
    # A reading ends within its segment, and no more than the off time before it has to; between
    # two gaps it may come a slot earlier.
    assert late.min() >= 1.4e-4
    assert late.max() <= 2.3e-4 + off * 1.01 + early * found.period + 1e-9
    assert (found.requested >= PROGRAMS[name].start - 1e-9).all()
    driven = PROGRAMS[name].level != 0
    if found.kind == "pulses" and name != "held voltage":
        pulses = np.flatnonzero(np.tile(found.levels, found.count)) * found.period - found.lead
        assert pulses == pytest.approx(PROGRAMS[name].start[driven], abs=1e-8)


def test_every_other_pulse_of_the_list_is_a_gap_with_its_reading():
    found = layout(program(pulse(1e-3), rest(3e-3), pulse(-1e-3), rest(1e-3)))
    assert found.levels.tolist() == [1e-3, 0.0, 0.0, 0.0, -1e-3, 0.0]
    assert found.reading.tolist() == [0, 3, 4, 5]


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (program(pulse(width=3e-4), rest(1e-3)), "shorter than the 2461 can time .* 430 us"),
        (program(pulse(), rest(1e-3), pulse(width=2e-3), rest(1e-3)), "one width, as 1 ms"),
        (program(pulse(), rest(10.4e-3), pulse(), rest(1e-3), pulse(), rest(0.05)),
         r"nearest that fits has gaps in multiples of 1 ms: 10\.4 ms to 10 ms"),
        (program(pulse(width=20e-3), rest(10e-3), pulse(width=20e-3), rest(0.05)),
         "no gap below 20 ms, where 10 ms is"),
        (program(pulse(), pulse(-1e-3), rest(1.5e-3)), "with a gap no shorter behind it"),
        (program(pulse(), rest(9e-4), rest(2e-3), rest(5e-3)), "below 1 ms, where 0.9 ms is"),
        (program(*(p for k in range(1, 1252) for p in (pulse(1e-6 * k), rest(1e-3)))),
         "2502 levels, more than the 2461 holds; at most 2500 .*LIST:APPend.*first 2500 segments"),
        (program(PulseTrain(1e-3, 1e-3, 1e-3, 500_001, "up")),
         "1000002 readings, more than the 2461 holds; at most 1000000"),
        (program(PulseTrain(1e-3, 1e-3, 99e-3, 20_000, "up")),
         "2000000 readings, more than the 2461 holds; .* first 20000 segments .up to pulse 10000"),
        (program(pulse(), rest(1e-3), limit=0.02), "limit 20 mV cannot be enforced"),
        (program(pulse(), rest(1e-3), aperture=1e-4), "aperture 100 us is not possible"),
        (program(pulse(8.0), rest(1e-3)), "level 8 A is beyond the 2461; at most 7 A"),
    ],
    ids=["short", "widths", "gaps", "short gap", "no gap", "decay", "levels", "readings",
         "gap readings", "limit", "aperture", "level"],
)  # fmt: skip
def test_what_cannot_be_timed_is_refused_before_anything_is_sent(parts, refused, said):
    meter, _, tap, _ = parts
    tap.sent.clear()
    with pytest.raises(ProtocolError, match=said):
        meter.load(refused)
    assert not tap.sent


# What it does on the emulated instrument.


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_read_is_what_a_2602b_reads(meter, name):
    played = PROGRAMS[name]
    found = play(meter, played)
    usual = BenchMeter("keithley-2600b")
    reference = usual.connect(usual.rig()[2])
    expected = play(reference, played)
    reference.close()
    assert len(column(found, "time")) == len(played)
    assert not column(found, "flags").any()
    assert np.abs(column(found, "time") - column(found, "requested_time")).max() < 1e-6
    ends = played.start + played.duration
    assert (column(found, "time") + played.aperture < ends).all()
    # It reads up to 0.3 ms earlier, within which a pulse of 1 mA moves the voltage by some mV.
    measured = "voltage" if played.source == "current" else "current"
    scale = np.abs(column(expected, measured)).max()
    close = column(found, measured) - column(expected, measured)
    assert np.abs(close).max() <= 0.05 * scale + 2e-6


@pytest.mark.parametrize("name", ["up and down", "longer gaps", "decay on a logarithmic scale"])
def test_what_is_read_is_what_the_circuit_does(parts, name):
    """Against the matrix exponential of the circuit's equations, gap readings included."""
    meter, bench, _, _ = parts
    stage, played = bench.stage(""), PROGRAMS[name]
    stage.errors = replace(stage.errors, settling=((10.0, 1e-4),))
    readings = column(play(meter, played), "voltage")
    found = layout(played)
    slots = [(level, found.period) for level in np.tile(found.levels, found.count)]
    expected = mean_voltages(math.inf, slots, played.aperture, 150e-6 + found.off)
    assert readings == pytest.approx(expected[found.reading], abs=2e-6)


def test_the_output_is_off_and_high_impedance_before_and_after(parts):
    meter, bench, _, _ = parts
    with driven(bench.stage("")) as modes:
        meter.load(TRAIN)
    assert not modes
    play(meter, TRAIN)
    assert bench.stage("").mode == "high_z"
    assert meter.read_back().text == "output off, off mode high-impedance"


def test_a_program_is_drained_while_it_runs_and_can_be_aborted(parts):
    meter, bench, _, _ = parts
    meter.load(program(PulseTrain(1e-3, 20e-3, 20e-3, 1000, "up")))
    started = meter.start()
    first = meter.drain()
    assert first.running
    assert 0 < len(first) < 2000
    assert meter.now() > started
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert bench.stage("").mode == "high_z"
    assert len(play(meter, TRAIN)[-1].time) > 0, "it can be used again"


def test_a_lost_link_is_opened_again_to_make_it_safe(parts):
    meter, bench, _, link = parts
    meter.load(program(PulseTrain(1e-3, 20e-3, 20e-3, 1000, "up")))
    meter.start()
    link.cut()
    with pytest.raises(LinkError):
        meter.drain()
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert bench.stage("").mode == "high_z"


def test_time_that_the_trigger_model_takes_besides_makes_readings_late(parts):
    meter, _, _, link = parts
    link.instrument.loop = 50e-6
    flags = column(play(meter, program(PulseTrain(1e-3, 1e-3, 1e-3, 10, "up"))), "flags")
    assert not flags[:2].any()
    assert (flags[4:] & Flag.LATE).all()


def test_a_source_at_its_limit_is_flagged(meter):
    readouts = play(meter, program(PulseTrain(5e-3, 1e-3, 1e-3, 5, "up"), limit=0.1))
    assert column(readouts, "flags")[0] & Flag.LIMIT
    assert column(readouts, "voltage").max() < 0.101


def test_an_instrument_that_stopped_by_itself_is_told(parts):
    meter, _, _, link = parts
    meter.load(program(PulseTrain(1e-3, 0.1, 0.1, 400, "up")))
    meter.start()
    meter.drain()
    link.instrument.write(b":ABOR")
    with pytest.raises(InstrumentError, match=r"stopped after .* of 800 readings.*ABORTED"):
        drain(meter, times=5)


# Faults on the wire.


def uploaded(played):
    """Every command of connecting and an upload, each once, and the start."""
    _, tap, _ = METER.rig()
    meter = METER.connect(tap)
    meter.load(played)
    meter.start()
    return list(dict.fromkeys(tap.sent))


@pytest.mark.parametrize("command", sorted({*uploaded(TRAIN), *uploaded(STAIR)}))
def test_a_misspelt_command_is_noticed_before_the_output_comes_on(command):
    played = TRAIN if command in uploaded(TRAIN) else STAIR
    for wrong in misspelt(command):
        if "fmes clock" in wrong or "fmes clock" not in command:
            refuses(command, wrong, played)


UNMINDED = ("OUTP 0", "SOUR:CURR:DEL:AUTO", "SOUR:PULS:SWE")
"""The switch itself; a delay that is set ends the automatic one; what a list is played with
cannot be asked for."""


@pytest.mark.parametrize(
    "command",
    [c for c in uploaded(TRAIN)
     if "?" not in c and any(renumbered(c)) and not c.startswith(UNMINDED)],
)  # fmt: skip
def test_a_number_that_arrives_otherwise_is_noticed(command):
    for wrong in renumbered(command):
        assert isinstance(refuses(command, wrong, TRAIN), CommandError)


@pytest.mark.parametrize(
    "wrong",
    [
        'SOUR:PULS:SWE:CURR:LIST ON,0.000999899,"defbuffer1",1,1,0,1.01e-07,OFF',
        'SOUR:PULS:SWE:CURR:LIST 0.000999899,"defbuffer1",ON,1,1,0,1.01e-07,OFF',
        'SOUR:PULS:SWE:CURR:LIST 1.01e-07,ON,"defbuffer1",1,1,0,0.000999899,OFF',
        'SOUR:PULS:SWE:CURR:LIST 0.000999899,ON,"defbuffer1",1,1,0,OFF,1.01e-07',
        'SOUR:PULS:SWE:CURR:LIST 0.000999899,ON,"defbuffer3",1,1,0,1.01e-07,OFF',
        'SOUR:PULS:SWE:CURR:LIST 0.000999899,ON,"defbuffer1",9,1,0,1.01e-07,OFF',
    ],
)
def test_swapped_arguments_are_noticed(wrong):
    command = next(c for c in uploaded(TRAIN) if c.startswith("SOUR:PULS:SWE"))
    refuses(command, wrong, TRAIN)


def test_another_width_that_cannot_be_asked_for_is_noticed_by_its_readings():
    played = program(PulseTrain(1e-3, 20e-3, 20e-3, 10, "up"))
    command = next(c for c in uploaded(played) if c.startswith("SOUR:PULS:SWE"))
    _, tap, _ = METER.rig(swap(command, command.replace("0.01999798", "0.01")))
    meter = METER.connect(tap)
    with pytest.raises(InstrumentError, match="reads earlier than it was told to"):
        play(meter, played)
    assert meter.make_safe() == "output off, off mode high-impedance"

"""Scripts that Tektronix publishes for the 2600B run unmodified and do what they describe.

Their licence allows use with Tektronix products only, so none of them is in this repository.
Clone https://github.com/tektronix/keithley and name its folder:

    FMES_TEKTRONIX_EXAMPLES=../keithley python -m pytest tests/drivers/simulated

Seen with commit 75320c0. Expected values are what each script's own header says.
"""

import math
import os
import struct
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("FMES_TEKTRONIX_EXAMPLES", "")) / "Instrument_Examples/Series_2600"

pytestmark = pytest.mark.skipif(
    not (ROOT / "Pulsed_Sweep").is_dir(),
    reason="FMES_TEKTRONIX_EXAMPLES names no clone of github.com/tektronix/keithley",
)


def load(console, name):
    console.run((ROOT / name).read_text(encoding="latin-1"))
    assert console.errors() == []


def rows(lines):
    """The numbers of a table printed with tabs, without its heading."""
    return [tuple(float(v) for v in line.split("\t")) for line in lines[1:]]


def levels(console, channel="a"):
    """(time in s, level in A or V) of every change of the source level."""
    changes = [(t, what.split()) for t, what in console.journal() if " level " in what]
    return [(t, float(w[2])) for t, w in changes if w[0] == f"smu{channel}"]


def test_pulsed_current_sweep_starts_with_the_trig_key(console):
    load(console, "Pulsed_Sweep/KE26XXB_Pulsed_Sweep_Single.tsp")
    console.send("PulsedSweepISingle(0, 10e-3, 11, 1e-3, 5e-3, 10, 0.001, false)")
    assert console.lines() == []
    console.instrument.press_trig()
    console.send("")
    lines = console.lines()
    assert console.errors() == []
    assert lines[0].split("\t") == ["Time", "Voltage", "Current"]
    table = rows(lines)
    assert [r[2] for r in table] == pytest.approx([k * 1e-3 for k in range(11)], abs=1e-9)
    steps = [b[0] - a[0] for a, b in pairwise(table)]
    assert steps == pytest.approx([5e-3] * 10, abs=2e-6)
    changes = levels(console)
    pulses = [(t, v) for t, v in changes if v > 0]
    ends = [next(t for t, v in changes if v == 0 and t > start) for start, _ in pulses]
    widths = [end - start for (start, _), end in zip(pulses, ends, strict=True)]
    assert len(widths) == 10
    assert widths == pytest.approx([1e-3] * 10, abs=2e-6)


def test_pulsed_voltage_sweep_of_both_channels(console):
    load(console, "Pulsed_Sweep/KE26XXB_Pulsed_Sweep_Dual.tsp")
    console.send("PulsedSweepVDual(0, 10, 11, 1e-3, 5e-3, 0.1, 0.001, false)")
    console.instrument.press_trig()
    console.send("")
    table = rows(console.lines())
    assert console.errors() == []
    assert [r[3] for r in table] == pytest.approx([float(k) for k in range(11)], abs=1e-6)
    # Channel b is wired to nothing: it reaches every level and no current flows.
    top = max(v for _, v in levels(console, "b"))
    assert top == pytest.approx(10)
    starts = {c: [t for t, v in levels(console, c) if v > 0] for c in "ab"}
    assert starts["a"] == pytest.approx(starts["b"], abs=1e-6)
    assert len(starts["a"]) == 10


@pytest.mark.parametrize(
    ("call", "column", "expected"),
    [
        ("DCSweepILinear(0, 10e-3, 11, 10, 0.1)", 2, [k * 1e-3 for k in range(11)]),
        ("DCSweepILog(1e-3, 10e-3, 11, 10, 0.1)", 2, [1e-3 * 10 ** (k / 10) for k in range(11)]),
        ("DCSweepIList({3e-3, 1e-3, 4e-3}, 3, 10, 0.1)", 2, [3e-3, 1e-3, 4e-3]),
        ("DCSweepVLinear(0, 0.5, 6, 0.1, 0.1)", 1, [k * 0.1 for k in range(6)]),
        ("DCSweepVLog(0.1, 0.5, 3, 0.1, 0.1)", 1, [0.1, 0.1 * 5**0.5, 0.5]),
        ("DCSweepVList({0.3, 0.1, 0.4}, 3, 0.1, 0.1)", 1, [0.3, 0.1, 0.4]),
    ],
)
def test_dc_sweeps(bench, console, call, column, expected):
    bench.set_relays(0.0, frozenset([101]))
    load(console, "Sweeps/KE26XXB_DC_Sweeps.tsp")
    console.send(call)
    table = rows(console.lines())
    assert console.errors() == []
    assert [r[column] for r in table] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    times = [r[0] for r in table]
    assert times == sorted(times)


def test_sine_wave_of_60_hz_at_7200_points_a_second(console):
    load(console, "Sweeps/KE26XXB_AC_Waveform_Sweep.tsp")
    console.send("AC_Waveform_Sweep(0.3, 2, 60, 100e-3)")
    table = rows(console.lines())
    assert console.errors() == []
    assert len(table) == 240
    wave = [v for _, v in levels(console)][-241:]
    assert max(wave) == pytest.approx(0.3 * math.sqrt(2), rel=1e-6)
    assert min(wave) == pytest.approx(-0.3 * math.sqrt(2), rel=1e-6)
    times = [t for t, _ in levels(console)][-240:-1]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([1 / 7200] * 238, abs=2e-6)


def test_buffers_of_both_channels_are_printed(console):
    console.run((ROOT / "Tutorials/printBuffer.tsp").read_text(encoding="latin-1"))
    lines = console.lines()
    assert console.errors() == []
    (a,) = [lines[k + 1] for k, line in enumerate(lines) if line.startswith("SmuA")]
    (b,) = [lines[k + 1] for k, line in enumerate(lines) if line.startswith("SmuB")]
    assert len(a.split(", ")) == len(b.split(", ")) == 50


def test_single_and_double_precision_are_what_their_names_say(console):
    console.run((ROOT / "Tutorials/Format/formatdata.tsp").read_text(encoding="latin-1"))
    blocks = []
    while (response := console.read()) is not None:
        blocks.append(response)
    title, blocks_of = "", {}
    for block in blocks:
        if block.endswith(b"Data output\n"):
            title = block.split()[0].decode()
        elif block.startswith(b"#0"):
            blocks_of.setdefault(title, []).append(block[2:-1])
        elif block.strip():
            blocks_of.setdefault(title + " printed", []).append(float(block))
    assert console.errors() == []
    for name, code in (("SREAL", ">f"), ("REAL", ">d"), ("REAL32", ">f"), ("REAL64", ">d")):
        values = [struct.unpack(code, block)[0] for block in blocks_of[name]]
        assert values == pytest.approx(blocks_of[f"{name} printed"], rel=1e-4)
        assert len(values) == 5


def test_overrun_is_found_where_there_is_one(console):
    load(console, "26xxA_Check_for_Overrun.tsp")
    assert console.ask("print(CheckForOverRun(localnode))").startswith("false")
    console.run("""
        trigger.timer[1].delay = 1e-3 trigger.timer[1].count = 20
        trigger.timer[1].stimulus = smua.trigger.ARMED_EVENT_ID
        smua.trigger.source.listv({0.1}) smua.trigger.source.action = smua.ENABLE
        smua.trigger.source.stimulus = trigger.timer[1].EVENT_ID
        smua.trigger.measure.i(smua.nvbuffer1) smua.trigger.measure.action = smua.ENABLE
        smua.measure.nplc = 1 smua.trigger.count = 2
        smua.source.output = 1 smua.trigger.initiate() delay(0.03)
    """)
    words = console.ask("print(CheckForOverRun(localnode))").split("\t")
    assert words[0] == "true"
    assert "overrun" in words[1]


def test_tables_hold_readings(bench, console):
    bench.set_relays(0.0, frozenset([102]))
    console.run((ROOT / "Tutorials/Tables/ReadingsTable.tsp").read_text(encoding="latin-1"))
    lines = [line.split("\t") for line in console.lines() if line.startswith("V=")]
    assert console.errors() == []
    volts = [float(words[1]) for words in lines]
    assert volts[:3] == [1, 5, -5]
    for words in lines:
        assert float(words[1]) / float(words[3].strip(", ")) == pytest.approx(
            float(words[-1]), rel=1e-4
        )

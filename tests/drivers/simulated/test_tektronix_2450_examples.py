"""Scripts that Tektronix publishes for the 2450 and 2460 run unmodified, as described.

They are not in this repository: `test_tektronix_examples.py` says why, and where to get them.
Seen with commit 75320c0. Expected values are what each script's own header says.
"""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.simulated.keithley_2450 import Emulated2450

ROOT = (
    Path(os.environ.get("FMES_TEKTRONIX_EXAMPLES", ""))
    / "Instrument_Examples/Series_2400_Graphical"
)

pytestmark = pytest.mark.skipif(
    not (ROOT / "2450-SMU").is_dir(),
    reason="FMES_TEKTRONIX_EXAMPLES names no clone of github.com/tektronix/keithley",
)


@pytest.fixture
def run(talk):
    """Run a script on a resistance; console and output, nothing may be in the event log."""

    def made(name, model="2450", resistance=1000.0, linefreq=60.0):
        console = talk(Emulated2450, "", resistance, model, linefreq=linefreq)
        console.run((ROOT / name).read_text(encoding="utf-8"))
        lines = console.lines()
        assert console.errors() == []
        return console, lines

    return made


def changes(console):
    return [(t, float(w.split()[1])) for t, w in console.journal() if w.startswith("level ")]


def outputs(console):
    return [(t, w.split(",")[0]) for t, w in console.journal() if w.startswith("output ")]


def test_pulse_train_of_6_a_1_ms_wide_every_4_ms(run):
    console, _ = run("2460-SMU/PulseItrain/PulseITrain.tsp", "2460", resistance=1.0)
    on = [t for t, level in changes(console) if level == 6]
    off = [t for t, level in changes(console) if level == 0]
    assert len(on) == 10
    assert [b - a for a, b in pairwise(on)] == pytest.approx([4e-3] * 9, abs=2e-6)
    assert [b - a for a, b in zip(on, off, strict=True)] == pytest.approx([1e-3] * 10, abs=30e-6)
    assert console.number("defbuffer1.n") == 10
    assert outputs(console)[-1][1] == "output off"


def test_voltage_pulses_of_5_ms_every_20_ms(run):
    console, lines = run("PulseTrain_SVMI.tsp")
    on = [t for t, level in changes(console) if level == 5]
    off = [t for t, level in changes(console) if level == 0][-4:]
    assert len(on) == 4
    assert [b - a for a, b in pairwise(on)] == pytest.approx([20e-3] * 3, abs=2e-6)
    assert [b - a for a, b in zip(on, off, strict=True)] == pytest.approx([5e-3] * 4, abs=2e-6)
    assert [line.split(",")[0] for line in lines[-4:]] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("name", "width"), [("SimplePulse_SIMV.tsp", 750e-6), ("SimplePulse_SVMI.tsp", 1.6e-3)]
)
def test_single_pulses_last_as_their_headers_say(run, name, width):
    console, lines = run(name)
    (on, first), (off, last) = outputs(console)[-2:]
    assert (first, last) == ("output on", "output off")
    assert off - on == pytest.approx(width, abs=50e-6)
    assert len(lines[0].split(", ")) == 2


def test_current_sweep_of_101_steps_on_a_low_resistance(run):
    _, (heading, *lines) = run("2450-SMU/SweepI_MeasV/2450_SweepI_MeasV.tsp", resistance=1.0)
    assert heading == "Current\tVoltage"
    table = [tuple(map(float, line.split("\t"))) for line in lines]
    assert [i for i, _ in table] == pytest.approx([-0.1 + 2e-3 * k for k in range(101)], abs=1e-5)


def test_ramp_of_two_hundred_levels_every_100_ms(run):
    console, lines = run("Controlled_Ramp.tsp")
    assert lines == ["Ramp Duration from Time Stamps: 19.90 seconds"]
    times = [t for t, _ in changes(console)]
    steps = [b - a for a, b in pairwise(times)]
    # The highest level is there twice, once for either direction.
    assert steps.pop(98) == pytest.approx(0.2, abs=2e-6)
    assert steps == pytest.approx([0.1] * len(steps), abs=2e-6)


def test_solar_cell_sweep_of_56_steps_to_530_mv(run):
    _, (*lines, summary) = run("2450-SMU/Other_Devices/solar_cell.tsp")
    table = [tuple(map(float, line.split("\t"))) for line in lines]
    assert [v for v, *_ in table] == pytest.approx([0.53 * k / 55 for k in range(56)], abs=1e-4)
    assert summary.startswith("Pmax = ")


@pytest.mark.parametrize(
    ("name", "model", "lines"),
    [
        ("2450-SMU/Other_Devices/low_resistance.tsp", "2450", 101),
        ("2450-SMU/Other_Devices/leakage_resistance.tsp", "2450", None),
        ("2450-SMU/Other_Devices/insulation_resistance.tsp", "2450", 10),
        ("2450-SMU/Other_Devices/battery_charge_discharge.tsp", "2450", None),
        ("2460-SMU/SolarPanel/SolarPanel_Sweep.tsp", "2460", None),
    ],
)
def test_others_run_to_their_end(run, name, model, lines):
    found = len(run(name, model)[1])
    assert found == lines or (lines is None and found > 2)

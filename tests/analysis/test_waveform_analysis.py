from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from analysis.waveform import Options, WaveformAnalysis
from data.run import Outcome
from protocols.waveform import Waveform

Record = Callable[..., Any]
RS, C1, R1, C2, R2, C3, LEAK = 44.2, 0.2954e-3, 112.6, 7.141e-3, 7.0e3, 1.087e-3, 1.0e6
STATES = (100.0, 500.0, 8000.0, "open")
ANALYSIS = WaveformAnalysis()


def fast_time_constant(resistance: float) -> float:
    """The device's own, with a resistor across it: the largest eigenvalue of its nodes."""
    out = 0.0 if math.isinf(resistance) else 1 / (RS + resistance)
    g = np.array([
        [1 / LEAK + 1 / R1 + out, -1 / R1, 0], [-1 / R1, 1 / R1 + 1 / R2, -1 / R2],
        [0, -1 / R2, 1 / R2],
    ])  # fmt: skip
    return 1 / float(np.linalg.eigvals(g / np.array([[C1], [C2], [C3]])).real.max())


def test_steps_are_the_series_resistance_beside_the_regulating_resistor(record: Record) -> None:
    found = ANALYSIS.analyse(record(Waveform.build(states=STATES)))
    assert found.complete
    for s in found.states:
        r = s.state.nominal
        step = RS if math.isinf(r) else RS * r / (RS + r)
        assert s.step_on.value == pytest.approx(step, rel=1e-3)
        assert s.step_off.value == pytest.approx(step, rel=1e-3)
        assert s.series.value == pytest.approx(RS, rel=2e-3)


def test_the_decay_has_the_fast_time_constant_of_the_circuit(record: Record) -> None:
    for s in ANALYSIS.analyse(record(Waveform.build(states=STATES, gap=0.2))).states:
        assert s.tau1.value == pytest.approx(fast_time_constant(s.state.nominal), rel=5e-3)


def test_a_single_exponential_is_recovered(record: Record) -> None:
    protocol = Waveform.build(states=(1000.0,))
    run = record(protocol)
    s = run.samples
    # Series resistance and one capacitor, read at a point: closed form of charge and decay.
    tau, step, rise, aperture = 20e-3, 30.0, 80.0, protocol.aperture
    t = s.time - run.plays[-1].started + aperture / 2
    voltage, v = np.zeros(len(t)), 0.0
    program = protocol.program()
    edges = [0.0, *program.start[1:][np.diff(program.level) != 0], program.total_duration]
    level = 0.0
    for begin, end in pairwise(edges):
        rows = (t > begin) & (t < end)
        toward = level * rise
        voltage[rows] = level * step + toward + (v - toward) * np.exp(-(t[rows] - begin) / tau)
        v = toward + (v - toward) * math.exp(-(end - begin) / tau)
        level = 0.0 if level else protocol.amplitude
    s.voltage[:] = voltage
    found = ANALYSIS.analyse(run).states[0]
    assert found.step_on.value == pytest.approx(step, rel=1e-3)
    assert found.step_off.value == pytest.approx(step, rel=1e-3)
    assert found.tau1.value == pytest.approx(tau, rel=1e-6)
    assert found.series.value == pytest.approx(1 / (1 / step - 1 / 1000.0), rel=1e-3)
    assert found.tau2.value is None


def test_the_interval_holds_the_true_step_as_often_as_it_says(record: Record) -> None:
    protocol = Waveform.build(states=(500.0,), count=1)
    inside = 0
    run = record(protocol)
    clean, rng = run.samples.voltage.copy(), np.random.default_rng(3)
    for _ in range(40):
        run.samples.voltage[:] = clean + rng.normal(0, 50e-6, len(clean))
        on = ANALYSIS.analyse(run).states[0].step_on
        assert on.low is not None
        assert on.high is not None
        inside += on.low <= RS * 500 / (RS + 500) <= on.high
    assert inside >= 32


def test_readings_while_the_source_settles_are_left_out(record: Record) -> None:
    run = record(Waveform.build(states=("open",)))
    s = run.samples
    edges = np.flatnonzero(np.diff(s.source_level)) + 1
    s.voltage[edges] *= 0.5
    told = ANALYSIS.analyse(run).states[0]
    assert told.step_on.value == pytest.approx(RS, rel=1e-3)
    believed = WaveformAnalysis(Options(settling=0.0)).analyse(run).states[0]
    assert believed.step_on.value != pytest.approx(RS, rel=1e-2)


def test_a_run_that_was_cut_short_says_what_is_missing(record: Record) -> None:
    protocol = Waveform.build(states=(500.0, "open"), interval=1e-3)
    # Within the first pulse of the second state.
    run = record(protocol, plays=1, readings=25, outcome=Outcome.ABORTED)
    whole, cut = ANALYSIS.analyse(run).states
    assert whole.state.complete
    assert cut.step_on.value == pytest.approx(RS, rel=1e-2)
    assert cut.step_off.value is None
    assert cut.tau1.value is None
    assert "of 2 were read" in cut.pulse_end.note
    nothing = ANALYSIS.analyse(record(protocol, plays=0, outcome=Outcome.FAILED))
    assert [s.step_on.value for s in nothing.states] == [None, None]
    text = json.dumps(nothing.as_json(), allow_nan=False)
    assert "not measured" in text
    json.dumps(ANALYSIS.analyse(run).as_json(), allow_nan=False)


def test_too_few_readings_beside_an_edge_are_said(record: Record) -> None:
    run = record(Waveform.build(states=("open",), interval=5e-3))
    found = ANALYSIS.analyse(run).states[0]
    assert found.step_on.value is None
    assert "at least 6 are needed" in found.step_on.note

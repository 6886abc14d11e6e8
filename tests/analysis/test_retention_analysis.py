"""What is left of a learned voltage: fits with known answers, and runs of the circuit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from analysis.double_exponential import fit_decay
from analysis.retention import Options, RetentionAnalysis
from analysis.stretched_exponential import fit_stretched, stretched
from data.run import Outcome
from protocols.program import Instant
from protocols.retention import Retention

Record = Callable[..., Any]
Array = NDArray[np.float64]

TIMES = np.geomspace(0.2, 1200.0, 39)
NOISE = 5e-4
"""V, on a decay from 0.5 V."""


def within(count: int, n: int, rate: float = 0.95) -> bool:
    """Whether so many of n happen 999 times of 1000 when each has that probability."""
    low, high = binom.interval(0.999, n, rate)
    return bool(low <= count <= high)


@pytest.mark.parametrize(("tau", "beta"), [(100.0, 0.5), (300.0, 0.8), (20.0, 0.35)])
def test_a_stretched_exponential_is_recovered_exactly(tau: float, beta: float) -> None:
    found = fit_stretched(TIMES, stretched(TIMES, np.array([0.5, math.log(tau), beta])))
    assert found.converged
    np.testing.assert_allclose(found.values, [0.5, math.log(tau), beta], rtol=1e-5)


@pytest.mark.parametrize(("tau", "beta"), [(100.0, 0.5), (300.0, 0.8)])
def test_intervals_of_a_stretched_exponential_cover_at_the_nominal_rate(
    tau: float, beta: float
) -> None:
    true, rng, n = np.array([0.5, math.log(tau), beta]), np.random.default_rng(31), 120
    exact, covered, values = stretched(TIMES, true), dict.fromkeys(range(3), 0), []
    for _ in range(n):
        found = fit_stretched(TIMES, exact + rng.normal(0, NOISE, len(TIMES)))
        assert found.converged, found.reason
        values.append(found.values)
        for k, name in enumerate(found.names):
            ends = found.interval(name)
            assert ends is not None
            covered[k] += ends[0] <= true[k] <= ends[1]
    assert all(within(count, n) for count in covered.values()), covered
    spread = np.std(values, axis=0) / math.sqrt(n)
    assert np.all(np.abs(np.mean(values, axis=0) - true) < 5 * spread), "no bias to speak of"


@pytest.mark.parametrize(
    "true",
    [
        {("C", 1): 0.06, ("tau", 1): 6.6, ("C", 2): 0.5, ("tau", 2): 8500.0},
        {("C", 1): 0.2, ("tau", 1): 2.0, ("C", 2): 0.3, ("tau", 2): 300.0},
    ],
)
def test_intervals_of_exponentials_cover_at_the_nominal_rate(true: dict[Any, float]) -> None:
    rng, n, covered = np.random.default_rng(32), 150, dict.fromkeys(true, 0)
    exact = sum(
        true["C", k] * np.exp(-TIMES / true["tau", k]) for k in (1, 2)
    )  # fmt: skip
    for _ in range(n):
        found = fit_decay(TIMES, exact + rng.normal(0, NOISE, len(TIMES)))
        assert found.terms == 2, found.choice
        for (parameter, term), value in true.items():
            ends = found.interval(parameter, term)
            assert ends is not None
            covered[parameter, term] += ends[0] <= value <= ends[1]
    assert all(within(count, n) for count in covered.values()), covered


@pytest.mark.parametrize(
    ("voltage", "says"),
    [
        (np.linspace(0.3, 0.5, 39), "bound"),
        (np.full(39, 0.4), ""),
        (np.full(39, np.nan), "not finite"),
        (np.zeros(39), "no value is above 0"),
        (
            -stretched(TIMES, np.array([0.5, 3.0, 0.5])),
            "no value is above 0; the greatest is -0.0002",
        ),
        # Faster than any stretched exponential, and below 0 V at the end.
        (0.5 * np.exp(-((TIMES / 20) ** 1.5)) - 1e-3, "beta ran into its bound"),
    ],
)
def test_data_that_do_not_decay_have_no_stretched_exponential(voltage: Array, says: str) -> None:
    found = fit_stretched(TIMES, voltage)
    assert not found.converged
    assert says in found.reason
    assert found.reason
    assert found.interval("ln tau") is None


def test_a_stretched_exponential_that_noise_takes_below_zero_is_found() -> None:
    true = np.array([0.5, math.log(20.0), 0.7])
    voltage = stretched(TIMES, true) + np.random.default_rng(3).normal(0, NOISE, len(TIMES))
    assert voltage.min() < 0
    found = fit_stretched(TIMES, voltage)
    assert found.converged, found.reason
    np.testing.assert_allclose(found.values, true, rtol=0.01)


@pytest.mark.parametrize("points", [0, 1, 2])
def test_too_few_points_have_no_stretched_exponential(points: int) -> None:
    found = fit_stretched(TIMES[:points], np.full(points, 0.4))
    assert not found.converged
    assert f"{points} points cannot determine 3 parameters" in found.reason


def test_the_circuit_keeps_what_its_time_constants_say(record: Record) -> None:
    result = RetentionAnalysis().analyse(record(Retention.build("by-count", pulses=4300)))
    # Open-circuit time constants of the reference circuit: 6.64 s and 8525 s.
    measures = {m.definition.name: m for m in result.exponentials.measures}
    assert measures["tau1"].value == pytest.approx(6.64, rel=2e-3)
    assert measures["tau2"].value == pytest.approx(8525, rel=1e-2)
    left = {moment: m.value for moment, m in result.fractions}
    assert set(left) == {1.0, 10.0, 100.0}
    # 0.543, 0.516 and 0.501 V after 0.6 V.
    assert [left[t] for t in (1.0, 10.0, 100.0)] == pytest.approx([0.905, 0.86, 0.835], abs=5e-3)
    assert "another shape" in result.stretched.remark, "two processes are no stretched one"
    assert "another shape" not in result.exponentials.remark


def test_readings_that_are_a_stretched_exponential_give_it_back(record: Record) -> None:
    run = record(Retention.build("by-count", pulses=100, rest="1000 s"))
    rows = np.flatnonzero(run.samples.instant == Instant.REST)
    time = run.samples.time[rows] + 10e-3 - (run.samples.time[rows[0] - 2] + 200e-6)
    rng = np.random.default_rng(3)
    run.samples.voltage[rows] = stretched(time, np.array([0.4, math.log(50.0), 0.6]))
    run.samples.voltage[rows] += rng.normal(0, 1e-4, len(rows))
    result = RetentionAnalysis().analyse(run)
    v0, tau, beta = result.stretched.measures
    assert v0.value == pytest.approx(0.4, rel=0.01)
    assert tau.value == pytest.approx(50.0, rel=0.02)
    assert tau.low is not None
    assert tau.high is not None
    assert tau.low < 50.0 < tau.high
    assert beta.value == pytest.approx(0.6, rel=0.01)
    assert result.stretched.remark == "converged"


def test_what_0_a_does_is_the_current_times_the_time_over_the_capacitance(record: Record) -> None:
    run = record(Retention.build("by-count", zero_offset="2 nA", rest="3600 s"))
    result = RetentionAnalysis().analyse(run)
    learned = result.learned.value
    assert learned is not None
    capacitance = 2500 * 1e-3 * 1e-3 / learned
    assert result.offset.value == pytest.approx(2e-9 * result.rest[0][-1] / capacitance)
    assert "0 A: at most" in result.conditions


def test_the_level_that_was_asked_for_stands_beside_the_one_that_was_learned(
    record: Record,
) -> None:
    run = record(Retention.build("by-count"))
    assert RetentionAnalysis().analyse(run).learned.note == ""
    run.info.parameters.update(pulses=None, level=0.3)
    assert RetentionAnalysis().analyse(run).learned.note == "level asked for: 300 mV"


def test_the_reference_is_an_option(record: Record) -> None:
    run = record(Retention.build("by-count"))
    gap, pulse = (RetentionAnalysis(Options(reference=r)).analyse(run) for r in
                  ("gap-end", "pulse-end"))  # fmt: skip
    assert gap.learned.value is not None
    assert pulse.learned.value is not None
    assert pulse.learned.value - gap.learned.value > 0.03, "a driven voltage is higher"
    assert pulse.fractions[0][1].value < gap.fractions[0][1].value  # type: ignore[operator]


@pytest.mark.parametrize(("plays", "readings"), [(0, 0), (0, 7), (1, 0), (1, 2), (1, 9)])
def test_a_run_that_was_cut_short_has_what_was_read(
    record: Record, plays: int, readings: int
) -> None:
    run = record(
        Retention.build("by-count", pulses=50), plays=plays, readings=readings,
        outcome=Outcome.ABORTED,
    )  # fmt: skip
    result = RetentionAnalysis().analyse(run)
    assert not result.complete
    assert any("partial" in note for note in result.table().notes)
    assert json.dumps(result.as_json(), allow_nan=False)
    for fit in (result.stretched, result.exponentials):
        assert fit.converged or fit.remark
        assert all(m.value is not None or m.note for m in fit.measures)
    assert RetentionAnalysis().figure(result)

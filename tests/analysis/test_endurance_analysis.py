"""Measures over cycles on weights whose drift and scatter are known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.endurance import EnduranceAnalysis, EnduranceResult
from protocols.endurance import Endurance
from protocols.program import Instant

Record = Callable[..., Any]

UP = DOWN = 10
CYCLES = 21


def cycles(record: Record, top: Callable[[int], float], **cut: int) -> EnduranceResult:
    """Straight branches from 10 mV to `top(cycle)` and back."""
    run = record(
        Endurance.build(cycles=CYCLES, up=UP, down=DOWN, kept_pulses=UP, resistance=8000.0), **cut
    )
    s = run.samples
    gap = s.instant == Instant.GAP_END
    for cycle in range(1, CYCLES + 1):
        span = top(cycle) - 10e-3
        for phase, sign in (("potentiation", 1), ("depression", -1)):
            code = run.info.phases.index(phase)
            rows = np.flatnonzero(gap & (s.cycle == cycle) & (s.phase == code))
            steps = np.arange(len(rows)) / (UP - 1)
            s.voltage[rows] = (10e-3 + span * steps) if sign > 0 else (top(cycle) - span * steps)
    return EnduranceAnalysis().analyse(run)


def test_cycles_that_repeat_neither_drift_nor_scatter(record: Record) -> None:
    found = cycles(record, lambda _: 110e-3)
    assert found.complete
    assert found.cycles == CYCLES
    for key, value in {"w_max": 110e-3, "range_up": 100e-3, "range_down": -100e-3}.items():
        f = found.followed[key]
        assert f.mean.value == pytest.approx(value)
        assert f.first.value == pytest.approx(value)
        assert f.drift.value == pytest.approx(0.0, abs=1e-12)
        assert f.variation.value == pytest.approx(0.0, abs=1e-12)
    assert found.followed["dynamic_range"].mean.value == pytest.approx(11.0)
    assert found.followed["nl_up"].mean.value == pytest.approx(0.0, abs=1e-3)
    assert found.write_noise[0].value == pytest.approx(0.0, abs=1e-12)


def test_a_linear_drift_is_the_difference_of_the_last_and_the_first_tenth(record: Record) -> None:
    found = cycles(record, lambda k: 100e-3 + 1e-3 * k)
    f = found.followed["w_max"]
    later = 100e-3 + 1e-3 * np.arange(2, CYCLES + 1)
    assert f.first.value == pytest.approx(101e-3)
    assert f.last.value == pytest.approx(121e-3)
    assert f.mean.value == pytest.approx(later.mean())
    assert f.variation.value == pytest.approx(later.std(ddof=1) / later.mean())
    # Of 20 cycles after the first, a tenth is two.
    moved = later[-2:].mean() - later[:2].mean()
    assert f.drift.value == pytest.approx(moved / later.mean())


def test_scatter_of_the_range_is_write_noise(record: Record) -> None:
    """Steps of a straight branch scatter as its range does."""
    found = cycles(record, lambda k: 110e-3 + (2e-3 if k % 2 else -2e-3))
    ranges = np.array([100e-3 + (2e-3 if k % 2 else -2e-3) for k in found.full if k > 1])
    assert len(ranges) > 4
    expected = ranges.std(ddof=1) / (UP - 1) / ranges.mean()
    assert found.write_noise[0].value == pytest.approx(expected)
    assert found.write_noise[1].value == pytest.approx(expected)


def test_a_run_that_was_cut_short_says_how_far_it_came(record: Record) -> None:
    """The first cycle, and half of the second."""
    found = cycles(record, lambda _: 110e-3, plays=1, readings=2 * UP)
    assert not found.complete
    assert found.cycles == 2
    assert found.followed["w_max"].cycle.tolist() == [1, 2]
    assert found.followed["range_down"].cycle.tolist() == [1]
    assert "partial: 2 of 21 cycles were begun" in "\n".join(found.table().notes)

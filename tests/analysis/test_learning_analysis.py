"""Measures of learning and forgetting on voltages whose answers are known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.learning import LearningAnalysis, LearningResult, Options
from protocols.learning import Learning
from protocols.program import Instant

Record = Callable[..., Any]

PULSES = 100
PERIOD = 2e-3


def ramps(record: Record, slopes: dict[str, float], forget_to: float = 0.5) -> Any:
    """A run whose PSV rises by `slopes` (V a pulse) in each phase and rests at a known level."""
    run = record(
        Learning.build(
            states=(500.0, 8000.0), relearn_states=(8000.0,), dwell=PULSES * PERIOD,
            forget_time=2.0, forget_readings=10,
        )
    )  # fmt: skip
    s, level = run.samples, 0.0
    for play in run.plays:
        rows = play.rows
        phase = run.info.phases[s.phase[rows][0]]
        gaps = np.flatnonzero(s.instant[rows] == Instant.GAP_END) + rows.start
        if phase == "forgetting":
            s.voltage[rows] = level * forget_to
            level *= forget_to
            continue
        psv = level + slopes[phase] * np.arange(1, len(gaps) + 1)
        s.voltage[gaps] = psv
        level = float(psv[-1])
    return run


def test_gain_rate_and_time_to_the_threshold_of_a_straight_line(record: Record) -> None:
    run = ramps(record, {"learning": 1e-3, "relearning": 2e-3})
    found: LearningResult = LearningAnalysis(Options(threshold=30e-3)).analyse(run)
    assert found.complete
    for s in found.of("learning"):
        assert s.gained.value == pytest.approx(1e-3 * (PULSES - 1))
        assert s.per_pulse.value == pytest.approx(1e-3)
        # 30 mV above the PSV after the first pulse is the 31st pulse.
        assert s.rise_time.value == pytest.approx(31 * PERIOD)
    (again,) = found.of("relearning")
    assert again.per_pulse.value == pytest.approx(2e-3)
    assert again.rise_time.value == pytest.approx(16 * PERIOD)


def test_what_a_rest_leaves_counts_from_the_last_pulse_before_it(record: Record) -> None:
    run = ramps(record, {"learning": 1e-3, "relearning": 1e-3}, forget_to=0.3)
    (rest,) = LearningAnalysis().analyse(run).of("forgetting")
    assert rest.left.value == pytest.approx(0.3)
    assert rest.gained.value is None


def test_relearning_is_compared_with_the_first_learning_in_its_state(record: Record) -> None:
    """Learning ends at 0.2 V after 100 pulses; from 0.1 V at twice the rate it takes 50."""
    run = ramps(record, {"learning": 1e-3, "relearning": 2e-3}, forget_to=0.5)
    (relearned,) = LearningAnalysis().analyse(run).relearned
    assert relearned.nominal == 8000.0
    assert relearned.rate.value == pytest.approx(2.0)
    assert relearned.savings.value == pytest.approx(0.5)
    assert "the trains start at" in relearned.savings.note


def test_a_threshold_that_is_not_reached_is_told_and_not_made_up(record: Record) -> None:
    run = ramps(record, {"learning": 1e-4, "relearning": 1e-4})
    found = LearningAnalysis().analyse(run)
    assert all(s.rise_time.value is None for s in found.of("learning"))
    assert "the PSV rose by 9.9 mV in 200 ms" in found.of("learning")[0].rise_time.note


def test_a_train_that_was_cut_short_is_incomplete(record: Record) -> None:
    protocol = Learning.build(states=(500.0,), relearn_states=(), forget_time=0.0, dwell=0.2)
    found = LearningAnalysis().analyse(record(protocol, plays=0, readings=60))
    assert not found.complete
    assert len(found.stretches[0].psv) == 30
    assert "30 of 100 readings of the PSV" in "\n".join(found.table().notes)

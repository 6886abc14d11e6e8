from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.autocorrelation import AutocorrelationAnalysis, Options, autocorrelation
from data.run import Outcome
from protocols.program import Instant
from protocols.width import Width

Record = Callable[..., Any]


def by_definition(x: list[float], divide_by_all: bool) -> list[float]:
    n = len(x)
    return [
        sum(x[i] * x[i + k] for i in range(n - k)) / (n if divide_by_all else n - k)
        for k in range(n)
    ]


def test_variants_follow_their_formulas() -> None:
    x = [1.0, 3.0, -2.0, 0.5]
    series = np.array(x)
    assert autocorrelation(series) == pytest.approx(by_definition(x, True))
    assert autocorrelation(series, "unbiased") == pytest.approx(by_definition(x, False))
    centred = [v - 0.625 for v in x]
    assert autocorrelation(series, "centred") == pytest.approx(by_definition(centred, True))
    scaled = autocorrelation(series, "normalised")
    assert scaled[0] == 1
    assert scaled == pytest.approx(autocorrelation(7 * series, "normalised"))


@pytest.mark.parametrize("grid", ["uniform", "points"])
def test_deviation_rises_with_resistance_and_with_time(record: Record, grid: Any) -> None:
    found = AutocorrelationAnalysis(Options(grid=grid)).analyse(record(Width()))
    assert found.complete
    assert [s.rise.value for s in found.states] == [1.0] * 5
    assert found.rise_with_resistance.value == 1.0
    for s in found.states:
        assert len(s.time) == len(s.deviation) == 10
        assert s.longest.value == s.deviation[-1]


def test_deviation_of_points_is_that_of_the_curve(record: Record) -> None:
    run = record(Width(states=(1000.0,)))
    (s,) = AutocorrelationAnalysis(Options(grid="points")).analyse(run).states
    ends = run.samples.voltage[run.samples.instant == Instant.PULSE_END]
    assert s.longest.value == pytest.approx(np.std(by_definition(ends.tolist(), True)))


def test_a_normalised_variant_loses_the_rise_with_resistance(record: Record) -> None:
    found = AutocorrelationAnalysis(Options(variant="normalised")).analyse(record(Width()))
    assert (found.rise_with_resistance.value or 0) < 1
    assert found.unit == ""


def test_a_run_of_few_pulses_says_what_is_missing(record: Record) -> None:
    run = record(Width(), plays=16, outcome=Outcome.ABORTED)
    found = AutocorrelationAnalysis().analyse(run)
    assert [len(s.time) for s in found.states] == [2, 1, 1, 1, 1]
    assert "at least 4 are needed" in found.states[1].rise.note
    early = AutocorrelationAnalysis().analyse(record(Width(), plays=6, outcome=Outcome.ABORTED))
    assert all("at least 3 are needed" in s.longest.note for s in early.states)
    for result in (found, early):
        assert json.dumps(result.as_json(), allow_nan=False)
        assert len(result.table().rows) == 5

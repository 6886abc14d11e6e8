from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from analysis.double_exponential import fit_decay
from analysis.ppf import Options, PpfAnalysis
from analysis.scales import cell_edges
from data.run import Outcome
from protocols.ppf import Ppf

Record = Callable[..., Any]
INTERVALS = np.geomspace(0.01, 100, 13)
TRUE = {("C", 1): 0.12, ("tau", 1): 0.05, ("C", 2): 0.1, ("tau", 2): 5.0}
NOISE = 5e-4


def decay(terms: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    parts = [
        TRUE["C", n] * np.exp(-INTERVALS / TRUE["tau", n]) for n in range(1, terms + 1)
    ]  # fmt: skip
    return np.asarray(sum(parts))


def within(count: int, n: int, rate: float = 0.95) -> bool:
    low, high = binom.interval(0.999, n, rate)
    return bool(low <= count <= high)


def test_two_exponentials_are_recovered_exactly() -> None:
    found = fit_decay(INTERVALS, decay(2))
    assert found.terms == 2
    for (parameter, term), true in TRUE.items():
        assert found.value(parameter, term) == pytest.approx(true, rel=1e-6)


def test_intervals_cover_at_the_nominal_rate() -> None:
    rng, n = np.random.default_rng(11), 300
    covered = dict.fromkeys(TRUE, 0)
    in_time = 0
    level, exact = 0.01, fit_decay(INTERVALS, decay(2)).time_to(0.01)
    assert exact is not None
    for _ in range(n):
        found = fit_decay(INTERVALS, decay(2) + rng.normal(0, NOISE, 13))
        assert found.terms == 2
        tau1, tau2 = found.value("tau", 1), found.value("tau", 2)
        assert tau1 is not None
        assert tau2 is not None
        assert tau1 < tau2
        for (parameter, term), true in TRUE.items():
            ends = found.interval(parameter, term)
            assert ends is not None
            covered[parameter, term] += ends[0] <= true <= ends[1]
        time = found.time_to(level)
        assert time is not None
        in_time += time[1] <= exact[0] <= time[2]
    assert all(within(count, n) for count in covered.values()), covered
    assert within(in_time, n), in_time


def test_one_exponential_is_said_to_be_one() -> None:
    rng, n = np.random.default_rng(12), 100
    found = [fit_decay(INTERVALS, decay(1) + rng.normal(0, NOISE, 13)) for _ in range(n)]
    assert sum(f.terms == 2 for f in found) <= binom.ppf(0.999, n, 0.01)
    single = [f for f in found if f.terms == 1]
    assert all(f.choice for f in single)
    assert all(f.value("tau", 2) is None and f.interval("C", 2) is None for f in single)
    ends = [f.interval("tau", 1) for f in single]
    assert within(sum(e is not None and e[0] <= 0.05 <= e[1] for e in ends), len(single))
    assert fit_decay(INTERVALS, decay(1)).choice == "one exponential leaves no residual"


def test_a_plateau_is_not_given_a_time_constant() -> None:
    rng, n = np.random.default_rng(13), 60
    found = [fit_decay(INTERVALS, decay(1) + 0.03 + rng.normal(0, NOISE, 13)) for _ in range(n)]
    assert all(f.value("C", 2) == pytest.approx(0.03, abs=2e-3) for f in found)
    plain = [f for f in found if f.value("tau", 2) is None]
    # The test that keeps a finite time constant errs as often as it says, not more.
    assert n - len(plain) <= binom.ppf(0.999, n, 0.01)
    for f in plain:
        assert f.choice.startswith("F test for a plateau")
        assert f.interval("tau", 2) is None
        assert f.time_to(0.01) is None


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (0, "0 points cannot determine 2 parameters"),
        (1, "1 points cannot determine 2 parameters"),
        (5, "5 points; two exponentials need at least 6"),
    ],
)
def test_too_few_points_say_so(points: int, reason: str) -> None:
    found = fit_decay(INTERVALS[:points], decay(2)[:points])
    assert found.choice == reason
    assert found.fit.converged == (points > 1)


def test_the_pair_of_the_study_at_7000_ohm(record: Record) -> None:
    (s,) = PpfAnalysis().analyse(record(Ppf(states=(7000.0,)))).states
    # The reference circuit: 0.0941 and 0.1150 V.
    assert s.a1.value == pytest.approx(0.0941, abs=1e-4)
    assert s.a2.value == pytest.approx(0.1150, abs=1e-4)
    assert s.index.value == pytest.approx((s.a2.value or 0) / (s.a1.value or 1))


def test_a_pair_is_forgotten_sooner_at_lower_resistance(record: Record) -> None:
    states = (500.0, 1000.0, 2000.0, 4000.0, 8000.0)
    found = PpfAnalysis().analyse(record(Ppf(states=states))).states
    times = np.array([s.forgotten.value for s in found])
    assert (np.diff(times) > 0).all()
    # The reference circuit under exact stepping: 3.0, 6.6, 13.6, 28.5 and 59 s.
    np.testing.assert_allclose(times, [3.0, 6.6, 13.6, 28.5, 59.0], rtol=0.1)
    for s in found:
        assert s.forgotten.low is not None
        assert s.forgotten.high is not None
        assert s.forgotten.low < s.forgotten.value < s.forgotten.high
        assert s.forgotten_fit.value == pytest.approx(s.forgotten.value, rel=0.15)


def test_an_open_state_forgets_nothing_in_the_time_measured(record: Record) -> None:
    (s,) = PpfAnalysis().analyse(record(Ppf(states=("open",)))).states
    assert s.forgotten.value is None
    assert "still 102" in s.forgotten.note
    assert "100 s" in s.forgotten.note


def test_the_difference_is_an_option_that_changes_the_index_only(record: Record) -> None:
    run = record(Ppf(states=(1000.0,)))
    (ratio,) = PpfAnalysis().analyse(run).states
    (other,) = PpfAnalysis(Options(index="difference")).analyse(run).states
    assert (ratio.index.value or 0) - (other.index.value or 0) == pytest.approx(1)
    assert other.forgotten == ratio.forgotten
    assert other.tau1 == ratio.tau1


def test_the_zero_offset_of_the_source_is_stated(record: Record) -> None:
    run = record(Ppf(states=(8000.0,)))
    run.samples.current[run.samples.source_level == 0] += 150e-9
    result = PpfAnalysis().analyse(run)
    s = result.states[0]
    assert s.offset.value == pytest.approx(150e-9 * 8000 / s.first[-1], rel=1e-6)
    assert any(
        f"zero offset adds about +{s.offset.value:.2%}" in note for note in result.table().notes
    )


def test_repeats_are_kept_apart_in_the_fit_and_averaged_in_the_index(record: Record) -> None:
    run = record(Ppf(states=(1000.0,), repeats=3), noise=2e-5)
    (s,) = PpfAnalysis().analyse(run).states
    assert len(s.interval) == 39
    assert s.decay.fit.degrees_of_freedom == 39 - 4
    intervals, index = s.mean_index("ratio")
    assert len(intervals) == len(index) == 13


@pytest.mark.parametrize("plays", [0, 1, 3, 20])
def test_a_run_that_was_aborted_has_the_pairs_there_are(record: Record, plays: int) -> None:
    protocol = Ppf(intervals=(0.01, 0.03, 0.1, 0.3, 1.0))
    run = record(protocol, plays=plays, readings=3, outcome=Outcome.ABORTED)
    found = PpfAnalysis().analyse(run)
    assert sum(len(s.interval) for s in found.states) == plays
    assert not found.complete
    assert json.dumps(found.as_json(), allow_nan=False)
    for s in found.states:
        for m in (s.index, s.tau1, s.tau2, s.forgotten, s.forgotten_fit):
            assert m.value is not None or m.note


def test_an_interval_that_came_late_is_told(record: Record) -> None:
    run = record(Ppf(states=(1000.0,), intervals=(0.01, 0.1, 1.0)))
    row = np.flatnonzero(run.samples.pulse_index == 2)[0]
    run.samples.time[row] += 0.5e-3
    result = PpfAnalysis().analyse(run)
    assert result.states[0].interval.tolist() == [0.01, 0.1, 1.0]
    assert result.states[0].achieved[0] == pytest.approx(0.0105)
    assert any("1 intervals differ by up to 5.0%" in note for note in result.table().notes)


def test_cells_of_the_map_meet_halfway_on_the_log_axis() -> None:
    edges = cell_edges(np.array([0.01, 0.1, 10.0]))
    assert edges == pytest.approx([10**-2.5, 10**-1.5, 1.0, 100.0])
    assert cell_edges(np.array([1.0])) == pytest.approx([0.5, 2.0])

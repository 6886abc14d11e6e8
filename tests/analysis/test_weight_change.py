from __future__ import annotations

import numpy as np
import pytest

from analysis.asymmetry import asymmetry
from analysis.branches import Branch
from analysis.cycle_to_cycle import cycle_to_cycle
from analysis.energy import pulse_energy
from analysis.weight_change import dynamic_range, effective_states, weight_change


def branch(
    weights: list[float], phase: str = "potentiation", before: float = 0.0, current: float = 1e-3
) -> Branch:
    gap_end = np.array(weights, dtype=float)
    return Branch(
        phase, gap_end + np.sign(current) * 0.06, gap_end, np.full(len(gap_end), current), before,
        "gap-end",
    )  # fmt: skip


def test_dynamic_range_is_greatest_over_least() -> None:
    assert dynamic_range(np.array([0.02, 0.05, 0.16])).value == pytest.approx(8.0)


def test_dynamic_range_through_zero_is_undefined() -> None:
    found = dynamic_range(np.array([-0.02, 0.1]))
    assert found.value is None
    assert "-0.02 V" in found.note


def test_change_is_signed_and_per_pulse_counts_missing_pulses() -> None:
    span, per_pulse = weight_change(np.array([1, 2, 5]), np.array([0.3, 0.2, 0.1]))
    assert span.value == pytest.approx(-0.2)
    assert per_pulse.value == pytest.approx(-0.05)


def test_equal_steps_are_all_states() -> None:
    steps, resolvable = effective_states(np.arange(1, 102), np.linspace(0.1, -0.4, 101))
    assert steps.value == 100
    assert resolvable.value == pytest.approx(100)


def test_small_and_backward_steps_are_no_states_and_uneven_ones_count_less() -> None:
    weights = np.cumsum([0.0, 0.5, 0.3, 0.003, -0.003, 0.2])
    steps, resolvable = effective_states(np.arange(6), weights)
    assert steps.value == 3
    size = np.diff(weights)
    assert resolvable.value == pytest.approx(1 / (size.mean() + 2 * size.std(ddof=1)))


def test_steps_across_missing_pulses_are_not_counted() -> None:
    steps, _ = effective_states(np.array([1, 2, 3, 9, 10]), np.array([0.0, 0.1, 0.2, 0.8, 0.9]))
    assert steps.value == 3


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_weights_have_no_measures(count: int) -> None:
    weights, pulses = np.ones(count), np.arange(count)
    for measure in (
        dynamic_range(weights), *weight_change(pulses, weights), *effective_states(pulses, weights)
    ):  # fmt: skip
        assert measure.value is None
        assert f"{count} weights were read" in measure.note


def test_a_depression_that_retraces_the_potentiation_has_no_asymmetry() -> None:
    up = [0.1, 0.2, 0.4, 0.5]
    ratio, _ = asymmetry(branch(up), branch(up[::-1], "depression"))
    assert ratio.value == 0


def test_asymmetry_by_hand() -> None:
    up, down = branch([0.1, 0.3, 0.4, 0.5]), branch([0.4, 0.2, 0.0, -0.4], "depression")
    raw, raw_half = asymmetry(up, down)
    assert raw.value == pytest.approx(0.5 / 0.4)
    assert raw_half.value == pytest.approx((0.3 - 0.2) / 0.4)
    shape, shape_half = asymmetry(up, down, "min-max")
    # Scaled: up 0, .5, .75, 1; down 1, .75, .5, 0.
    assert shape.value == pytest.approx(0.25 - 0.25)
    assert shape_half.value == pytest.approx(0.5 - 0.75)


@pytest.mark.parametrize(
    ("down", "reason"),
    [
        ([], "no depression"),
        ([0.4, 0.2], "no mirrored pulses"),
        ([0.4, np.nan, np.nan], "1 of 3 down"),
        ([0.4, 0.3, 0.4], "ends where it begins"),
    ],
)
def test_asymmetry_says_what_is_missing(down: list[float], reason: str) -> None:
    for measure in asymmetry(branch([0.1, 0.2, 0.3]), branch(down, "depression")):
        assert measure.value is None
        assert reason in measure.note


def test_energy_is_between_the_trapezoid_and_the_plateau() -> None:
    found = pulse_energy(branch([0.02, 0.03]), 20e-3)
    # 1 mA for 20 ms: 20 uC; from 0 to 80 mV, then from 20 to 90 mV.
    np.testing.assert_allclose(found.high, [20e-6 * 0.08, 20e-6 * 0.09])
    np.testing.assert_allclose(found.low, [20e-6 * 0.04, 20e-6 * 0.055])
    assert found.total.value == pytest.approx(found.per_pulse.sum())
    assert found.first.low == pytest.approx(20e-6 * 0.04)


def test_a_pulse_that_discharges_gives_energy_back() -> None:
    found = pulse_energy(branch([0.3], "depression", before=0.35, current=-1e-3), 20e-3)
    assert found.first.value is not None
    assert found.first.low is not None
    assert found.first.high is not None
    assert found.first.low < found.first.value < found.first.high < 0


def test_energy_after_a_missing_reading_is_unknown() -> None:
    found = pulse_energy(branch([0.02, np.nan, 0.04]), 20e-3)
    assert np.isnan(found.per_pulse[1:]).all()
    assert found.last.value is None
    assert found.as_json()["per_pulse"][1] is None


def test_equal_cycles_repeat_and_noisy_ones_show_their_noise() -> None:
    ramp = np.linspace(0.1, 0.5, 200)
    same = cycle_to_cycle([branch(ramp.tolist())] * 4)
    assert [m.value for m in same] == [0, 0]
    rng = np.random.default_rng(4)
    steps = [0.002 + rng.normal(0, 4e-4, 200) for _ in range(20)]
    noise, variation = cycle_to_cycle([branch(np.cumsum(s).tolist()) for s in steps])
    assert noise.value == pytest.approx(4e-4 / 0.398, rel=0.05)
    assert variation.value == pytest.approx(4e-4 * np.sqrt(199) / 0.398, rel=0.5)


def test_the_scatter_of_two_cycles_by_hand() -> None:
    # Steps 1, 2 and 2, 2: sample variances 1/2 and 0. Ranges 3 and 4.
    noise, variation = cycle_to_cycle([branch([0.0, 1.0, 3.0]), branch([0.0, 2.0, 4.0])])
    assert noise.value == pytest.approx(0.5 / 3.5)
    assert variation.value == pytest.approx(np.sqrt(0.5) / 3.5)


def test_one_complete_cycle_does_not_repeat() -> None:
    found, _ = cycle_to_cycle([branch([0.1, 0.2]), branch([0.1, np.nan])])
    assert found.value is None
    assert "1 complete cycles" in found.note

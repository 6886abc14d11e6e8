from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.nonlinearity import STEEPEST, fit_nonlinearity, label, normalised_curve

PULSES = np.arange(1, 151)
P = np.linspace(0, 1, 150)

a_values = st.floats(0.004, 1e4).flatmap(lambda a: st.sampled_from([a, -a]))


@pytest.mark.parametrize("a", [0.01, 0.05, 0.3, 1.0, 4.0, 90.0, 130.0, -0.02, -0.5, -30.0])
def test_label_is_the_greatest_perpendicular_distance_over_seven_hundredths(a: float) -> None:
    p = np.linspace(0, 1, 2_000_001)
    curve = (1 - np.exp(-p / a)) / (1 - np.exp(-1 / a))
    # Distance of (p, curve) from the line y = x, by its unit normal.
    distance = np.array([-1.0, 1.0]) / math.sqrt(2) @ np.vstack([p, curve])
    greatest = distance[np.argmax(np.abs(distance))]
    assert label(1 / a) == pytest.approx(greatest / 0.07, abs=1e-6)


@given(a_values)
def test_label_is_odd_in_a(a: float) -> None:
    assert label(1 / a) == -label(-1 / a)


@given(a_values, a_values)
def test_label_falls_monotonically_with_the_size_of_a(a: float, b: float) -> None:
    if abs(a) < abs(b) * (1 - 1e-6):
        assert abs(label(1 / a)) > abs(label(1 / b))
    assert (label(1 / a) > 0) == (a > 0)


def test_label_is_continuous_where_its_series_takes_over() -> None:
    assert label(0.01 * (1 - 1e-9)) == pytest.approx(label(0.01 * (1 + 1e-9)), rel=1e-7)
    assert label(0.0) == 0.0


@settings(max_examples=40, deadline=None)
@given(
    curvature=st.floats(-15, 15),
    scale=st.floats(1e-3, 1e3).flatmap(lambda s: st.sampled_from([s, -s])),
    offset=st.floats(-10, 10),
    mirrored=st.booleans(),
)
def test_label_does_not_change_when_weights_are_scaled_and_shifted(
    curvature: float, scale: float, offset: float, mirrored: bool
) -> None:
    noise = np.random.default_rng(11).normal(0, 0.01, 60)
    weight = normalised_curve(np.linspace(0, 1, 60), curvature) + noise
    plain = fit_nonlinearity(np.arange(60), weight, mirrored=mirrored).label
    other = fit_nonlinearity(
        np.arange(60), scale * weight + scale * offset, mirrored=mirrored
    ).label
    assert other.value == pytest.approx(plain.value, abs=1e-4)
    assert other.low == pytest.approx(plain.low, abs=1e-4)


@pytest.mark.parametrize("a", [0.05, 0.4, 3.0, -0.1, -2.0])
def test_an_exact_curve_gives_its_a_back(a: float) -> None:
    found = fit_nonlinearity(PULSES, 0.02 + 0.4 * normalised_curve(P, 1 / a))
    assert found.a.value == pytest.approx(a, rel=1e-6)
    assert found.label.value == pytest.approx(label(1 / a), rel=1e-6)
    assert found.misfit == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("a", [2.0, 0.3, -0.5])
def test_intervals_cover_at_the_nominal_rate(a: float) -> None:
    rng, trials, hits, values = np.random.default_rng(2025), 400, 0, []
    truth = 0.03 + 0.3 * normalised_curve(P, 1 / a)
    for _ in range(trials):
        found = fit_nonlinearity(PULSES, truth + rng.normal(0, 2e-3, 150))
        assert found.label.value is not None
        assert found.label.low is not None
        assert found.label.high is not None
        hits += found.label.low <= label(1 / a) <= found.label.high
        values.append(found.label.value)
    # Binomial: standard deviation 1.1 % at 95 %.
    assert hits / trials == pytest.approx(0.95, abs=0.035)
    assert abs(np.mean(values) - label(1 / a)) < 4 * np.std(values) / math.sqrt(trials)


def test_noise_around_a_curve_is_not_called_systematic_and_another_shape_is() -> None:
    rng = np.random.default_rng(5)
    curve = normalised_curve(P, 2.0)
    assert not fit_nonlinearity(PULSES, curve + rng.normal(0, 0.01, 150)).label.note
    kinked = curve + 0.05 * np.sin(2 * np.pi * P)
    assert "another shape" in fit_nonlinearity(PULSES, kinked).label.note


def test_depression_that_is_fast_first_has_a_negative_label() -> None:
    depression = 0.3 - 0.5 * normalised_curve(P, 3.0)
    found = fit_nonlinearity(PULSES, depression, mirrored=True)
    assert found.label.value == pytest.approx(-label(3.0), rel=1e-6)
    np.testing.assert_allclose(found.weight(PULSES.astype(float)), depression, atol=1e-8)


def test_a_has_no_interval_around_the_straight_line() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 150)
    found = fit_nonlinearity(PULSES, P + noise)
    assert found.label.low is not None
    assert found.label.high is not None
    assert found.label.low < 0 < found.label.high
    assert found.a.low is None
    assert "straight line" in found.a.note


@pytest.mark.parametrize("alpha", [0.4, 1.0, 2.5, -1.0])
def test_alpha_convention_gives_its_exponent_back(alpha: float) -> None:
    low, high = 0.02, 0.2
    weight = ((high**alpha - low**alpha) * P + low**alpha) ** (1 / alpha)
    found = fit_nonlinearity(PULSES, weight, convention="alpha")
    assert found.label.value == pytest.approx(alpha, abs=1e-5)
    assert found.label.definition.name == "alpha"
    assert found.a.value is None
    np.testing.assert_allclose(found.weight(PULSES.astype(float)), weight, atol=1e-7)


def test_alpha_is_zero_for_a_geometric_branch() -> None:
    found = fit_nonlinearity(PULSES, 0.02 ** (1 - P) * 0.2**P, convention="alpha")
    assert found.label.value == pytest.approx(0, abs=1e-5)


def test_alpha_is_undefined_below_zero_where_nl_is_not() -> None:
    weight = P - 0.2
    found = fit_nonlinearity(PULSES, weight, convention="alpha")
    assert found.label.value is None
    assert "undefined for weights <= 0" in found.label.note
    assert fit_nonlinearity(PULSES, weight).label.value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        ([0.1], "1 readings have no shape"),
        ([], "0 readings have no shape"),
        ([0.1, 0.2, 0.1], "ends where it begins"),
    ],
)
def test_a_branch_without_a_shape_says_so(weight: list[float], reason: str) -> None:
    found = fit_nonlinearity(np.arange(len(weight)) + 1, np.array(weight))
    assert found.label.value is None
    assert reason in found.label.note
    assert found.as_json()["converged"] is False
    assert np.isnan(found.weight(np.array([1.0, 2.0]))).all()


def test_a_step_is_reported_as_no_fit() -> None:
    weight = np.where(PULSES > 1, 0.5, 0.0) + 1e-6 * P
    found = fit_nonlinearity(PULSES, weight)
    assert found.fit is not None
    assert not found.fit.converged
    assert "bound" in found.label.note
    assert STEEPEST > 1 / 0.004


def test_few_readings_give_a_label_without_an_interval() -> None:
    weight = normalised_curve(np.linspace(0, 1, 5), 2.0)
    found = fit_nonlinearity(np.arange(1, 6), weight).label
    assert found.value == pytest.approx(label(2.0), rel=1e-6)
    assert found.low is None
    assert "at least 6" in found.note


def test_missing_pulses_do_not_move_the_label() -> None:
    kept = np.r_[0:20, 60:150]
    weight = normalised_curve(P, 1.5)
    found = fit_nonlinearity(PULSES[kept], weight[kept])
    assert found.label.value == pytest.approx(label(1.5), rel=1e-6)

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.fits import fit

Array = NDArray[np.float64]


def line(x: Array, values: Array) -> Array:
    return np.asarray(values[0] + values[1] * x)


def decay(x: Array, values: Array) -> Array:
    return np.asarray(np.exp(-values[0] * x))


def test_covariance_of_a_line_is_that_of_linear_regression() -> None:
    x = np.linspace(0, 4, 30)
    y = 1.0 + 2.0 * x + np.random.default_rng(3).normal(0, 0.2, 30)
    found = fit(line, x, y, {"offset": 0.0, "slope": 1.0})
    design = np.column_stack([np.ones(30), x])
    values, squares, _, _ = np.linalg.lstsq(design, y)
    np.testing.assert_allclose(found.values, values, rtol=1e-8)
    expected = np.linalg.inv(design.T @ design) * squares[0] / 28
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-6)
    np.testing.assert_allclose(found.residuals, y - design @ values, atol=1e-8)


def test_interval_widens_with_the_level_and_holds_the_value() -> None:
    x = np.linspace(0, 1, 12)
    found = fit(line, x, x + 0.1 * np.sin(20 * x), {"offset": 0.0, "slope": 1.0})
    wide, narrow, value = (
        found.interval("slope", 0.99),
        found.interval("slope"),
        found.value("slope"),
    )
    assert wide is not None
    assert narrow is not None
    assert value is not None
    assert wide[0] < narrow[0] < value < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([1.0], [2.0], "1 points cannot determine 2 parameters"),
        ([1.0, 2.0, 3.0], [1.0, np.nan, 2.0], "not finite"),
    ],
)
def test_unusable_data_give_a_result_that_says_so(
    x: list[float], y: list[float], reason: str
) -> None:
    found = fit(line, np.array(x), np.array(y), {"offset": 0.0, "slope": 1.0})
    assert not found.converged
    assert reason in found.reason
    assert found.value("slope") is None
    assert found.interval("slope") is None


def test_a_parameter_at_its_bound_has_not_converged() -> None:
    x = np.linspace(0, 1, 10)
    found = fit(decay, x, np.exp(-5 * x), {"rate": 1.0}, {"rate": (0.0, 2.0)})
    assert not found.converged
    assert found.reason == "rate ran into its bound"


def test_a_model_that_is_not_finite_at_its_start_is_refused() -> None:
    found = fit(lambda x, v: np.full(3, v[0]), np.ones(3), np.ones(3), {"a": np.nan})
    assert not found.converged
    assert "not finite at its start" in found.reason


def test_parameters_that_the_data_do_not_separate_have_no_interval() -> None:
    x = np.linspace(0, 1, 10)
    found = fit(lambda x, v: np.asarray((v[0] + v[1]) * x), x, 2 * x, {"a": 1.0, "b": 0.0})
    assert found.converged
    assert found.interval("a") is None


def test_as_many_points_as_parameters_have_values_and_no_interval() -> None:
    found = fit(line, np.array([0.0, 1.0]), np.array([1.0, 3.0]), {"offset": 0.0, "slope": 1.0})
    np.testing.assert_allclose(found.values, [1.0, 2.0])
    assert found.interval("slope") is None

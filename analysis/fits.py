"""Least squares with intervals; a fit that fails is a result that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SYSTEMATIC = 4.0
"""Lag-1 correlation of residuals, in standard errors, beyond which they are no scatter."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Parameters of a model, as far as the data determine them.

    Parameters
    ----------
    names
        The parameters.
    values
        Their values, shape (k,); NaN when the fit failed.
    covariance
        Their covariance, shape (k, k), scaled by the residual variance; NaN where undetermined.
    residuals
        Data minus model, shape (n,).
    jacobian
        Derivatives of the model by the parameters, shape (n, k).
    degrees_of_freedom
        Points minus parameters.
    converged
        Whether the values are a minimum inside the bounds.
    reason
        Why it did not converge; or, if it did, what the solver stopped on.
    """

    names: tuple[str, ...]
    values: Array
    covariance: Array
    residuals: Array
    jacobian: Array
    degrees_of_freedom: int
    converged: bool
    reason: str

    def value(self, name: str) -> float | None:
        """One parameter; None when the fit failed."""
        return float(self.values[self.names.index(name)]) if self.converged else None

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float] | None:
        """Confidence interval from Student's t; None when the data do not determine one."""
        from scipy.stats import t

        i = self.names.index(name)
        variance = self.covariance[i, i]
        if not self.converged or not np.isfinite(variance) or self.degrees_of_freedom < 1:
            return None
        half = float(t.ppf(0.5 + level / 2, self.degrees_of_freedom) * np.sqrt(variance))
        return float(self.values[i]) - half, float(self.values[i]) + half


def fit(
    model: Callable[[Array, Array], Array],
    x: Array,
    y: Array,
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Fit:
    """Fit ``model(x, values)`` to `y` by least squares with equal weights.

    Parameters
    ----------
    model
        Takes `x` and the parameter values, shape (k,); returns shape (n,).
    x, y
        Data, shape (n,).
    start
        Name and first value of each parameter.
    bounds
        Least and greatest value by name; a fit that ends on one has not converged.

    Returns
    -------
    Fit
        With `converged` False and a reason when there are too few or non-finite points,
        when the solver gives up, or when it ends on a bound.
    """
    from scipy.optimize import least_squares

    names, first = tuple(start), np.array(list(start.values()), dtype=np.float64)
    limits = [(bounds or {}).get(name, (-np.inf, np.inf)) for name in names]
    free = len(y) - len(names)
    if free < 0:
        return failed(names, y, f"{len(y)} points cannot determine {len(names)} parameters")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        return failed(names, y, "the data hold values that are not finite")
    if not np.all(np.isfinite(model(x, first))):
        return failed(names, y, f"the model is not finite at its start {dict(start)}")

    def misfit(values: Array) -> Array:
        return model(x, values) - y

    found = least_squares(
        misfit,
        first,
        bounds=([low for low, _ in limits], [high for _, high in limits]),
        x_scale="jac",
        # The tightest that the solver accepts: an exact curve is recovered exactly.
        xtol=1e-15, ftol=1e-15, gtol=1e-15,
    )  # fmt: skip
    if found.status <= 0:
        return failed(names, y, f"the solver gave up: {found.message}")
    jacobian = np.asarray(found.jac, dtype=np.float64)
    at_bound = [
        name
        for name, value, ends in zip(names, found.x, limits, strict=True)
        # The solver stays a little inside its bounds.
        if np.isclose(value, ends, rtol=1e-6).any()
    ]
    if at_bound:
        return failed(names, y, f"{', '.join(at_bound)} ran into its bound")
    return Fit(
        names=names,
        values=found.x,
        covariance=_covariance(jacobian, found.fun, free),
        residuals=-found.fun,
        jacobian=jacobian,
        degrees_of_freedom=free,
        converged=True,
        reason=str(found.message),
    )


def systematic(residuals: Array) -> bool:
    """Whether neighbouring residuals go together, so that the data have another shape.

    Intervals of such a fit count the scatter and not what the model leaves out.
    """
    # Residuals at the level of rounding have no shape worth a remark.
    limit = max(_SYSTEMATIC / np.sqrt(len(residuals)) * float(residuals @ residuals), 1e-20)
    return bool(residuals[1:] @ residuals[:-1] > limit)


def _covariance(jacobian: Array, residuals: Array, free: int) -> Array:
    k = jacobian.shape[1]
    size = np.linalg.norm(jacobian, axis=0)
    # Looser than rounding: the derivatives are differences, good to half the digits.
    if free < 1 or not size.all() or np.linalg.matrix_rank(jacobian / size, rtol=1e-6) < k:
        return np.full((k, k), np.nan)
    # Through the QR factor: squaring the Jacobian would square its condition number.
    r_inverse = np.linalg.inv(np.linalg.qr(jacobian, mode="r"))
    return np.asarray(r_inverse @ r_inverse.T * (residuals @ residuals / free))


def failed(names: tuple[str, ...], y: Array, reason: str) -> Fit:
    """No values of these parameters for the data `y`, shape (n,), and why."""
    n, k = len(y), len(names)
    return Fit(
        names=names,
        values=np.full(k, np.nan),
        covariance=np.full((k, k), np.nan),
        residuals=np.full(n, np.nan),
        jacobian=np.full((n, k), np.nan),
        degrees_of_freedom=n - k,
        converged=False,
        reason=reason,
    )

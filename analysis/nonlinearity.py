"""Non-linearity of a weight update: one number for the shape of a branch.

Two conventions, by name:

``neurosim``
    W(P) = B (1 - exp(-P/A)) + W0 with B = (W1 - W0)/(1 - exp(-1/A)), P running from 0 to 1
    over the branch; a depression is read backwards (mirrored). The label NL is the greatest
    perpendicular distance of the normalised curve from the diagonal, over 0.07, with the
    sign of A. A depression that is fast first and then saturates has a negative label.
``alpha``
    W(P) = ((W1^a - W0^a) P + W0^a)^(1/a); linear at a = 1, undefined for weights <= 0.

The end points W0 and W1 are pinned to the first and the last reading, so that the neurosim
fit is that of the min-max normalised branch and any branch, also one that passes 0 V, has a
label. The fit is made in the curvature k = 1/A, which is smooth through the straight line.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.fits import Fit, fit, systematic
from analysis.measure import Definition, Measure

Array = NDArray[np.float64]
Convention = Literal["neurosim", "alpha"]

NL = Definition(
    "NL", "",
    "Greatest perpendicular distance from the diagonal of W = B (1 - exp(-P/A)) + W0, fitted "
    "by least squares with its ends pinned to the first and last reading, over 0.07, with the "
    "sign of A; a depression is read backwards. 95 % interval from the scatter of all readings, "
    "the two pinned ones included.",
    "Update-curve convention of MLP+NeuroSim (Chen, Peng, Yu); label in closed form",
)  # fmt: skip
A = Definition("A", "", "Parameter A of the NL fit, P normalised to 1 over the branch.", NL.source)
ALPHA = Definition(
    "alpha", "",
    "Exponent a of W = ((W1^a - W0^a) P + W0^a)^(1/a), fitted by least squares with its ends "
    "pinned to the first and last reading; 1 is linear; undefined for weights <= 0.",
    "alpha convention of weight-update curves",
)  # fmt: skip

STEEPEST = 500.0
"""Greatest |1/A| of a fit; steeper branches are steps, not curves."""


def label(curvature: float) -> float:
    """The NL label of a curvature 1/A: odd, monotonic, within +-10.1."""
    k = abs(curvature)
    if k < 1e-2:
        distance = k / 8 - k**3 / 576  # the closed form below cancels
    else:
        b = -1.0 / math.expm1(-k)
        distance = b - 1.0 / k - math.log(k * b) / k
    return math.copysign(distance / (0.07 * math.sqrt(2.0)), curvature)


def normalised_curve(p: Array, curvature: float) -> Array:
    """(1 - exp(-k p))/(1 - exp(-k)): from (0, 0) to (1, 1), straight at k = 0."""
    if abs(curvature) < 1e-6:
        return p + curvature / 2 * p * (1 - p)
    return np.asarray(np.expm1(-curvature * p) / np.expm1(-curvature))


@dataclass(frozen=True, eq=False)
class Nonlinearity:
    """The shape of one branch.

    Parameters
    ----------
    convention
        See the module.
    label
        NL, or alpha.
    a
        Parameter A of the NL fit; undefined in the alpha convention. Without an interval
        where that of 1/A holds 0, the straight line.
    misfit
        Root mean square residual over the range of the branch; None without a fit.
    fit
        The fit of the one parameter ("curvature" or "alpha") to the readings between the
        pinned ends, its covariance allowing for the noise of those.
    pulses
        First and last pulse number.
    ends
        Weights there, in V: the pinned ends.
    mirrored
        Whether the branch was read backwards, as a depression is.
    """

    convention: Convention
    label: Measure
    a: Measure
    misfit: float | None
    fit: Fit | None
    pulses: tuple[int, int]
    ends: tuple[float, float]
    mirrored: bool

    def weight(self, pulse: Array) -> Array:
        """The fitted weight after `pulse` pulses, in V, shape of `pulse`; NaN without a fit."""
        if self.fit is None or not self.fit.converged:
            return np.full(np.shape(pulse), np.nan)
        first, last = self.pulses
        p = (pulse - first) / (last - first)
        start, end = self.ends
        curve, shape = _CURVES[self.convention], float(self.fit.values[0])
        return curve(1 - p, shape, end, start) if self.mirrored else curve(p, shape, start, end)

    def as_json(self) -> dict[str, Any]:
        """The measures and the state of the fit as JSON values."""
        return {
            "convention": self.convention,
            "label": self.label.as_json(),
            "a": self.a.as_json(),
            "misfit": self.misfit,
            "converged": self.fit is not None and self.fit.converged,
            "reason": self.fit.reason if self.fit else self.label.note,
        }


def fit_nonlinearity(
    pulse: NDArray[np.integer],
    weight: Array,
    *,
    mirrored: bool = False,
    convention: Convention = "neurosim",
) -> Nonlinearity:
    """Fit the shape of a branch.

    Parameters
    ----------
    pulse
        Pulse numbers, ascending, shape (n,).
    weight
        Weight after each, in V, shape (n,).
    mirrored
        Read the branch backwards: the convention for depression.
    convention
        See the module.

    Returns
    -------
    Nonlinearity
        Its label says why when it has no value.
    """
    found, problem, note = None, _problem(pulse, weight, convention), ""
    if not problem:
        found, note = _fit_pinned(pulse, weight, mirrored, convention)
        problem = "" if found.converged else f"no fit: {note}"
    measured, a = _measures(found, problem, note, convention)
    converged = found is not None and found.converged
    return Nonlinearity(
        convention=convention,
        label=measured,
        a=a,
        misfit=float(np.sqrt(np.mean(found.residuals**2))) if found and converged else None,
        fit=found,
        pulses=(int(pulse[0]), int(pulse[-1])) if len(pulse) else (0, 0),
        ends=(float(weight[0]), float(weight[-1])) if len(weight) else (math.nan, math.nan),
        mirrored=mirrored,
    )


def _problem(pulse: NDArray[np.integer], weight: Array, convention: Convention) -> str:
    if len(pulse) < 3:
        return f"{len(pulse)} readings have no shape; at least 3 are needed"
    if weight[0] == weight[-1]:
        return f"the branch ends where it begins, at {weight[0]:.4g} V"
    if convention == "alpha" and weight.min() <= 0:
        return f"alpha is undefined for weights <= 0; the least is {weight.min():.4g} V"
    return ""


def _fit_pinned(
    pulse: NDArray[np.integer], weight: Array, mirrored: bool, convention: Convention
) -> tuple[Fit, str]:
    p = (pulse - pulse[0]) / (pulse[-1] - pulse[0])
    size = abs(float(weight[-1] - weight[0]))
    y = weight / size
    if mirrored:
        p, y = 1 - p[::-1], y[::-1]
    start, end, inside, curve = float(y[0]), float(y[-1]), p[1:-1], _CURVES[convention]
    if convention == "neurosim":
        # The curvature that meets the middle of the branch, in closed form.
        middle = np.clip((np.interp(0.5, p, y) - start) / (end - start), 0.01, 0.99)
        first, limit = 2 * math.log(middle / (1 - middle)), STEEPEST
    else:
        first, limit = 1.0, 30 / abs(math.log(end / start))
        first = min(first, 0.9 * limit)
    found = fit(
        lambda x, values: curve(x, float(values[0]), start, end),
        inside, y[1:-1], {_PARAMETERS[convention]: first},
        {_PARAMETERS[convention]: (-limit, limit)},
    )  # fmt: skip
    if not found.converged:
        return found, found.reason
    shape, h = float(found.values[0]), 1e-6
    by_start = (curve(inside, shape, start + h, end) - curve(inside, shape, start - h, end)) / 2 / h
    by_end = (curve(inside, shape, start, end + h) - curve(inside, shape, start, end - h)) / 2 / h
    return _with_noise_of_ends(found, by_start, by_end)


def _with_noise_of_ends(found: Fit, by_start: Array, by_end: Array) -> tuple[Fit, str]:
    """The fit with a variance that counts the noise of the pinned ends, and what to mind.

    An error of an end shifts all residuals together, by the derivatives given. What of the
    residuals lies outside these two patterns and that of the parameter is read noise, and
    it enters the parameter through every reading and through both ends.
    """
    slope = found.jacobian[:, 0]
    patterns = np.column_stack([by_start, by_end, slope])
    free = len(slope) - 3
    if free < 1:
        unknown = replace(found, covariance=np.full((1, 1), np.nan), degrees_of_freedom=free)
        return unknown, "too few readings for an interval; at least 6 are needed"
    q, _ = np.linalg.qr(patterns)
    noise = found.residuals - q @ (q.T @ found.residuals)
    gain = float(slope @ slope)
    through_ends = float(slope @ by_start) ** 2 + float(slope @ by_end) ** 2
    variance = float(noise @ noise) / free * (1 / gain + through_ends / gain**2)
    note = (
        "the residuals are systematic: the branch has another shape than the formula, and the "
        "interval counts scatter only"
    )
    counted = replace(found, covariance=np.array([[variance]]), degrees_of_freedom=free)
    return counted, note if systematic(noise) else ""


def _measures(
    found: Fit | None, problem: str, note: str, convention: Convention
) -> tuple[Measure, Measure]:
    definition = NL if convention == "neurosim" else ALPHA
    no_a = Measure.undefined(A, problem or "A belongs to the neurosim convention")
    if found is None or problem:
        return Measure.undefined(definition, problem), no_a
    value, interval = float(found.values[0]), found.interval(found.names[0])
    low, high = interval or (None, None)
    if convention == "alpha":
        return Measure(ALPHA, value, low, high, note), no_a
    a = 1 / value if value else math.inf
    if not math.isfinite(a):
        no_a = Measure.undefined(A, "a straight line: A is infinite")
        return Measure(NL, label(value), low and label(low), high and label(high), note), no_a
    if low is None or high is None:
        return Measure(NL, label(value), note=note), Measure(A, a, note=note)
    shape = Measure(NL, label(value), label(low), label(high), note)
    if low <= 0 <= high:
        return shape, Measure(A, a, note="a straight line, A infinite, is within the interval")
    return shape, Measure(A, a, 1 / high, 1 / low, note)


def _neurosim(p: Array, curvature: float, start: float, end: float) -> Array:
    return start + (end - start) * normalised_curve(p, curvature)


def _alpha(p: Array, alpha: float, start: float, end: float) -> Array:
    ratio = math.log(end / start)
    if abs(alpha * ratio) < 1e-9:
        return np.asarray(start * np.exp(ratio * p))
    return np.asarray(start * np.exp(np.log1p(np.expm1(alpha * ratio) * p) / alpha))


_CURVES: dict[Convention, Callable[[Array, float, float, float], Array]] = {
    "neurosim": _neurosim,
    "alpha": _alpha,
}
_PARAMETERS: dict[Convention, str] = {"neurosim": "curvature", "alpha": "alpha"}

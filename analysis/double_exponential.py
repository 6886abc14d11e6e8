"""The sum of two decaying exponentials, and how much of it data hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.fits import Fit, fit

Array = NDArray[np.float64]
Parameter = Literal["C", "tau"]
_PARAMETERS: tuple[Parameter, ...] = ("C", "tau")

SIGNIFICANCE = 0.01
"""Greatest probability, in the F test, of a better fit by chance that keeps the second term."""
CRITERION = (
    f"two exponentials where an F test (extra sum of squares) prefers them with p < "
    f"{SIGNIFICANCE:g} and the 95 % intervals of both amplitudes lie above 0; an exponential "
    "on a plateau where the same test does not prefer a finite tau2 to it; one otherwise"
)

_SINGLE, _PLATEAU, _DOUBLE = (("C1", "ln tau1", "C2", "ln tau2")[:k] for k in (2, 3, 4))
_FEWEST = 6
"""Points that can hold two exponentials: one more than leaves a residual at all."""
_ROUNDING = 1e-9
"""Residual, as a fraction of the data, that is rounding and not structure."""
_STARTS = 20
"""Time constants tried as first values, at equal ratios."""


@dataclass(frozen=True, eq=False)
class Decay:
    """C1 exp(-t/tau1) + C2 exp(-t/tau2) with tau1 < tau2, or as much of it as data hold.

    Parameters
    ----------
    fit
        The fit that was kept; its parameters are ``C1``, ``ln tau1``, ...: intervals of a time
        constant are symmetric in its logarithm. Without ``ln tau2`` C2 is a plateau; without
        ``C2`` there is one exponential.
    choice
        Why it is this one.
    """

    fit: Fit
    choice: str

    @property
    def terms(self) -> int:
        """1 or 2; a plateau counts."""
        return 2 if "C2" in self.fit.names else 1

    def __call__(self, t: Array) -> Array:
        """The fitted curve at times in s."""
        return _model(t, self.fit.values)

    def value(self, parameter: Parameter, term: int) -> float | None:
        """C or tau (s) of a term, counted from 1; None when it has none."""
        if (name := _name(parameter, term)) not in self.fit.names:
            return None
        found = self.fit.value(name)
        return math.exp(found) if found is not None and parameter == "tau" else found

    def interval(self, parameter: Parameter, term: int) -> tuple[float, float] | None:
        """95 % confidence interval of C or tau (s); None when there is none."""
        name = _name(parameter, term)
        if name not in self.fit.names or (ends := self.fit.interval(name)) is None:
            return None
        if parameter == "C":
            return ends
        # An end beyond the range of floats says that there is no end.
        low, high = (math.exp(min(end, 700.0)) for end in ends)
        return low, high

    def time_to(self, level: float) -> tuple[float, float, float] | None:
        """Time (s) at which the curve has fallen to a level, with a 95 % interval.

        The interval is that of the curve's height there, carried over to the logarithm of
        the time along its slope; NaN where the fit has none. None when the fit failed or the
        curve does not fall through the level.
        """
        from scipy.optimize import brentq
        from scipy.stats import t as student

        values = self.fit.values
        if not self.fit.converged or level <= 0 or values[::2].sum() <= level:
            return None
        tau = _taus(values)
        latest = 50 * float(tau[np.isfinite(tau)].max())
        if self._height(latest) >= level:
            return None
        time = float(brentq(lambda t: self._height(t) - level, 0.0, latest))
        term = values[::2] * np.exp(-time / tau)
        gradient = np.column_stack([np.exp(-time / tau), term * time / tau]).ravel()[: len(values)]
        slope = float(np.sum(term * time / tau))
        free = self.fit.degrees_of_freedom
        wide = float(student.ppf(0.975, free)) if free > 0 else math.nan
        half = wide * float(np.sqrt(gradient @ self.fit.covariance @ gradient)) / slope
        return time, time * math.exp(-half), time * math.exp(min(half, 700.0))

    def _height(self, t: float) -> float:
        return float(self(np.array([t]))[0])


def fit_decay(t: Array, y: Array) -> Decay:
    """Fit one and two exponentials and keep what the data hold (`CRITERION`).

    Parameters
    ----------
    t, y
        Times in s and values of equal uncertainty, shape (n,).
    """
    single = _fit(t, y, _SINGLE)
    if not single.converged:
        return Decay(single, single.reason)
    if len(t) < _FEWEST:
        return Decay(single, f"{len(t)} points; two exponentials need at least {_FEWEST}")
    if math.sqrt(float(np.mean(single.residuals**2))) <= _ROUNDING * float(np.abs(y).max()):
        return Decay(single, "one exponential leaves no residual")
    more, second = _fit(t, y, _DOUBLE), "second exponential"
    level = _fit(t, y, _PLATEAU)
    if not more.converged or (level.converged and _chance(level, more) >= SIGNIFICANCE):
        more, second = level, "plateau"
    if not more.converged:
        return Decay(single, f"nothing more can be fitted: {more.reason}")
    if not (_above_zero(more, "C1") and _above_zero(more, "C2")):
        return Decay(single, f"the amplitude of a {second} is not above 0 for certain")
    chance = _chance(single, more)
    said = f"F test for a {second}: p = {chance:.2g}"
    return Decay(more if chance < SIGNIFICANCE else single, said)


def _fit(t: Array, y: Array, names: tuple[str, ...]) -> Fit:
    least, most = (t.min() / 3, 3 * t.max()) if len(t) else (1.0, 1.0)
    # Beyond these a term is gone before the first point, or a constant.
    far = (math.log(least) - 7, math.log(most) + 7)
    # A slow term shows as a slope long before its time constant has passed.
    grid = np.geomspace(least, 100 * most, _STARTS)
    first = dict(zip(names, _start(t, y, grid, len(names)), strict=True))
    found = fit(_model, t, y, first, {name: far for name in names if name.startswith("ln")})
    return _in_order(found) if found.converged and names == _DOUBLE else found


def _start(t: Array, y: Array, grid: Array, count: int) -> list[float]:
    """The time constants of a grid whose best amplitudes leave the least."""
    best, least = [0.0] * count, math.inf
    for taus in combinations(np.log(grid).tolist(), count // 2):
        values = np.zeros(count)
        values[1::2] = taus
        shapes = np.exp(-t[:, None] / _taus(values))
        values[::2], *_ = np.linalg.lstsq(shapes, y)
        if (left := float(np.sum((shapes @ values[::2] - y) ** 2))) < least:
            best, least = values.tolist(), left
    return best


def _model(t: Array, values: Array) -> Array:
    return np.asarray(np.exp(-t[:, None] / _taus(values)) @ values[::2])


def _taus(values: Array) -> Array:
    """The time constant of each amplitude, in s; infinite for a plateau."""
    taus = np.full(len(values[::2]), np.inf)
    taus[: len(values) // 2] = np.exp(values[1::2])
    return taus


def _in_order(found: Fit) -> Fit:
    """The same with tau1 < tau2."""
    if found.values[1] <= found.values[3]:
        return found
    swap = [2, 3, 0, 1]
    return replace(
        found, values=found.values[swap], covariance=found.covariance[np.ix_(swap, swap)],
        jacobian=found.jacobian[:, swap],
    )  # fmt: skip


def _chance(fewer: Fit, more: Fit) -> float:
    """Probability that data of the model with fewer parameters prefer the other as much."""
    from scipy.stats import f

    left = max(float(np.sum(more.residuals**2)), math.ulp(0.0))
    gained = float(np.sum(fewer.residuals**2)) - left
    extra, free = len(more.names) - len(fewer.names), more.degrees_of_freedom
    return float(f.sf((gained / extra) / (left / free), extra, free))


def _above_zero(found: Fit, name: str) -> bool:
    ends = found.interval(name)
    return ends is not None and ends[0] > 0


def _name(parameter: Parameter, term: int) -> str:
    return f"C{term}" if parameter == "C" else f"ln tau{term}"

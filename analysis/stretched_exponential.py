"""A decay whose rate falls as it goes on: the stretched exponential."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.fits import Fit, failed, fit

Array = NDArray[np.float64]

TEXT = "V(t) = V0 exp(-(t/tau)^beta), 0 < beta <= 1"
_STARTS = 1 + np.geomspace(1e-3, 1.0, 12)
"""First values of V0, as multiples of the greatest value."""
_NAMES = ("V0", "ln tau", "beta")
_FAR = 40.0
"""ln of how far beyond the measured times tau may lie."""


def fit_stretched(t: Array, y: Array) -> Fit:
    """Fit `TEXT` with equal weights; the parameters are ``V0``, ``ln tau`` and ``beta``.

    Parameters
    ----------
    t, y
        Times in s, above 0, and values of equal uncertainty, shape (n,).

    Returns
    -------
    Fit
        Of several first values the one that leaves the least; not converged, with the reason,
        when none converges, among them data that do not decay.
    """
    if len(y) >= len(_NAMES) and np.max(y) <= 0:
        return failed(_NAMES, y, f"no value is above 0; the greatest is {np.max(y):.4g}")
    bounds = {"V0": (0.0, np.inf), "beta": (0.0, 1.0)}
    if len(t):
        bounds["ln tau"] = (math.log(t.min()) - _FAR, math.log(t.max()) + _FAR)
    found = [fit(stretched, t, y, start, bounds) for start in _starts(t, y)]
    whole = [f for f in found if f.converged]
    return min(whole or found[:1], key=lambda f: float(np.sum(f.residuals**2)))


def stretched(t: Array, values: Array) -> Array:
    """`TEXT` at times in s, with the values of ``V0``, ``ln tau`` and ``beta``."""
    v0, ln_tau, beta = values
    return np.asarray(v0 * np.exp(-np.exp(beta * (np.log(t) - ln_tau))))


def _starts(t: Array, y: Array) -> list[dict[str, float]]:
    """First values: for each V0 the straight line through ln(-ln(V/V0)) against ln t."""
    if len(t) < 3 or not np.all(y > 0):
        # There is no logarithm of all values: from their greatest, in the middle of the times.
        middle = float(np.log(t).mean()) if len(t) else 0.0
        return [{"V0": float(np.max(y, initial=0.0)), "ln tau": middle, "beta": 0.5}]
    starts = []
    for v0 in _STARTS * float(y.max()):
        beta, offset = np.polyfit(np.log(t), np.log(-np.log(y / v0)), 1)
        beta = float(np.clip(beta, 0.01, 0.95))
        ln_tau = float(np.clip(-offset / beta, -_FAR / 2, math.log(t.max()) + _FAR / 2))
        starts.append({"V0": float(v0), "ln tau": ln_tau, "beta": beta})
    return starts

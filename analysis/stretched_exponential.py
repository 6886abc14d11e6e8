"""A decay whose rate falls as it goes on: the stretched exponential."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.fits import Fit, fit

Array = NDArray[np.float64]

TEXT = "V(t) = V0 exp(-(t/tau)^beta), 0 < beta <= 1"
_STARTS = 1 + np.geomspace(1e-3, 1.0, 12)
"""First values of V0, as multiples of the greatest value."""
_FAR = 40.0
"""ln of how far beyond the measured times tau may lie."""


def fit_stretched(t: Array, y: Array) -> Fit:
    """Fit `TEXT` with equal weights; the parameters are ``V0``, ``ln tau`` and ``beta``.

    Parameters
    ----------
    t, y
        Times in s, above 0, and positive values of equal uncertainty, shape (n,).

    Returns
    -------
    Fit
        Of several first values the one that leaves the least; not converged, with the reason,
        when none converges, among them data that do not decay.
    """
    found = []
    for start in _starts(t, y):
        far = math.log(t.max()) + _FAR
        bounds = {"V0": (0.0, np.inf), "ln tau": (math.log(t.min()) - _FAR, far), "beta": (0, 1)}
        found.append(fit(stretched, t, y, start, bounds))
    whole = [f for f in found if f.converged]
    if whole:
        return min(whole, key=lambda f: float(np.sum(f.residuals**2)))
    return found[0] if found else fit(stretched, t, y, {"V0": 1.0, "ln tau": 0.0, "beta": 0.5})


def stretched(t: Array, values: Array) -> Array:
    """`TEXT` at times in s, with the values of ``V0``, ``ln tau`` and ``beta``."""
    v0, ln_tau, beta = values
    return np.asarray(v0 * np.exp(-np.exp(beta * (np.log(t) - ln_tau))))


def _starts(t: Array, y: Array) -> list[dict[str, float]]:
    """First values: for each V0 the straight line through ln(-ln(V/V0)) against ln t."""
    if len(t) < 3 or not np.all(y > 0):
        return []
    starts = []
    for v0 in _STARTS * float(y.max()):
        beta, offset = np.polyfit(np.log(t), np.log(-np.log(y / v0)), 1)
        beta = float(np.clip(beta, 0.01, 0.95))
        ln_tau = float(np.clip(-offset / beta, -_FAR / 2, math.log(t.max()) + _FAR / 2))
        starts.append({"V0": float(v0), "ln tau": ln_tau, "beta": beta})
    return starts

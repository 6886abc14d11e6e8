"""Where a measured curve first passes a value, by linear interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def first_rise(x: Array, y: Array, value: float) -> tuple[float, int] | None:
    """Find where `y`, followed along its points, first rises through `value`.

    Parameters
    ----------
    x, y
        Points of the curve in order, shape (n,).
    value
        What `y` has to reach from below or to start at.

    Returns
    -------
    tuple or None
        `x` by linear interpolation and the number of the point before it; None when the
        curve does not rise through the value.
    """
    passes = np.flatnonzero((y[:-1] <= value) & (y[1:] >= value) & (y[1:] > y[:-1]))
    if not len(passes):
        return None
    i = int(passes[0])
    share = (value - y[i]) / (y[i + 1] - y[i])
    return float(x[i] + share * (x[i + 1] - x[i])), i

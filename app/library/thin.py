"""Fewer points of a long curve, with its extrema: what a page can show of it."""

from __future__ import annotations

import numpy as np

from app.library.chart import Array

MOST = 20_000
"""Points of a curve that are drawn; of more the least and the greatest of each stretch."""


def thin(x: Array, y: Array) -> tuple[Array, Array, int]:
    """At most `MOST` points of a curve.

    Returns
    -------
    x, y : array
        Points in their order; the least and the greatest of each stretch, as they were read.
    stretch : int
        How many points two stand for; 0 when all are there.
    """
    if len(y) <= MOST:
        return x, y, 0
    stretch = -(-2 * len(y) // MOST)
    count = -(-len(y) // stretch)
    # The last stretch is filled up with its last point.
    rows = np.minimum(np.arange(count * stretch), len(y) - 1).reshape(count, stretch)
    # What is no number is neither the least nor the greatest.
    least, greatest = (np.where(np.isnan(y), end, y)[rows] for end in (np.inf, -np.inf))
    extremes = np.sort(np.stack([least.argmin(axis=1), greatest.argmax(axis=1)], axis=1), axis=1)
    chosen = np.take_along_axis(rows, extremes, axis=1).ravel()
    return x[chosen], y[chosen], stretch

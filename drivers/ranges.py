"""Ranges of an instrument."""

from __future__ import annotations


def lowest_range(full_scales: tuple[float, ...], value: float) -> float:
    """The lowest range that holds a value.

    Parameters
    ----------
    full_scales
        Ascending, in A or V.
    """
    return next(full for full in full_scales if value <= full * (1 + 1e-9))

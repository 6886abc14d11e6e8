"""Where things stand on a logarithmic axis: resistances with a place for open, edges of cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ResistanceScale:
    """A logarithmic axis of regulating resistances, open at a place of its own.

    Parameters
    ----------
    places
        The place of each resistance on the axis: its common logarithm, unless it is open.
    ticks
        Places that carry a text, and the text in kohm or "open"; resistances that are too
        close together share one.
    divider
        Where the place of its own begins; None when nothing is open or everything is.
    span
        Length of the axis without that place.
    """

    places: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    divider: float | None
    span: float

    @classmethod
    def of(cls, resistances: Sequence[float]) -> ResistanceScale:
        """The axis for some resistances (ohm), in any order."""
        finite = sorted({math.log10(r) for r in resistances if math.isfinite(r)})
        span = max(finite[-1] - finite[0], 0.5) if finite else 0.5
        place_open = finite[-1] + 0.28 * span if finite else 0.0
        places = [math.log10(r) if math.isfinite(r) else place_open for r in resistances]
        marked: list[float] = []
        for place in reversed(finite):
            if not marked or marked[-1] - place >= 0.17 * span:
                marked.append(place)
        ticks = [(place, f"{10**place / 1e3:.3g}") for place in marked]
        divider = None
        if any(math.isinf(r) for r in resistances):
            ticks.append((place_open, "open"))
            divider = (finite[-1] + place_open) / 2 if finite else None
        return cls(tuple(places), tuple(ticks), divider, span)


def cell_edges(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of cells around positive places on a log axis, halfway in the logarithm, (n + 1,)."""
    if len(places) == 1:
        return np.array([places[0] / 2, 2 * places[0]])
    middle = np.sqrt(places[1:] * places[:-1])
    first, last = places[0] ** 2 / middle[0], places[-1] ** 2 / middle[-1]
    return np.concatenate(([first], middle, [last]))

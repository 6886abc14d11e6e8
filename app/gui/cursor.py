"""Where the cursor of a plot is: always on a point of one of its curves."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.gui.pyramid import Array

Curves = Mapping[Any, tuple[Array, Array]]


@dataclass(frozen=True)
class Place:
    """A point of a curve.

    Parameters
    ----------
    curve
        Key of its curve.
    index
        Its number in the curve, from 0.
    x, y
        In the coordinates of the axes.
    """

    curve: Hashable
    index: int
    x: float
    y: float


class Cursor:
    """Goes from point to point; knows nothing of Qt."""

    def __init__(self) -> None:
        self._curves: dict[Hashable, tuple[Array, Array]] = {}
        self.place: Place | None = None
        """Where it is; None before it was anywhere."""

    def set_curves(self, curves: Curves) -> None:
        """There are other points now; the cursor stays where it is until it is moved."""
        self._curves = {}
        for key, (x, y) in curves.items():
            known = np.isfinite(x) & np.isfinite(y)
            if known.any():
                self._curves[key] = (x[known], y[known]) if not known.all() else (x, y)
        if self.place and self.place.curve not in self._curves:
            self.place = None

    def nearest(
        self, x: float, y: float, pixel: tuple[float, float], view: tuple[float, float]
    ) -> Place | None:
        """Go to the point nearest to a place on the screen.

        Parameters
        ----------
        x, y
            The place.
        pixel
            Width and height of a pixel.
        view
            Ends of what is seen of the x axis; points beyond are passed over.
        """
        best: tuple[float, Place] | None = None
        for key, (xs, ys) in self._curves.items():
            away = np.hypot((xs - x) / pixel[0], (ys - y) / pixel[1])
            away = np.where((xs >= view[0]) & (xs <= view[1]), away, np.inf)
            k = int(np.argmin(away))
            if np.isfinite(away[k]) and (best is None or away[k] < best[0]):
                best = (float(away[k]), self._at(key, k))
        if best:
            self.place = best[1]
        return best[1] if best else None

    def step(self, by: int) -> Place | None:
        """Go so many points on along the curve, at most to its end."""
        if not self._curves:
            return None
        if self.place is None:
            key = next(iter(self._curves))
            return self._go(key, 0 if by > 0 else len(self._curves[key][0]) - 1)
        return self._go(self.place.curve, self._here(self.place) + by)

    def change(self, by: int) -> Place | None:
        """Go to the point of another curve that is nearest along x; after the last, the first."""
        if self.place is None:
            return self.step(by)
        keys = list(self._curves)
        key = keys[(keys.index(self.place.curve) + by) % len(keys)]
        return self._go(key, int(np.argmin(np.abs(self._curves[key][0] - self.place.x))))

    def _here(self, place: Place) -> int:
        """The number that the point has now; others may have come or gone before it."""
        xs, ys = self._curves[place.curve]
        if place.index < len(xs) and (xs[place.index], ys[place.index]) == (place.x, place.y):
            return place.index
        return int(np.argmin(np.abs(xs - place.x)))

    def _go(self, key: Hashable, k: int) -> Place:
        self.place = self._at(key, min(max(k, 0), len(self._curves[key][0]) - 1))
        return self.place

    def _at(self, key: Hashable, k: int) -> Place:
        x, y = self._curves[key]
        return Place(key, k, float(x[k]), float(y[k]))

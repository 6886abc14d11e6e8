"""A trace of any length, seen with about two points a pixel that keep every extremum.

    level 2   ┌──────────────── 256 readings ────────────────┐ ...
    level 1   ┌── 16 ──┐┌── 16 ──┐┌── 16 ──┐┌── 16 ──┐         ...
    level 0   ▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪         ...

A bucket of a level knows the first, last, lowest and highest reading below it. A view begins
at the top and opens only the buckets that reach over the border of a pixel, at most one a
border and level; how long the trace is does not matter.

Memory: a level holds `finest` readings or as many bytes of buckets, 16 bytes a reading, and
gives up its older half when it is full; what was given up is still seen through the level
above. With the default of 2,097,152 that is at most 34 MB a level: readings one by one for
the last 17 minutes and more at 1,000 a second, buckets of 16 for 2.3 hours, of 256 for 37
hours, together below 105 MB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FINEST = 1 << 21
"""Readings that the finest level holds at most."""

_FIRST, _LAST, _LOW, _HIGH = (slice(k, k + 2) for k in (0, 2, 4, 6))
"""Rows of a bucket: x and y of its first, last, lowest and highest reading."""


class Pyramid:
    """Points with x that never falls, summarised as they come.

    Parameters
    ----------
    factor
        Readings in a bucket, and buckets in a bucket of the next level.
    finest
        Readings that the finest level holds at most; a multiple of 8 `factor`.
    """

    def __init__(self, factor: int = 16, finest: int = FINEST) -> None:
        if factor < 2 or finest < 1 or finest % (8 * factor):
            raise ValueError(f"finest must be a multiple of {8 * factor}, not {finest}")
        self._factor, self._finest = factor, finest
        self._levels = [_Level(2, finest)]
        self._end = -np.inf
        self.missing = 0
        """Points that were left out because a coordinate is not a finite number."""

    def __len__(self) -> int:
        """How many points were taken, those of levels given up included."""
        return self._levels[0].end

    @property
    def nbytes(self) -> int:
        """Memory in use, in bytes."""
        return sum(level.nbytes for level in self._levels)

    @property
    def span(self) -> tuple[float, float] | None:
        """First and last x; None without points."""
        if not len(self):
            return None
        top = self._levels[-1]
        return float(top[top.first : top.first + 1][0, 0]), self._end

    def append(self, x: Array, y: Array) -> None:
        """Add points, in a time that grows with their number alone.

        Raises
        ------
        ValueError
            Lengths differ, or x falls; then none of them is taken.
        """
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(f"x and y must be columns of one length, not {x.shape} and {y.shape}")
        finite = np.isfinite(x) & np.isfinite(y)
        left_out = len(x) - int(np.count_nonzero(finite))
        if left_out:
            x, y = x[finite], y[finite]
        steps = np.diff(x, prepend=self._end)
        if (steps < 0).any():
            k = int(np.argmax(steps < 0))
            before = x[k - 1] if k else self._end
            raise ValueError(f"x must never fall; point {k} has {x[k]:g} after {before:g}")
        self.missing += left_out
        # In parts that a level can hold, so that all are summarised before any is given up.
        for start in range(0, len(x), part := self._finest // 4):
            part_x, part_y = x[start : start + part], y[start : start + part]
            self._levels[0].append(np.stack((part_x, part_y)))
            self._summarise()
        if len(x):
            self._end = float(x[-1])

    def _summarise(self) -> None:
        for k in range(1, len(self._levels) + 2):
            below = self._levels[k - 1]
            have = self._levels[k].end if k < len(self._levels) else 0
            count = below.end // self._factor - have
            if not count:
                return
            if k == len(self._levels):
                self._levels.append(_Level(8, self._finest // 4))
            start = have * self._factor
            children = below[start : start + count * self._factor]
            self._levels[k].append(_buckets(children, self._factor))

    def view(self, lo: float, hi: float, pixels: int) -> tuple[Array, Array]:
        """Points to draw of the stretch from `lo` to `hi` on so many columns of pixels.

        Of every column its lowest and its highest point; beside an empty column also the
        nearest point, so that a line over a gap has its true ends; and one point beyond each
        side. All are points of the trace, at most ``2 pixels + 4``, with x that never falls.
        Of points given up, the extrema are those of buckets, drawn at the bucket's place.
        """
        if not lo < hi or pixels < 1:
            raise ValueError(f"a view needs lo < hi and a pixel, not {lo}, {hi} and {pixels}")
        if not len(self):
            return np.empty(0), np.empty(0)
        place, column, points = self._collect(lo, hi, pixels)
        order = np.argsort(place, kind="stable")  # a few runs in order
        return _reduce(column[order], points[:, order], pixels)

    def _collect(
        self, lo: float, hi: float, pixels: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        """Buckets and points that lie within one column: place in the trace, column, values."""
        top = self._levels[-1]
        rows = np.arange(top.first, top.end)
        places, columns, points = [], [], []
        for k in range(len(self._levels) - 1, -1, -1):
            values = self._levels[k][rows]
            left = _column(values[0], lo, hi, pixels)
            if k == 0:
                places.append(rows)
                columns.append(left)
                points.append(np.tile(values, (4, 1)))
                break
            right = _column(values[2], lo, hi, pixels)
            opened = (left != right) & (rows * self._factor >= self._levels[k - 1].first)
            kept = ~opened
            # Only a bucket that cannot be opened any more reaches into the view from before.
            column = np.where((left < 0) & (right >= 0), 0, left)
            places.append(rows[kept] * self._factor**k)
            columns.append(column[kept])
            points.append(values[:, kept])
            children = rows[opened][:, np.newaxis] * self._factor + np.arange(self._factor)
            # What has no bucket above yet is seen as it is.
            fresh = np.arange(self._levels[k].end * self._factor, self._levels[k - 1].end)
            rows = np.concatenate((children.ravel(), fresh))
        return np.concatenate(places), np.concatenate(columns), np.concatenate(points, axis=1)


class _Level:
    """Columns that grow, and give up their older half when they are full."""

    def __init__(self, height: int, capacity: int) -> None:
        self._values = np.empty((height, min(1024, capacity)))
        self._capacity = capacity
        self.first = 0
        """Number of the oldest column that is held."""
        self.end = 0
        """Number after that of the newest."""

    @property
    def nbytes(self) -> int:
        return self._values.nbytes

    def __getitem__(self, columns: slice | NDArray[np.int64]) -> Array:
        """Columns by number, as (height, n)."""
        if isinstance(columns, slice):
            return self._values[:, columns.start - self.first : columns.stop - self.first]
        return self._values.take(columns - self.first, axis=1)

    def append(self, values: Array) -> None:
        n = values.shape[1]
        used = self.end - self.first
        room = self._values.shape[1]
        if used + n > room and room < self._capacity:
            while used + n > room and room < self._capacity:
                room = min(2 * room, self._capacity)
            grown = np.empty((len(values), room))
            grown[:, :used] = self._values[:, :used]
            self._values = grown
        while used + n > room:
            half = self._capacity // 2
            self._values[:, : used - half] = self._values[:, half:used]
            self.first, used = self.first + half, used - half
        self._values[:, used : used + n] = values
        self.end += n


def _buckets(children: Array, factor: int) -> Array:
    """Summarise readings, (2, n factor), or buckets, (8, n factor), as buckets, (8, n)."""
    if len(children) == 2:
        children = np.tile(children, (4, 1))
    n = children.shape[1] // factor
    starts = np.arange(n) * factor
    low = starts + children[_LOW][1].reshape(n, factor).argmin(axis=1)
    high = starts + children[_HIGH][1].reshape(n, factor).argmax(axis=1)
    return np.concatenate((
        children[_FIRST, starts], children[_LAST, starts + factor - 1],
        children[_LOW, low], children[_HIGH, high],
    ))  # fmt: skip


def _column(x: Array, lo: float, hi: float, pixels: int) -> NDArray[np.int64]:
    """The column of pixels of each place: -1 before the view, `pixels` behind it."""
    inside = np.clip(np.floor((x - lo) * (pixels / (hi - lo))), 0, pixels - 1).astype(np.int64)
    return np.where(x < lo, -1, np.where(x > hi, pixels, inside))


def _reduce(column: NDArray[np.int64], points: Array, pixels: int) -> tuple[Array, Array]:
    """Points to draw of buckets in order, of which those of one column stand together."""
    new_column = np.diff(column, prepend=-2) != 0
    group, starts = np.cumsum(new_column) - 1, np.flatnonzero(new_column)
    ends = np.append(starts[1:], len(column)) - 1
    column = column[starts]
    low = points[_LOW, _place_of(np.minimum, points[_LOW][1], group, starts)]
    high = points[_HIGH, _place_of(np.maximum, points[_HIGH][1], group, starts)]
    low_first = low[0] <= high[0]
    chosen = np.stack((
        points[_FIRST, starts], np.where(low_first, low, high), np.where(low_first, high, low),
        points[_LAST, ends],
    ))  # fmt: skip
    before, after = column < 0, column == pixels
    gap = np.diff(column) > 1
    drawn = np.stack((
        (np.concatenate(([True], gap)) | after) & ~before, ~before & ~after, ~before & ~after,
        (np.concatenate((gap, [True])) | before) & ~after,
    ))  # fmt: skip
    # Column by column, in it in the order of x.
    x, y = chosen.transpose(1, 2, 0)[:, drawn.T]
    new = np.ones(len(x), bool)
    new[1:] = (np.diff(x) != 0) | (np.diff(y) != 0)
    return x[new], y[new]


def _place_of(
    extreme: np.ufunc, values: Array, group: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Of each group of values, the place of its first extreme one."""
    found = np.flatnonzero(values == extreme.reduceat(values, starts).take(group))
    return found[np.searchsorted(found, starts)]

"""Draws one way to see a run: about two points a pixel of every curve, bands, flagged points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.gui import theme
from app.gui.bands import Bands
from app.gui.binding import QtWidgets, Signal, pg
from app.gui.plot import Plot
from app.gui.pyramid import Array
from app.gui.readings import Curve, Sight
from app.gui.state_colours import name
from data.samples import Flag

_SYMBOLS = {Flag.LIMIT: "t1", Flag.OVERRANGE: "x", Flag.LATE: "d"}
"""Marks of flagged readings, as pyqtgraph calls those of `live_texts.SIGNS`."""
_PIXELS_A_DOT = 4
"""Readings are marked with dots when there are that many columns of pixels for each."""
_PIXELS_A_MARK = 8
_ABOVE, _BELOW = 0.14, 0.05
"""Room over the curves, for the texts of the bands, and under them, as a share of the height."""


@dataclass(frozen=True)
class Point:
    """A reading under the cursor.

    Parameters
    ----------
    curve
        Key of its curve in the sight.
    x, y
        Its place, in the units of the axes.
    flags
        What it is marked with in this view.
    """

    curve: float | None
    x: float
    y: float
    flags: tuple[Flag, ...]


class LivePlot(Plot):
    """Curves of a `Sight`."""

    cursor_moved = Signal(object)
    """The `Point` under the cursor."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette: Mapping[float, str] = {}
        self._lines: dict[float | None, pg.PlotCurveItem] = {}
        self.drawn: dict[float | None, tuple[Array, Array]] = {}
        """Points of each curve that are on the screen."""
        self.marked: dict[Flag, tuple[Array, Array]] = {}
        """Points that carry the mark of a flag."""
        self._bands = Bands(lambda r: self._palette.get(r, theme.current().border), name)
        self._dots = pg.ScatterPlotItem(size=4, pen=None)
        self._signs = {flag: pg.ScatterPlotItem(size=10, symbol=s) for flag, s in _SYMBOLS.items()}
        for item in (self._bands, self._dots, *self._signs.values()):
            self.box.addItem(item, ignoreBounds=True)
        self._at: float | None = None
        self.pointed.connect(self._point)
        self.stepped.connect(self._step)

    def forget(self) -> None:
        """Draw nothing."""
        self.hide_cursor()
        self.drawn, self.marked = {}, {}
        for line in self._lines.values():
            self.box.removeItem(line)
        self._lines = {}
        self._bands.show_bands((), (), 0.0)
        for scatter in (self._dots, *self._signs.values()):
            scatter.clear()

    def draw(self, sight: Sight, palette: Mapping[float, str], whole: bool) -> None:
        """Draw what is in view of a sight.

        Parameters
        ----------
        sight
            With one point at least.
        palette
            Colour of each resistance.
        whole
            Bring all of it into view first.
        """
        self._palette = palette
        span = sight.span if whole else None
        lo, hi = span or self.box.viewRange()[0]
        if not lo < hi:
            lo, hi = lo - 0.5, hi + 0.5
        self.drawn = {
            key: curve.points.view(lo, hi, self.pixels) for key, curve in sight.curves.items()
        }
        self._collect_marks(sight.curves.values(), lo, hi)
        if whole:
            self._show_all(lo, hi)
        self._draw_lines(sight)
        self._draw_points()

    def _collect_marks(self, curves: Iterable[Curve], lo: float, hi: float) -> None:
        columns = max(1, self.pixels // _PIXELS_A_MARK)
        found: dict[Flag, list[tuple[Array, Array]]] = {}
        for curve in curves:
            for flag, points in curve.marks.items():
                found.setdefault(flag, []).append(points.view(lo, hi, columns))
        self.marked = {
            flag: (np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]))
            for flag, parts in found.items()
        }

    def _show_all(self, lo: float, hi: float) -> None:
        values = np.concatenate([y for _, y in self.drawn.values()])
        bottom, top = float(values.min()), float(values.max())
        room = top - bottom or abs(top) or 1.0
        self.show_range((lo, hi), (bottom - _BELOW * room, top + _ABOVE * room))

    def _draw_lines(self, sight: Sight) -> None:
        look, starts = theme.current(), sight.stretches.starts
        for key, (x, y) in self.drawn.items():
            if key not in self._lines:
                # Pen width 1: a wider line costs many times as much.
                self._lines[key] = pg.PlotCurveItem(skipFiniteCheck=True)
                self.box.addItem(self._lines[key], ignoreBounds=True)
            joined: str | NDArray[np.int32] = "all"
            if key is not None and starts:
                # Another state was measured between two visits of one.
                visit = np.searchsorted(starts, x, side="right")
                joined = np.append(visit[1:] == visit[:-1], True).astype(np.int32)
            colour = look.text if key is None else self._palette[key]
            self._lines[key].setData(x, y, connect=joined, pen=pg.mkPen(colour, width=1))
        end = max(float(x[-1]) for x, _ in self.drawn.values() if len(x)) if starts else 0.0
        self._bands.show_bands(starts, sight.stretches.resistances, end)

    def _draw_points(self) -> None:
        look = theme.current()
        shown = sum(len(x) for x, _ in self.drawn.values()) * _PIXELS_A_DOT <= self.pixels
        self._dots.clear()
        for key, (x, y) in self.drawn.items() if shown else ():
            colour = look.text if key is None else self._palette[key]
            self._dots.addPoints(x, y, brush=pg.mkBrush(colour))
        for flag, sign in self._signs.items():
            x, y = self.marked.get(flag, (np.empty(0), np.empty(0)))
            sign.setData(x, y, pen=pg.mkPen(look.fault, width=1), brush=None)

    def _point(self, x: float, y: float) -> None:
        """Bring the cursor to the reading nearest to a place."""
        width, height = self.box.viewPixelSize()
        lo, hi = self.box.viewRange()[0]
        best: tuple[float, float | None, float, float] | None = None
        for key, (xs, ys) in self.drawn.items():
            if not len(xs):
                continue
            k = int(np.argmin(np.where((xs >= lo) & (xs <= hi), np.abs(xs - x), np.inf)))
            away = float(np.hypot((xs[k] - x) / width, (ys[k] - y) / height))
            if best is None or away < best[0]:
                best = (away, key, float(xs[k]), float(ys[k]))
        if best is not None:
            self._settle(*best[1:])

    def _step(self, by: int) -> None:
        """Bring the cursor to the next reading of its curve."""
        if self._at not in self.drawn:
            self._at = next(iter(self.drawn), None)
        xs, ys = self.drawn.get(self._at, (np.empty(0), np.empty(0)))
        if not len(xs):
            return
        if not self.cursor_line.isVisible():
            k = 0 if by > 0 else len(xs) - 1
        elif by > 0:
            k = int(np.searchsorted(xs, self.cursor_line.value(), side="right"))
        else:
            k = int(np.searchsorted(xs, self.cursor_line.value(), side="left")) - 1
        k = min(max(k, 0), len(xs) - 1)
        self._settle(self._at, float(xs[k]), float(ys[k]))

    def _settle(self, key: float | None, x: float, y: float) -> None:
        self._at = key
        self.point_at(x, y)
        flags = tuple(
            flag for flag, (xs, ys) in self.marked.items() if ((xs == x) & (ys == y)).any()
        )
        self.cursor_moved.emit(Point(key, x, y, flags))

"""Draws one way to see a run: about two points a pixel of every curve, bands, flagged points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from app.gui import theme
from app.gui.bands import Bands
from app.gui.binding import QtWidgets, pg
from app.gui.cursor import Place
from app.gui.plot import Plot
from app.gui.pyramid import Array
from app.gui.readings import Curve, Sight
from app.gui.state_colours import name
from data.samples import Flag

_SYMBOLS = {Flag.LIMIT: "t1", Flag.OVERRANGE: "x", Flag.LATE: "d", Flag.OVERRUN: "s"}
"""Marks of flagged readings, as pyqtgraph calls those of `live_texts.SIGNS`."""
_PIXELS_A_DOT = 4
"""Readings are marked with dots when there are that many columns of pixels for each."""
_PIXELS_A_MARK = 8
_NOWHERE = np.empty(0), np.empty(0)
_ABOVE, _BELOW = 0.14, 0.05
"""Room over the curves, for the texts of the bands, and under them, as a share of the height."""

_AHEAD = 0.06
"""Room left for readings to come, as a share of the x axis."""


class LivePlot(Plot):
    """Curves of a `Sight`."""

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

    def forget(self) -> None:
        """Draw nothing."""
        self.hide_cursor()
        self.drawn, self.marked = {}, {}
        self.set_points({})
        for line in self._lines.values():
            self.box.removeItem(line)
        self._lines = {}
        self._bands.show_bands((), (), 0.0)
        for scatter in (self._dots, *self._signs.values()):
            scatter.setVisible(False)

    def draw(self, sight: Sight, palette: Mapping[float, str], whole: bool, growing: bool) -> None:
        """Draw what is in view of a sight.

        Parameters
        ----------
        sight
            With one point at least.
        palette
            Colour of each resistance.
        whole
            Bring all of it into view first.
        growing
            More is to come: leave room for it, so that the axes need not be drawn each time.
        """
        self._palette = palette
        span = sight.span if whole else None
        lo, hi = self._ends(*span, growing) if span else self.box.viewRange()[0]
        self.drawn = {
            key: curve.points.view(lo, hi, self.pixels) for key, curve in sight.curves.items()
        }
        self._collect_marks(sight.curves.values(), lo, hi)
        if whole:
            self._show_all(lo, hi, growing)
        self._draw_lines(sight)
        self._draw_points()
        self.set_points(self.drawn)

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

    def _ends(self, lo: float, hi: float, growing: bool) -> tuple[float, float]:
        """Ends of the x axis for all of a sight; those it has, while they still do."""
        kept_lo, kept_hi = self.box.viewRange()[0]
        if growing and kept_lo == lo and hi <= kept_hi <= lo + (1 + 2 * _AHEAD) * (hi - lo):
            return kept_lo, kept_hi
        if growing:
            hi += _AHEAD * (hi - lo)
        return (lo, hi) if lo < hi else (lo - 0.5, hi + 0.5)

    def _show_all(self, lo: float, hi: float, growing: bool) -> None:
        values = np.concatenate([y for _, y in self.drawn.values()])
        bottom, top = float(values.min()), float(values.max())
        room = top - bottom or abs(top) or 1.0
        kept_bottom, kept_top = self.box.viewRange()[1]
        enough = kept_bottom <= bottom and kept_top >= top + _ABOVE / 2 * room
        if growing and enough and kept_top - kept_bottom <= 1.5 * room:
            self.show_range((lo, hi), (kept_bottom, kept_top))
        else:
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
        self._dots.setVisible(shown)
        for key, (x, y) in self.drawn.items() if shown else ():
            colour = look.text if key is None else self._palette[key]
            self._dots.addPoints(x, y, brush=pg.mkBrush(colour))
        for flag, sign in self._signs.items():
            x, y = self.marked.get(flag, _NOWHERE)
            # One that is empty takes time to paint, too.
            sign.setVisible(len(x) > 0)
            if len(x):
                sign.setData(x, y, pen=pg.mkPen(look.fault, width=1), brush=None)

    def flags_at(self, place: Place) -> tuple[Flag, ...]:
        """The marks that a point carries."""
        return tuple(
            flag for flag, (xs, ys) in self.marked.items()
            if ((xs == place.x) & (ys == place.y)).any()
        )  # fmt: skip

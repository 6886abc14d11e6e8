"""One curve of a chart in a plot."""

from __future__ import annotations

import numpy as np

from app.gui.binding import pg
from app.gui.chart_dress import ChartDress
from app.gui.plot import Plot
from app.gui.pyramid import Array, Pyramid
from app.library.chart import Axis, Curve, Panel
from app.library.looks import beside

_MANY = 4000
"""Points from which on a curve with x that never falls is drawn through a pyramid."""


_BELOW = 9.0
"""How far an interval without a lower end on a logarithmic axis is drawn, in decades."""


def along(values: Array, axis: Axis) -> Array:
    """Values in the coordinates of an axis: common logarithms on a logarithmic one.

    What a logarithmic axis has no place for is NaN.
    """
    if not axis.log:
        return np.asarray(values, np.float64)
    return np.log10(np.where(values > 0, values, np.nan))


class CurveInPlot:
    """Draws a curve, and draws it again when the range changes where it has many points."""

    def __init__(self, plot: Plot, panel: Panel, curve: Curve, dress: ChartDress) -> None:
        self._plot, self.curve = plot, curve
        self.x, self.y = along(beside(curve, panel), panel.x), along(curve.y, panel.y)
        self.low, self.high = self.y, self.y
        self._pyramid: Pyramid | None = None
        self._line: pg.PlotCurveItem | None = None
        depth = 3 if curve.role == "fit" else 2
        pen = dress.pen(curve, panel)
        if curve.low is not None and curve.high is not None:
            self._add_intervals(curve.low, panel.y, along(curve.high, panel.y), pen)
        if curve.line and len(self.x):
            self._line = pg.PlotCurveItem(pen=pen)
            self._line.setZValue(depth)
            plot.box.addItem(self._line, ignoreBounds=True)
            self._draw_line()
        if curve.marks:
            marks = pg.ScatterPlotItem(x=self.x, y=self.y, **dress.mark(curve))
            marks.setZValue(depth)
            plot.box.addItem(marks, ignoreBounds=True)

    def _add_intervals(self, curve_low: Array, axis: Axis, high: Array, pen: object) -> None:
        low = along(curve_low, axis)
        self.low, self.high = np.fmin(self.y, low), np.fmax(self.y, high)
        # An end that a logarithmic axis has no place for lies below all of it.
        low = np.where(np.isnan(low) & np.isfinite(curve_low), self.y - _BELOW, low)
        known = np.isfinite(self.x) & np.isfinite(low) & np.isfinite(high)
        ends = np.stack((low[known], high[known]), axis=1).ravel()
        bars = pg.PlotCurveItem(np.repeat(self.x[known], 2), ends, connect="pairs", pen=pen)
        bars.setZValue(1)
        self._plot.box.addItem(bars, ignoreBounds=True)

    def _draw_line(self) -> None:
        assert self._line is not None  # noqa: S101 (told to the type checker)
        finite = np.isfinite(self.x).all() and np.isfinite(self.y).all()
        if finite and len(self.x) > _MANY and (np.diff(self.x) >= 0).all():
            self._pyramid = Pyramid()
            self._pyramid.append(self.x, self.y)
        else:
            # A point that is no number breaks the line.
            self._line.setData(self.x, self.y, connect="finite")

    def draw_range(self, lo: float, hi: float) -> None:
        """Draw what is seen between two ends of the x axis."""
        if self._pyramid and self._line and lo < hi:
            self._line.setData(*self._pyramid.view(lo, hi, self._plot.pixels))

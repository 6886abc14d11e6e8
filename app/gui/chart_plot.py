"""The axes of one panel of a chart: curves or cells, helper lines, and what the cursor tells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.gui.binding import QtCore, QtGui, QtWidgets, Signal, pg
from app.gui.chart_curve import CurveInPlot, along
from app.gui.chart_dress import ChartDress
from app.gui.cursor import Place
from app.gui.plot import HELP, Plot
from app.gui.pyramid import Array
from app.gui.scale import written
from app.library.chart import Cells, Curve, Panel

MAP_COLOURS = "cividis"
"""The colours of cells, those of figures."""
_PAD = 0.05
"""Room around everything, as a share of the length of an axis."""
_LEFT, BOTTOM = 70, 48
"""Width of every left axis and height of every bottom axis, so that panels are aligned; in
pixels."""


class ChartPlot(Plot):
    """Draws a panel.

    Parameters
    ----------
    panel
        With curves or cells.
    dress
        Of its chart.
    """

    told = Signal(str)
    """What is under the cursor, in words."""

    def __init__(
        self, panel: Panel, dress: ChartDress, parent: QtWidgets.QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.panel, self._dress = panel, dress
        self.setToolTip(f"{HELP} The wheel zooms once the plot was clicked, and scrolls before.")
        for scale, axis in ((self.bottom, panel.x), (self.left, panel.y)):
            scale.describe(axis.label, axis.unit, axis.log, axis.ticks)
        self.left.setWidth(_LEFT)
        self.bottom.setHeight(BOTTOM)
        self.mesh: pg.PColorMeshItem | None = None
        if panel.cells:
            self._add_cells(panel.cells)
        self.curves = [
            CurveInPlot(self, panel, curve, dress)
            for curve in panel.curves if not _across(curve)
        ]  # fmt: skip
        for curve in filter(_across, panel.curves):
            self._add_guide(curve)
        self.set_points(self._points())
        self.cursor_moved.connect(self._tell)
        self.whole_asked.connect(self.show_whole)
        # Many changes of the range at once, as of a turned wheel, are drawn once.
        self._later = QtCore.QTimer(self, singleShot=True, interval=15)
        self._later.timeout.connect(self._draw_range)
        self.box.sigXRangeChanged.connect(lambda *_: self._later.start())
        self.box.sigResized.connect(lambda *_: self._later.start())
        self.show_whole()
        self._draw_range()

    def hide_bottom(self) -> None:
        """Leave numbers and label of the x axis to the panel below, which has the same."""
        self.bottom.showLabel(False)
        self.bottom.setStyle(showValues=False)
        self.bottom.setHeight(None)

    def show_whole(self) -> None:
        """Bring everything into view."""
        x, y = self._extent(self._along_x()), self._extent(self._along_y())
        if not self.panel.cells:
            wide = 0.12 if self.panel.x.ticks else _PAD
            x, y = _padded(*x, wide), _padded(*self._not_too_close(*y), _PAD)
        self.show_range(x, y)

    def point_to(self, x: float, y: float) -> None:
        if self.panel.cells:
            # Cells differ in width: the one that the mouse is in, not that of the nearest middle.
            column, row = self._cell_around(self.panel.cells, x, y)
            middles = _middles(along(self.panel.cells.x_edges, self.panel.x))
            heights = _middles(along(self.panel.cells.y_edges, self.panel.y))
            x, y = float(middles[column]), float(heights[row])
        super().point_to(x, y)

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        # A page of plots could not be scrolled with the wheel if each of them took it.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _add_cells(self, cells: Cells) -> None:
        """Cells between their edges: on a logarithmic axis between the edges' logarithms."""
        x, y = along(cells.x_edges, self.panel.x), along(cells.y_edges, self.panel.y)
        corners = np.meshgrid(x, y)
        self.mesh = pg.PColorMeshItem(
            colorMap=pg.colormap.get(MAP_COLOURS), levels=(0.0, 1.0), enableAutoLevels=False
        )
        self.mesh.setData(corners[0], corners[1], cells.shade(cells.values))
        self.mesh.setZValue(-5)
        self.box.addItem(self.mesh, ignoreBounds=True)

    def _add_guide(self, curve: Curve) -> None:
        """A helper line across the panel."""
        level = bool(np.isinf(curve.x).all())
        place = along(curve.y, self.panel.y)[0] if level else along(curve.x, self.panel.x)[0]
        line = pg.InfiniteLine(
            float(place), angle=0 if level else 90, pen=self._dress.pen(curve, self.panel)
        )
        line.setZValue(-1)
        self.box.addItem(line, ignoreBounds=True)

    def _points(self) -> dict[int, tuple[Array, Array]]:
        """What the cursor goes along: curves that were measured or computed, or rows of cells."""
        cells, panel = self.panel.cells, self.panel
        if cells:
            x, y = (_middles(along(e, a)) for e, a in ((cells.x_edges, panel.x),
                                                       (cells.y_edges, panel.y)))  # fmt: skip
            return {
                row: (np.where(np.isfinite(cells.values[row]), x, np.nan), np.full(len(x), y[row]))
                for row in range(len(y))
            }
        return {k: (one.x, one.y) for k, one in enumerate(self.curves) if one.curve.role != "guide"}

    def _tell(self, place: Place) -> None:
        x, y = self.bottom.written(place.x), self.left.written(place.y)
        parts = [f"{self.panel.x.label}: {x}", f"{self.panel.y.label}: {y}"]
        if self.panel.cells:
            parts.append(self._cell_at(self.panel.cells, place))
        elif isinstance(place.curve, int):
            curve = self.curves[place.curve].curve
            parts.append(self._interval_at(self.curves[place.curve], place))
            fit = curve.name + (" (fit)" if curve.role == "fit" else "")
            parts.insert(0, fit if curve.name else curve.role)
        self.told.emit(" · ".join(filter(None, parts)))

    def _cell_at(self, cells: Cells, place: Place) -> str:
        column, row = self._cell_around(cells, place.x, place.y)
        return f"{cells.label}: {written(float(cells.values[row, column]), cells.unit)}"

    def _cell_around(self, cells: Cells, x: float, y: float) -> tuple[int, int]:
        """Column and row of the cell at a place, or of the nearest one."""
        return (
            _interval(along(cells.x_edges, self.panel.x), x),
            _interval(along(cells.y_edges, self.panel.y), y),
        )

    def _interval_at(self, one: CurveInPlot, place: Place) -> str:
        at, curve = np.flatnonzero((one.x == place.x) & (one.y == place.y)), one.curve
        if curve.low is None or curve.high is None or not len(at):
            return ""
        ends = [float(curve.low[at[0]]), float(curve.high[at[0]])]
        if not np.isfinite(ends).all():
            return ""
        low, high = (written(end, self.panel.y.unit, digits=5) for end in ends)
        return f"from {low} to {high}"

    def _draw_range(self) -> None:
        lo, hi = self.box.viewRange()[0]
        for one in self.curves:
            one.draw_range(lo, hi)

    def _along_x(self) -> Iterator[Array]:
        panel = self.panel
        if panel.cells:
            yield along(panel.cells.x_edges, panel.x)
            return
        yield along(np.array([place for place, _ in panel.x.ticks]), panel.x)
        for one in self.curves:
            yield one.x

    def _along_y(self) -> Iterator[Array]:
        panel = self.panel
        if panel.cells:
            yield along(panel.cells.y_edges, panel.y)
            return
        for one in self.curves:
            yield one.low
            yield one.high
        for curve in filter(_across, panel.curves):
            if np.isinf(curve.x).all():
                yield along(curve.y, panel.y)

    def _extent(self, values: Iterator[Array]) -> tuple[float, float]:
        found = np.concatenate([np.ravel(v) for v in values])
        found = found[np.isfinite(found)]
        return (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)

    def _not_too_close(self, lo: float, hi: float) -> tuple[float, float]:
        """A range of measures in which a small difference looks small."""
        if self.panel.x.ticks and not self.panel.y.log and lo > 0 and hi - lo < 0.1 * lo:
            return 0.9 * lo, 1.1 * hi
        return lo, hi


def _across(curve: Curve) -> bool:
    """Whether a curve is a helper line from one side of the panel to the other."""
    return curve.role == "guide" and bool(np.isinf(curve.x).all() or np.isinf(curve.y).all())


def _middles(edges: Array) -> Array:
    return (edges[1:] + edges[:-1]) / 2


def _interval(edges: Array, place: float) -> int:
    return min(max(int(np.searchsorted(edges, place)) - 1, 0), len(edges) - 2)


def _padded(lo: float, hi: float, share: float) -> tuple[float, float]:
    room = share * (hi - lo)
    return lo - room, hi + room

"""Coloured bands behind a trace, each with a text: which state was selected, from where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets, pg

_SHARE = 0.16
"""How much of a band's colour is over the background."""


class Bands(pg.GraphicsObject):
    """Bands from each start to the next, over the whole height of a plot.

    What is narrower than a pixel is passed over, so the time to draw depends on the width of
    the plot and not on the number of bands.

    Parameters
    ----------
    colour, text
        What a band of a value looks like, and what is written on it where there is room.
    """

    def __init__(self, colour: Callable[[float], str], text: Callable[[float], str]) -> None:
        super().__init__()
        self._colour, self._text = colour, text
        self._starts: Sequence[float] = ()
        self._values: Sequence[float] = ()
        self._end = 0.0
        self.setZValue(-10)

    def show_bands(self, starts: Sequence[float], values: Sequence[float], end: float) -> None:
        """Draw these, rising, the last one until `end`; they are looked at when drawn."""
        self._starts, self._values, self._end = starts, values, end
        self.update()

    def boundingRect(self) -> QtCore.QRectF:  # noqa: N802 (Qt's name)
        return QtCore.QRectF(self.viewRect())

    def viewRangeChanged(self) -> None:  # noqa: N802 (pyqtgraph's name)
        self.prepareGeometryChange()

    def paint(
        self, painter: QtGui.QPainter, _option: QtWidgets.QStyleOptionGraphicsItem,
        _widget: QtWidgets.QWidget | None = None,
    ) -> None:  # fmt: skip
        view = self.viewRect()
        if not self._starts or view.width() <= 0 or self.pixelWidth() <= 0:
            return
        # Drawn on the pixels of the screen, so that texts are not stretched with the axes.
        to_screen = painter.transform()
        scale = painter.device().devicePixelRatioF()
        painter.save()
        painter.setTransform(QtGui.QTransform.fromScale(scale, scale))
        corners = [to_screen.map(p) for p in (view.topLeft(), view.bottomRight())]
        top, bottom = sorted(c.y() / scale for c in corners)
        for start, end, value in self._visible(view.left(), view.right(), self.pixelWidth()):
            left, right = (to_screen.map(QtCore.QPointF(x, 0.0)).x() / scale for x in (start, end))
            self._band(painter, QtCore.QRectF(left, top, right - left, bottom - top), value)
        painter.restore()

    def _visible(self, lo: float, hi: float, pixel: float) -> list[tuple[float, float, float]]:
        """Bands in view that are a pixel wide at least: start, end, value."""
        found = []
        k = max(0, bisect_right(self._starts, lo) - 1)
        while k < len(self._starts) and self._starts[k] < hi:
            start = max(self._starts[k], lo)
            end = self._starts[k + 1] if k + 1 < len(self._starts) else self._end
            if end - start >= pixel:
                found.append((start, min(end, hi), self._values[k]))
                k += 1
            else:
                k = max(k + 1, bisect_right(self._starts, start + pixel) - 1)
        return found

    def _band(self, painter: QtGui.QPainter, place: QtCore.QRectF, value: float) -> None:
        look = theme.current()
        colour = QtGui.QColor(self._colour(value))
        painter.setPen(QtGui.QPen(colour, 1))
        painter.drawLine(place.topLeft(), place.bottomLeft())
        colour.setAlphaF(_SHARE)
        painter.fillRect(place, colour)
        text, metrics = self._text(value), painter.fontMetrics()
        if metrics.horizontalAdvance(text) + 6 <= place.width():
            painter.setPen(QtGui.QColor(look.text))
            painter.drawText(QtCore.QPointF(place.left() + 4, place.top() + metrics.ascent()), text)

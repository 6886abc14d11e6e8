"""The stimulus drawn from the compiled program: its first pulses, and the whole run.

    first 3 of 300 pulses
    1 mA ┌──┐  ┌──┐  ┌──┐
    0 ┘  └──┘  └──┘  └──
    whole run, 4 min 24 s
    ░░░░▐▐▐▌▌░░░░▐▐▐▌▌
    [ 500 ohm ][ 1 kohm ]

Up and down differ in colour and side of the line; a tick under the line is a recorded reading,
░ a reset; the strip below names the resistance.
"""  # fmt: skip

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets
from app.gui.prospect import span
from app.gui.stimulus_shape import First, Shape, What, Whole
from protocols.plan import Plan
from protocols.quantities import RESISTANCE, with_prefix

Qt = QtCore.Qt
_EMPTY = "The stimulus is drawn here once all parameters are accepted."
_RESET, _LOOP = Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.Dense6Pattern
_Entry: TypeAlias = tuple[str, str, Qt.BrushStyle]
_TICKS, _STRIP, _GAP = 5, 15, 3
"""Heights of the readings' ticks and of the strip of resistances, and distances, in pixels."""


class StimulusPreview(QtWidgets.QWidget):
    """Draws a stimulus; what it draws stays bounded however long the run is."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stimulus_preview")
        self.setAccessibleName("Stimulus")
        self._shape: Shape | None = None
        self._text = _EMPTY
        line = self.fontMetrics().height()
        self.setMinimumHeight(7 * line + 2 * 68 + _STRIP)
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )

    def show_plan(self, plan: Plan | None) -> None:
        """Draw a plan; None for none."""
        self.show_shape(None if plan is None else Shape.of(plan))

    def show_shape(self, shape: Shape | None, text: str = _EMPTY) -> None:
        """Draw what was worked out already, or say why there is nothing."""
        self._shape, self._text = shape, text
        self.setAccessibleDescription(text if shape is None else describe(shape))
        self.update()

    @property
    def shape(self) -> Shape | None:
        """What is drawn."""
        return self._shape

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        look = theme.current()
        with _painting(self) as painter:
            painter.fillRect(self.rect(), QtGui.QColor(look.field))
            painter.setPen(QtGui.QColor(look.border))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            inside = QtCore.QRectF(self.rect().adjusted(6, 4, -6, -4))
            if self._shape is None:
                painter.setPen(QtGui.QColor(look.disabled))
                flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
                painter.drawText(inside, flags, self._text)
            else:
                _Drawing(painter, inside, self._shape, look).draw()


def describe(shape: Shape) -> str:
    """The picture in words."""
    levels = np.concatenate((shape.whole.low, shape.whole.high, shape.first.level))
    low, high = (shape.quantity.format(float(f(levels))) for f in (np.nanmin, np.nanmax))
    return (
        f"{_shown(shape.first)}; whole run {span(shape.whole.duration)}; levels from {low} to "
        f"{high}"
    )


def _shown(first: First) -> str:
    if not first.of:
        return "first sweep"
    if first.pulses < first.of:
        return f"first {first.pulses} of {first.of} pulses"
    return "pulse of the first program" if first.of == 1 else "pulses of the first program"


class _painting:  # noqa: N801 (a context manager)
    """A painter that is ended whatever happens, as Qt needs it."""

    def __init__(self, widget: QtWidgets.QWidget) -> None:
        self._painter = QtGui.QPainter(widget)

    def __enter__(self) -> QtGui.QPainter:
        return self._painter

    def __exit__(self, *_: object) -> None:
        self._painter.end()


@dataclass(frozen=True)
class _Axes:
    """Where a panel draws: between its least and greatest level, each 0 or beyond it."""

    inside: QtCore.QRectF
    low: float
    high: float

    def y(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights of levels; the ticks of the readings have the lowest pixels."""
        share = (level - self.low) / ((self.high - self.low) or 1.0)
        return self.inside.top() + 1 + (self.inside.height() - _TICKS - 3) * (1 - share)


class _Drawing:
    """One picture of a shape."""

    def __init__(
        self, painter: QtGui.QPainter, place: QtCore.QRectF, shape: Shape, look: theme.Look
    ) -> None:
        self._painter, self._place, self._shape, self._look = painter, place, shape, look
        self._line = painter.fontMetrics().height()
        levels = {0.0}.union(*map(_ends, (shape.first.level, shape.whole.low, shape.whole.high)))
        words = map(shape.quantity.format, levels)
        self._margin = 8 + max(painter.fontMetrics().horizontalAdvance(w) for w in words)
        known = np.unique(shape.whole.resistance[~np.isnan(shape.whole.resistance)]).tolist()
        self._states = dict(zip(known, theme.state_colours(look, known), strict=True))

    def draw(self) -> None:
        """Draw both panels, one above the other, and what the signs mean."""
        line, place = self._line, self._place
        first, whole = self._shape.first, self._shape.whole
        legend = self._arranged(whole)
        below = line * (1 + legend[-1][1])
        height = (place.height() - 4 * line - below - _STRIP - 2 * _GAP) / 2
        top = place.top()
        self._say(top, _shown(first))
        axes = self._axes(top + line, height, first.level)
        self._times(axes, first.edges[0], first.edges[-1])
        self._first(axes, first)
        top += 2 * line + height + _GAP
        self._say(top, f"whole run, {span(whole.duration)}")
        axes = self._axes(top + line, height, np.concatenate((whole.low, whole.high)))
        self._times(axes, 0.0, whole.duration, _STRIP + 2)
        self._whole(axes, whole)
        strip = axes.inside.translated(0, axes.inside.height() + 2)
        strip.setHeight(_STRIP)
        self._strip(strip, whole)
        self._legend(place.bottom() - below, legend)

    def _say(self, top: float, text: str) -> None:
        self._painter.setPen(QtGui.QColor(self._look.text))
        box = QtCore.QRectF(self._place.left(), top, self._place.width(), self._line)
        self._painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft), text)

    def _axes(self, top: float, height: float, levels: NDArray[np.float64]) -> _Axes:
        """Write the levels at the left of a panel."""
        painter, line, place = self._painter, self._line, self._place
        low, high = _ends(levels)
        margin = self._margin
        words = {level: self._shape.quantity.format(level) for level in (low, high, 0.0)}
        words[0.0] = "0"
        inside = QtCore.QRectF(place.left() + margin, top + 2, place.width() - margin, height - 2)
        axes = _Axes(inside, low, high)
        painter.setPen(QtGui.QColor(self._look.text))
        right = int(Qt.AlignmentFlag.AlignRight) | int(Qt.AlignmentFlag.AlignVCenter)
        for level, text in words.items():
            middle = max(float(axes.y(np.array(level))), top + line / 2)
            box = QtCore.QRectF(place.left(), middle - line / 2, margin - 4, line)
            painter.drawText(box, right, text)
        return axes

    def _times(self, axes: _Axes, start: float, end: float, below: float = 0) -> None:
        inside = axes.inside
        under = QtCore.QRectF(inside.left(), inside.bottom() + below, inside.width(), self._line)
        self._painter.setPen(QtGui.QColor(self._look.text))
        self._painter.drawText(under, int(Qt.AlignmentFlag.AlignLeft), _time(start))
        self._painter.drawText(under, int(Qt.AlignmentFlag.AlignRight), _time(end))

    def _first(self, axes: _Axes, first: First) -> None:
        left, start = axes.inside.left(), first.edges[0]
        scale = axes.inside.width() / (first.edges[-1] - start)
        x = left + scale * (first.edges - start)
        self._fill(axes, x, np.minimum(first.level, 0), np.maximum(first.level, 0))
        self._outline(x, axes.y(first.level))
        begins, ends = (left + scale * (t - start) for t in (first.reading_from, first.reading_to))
        self._readings(axes, begins, ends)

    def _whole(self, axes: _Axes, whole: Whole) -> None:
        inside = axes.inside
        x = np.linspace(inside.left(), inside.right(), len(whole.low) + 1)
        for what, brush in ((What.RESET, _RESET), (What.LOOP, _LOOP)):
            for begin, end in _runs(whole.what == what):
                box = QtCore.QRectF(x[begin], inside.top(), x[end] - x[begin], inside.height())
                self._painter.fillRect(box, QtGui.QBrush(QtGui.QColor(self._look.border), brush))
        low, high = np.nan_to_num(whole.low), np.nan_to_num(whole.high)
        self._fill(axes, x, np.minimum(low, 0), np.maximum(high, 0))
        self._outline(x, axes.y(np.zeros(len(low))))
        places = x[:-1][whole.read]
        self._readings(axes, places, places + 1)

    def _fill(
        self,
        axes: _Axes,
        x: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
    ) -> None:
        figure, zero = self._look.figure, float(axes.y(np.zeros(1))[0])
        for level, colour in ((high, figure.up), (low, figure.down)):
            ink, heights = QtGui.QColor(colour), axes.y(level)
            for k in np.flatnonzero(level):
                right = max(x[k + 1], x[k] + 1)
                corners = QtCore.QPointF(x[k], zero), QtCore.QPointF(right, heights[k])
                self._painter.fillRect(QtCore.QRectF(*corners).normalized(), ink)

    def _outline(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self._painter.setPen(QtGui.QColor(self._look.text))
        points = zip(np.repeat(x, 2)[1:-1].tolist(), np.repeat(y, 2).tolist(), strict=True)
        self._painter.drawPolyline(QtGui.QPolygonF(QtCore.QPointF(a, b) for a, b in points))

    def _readings(self, axes: _Axes, begin: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        ink, top = QtGui.QColor(self._look.good), axes.inside.bottom() - _TICKS
        for a, b in zip(begin.tolist(), end.tolist(), strict=True):
            wide = max(1.5, b - a)
            self._painter.fillRect(QtCore.QRectF(b - wide, top, wide, _TICKS), ink)

    def _strip(self, strip: QtCore.QRectF, whole: Whole) -> None:
        painter, x = self._painter, np.linspace(strip.left(), strip.right(), len(whole.low) + 1)
        for begin, end in _equal(whole.resistance):
            resistance = float(whole.resistance[begin])
            if math.isnan(resistance):
                continue
            box = QtCore.QRectF(x[begin], strip.top(), x[end] - x[begin], strip.height())
            painter.fillRect(box, QtGui.QColor(self._states[resistance]))
            text = RESISTANCE.format(resistance)
            if painter.fontMetrics().horizontalAdvance(text) + 4 <= box.width():
                painter.setPen(QtGui.QColor(theme.ink_on(self._states[resistance])))
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)

    def _arranged(self, whole: Whole) -> list[tuple[float, int, _Entry]]:
        """Entries of the legend with their place in a row and their row."""
        figure, kinds, solid = self._look.figure, whole.what, Qt.BrushStyle.SolidPattern
        levels = np.concatenate((whole.low, whole.high, self._shape.first.level))
        entries: list[tuple[bool, _Entry]] = [
            (bool(np.nanmax(levels) > 0), ("positive", figure.up, solid)),
            (bool(np.nanmin(levels) < 0), ("negative", figure.down, solid)),
            (True, ("recorded reading", self._look.good, solid)),
            (What.RESET in kinds, ("reset", self._look.border, _RESET)),
            (What.LOOP in kinds, ("decided from what is read", self._look.border, _LOOP)),
            *(
                (len(self._states) > 1, (RESISTANCE.format(r), colour, solid))
                for r, colour in self._states.items()
            ),
        ]
        placed, x, row = [], 0.0, 0
        for entry in (entry for shown, entry in entries if shown):
            wide = 24 + self._painter.fontMetrics().horizontalAdvance(entry[0])
            if x and x + wide > self._place.width() + 10:
                x, row = 0.0, row + 1
            placed.append((x, row, entry))
            x += wide
        return placed

    def _legend(self, top: float, placed: Sequence[tuple[float, int, _Entry]]) -> None:
        for x, row, (text, colour, brush) in placed:
            left, line = self._place.left() + x, top + row * self._line
            box = QtCore.QRectF(left, line + self._line / 2 - 4, 10, 8)
            self._painter.fillRect(box, QtGui.QBrush(QtGui.QColor(colour), brush))
            self._painter.setPen(QtGui.QColor(self._look.text))
            self._painter.drawText(QtCore.QPointF(left + 14, line + self._line - 4), text)


def _ends(levels: NDArray[np.float64]) -> tuple[float, float]:
    """Least and greatest level, 0 between or among them."""
    return min(0.0, float(np.nanmin(levels))), max(0.0, float(np.nanmax(levels)))


def _time(seconds: float) -> str:
    return with_prefix(seconds, "s", 3) if seconds < 60 else span(seconds)


def _runs(chosen: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and after last of each stretch that is chosen."""
    edges = np.flatnonzero(np.diff(chosen.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _equal(values: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """First and after last of each stretch of equal values, NaN equal to itself."""
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    edges = [0, *(np.flatnonzero(~same) + 1).tolist(), len(values)]
    yield from itertools.pairwise(edges)

"""Colours, marks and legends of a chart in the window: those that its export has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.gui.binding import QtCore, QtGui, pg
from app.gui.theme import Look
from app.library.chart import Chart, Curve, Panel
from app.library.looks import DENSE, colours_of, is_kind, kinds_of, over_dense

Entry = tuple[str, str, str]
"""Sign, colour and text in a legend."""

_SYMBOLS = (("o", "●", "○"), ("s", "■", "□"), ("d", "◆", "◇"), ("t", "▼", "▽"), ("t1", "▲", "△"))
"""Marks of kinds: pyqtgraph's symbol, and the same as a character, full and hollow."""
_LINE, _DASHED = "━", "╍"
_DASHES = (
    QtCore.Qt.PenStyle.SolidLine, QtCore.Qt.PenStyle.DashLine, QtCore.Qt.PenStyle.DashDotLine,
    QtCore.Qt.PenStyle.DotLine,
)  # fmt: skip


@dataclass
class ChartDress:
    """What the panels of a chart share.

    Parameters
    ----------
    look
        Of the window.
    colours
        Of each curve.
    kinds
        Number of each name that stands for a kind.
    runs
        The runs that curves are of.
    told
        Names and colours that a legend has explained.
    """

    look: Look
    colours: Mapping[Curve, str]
    kinds: Mapping[str, int]
    runs: list[str]
    told: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, chart: Chart, look: Look) -> ChartDress:
        """The dress of a chart of which nothing is drawn yet."""
        curves = [c for row in chart.rows for panel in row for c in panel.curves]
        runs = list(dict.fromkeys(c.run for c in curves if c.run))
        return cls(look, colours_of(chart, look.figure), kinds_of(chart), runs)

    def colour(self, curve: Curve, panel: Panel) -> str:
        """Of a curve; a fit over marks that would hide it is drawn in ink."""
        return self.look.text if over_dense(curve, panel) else self.colours[curve]

    def pen(self, curve: Curve, panel: Panel) -> QtGui.QPen:
        """For the line of a curve, a pixel wide."""
        style = QtCore.Qt.PenStyle.SolidLine
        if curve.role == "guide" and curve.name:
            style = QtCore.Qt.PenStyle.DashLine
        elif curve.run:
            # Another dash for runs that share a colour.
            place = self.runs.index(curve.run) // len(self.look.figure.runs)
            style = _DASHES[place % len(_DASHES)]
        pen: QtGui.QPen = pg.mkPen(self.colour(curve, panel), width=1, style=style)
        return pen

    def mark(self, curve: Curve) -> dict[str, object]:
        """How the points of a curve are marked, as `pyqtgraph.ScatterPlotItem` takes it."""
        dense, colour = len(curve.x) > DENSE, self.colours[curve]
        return {
            "symbol": self._symbol(curve)[0], "size": 4 if dense else 8,
            "pen": None if dense else pg.mkPen(colour, width=1),
            "brush": pg.mkBrush(self.look.field if curve.partial else colour),
        }  # fmt: skip

    def run_entries(self) -> list[Entry]:
        """The legend of the runs; empty where there is but one."""
        colours = {c.run: colour for c, colour in self.colours.items() if c.run}
        return [(_LINE, colours[run], run) for run in self.runs]

    def entries(self, panel: Panel) -> list[Entry]:
        """The legend of a panel; what one before it has explained is left out."""
        signs: dict[tuple[str, str], tuple[str, str]] = {}
        for curve in panel.curves:
            key = (curve.name, self.colours[curve])
            if not curve.name or curve.run or key in self.told or over_dense(curve, panel):
                continue
            mark, line = signs.get(key, ("", ""))
            if curve.marks and not mark:
                # The first of its name: whole ones stand for hollow ones.
                mark = self._symbol(curve)[2 if curve.partial else 1]
            if curve.line:
                line = _DASHED if curve.role == "guide" else _LINE
            signs[key] = mark, line
        self.told |= signs.keys()
        found = [(mark + line, colour, name) for (name, colour), (mark, line) in signs.items()]
        if found and any(over_dense(c, panel) for c in panel.curves):
            found.append((_LINE, self.look.text, "fit"))
        return found

    def _symbol(self, curve: Curve) -> tuple[str, str, str]:
        rank = self.kinds[curve.name] if is_kind(curve) else 0
        return _SYMBOLS[rank % len(_SYMBOLS)]

"""A panel of a chart with its letter, title, note, legend and colour bar."""

from __future__ import annotations

import html

import numpy as np

from app.gui.binding import QtCore, QtWidgets
from app.gui.chart_dress import ChartDress
from app.gui.chart_plot import BOTTOM, MAP_COLOURS, ChartPlot
from app.gui.colour_bar import ColourBar
from app.gui.legend import Legend
from app.library.chart import Panel

_HEIGHT, _LEAST = 160, 165
"""Height between the axes at least: of a panel of height 1, and of any panel; in pixels."""


class ChartPanel(QtWidgets.QWidget):
    """Shows a panel; one with neither curves nor cells says its note in their place."""

    def __init__(
        self, panel: Panel, letter: str, dress: ChartDress, parent: QtWidgets.QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.plot: ChartPlot | None = None
        drawn = bool(panel.curves or panel.cells)
        heading = [f"<b>{letter}</b>" if letter else "", html.escape(panel.title),
                   html.escape(panel.note) if drawn else ""]  # fmt: skip
        if any(heading):
            label = QtWidgets.QLabel("&ensp;".join(filter(None, heading)), wordWrap=True)
            label.setTextFormat(QtCore.Qt.TextFormat.RichText)
            layout.addWidget(label)
        if not drawn:
            note = QtWidgets.QLabel(panel.note, wordWrap=True)
            note.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
            layout.addWidget(note, 1)
            return
        legend = Legend()
        layout.addWidget(legend)
        legend.show_entries(dress.entries(panel))
        self.plot = ChartPlot(panel, dress)
        self.plot.setAccessibleName(" ".join(filter(None, ("Plot", letter, panel.title))))
        self.plot.setMinimumHeight(max(_LEAST, round(_HEIGHT * panel.height)) + BOTTOM)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.plot, 1)
        if panel.cells and np.isfinite(panel.cells.values).any():
            bar = ColourBar(panel.cells, MAP_COLOURS)
            bar.getAxis("bottom").setHeight(BOTTOM)
            row.addWidget(bar)
        layout.addLayout(row, 1)

"""What the colours of cells stand for: a bar with an axis of its own."""

from __future__ import annotations

import numpy as np

from app.gui import theme
from app.gui.binding import QtCore, QtWidgets, pg
from app.gui.scale import Scale
from app.library.chart import Cells

_STEPS = 128
_WIDTH = 86
"""Of the bar with its axis and label, in pixels."""


class ColourBar(pg.PlotWidget):
    """A bar of the colours of cells, along an even axis of their values.

    Parameters
    ----------
    cells
        What is coloured.
    colours
        Name of the colour map.
    """

    def __init__(self, cells: Cells, colours: str, parent: QtWidgets.QWidget | None = None) -> None:
        axis = Scale("right")
        super().__init__(parent, axisItems={"right": axis})
        self.setFixedWidth(_WIDTH)
        self.setMinimumHeight(0)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.hideAxis("left")
        # Holds the place of the x axis beside it, so that both end at one height.
        bottom = self.getAxis("bottom")
        bottom.setStyle(showValues=False, tickLength=0)
        bottom.setPen(None)
        self.showAxis("right")
        self.axis = axis
        axis.describe(cells.label, cells.unit)
        lo, hi = cells.levels
        edges = np.linspace(lo, hi, _STEPS + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        x, y = np.meshgrid([0.0, 1.0], edges)
        shades = cells.shade(middles)[:, np.newaxis]
        bar = pg.PColorMeshItem(
            x, y, shades, colorMap=pg.colormap.get(colours), levels=(0.0, 1.0),
            enableAutoLevels=False,
        )  # fmt: skip
        self.addItem(bar)
        self.setRange(xRange=(0, 1), yRange=(lo, hi), padding=0)
        look = theme.current()
        self.setBackground(look.field)
        axis.setPen(look.border)
        axis.setTextPen(look.text)

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        return QtCore.QSize(_WIDTH, 0)

    def wheelEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        event.ignore()  # type: ignore[attr-defined]

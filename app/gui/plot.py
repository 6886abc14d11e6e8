"""A plot with the window's look, the mouse and the keys that all of its plots share."""

from __future__ import annotations

from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets, Signal, pg
from app.gui.cursor import Cursor, Curves, Place
from app.gui.scale import Scale

_Key = QtCore.Qt.Key
_STEPS: dict[int, int] = {_Key.Key_Left: -1, _Key.Key_Right: 1}
_CURVES: dict[int, int] = {_Key.Key_Up: -1, _Key.Key_Down: 1}
_ZOOMS: dict[int, float] = {_Key.Key_Plus: 0.5, _Key.Key_Equal: 0.5, _Key.Key_Minus: 2.0}
HELP = (
    "Drag to move, wheel to zoom. Keys: left and right move the cursor from point to point, "
    "up and down from curve to curve, + and - zoom, Home shows everything."
)


class Plot(pg.PlotWidget):
    """A pair of axes. It never chooses its range by itself; whoever draws does."""

    moved_by_hand = Signal()
    """The person panned or zoomed."""
    whole_asked = Signal()
    """The person asked to see everything."""
    cursor_moved = Signal(object)
    """The cursor is at this `Place`."""

    _built = False

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        self.bottom, self.left = Scale("bottom"), Scale("left")
        super().__init__(parent, axisItems={"bottom": self.bottom, "left": self.left})
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 90)
        self.setToolTip(HELP)
        # Its menu offers what is done elsewhere, and exports that know no unit.
        self.setMenuEnabled(False)
        self.hideButtons()
        self.box: pg.ViewBox = self.getViewBox()
        self.box.disableAutoRange()
        self.cursor_line = pg.InfiniteLine(angle=90)
        self.cursor_line.setZValue(20)
        self.spot = pg.ScatterPlotItem(size=9, symbol="o", brush=None)
        self.spot.setZValue(21)
        for item in (self.cursor_line, self.spot):
            item.setVisible(False)
            self.box.addItem(item, ignoreBounds=True)
        self._cursor = Cursor()
        self.box.sigRangeChangedManually.connect(lambda _: self.moved_by_hand.emit())
        self.scene().sigMouseMoved.connect(self._mouse_moved)
        self._built = True
        self.dress()

    @property
    def pixels(self) -> int:
        """Columns of pixels between the axes."""
        return max(1, int(self.box.width()))

    def set_points(self, curves: Curves) -> None:
        """The cursor goes along the points of these curves."""
        self._cursor.set_curves(curves)

    def point_to(self, x: float, y: float) -> None:
        """Bring the cursor to the point that is nearest to a place on the screen."""
        lo, hi = self.box.viewRange()[0]
        self._settle(self._cursor.nearest(x, y, self.box.viewPixelSize(), (lo, hi)))

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        # A plot takes what room there is and asks for none.
        least: QtCore.QSize = self.minimumSize()
        return least

    def hide_cursor(self) -> None:
        """Take the cursor away."""
        self._cursor.place = None
        self.cursor_line.setVisible(False)
        self.spot.setVisible(False)

    def show_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show a range of both axes; one of no length is made wider."""
        self.box.setRange(xRange=_wide(*x), yRange=_wide(*y), padding=0, disableAutoRange=False)

    def dress(self) -> None:
        """Take the colours of the application's present look."""
        look = theme.current()
        self.setBackground(look.field)
        for axis in (self.bottom, self.left):
            axis.setPen(look.border)
            axis.setTextPen(look.text)
        self.cursor_line.setPen(pg.mkPen(look.text, width=1, style=QtCore.Qt.PenStyle.DashLine))
        self.spot.setPen(pg.mkPen(look.text, width=1))

    def changeEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        super().changeEvent(event)
        if self._built and event.type() == QtCore.QEvent.Type.PaletteChange:
            self.dress()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        key = event.key()
        if event.modifiers() & ~QtCore.Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        elif key in _STEPS:
            self._settle(self._cursor.step(_STEPS[key]))
        elif key in _CURVES:
            self._settle(self._cursor.change(_CURVES[key]))
        elif key in _ZOOMS:
            self._zoom(_ZOOMS[key])
        elif key == _Key.Key_Home:
            self.whole_asked.emit()
        else:
            event.ignore()

    def _zoom(self, factor: float) -> None:
        lo, hi = self.box.viewRange()[0]
        middle = self.cursor_line.value() if self.cursor_line.isVisible() else (lo + hi) / 2
        middle = min(max(middle, lo), hi)
        self.box.setXRange(
            middle + (lo - middle) * factor, middle + (hi - middle) * factor, padding=0
        )
        self.moved_by_hand.emit()

    def _mouse_moved(self, position: QtCore.QPointF) -> None:
        if self.box.sceneBoundingRect().contains(position):
            place = self.box.mapSceneToView(position)
            self.point_to(place.x(), place.y())

    def _settle(self, place: Place | None) -> None:
        if place is None:
            return
        self.cursor_line.setPos(place.x)
        self.spot.setData([place.x], [place.y])
        self.cursor_line.setVisible(True)
        self.spot.setVisible(True)
        self.cursor_moved.emit(place)


def _wide(lo: float, hi: float) -> tuple[float, float]:
    least = max(abs(lo), abs(hi)) * 1e-9 or 1e-9
    return (lo, hi) if hi - lo > least else (lo - 0.5 * (abs(lo) or 1), hi + 0.5 * (abs(hi) or 1))

"""Fusion with outlines that can be seen on any background, and a thick one for the focus."""

from __future__ import annotations

from app.gui.binding import QtCore, QtGui, QtWidgets

_Style = QtWidgets.QStyle
_State = _Style.StateFlag
PROBLEM = "problem"
"""Property of a widget whose content is not accepted: its outline is that of a fault."""


class Outlines(QtWidgets.QProxyStyle):
    """Draws what Fusion draws, then its outline again.

    Parameters
    ----------
    border, focus, fault
        Colours of an outline, of that of the widget with the focus, and of one that holds
        something that is not accepted.
    """

    _FRAMES = (
        _Style.PrimitiveElement.PE_FrameLineEdit,
        _Style.PrimitiveElement.PE_PanelButtonCommand,
        _Style.PrimitiveElement.PE_IndicatorCheckBox,
        _Style.PrimitiveElement.PE_FrameGroupBox,
        _Style.PrimitiveElement.PE_Frame,
        _Style.PrimitiveElement.PE_FrameTabWidget,
    )
    _BOXES = (_Style.ComplexControl.CC_ComboBox, _Style.ComplexControl.CC_SpinBox)

    def __init__(self, border: str, focus: str, fault: str) -> None:
        super().__init__("Fusion")
        self._border, self._focus = QtGui.QColor(border), QtGui.QColor(focus)
        self._fault = QtGui.QColor(fault)

    def drawPrimitive(  # noqa: N802 (Qt's name)
        self,
        element: _Style.PrimitiveElement,
        option: QtWidgets.QStyleOption,
        painter: QtGui.QPainter,
        widget: QtWidgets.QWidget | None = None,
    ) -> None:
        super().drawPrimitive(element, option, painter, widget)
        if element in self._FRAMES:
            self._outline(option, painter, widget)

    def drawComplexControl(  # noqa: N802 (Qt's name)
        self,
        control: _Style.ComplexControl,
        option: QtWidgets.QStyleOptionComplex,
        painter: QtGui.QPainter,
        widget: QtWidgets.QWidget | None = None,
    ) -> None:
        super().drawComplexControl(control, option, painter, widget)
        if control in self._BOXES:
            self._outline(option, painter, widget)

    def _outline(
        self,
        option: QtWidgets.QStyleOption,
        painter: QtGui.QPainter,
        widget: QtWidgets.QWidget | None,
    ) -> None:
        focused = bool(option.state & _State.State_HasFocus)
        focused = focused and bool(option.state & _State.State_Enabled)
        wrong = widget is not None and bool(widget.property(PROBLEM))
        colour = self._fault if wrong else self._focus if focused else self._border
        width = 2 if focused or wrong else 1
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
        painter.setPen(QtGui.QPen(colour, width))
        inset = width / 2
        place = QtCore.QRectF(option.rect).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(place, 2, 2)
        painter.restore()

"""Editors that say at once, in words, why what they hold is not accepted.

What was typed or chosen stays as it is: nothing is completed, rounded, clipped or put back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.gui.binding import QtCore, QtGui, QtWidgets, Signal
from app.gui.outlines import PROBLEM

Read = Callable[[str], Any]
"""Turns text into a value; a ValueError says why it is not accepted."""


class Checked(QtWidgets.QWidget):
    """A control, and under it what is wrong with what it holds.

    Parameters
    ----------
    control
        What a person types into or chooses from.
    read
        From its text to a value.

    Attributes
    ----------
    textChanged
        Emitted whenever the text is another, with the text.
    control
        As given: for labels, tab order and tooltips.
    """

    textChanged = Signal(str)  # noqa: N815 (as Qt names it)

    def __init__(
        self, control: QtWidgets.QWidget, read: Read, parent: QtWidgets.QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.control, self._read, self._complaint = control, read, ""
        self.setFocusProxy(control)
        self._message = QtWidgets.QLabel()
        self._message.setObjectName("message")
        self._message.setProperty("kind", "error")
        self._message.setWordWrap(True)
        self._message.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self._message.hide()
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(control)
        column.addWidget(self._message)

    def text(self) -> str:
        """What it holds."""
        raise NotImplementedError

    def set_text(self, text: str) -> None:
        """Replace what it holds."""
        raise NotImplementedError

    def value(self) -> Any:
        """What the text stands for.

        Raises
        ------
        ValueError
            It is not accepted; the message is the one on show.
        """
        return self._read(self.text())

    @property
    def error(self) -> str:
        """Why the text is not accepted, or why others object to it; empty when all is well."""
        try:
            self.value()
        except ValueError as error:
            return str(error)
        return self._complaint

    def complain(self, text: str) -> None:
        """Show what others have against the value, until the text changes; "" for nothing."""
        self._complaint = text
        self._show_error()

    def _changed(self) -> None:
        self._complaint = ""
        self._show_error()
        self.textChanged.emit(self.text())

    def _show_error(self) -> None:
        error = self.error
        self._message.setText(error and f"Error: {error}")
        self._message.setVisible(bool(error))
        self.control.setProperty(PROBLEM, bool(error))
        self.control.setAccessibleDescription(error)
        self.control.update()


class CheckedEdit(Checked):
    """A line to type into."""

    def __init__(self, read: Read, parent: QtWidgets.QWidget | None = None) -> None:
        self.edit = QtWidgets.QLineEdit()
        super().__init__(self.edit, read, parent)
        self.edit.textChanged.connect(self._changed)
        self._show_error()

    def text(self) -> str:
        return str(self.edit.text())

    def set_text(self, text: str) -> None:
        # The beginning of a long list is what tells it apart.
        self.edit.setText(text)
        self.edit.setCursorPosition(0)


class CheckedChoice(Checked):
    """A list of texts to choose from; each pair is what is shown and what it stands for."""

    def __init__(
        self,
        read: Read,
        choices: Sequence[tuple[str, str]],
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        self._list = Choice()
        for shown, text in choices:
            self._list.addItem(shown, text)
        super().__init__(self._list, read, parent)
        self._list.currentIndexChanged.connect(self._changed)
        self._show_error()

    def text(self) -> str:
        return str(self._list.currentData())

    def set_text(self, text: str) -> None:
        self._list.setCurrentIndex(self._list.findData(text))


class CheckedSwitch(Checked):
    """On or off; the texts "True" and "False"."""

    def __init__(self, read: Read, parent: QtWidgets.QWidget | None = None) -> None:
        self._box = QtWidgets.QCheckBox("yes")
        super().__init__(self._box, read, parent)
        self._box.toggled.connect(self._changed)
        self._show_error()

    def text(self) -> str:
        return str(self._box.isChecked())

    def set_text(self, text: str) -> None:
        self._box.setChecked(text == "True")


class Choice(QtWidgets.QComboBox):
    """A list to choose from that the wheel of a mouse scrolls past and does not turn."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(8)
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:  # noqa: N802 (Qt's name)
        event.ignore()

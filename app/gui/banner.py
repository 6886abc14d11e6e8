"""What went wrong or wants attention, above everything, until the operator dismisses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.gui import theme
from app.gui.binding import QtCore, QtWidgets


@dataclass(frozen=True)
class Remedy:
    """A button of the banner: what it says and what it does."""

    text: str
    act: Callable[[], None]


class Banner(QtWidgets.QFrame):
    """One message at a time, the worst first; it is never modal and never goes by itself."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._kind = QtWidgets.QLabel()
        self._kind.setObjectName("banner_kind")
        self._text = QtWidgets.QLabel(wordWrap=True)
        self._text.setTextInteractionFlags(
            QtCore.Qt.TextInteractionFlag.TextSelectableByMouse
            | QtCore.Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._details = QtWidgets.QPlainTextEdit(readOnly=True, visible=False)
        self._details.setMaximumHeight(120)
        self._remedies = QtWidgets.QHBoxLayout()
        self._more = QtWidgets.QPushButton("&Details", checkable=True)
        self._more.toggled.connect(self._details.setVisible)
        dismiss = QtWidgets.QPushButton("Dis&miss")
        dismiss.setObjectName("banner_dismiss")
        dismiss.clicked.connect(self.dismiss)
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._kind)
        line.addWidget(self._text, 1)
        line.addLayout(self._remedies)
        line.addWidget(self._more)
        line.addWidget(dismiss)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(8, 4, 8, 4)
        whole.addLayout(line)
        whole.addWidget(self._details)
        self.hide()

    def tell(
        self, kind: str, text: str, details: str = "", remedies: tuple[Remedy, ...] = ()
    ) -> bool:
        """Show a message; whether it is shown.

        Parameters
        ----------
        kind
            "FAULT", "WARNING" or "RESULT"; nothing else replaces a fault that is still shown.
        text
            What happened, what is safe, what was saved.
        details
            What helps to find the cause.
        remedies
            Buttons besides Details and Dismiss.
        """
        if self.isVisible() and self.kind == "FAULT" and kind != "FAULT":
            return False
        theme.set_kind(self, kind.lower())
        self._kind.setText(kind)
        self._text.setText(text)
        self._details.setPlainText(details)
        self._more.setChecked(False)
        self._more.setVisible(bool(details))
        while (item := self._remedies.takeAt(0)) is not None:
            item.widget().deleteLater()
        for remedy in remedies:
            button = QtWidgets.QPushButton(remedy.text)
            button.clicked.connect(lambda _checked, act=remedy.act: self._remedy(act))
            self._remedies.addWidget(button)
        self.show()
        return True

    @property
    def kind(self) -> str:
        """What the message on show is."""
        return str(self._kind.text())

    @property
    def text(self) -> str:
        """The message on show."""
        return str(self._text.text())

    def dismiss(self) -> None:
        """Take the message away."""
        self.hide()

    def _remedy(self, act: Callable[[], None]) -> None:
        self.hide()
        act()

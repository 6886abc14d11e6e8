"""F12 ends whatever is done to the device, wherever the keyboard's focus is."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.binding import QtCore, QtGui, QtWidgets

Qt = QtCore.Qt


class AbortKey(QtCore.QObject):
    """Sees every key before any widget does: a shortcut would not fire while a prompt is open.

    Parameters
    ----------
    abort
        Called once a press, not for its repeats.
    """

    def __init__(self, application: QtWidgets.QApplication, abort: Callable[[], None]) -> None:
        super().__init__(application)
        self._application, self._abort = application, abort
        application.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:  # noqa: ARG002, N802
        # ShortcutOverride comes to the focused widget first, KeyPress after it: act on one.
        if (
            event.type() == QtCore.QEvent.Type.KeyPress
            and isinstance(event, QtGui.QKeyEvent)
            and event.key() == Qt.Key.Key_F12
        ):
            # The first object that gets the key is the native window; consumed there, it goes
            # no further, so this acts once.
            if not event.isAutoRepeat():
                self._abort()
            return True
        return False

    def remove(self) -> None:
        """Let the keys go again."""
        self._application.removeEventFilter(self)

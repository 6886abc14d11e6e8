"""`fmes-gui`: the window for experimenters."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from app.gui.abort_key import AbortKey
from app.gui.binding import QtCore, QtWidgets
from app.gui.library_link import LibraryLink
from app.gui.preferences import Preferences
from app.gui.station_link import StationLink
from app.gui.window import Window


def main(arguments: list[str] | None = None) -> int:
    """Open the window; returns the exit code."""
    given = _parser().parse_args(arguments)
    application = QtWidgets.QApplication(sys.argv[:1])
    application.setApplicationName("fmes-lab")
    preferences = Preferences(QtCore.QSettings("fmes-lab", "fmes-gui"))
    if given.out:
        preferences.folder = given.out.absolute()
    window = Window(StationLink(), LibraryLink(), preferences, given.rig)
    sys.excepthook = window.slot_failed
    keys = AbortKey(application, window.abort)
    signals = Signals(window)
    window.show()
    QtCore.QTimer.singleShot(0, window.begin)
    try:
        return int(application.exec())
    finally:
        keys.remove()
        signals.close()
        sys.excepthook = sys.__excepthook__


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fmes-gui", description="The window for experimenters.")
    parser.add_argument(
        "--rig", type=Path, help="rig file to connect to; the simulated rig without it"
    )
    parser.add_argument("--out", type=Path, help="folder for runs")
    return parser


class Signals(QtCore.QObject):
    """Lets SIGTERM and Ctrl-C in the terminal stop the run safely and close the window.

    Qt's loop is not left for a signal: a pipe that Python writes its number to wakes it.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno())
        self._old = {s: signal.signal(s, self._come) for s in (signal.SIGTERM, signal.SIGINT)}
        self._notifier = QtCore.QSocketNotifier(
            self._reader.fileno(),  # type: ignore[arg-type]  # the stubs ask for a pointer
            QtCore.QSocketNotifier.Type.Read,
            self,
        )
        self._notifier.activated.connect(self._woken)

    def close(self) -> None:
        """Leave the signals as they were."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    @staticmethod
    def _come(_number: int, _frame: FrameType | None) -> None:
        """What is to be done is done in the loop."""

    def _woken(self) -> None:
        self._reader.recv(64)
        for box in self._window.findChildren(QtWidgets.QDialog):
            box.reject()
        self._window.stop_and_close()


if __name__ == "__main__":
    raise SystemExit(main())

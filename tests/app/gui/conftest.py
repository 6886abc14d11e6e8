"""A window on a station and a library of its own, and the end of both after the test."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

# Read by Qt when the application is made: sizes in the tests do not depend on a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_FONT_DPI", "96")

from app.gui.binding import QtCore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where runs are recorded."""
    runs = tmp_path / "runs"
    runs.mkdir()
    return runs


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the station of this test says how it is reached."""
    path = tmp_path / "runtime"
    monkeypatch.setenv("FMES_LAB_RUNTIME", str(path))
    return path


@pytest.fixture
def station_process(runtime: Path):
    """The process number of the test's station."""

    def pid() -> int:
        (where,) = runtime.glob("*.json")
        return int(json.loads(where.read_text(encoding="utf-8"))["pid"])

    return pid


@pytest.fixture
def ready(qtbot, tmp_path, folder, runtime, station_process):
    """Open a window and wait until it can run something."""
    from app.gui.abort_key import AbortKey
    from app.gui.binding import QtWidgets
    from app.gui.library_link import LibraryLink
    from app.gui.preferences import Preferences
    from app.gui.station_link import StationLink
    from app.gui.window import Window

    made: list[tuple[Window, AbortKey]] = []

    def make(
        speed: str = "20 times",
        *,
        connected_only: bool = False,
        rig: Path | None = None,
        rehearse: bool = False,
    ):
        settings = QtCore.QSettings(str(tmp_path / "gui.ini"), QtCore.QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        preferences.folder = folder
        preferences.rehearse = rehearse
        window = Window(StationLink(), LibraryLink(), preferences, rig)
        window.layout_.rig.set_speed(speed)
        made.append((window, AbortKey(QtWidgets.QApplication.instance(), window.abort)))
        window.show()
        window.begin()
        state = window.findChild(QtWidgets.QLabel, "status_state")
        wanted = ("RUNNING", "IDLE") if connected_only else ("IDLE",)
        qtbot.waitUntil(lambda: state.text() in wanted, timeout=30_000)
        if not connected_only:
            qtbot.waitUntil(window.layout_.run.isEnabled, timeout=10_000)
        return window

    yield make
    for window, keys in made:
        keys.remove()
        if window.isVisible():
            window.leave_and_close()
        window.deleteLater()
    for where in runtime.glob("*.json"):
        _end(int(json.loads(where.read_text(encoding="utf-8"))["pid"]))


def _end(pid: int) -> None:
    """End a station as the system would, and wait for it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        for _ in range(200):
            if _gone(pid):
                return
            time.sleep(0.05)


def _gone(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # it was started by a process that has ended
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

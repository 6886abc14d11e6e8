"""Pictures of the window for the documentation, from the real window on the simulated rig.

    python docs/make_screenshots.py [FOLDER]

It measures what each tab shows, through a station as always, and takes a picture of each tab
in the light and the dark theme. With a folder they go there, at the least and at a large
size too, to be looked at; without it those of the pages are made anew in docs/images.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_FONT_DPI", "96")

from app.gui.binding import QtCore, QtWidgets
from app.gui.library_link import LibraryLink
from app.gui.preferences import Preferences
from app.gui.results import CHARTED, OTHER
from app.gui.station_link import StationLink
from app.gui.window import Window

IMAGES = Path(__file__).parent / "images"
SIZES = {"": (1280, 800)}
EVERY_SIZE = {"-1024": (1024, 640), "": (1280, 800), "-1920": (1920, 1080)}
RUNS = (
    ("iv-sweep", {}), ("ppf", {}), ("retention", {}), ("learning", {}),
    ("ltp-ltd", {"amplitude": 0.5e-3}), ("ltp-ltd", {}),
)  # fmt: skip
TABS = ("Live", *CHARTED.values(), OTHER, "Compare", "Log")
ON_PAGES = ("Live", "PPF", "LTP/LTD", "Compare")


def wait(what: Callable[[], bool], seconds: float) -> None:
    """Let the window live until something is true."""
    timer = QtCore.QElapsedTimer()
    timer.start()
    while not what():
        if timer.hasExpired(int(seconds * 1000)):
            raise TimeoutError(f"not within {seconds} s")
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 50)


def settle() -> None:
    """Let what was asked for be drawn."""
    timer = QtCore.QElapsedTimer()
    timer.start()
    wait(lambda: timer.hasExpired(1500), 5)


def measure(window: Window) -> None:
    """Queue every run as an experimenter would, play the queue, and tick two to compare."""
    layout = window.layout_
    for protocol, values in RUNS:
        layout.form.load(protocol, "", values, "D7", "")
        wait(layout.queue.isEnabled, 30)
        before = len(window.model.rows)
        layout.queue.trigger()
        wait(lambda before=before: len(window.model.rows) > before, 30)
    layout.form.load("ltp-ltd", "", {}, "D7", "")
    window.start_queue()
    wait(lambda: [r.status for r in window.model.rows].count("finished") == len(RUNS), 300)
    wait(lambda: layout.form.expected.text().startswith("expected"), 120)
    for k, row in enumerate(window.model.rows):
        if row.protocol == "ltp-ltd":
            index = window.model.index(k, 0)
            window.model.setData(
                index, QtCore.Qt.CheckState.Checked, QtCore.Qt.ItemDataRole.CheckStateRole
            )
    settle()


def pictures(
    window: Window, folder: Path, tabs: Iterable[str], sizes: dict[str, tuple[int, int]]
) -> None:
    """One picture a tab, theme and size."""
    for dark in (False, True):
        window.set_dark(dark)
        for suffix, size in sizes.items():
            window.resize(*size)
            for title in tabs:
                window.layout_.show_tab(title)
                settle()
                name = title.lower().replace("/", "-").replace(" ", "-")
                path = folder / f"window-{name}{suffix}{'-dark' if dark else ''}.png"
                window.grab().save(str(path))
                sys.stdout.write(f"{path}\n")


def main() -> None:
    """Measure, then take the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    tabs, sizes = (TABS, EVERY_SIZE) if len(sys.argv) > 1 else (ON_PAGES, SIZES)
    folder.mkdir(parents=True, exist_ok=True)
    application = QtWidgets.QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["FMES_LAB_RUNTIME"] = str(Path(scratch) / "runtime")
        settings = QtCore.QSettings(f"{scratch}/gui.ini", QtCore.QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        preferences.folder = Path(scratch) / "runs"
        window = Window(StationLink(), LibraryLink(), preferences)
        window.layout_.rig.set_speed("as fast as possible")
        window.show()
        window.begin()
        wait(window.layout_.run.isEnabled, 60)
        measure(window)
        pictures(window, folder, tabs, sizes)
        window.close()
    del application


if __name__ == "__main__":
    main()

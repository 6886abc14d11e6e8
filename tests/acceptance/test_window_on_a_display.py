"""The installed window under a real X display with a window manager, driven by keys.

What is looked at is what a person sees: pixels, the window's title, and the run's file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from data.errors import DataError
from data.reader import Run, open_run
from data.run import Outcome

NEEDED = ("Xvfb", "openbox", "xdotool", "import")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING),
    reason=f"not installed: {', '.join(MISSING)}; `tools/qt-libraries tests` installs them",
)
WINDOW = str(Path(sys.executable).with_name("fmes-gui"))
EMULATE = [str(Path(sys.executable).with_name("fmes")), "emulate", "2602b", "--port", "0"]


def until(what: Callable[[], object], seconds: float = 60.0) -> object:
    """Wait for something to become true; it is what is asserted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Desktop:
    """An X server with a window manager, and what is started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = folder / "runs"
        self.processes: list[subprocess.Popen[bytes]] = []
        reading, writing = os.pipe()
        self._start(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
        )
        os.close(writing)
        with open(reading, "rb") as told:
            self.display = f":{told.readline().decode().strip()}"
        self.environment = {
            **os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb",
            "XDG_CONFIG_HOME": str(folder / "config"), "HOME": str(folder),
            "FMES_LAB_RUNTIME": str(folder / "runtime"), "QT_FONT_DPI": "96",
        }  # fmt: skip
        until(self._managed)

    def _start(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        with (self.folder / "stderr.txt").open("ab") as messages:
            process = subprocess.Popen(
                command, env=getattr(self, "environment", None), cwd=self.folder,
                stderr=messages, **options,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def _managed(self) -> bool:
        """Start a window manager; the server may say its number before it lets anybody in."""
        manager = self._start(["openbox"])
        with suppress(subprocess.TimeoutExpired):
            manager.wait(1.0)
        return manager.poll() is None

    def open_window(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = self._start([WINDOW, "--out", str(self.runs), *arguments])
        until(lambda: self.title().startswith("fmes-lab - IDLE"))
        self.xdotool("search", "--onlyvisible", "--name", "^fmes-lab", "windowactivate", "--sync")
        return process

    def xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=self.environment, capture_output=True, text=True,
            timeout=30, check=False,
        )  # fmt: skip
        return done.stdout

    def key(self, *names: str) -> None:
        for name in names:
            self.xdotool("key", "--clearmodifiers", name)
            time.sleep(0.15)

    def titles(self) -> list[str]:
        found = self.xdotool("search", "--onlyvisible", "--name", "").split()
        return [self.xdotool("getwindowname", number).strip() for number in found]

    def title(self) -> str:
        return next((t for t in self.titles() if t.startswith("fmes-lab")), "")

    def look(self) -> np.ndarray:
        picture = self.folder / f"screen-{time.monotonic_ns()}.png"
        subprocess.run(
            ["import", "-window", "root", str(picture)], env=self.environment, check=True,
            capture_output=True, timeout=30,
        )  # fmt: skip
        return matplotlib.image.imread(picture)[..., :3]

    def run(self) -> Run | None:
        """The latest run that was recorded."""
        for path in sorted(self.runs.glob("*.h5"), reverse=True):
            with suppress(DataError):
                return open_run(path)
        return None

    def outcome(self) -> Outcome | None:
        run = self.run()
        return run.outcome if run else None

    def close(self) -> None:
        for where in (self.folder / "runtime").glob("*.json"):
            with suppress(ProcessLookupError, ValueError, KeyError):
                os.kill(json.loads(where.read_text(encoding="utf-8"))["pid"], signal.SIGTERM)
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    opened = Desktop(tmp_path)
    yield opened
    opened.close()


def curve(screen: np.ndarray) -> np.ndarray:
    """The part of the screen in which the tab in front draws."""
    return screen[140:430, 480:1240]


def start_run(desktop: Desktop) -> None:
    desktop.key("ctrl+Return")
    until(lambda: desktop.title().startswith("fmes-lab - RUNNING"))
    until(lambda: (run := desktop.run()) and run.samples.pulse_index.max(initial=0) > 10)


def test_after_a_cold_start_ctrl_enter_draws_a_moving_curve(desktop):
    desktop.open_window()
    before = curve(desktop.look())
    start_run(desktop)
    first = curve(desktop.look())
    time.sleep(1.0)
    second = curve(desktop.look())
    assert (np.abs(first - before).max(axis=2) > 0.2).sum() > 100
    assert (np.abs(second - first).max(axis=2) > 0.2).sum() > 20
    desktop.key("F12")
    until(lambda: desktop.outcome() is Outcome.ABORTED)


OPENED = {
    "a line edit": ("ctrl+f",),
    "an open combo box": ("ctrl+k", "alt+Down"),
    "a prompt": ("ctrl+o",),
}


@pytest.mark.parametrize("where", OPENED)
def test_f12_aborts_from(desktop, where):
    desktop.open_window()
    start_run(desktop)
    if where == "a prompt":
        desktop.key(*OPENED[where])
        until(lambda: any("Folder of runs" in title for title in desktop.titles()))
    else:
        before = desktop.look()
        desktop.key(*OPENED[where])
        assert np.abs(desktop.look() - before).max() > 0.2
    assert desktop.outcome() is Outcome.RUNNING
    desktop.key("F12")
    until(lambda: desktop.outcome() is Outcome.ABORTED)
    assert "safe state" in desktop.run().events[-1].message


def test_alt_f4_asks_and_stops_the_run(desktop):
    window = desktop.open_window()
    start_run(desktop)
    desktop.key("alt+F4")
    until(lambda: any("A run is going on" in title for title in desktop.titles()))
    desktop.key("Escape")
    until(lambda: not any("A run is going on" in title for title in desktop.titles()))
    assert desktop.title().startswith("fmes-lab - RUNNING")
    desktop.key("alt+F4")
    until(lambda: any("A run is going on" in title for title in desktop.titles()))
    desktop.key("alt+s")
    assert window.wait(30) == 0
    assert desktop.outcome() is Outcome.ABORTED
    assert desktop.run().reason == "the window was closed"


def test_a_window_that_is_terminated_stops_the_run(desktop):
    window = desktop.open_window()
    start_run(desktop)
    window.terminate()
    assert window.wait(30) == 0
    assert desktop.outcome() is Outcome.ABORTED
    assert "safe state" in desktop.run().events[-1].message


def test_a_killed_window_leaves_the_run_to_its_end_and_a_new_one_shows_it(desktop):
    window = desktop.open_window()
    start_run(desktop)
    window.kill()
    window.wait()
    reached = len(desktop.run().samples)
    again = desktop._start([WINDOW, "--out", str(desktop.runs)])
    until(lambda: desktop.title().startswith("fmes-lab - RUNNING"))
    until(lambda: desktop.outcome() is Outcome.FINISHED, 120)
    run = desktop.run()
    assert (run.samples.pulse_index > 0).sum() == 4 * 300 * 2
    assert len(run.samples) > reached
    assert "output off, off mode high-impedance" in run.events[-1].message
    assert again.poll() is None


def test_an_instrument_that_is_killed_mid_run_is_a_fault_with_what_was_saved(desktop):
    emulator = subprocess.Popen(EMULATE, stdout=subprocess.PIPE, text=True)
    desktop.processes.append(emulator)
    addresses = {}
    while len(addresses) < 2:
        name, _, address = emulator.stdout.readline().partition(":")
        if "TCPIP" in address:
            addresses[name.strip()] = address.strip()
    meter, bank = addresses.values()
    rig = desktop.folder / "rig.toml"
    rig.write_text(
        f"[source_meter]\naddress = '{meter}'\n[resistor_bank]\naddress = '{bank}'\n"
        "[visa]\nlibrary = '@py'\ntimeout = '2 s'\n"
    )
    desktop.open_window("--rig", str(rig))
    before = desktop.look()
    start_run(desktop)
    emulator.kill()
    emulator.wait()
    emulator.stdout.close()
    until(lambda: desktop.title().startswith("fmes-lab - FAULT"))
    until(lambda: desktop.outcome() is Outcome.FAILED)
    run = desktop.run()
    assert "UNKNOWN" in run.reason
    assert len(run.samples) > 10
    assert np.abs(desktop.look() - before).max() > 0.2

"""Stations as processes of their own, and windows that talk to them over their sockets."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served_bench import served  # noqa: F401 (a fixture)
from station_window import Station, Window

from app.station.whereabouts import FOLDER


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    monkeypatch.setenv(FOLDER, str(folder))
    return folder


@pytest.fixture
def start(runtime: Path) -> Iterator[Callable[..., Station]]:
    """Start a station; it is gone at the end of the test."""
    processes: list[subprocess.Popen[str]] = []
    with contextlib.ExitStack() as windows:

        def begin(*options: str) -> Station:
            command = [str(Path(sys.executable).with_name("fmes")), "station", *options]
            process = subprocess.Popen(
                command, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            processes.append(process)
            return Station(process, windows)

        yield begin
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture
def station(start: Callable[..., Station]) -> Station:
    return start()


@pytest.fixture
def window(station: Station) -> Window:
    """Of a station with the simulated rig connected."""
    window = station.window()
    window.ask("connect")
    return window

"""Starts the guard, and starts another when it ends although the rig is still in use."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from drivers.errors import InstrumentError

WATCHING = "watching"
"""What a guard says once it would notice the end of this process."""
LOG = "guard.log"
"""Name of the file beside the locks that takes what guards say."""
_PATIENCE = 30.0
"""Time that a guard may take to start, in s."""
_FAREWELL = 0.5
"""Time that it may take to go by itself, in s; it may still be starting."""
_MOST_STARTS, _LONG_LIFE = 4, 60.0
"""Starts in a row, each after a shorter life than this, in s, before it is given up."""


class Watch:
    """A guard process for as long as the rig is in use.

    Parameters
    ----------
    orders
        What the guard is told: the rig, the names of its instruments, this process.
    inherited
        File descriptors of the lock.
    folder
        Where the log goes.

    Raises
    ------
    InstrumentError
        It cannot be started.
    """

    def __init__(self, orders: Mapping[str, Any], inherited: Sequence[int], folder: Path) -> None:
        self._orders, self._inherited, self._folder = dict(orders), tuple(inherited), folder
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._news: list[str] = []
        self._lost = ""
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, name="guard", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int:
        """Of the present guard."""
        return self._process.pid

    def news(self) -> list[str]:
        """What has happened to guards since the last call.

        Raises
        ------
        InstrumentError
            There is none and none can be started.
        """
        with self._lock:
            news, self._news = self._news, []
            if self._lost:
                raise InstrumentError(self._lost)
        return news

    def tell(self, **orders: Any) -> None:
        """Tell the guard more, as which run's file is being written."""
        with self._lock:
            self._orders |= orders
            _say(self._process, self._orders)

    def end(self) -> None:
        """Send the guard away: the rig needs it no more."""
        with self._lock:
            self._ending.set()
            _say(self._process, {"end": True})
        self._keeper.join(_FAREWELL)
        with self._lock:
            self._process.kill()
        self._keeper.join()
        _close(self._process)

    def _start(self) -> subprocess.Popen[str]:
        apart: dict[str, Any]
        if sys.platform == "win32":
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            apart = {"creationflags": flags}
        else:
            # A session of its own: Ctrl-C in a terminal goes to everything in front of it.
            apart = {"start_new_session": True, "pass_fds": self._inherited}
        try:
            with (self._folder / LOG).open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "app.guard"], cwd=self._folder, text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, **apart,
                )  # fmt: skip
        except OSError as error:
            raise InstrumentError(_not_started(str(error))) from error
        _say(process, self._orders)
        said = _line_in_time(process.stdout)
        if said != WATCHING:
            process.kill()
            process.wait()
            _close(process)
            raise InstrumentError(_not_started(f"it said {said!r}; see {self._folder / LOG}"))
        return process

    def _keep(self) -> None:
        """Wait for the end of each guard; the next follows it unless the rig is let go of."""
        starts = 1
        while True:
            process, began = self._process, time.monotonic()
            status = process.wait()
            with self._lock:
                if self._ending.is_set():
                    return
            _close(process)
            starts = 2 if time.monotonic() - began > _LONG_LIFE else starts + 1
            died = f"the guard (process {process.pid}) ended with status {status}"
            try:
                if starts > _MOST_STARTS:
                    raise InstrumentError(f"as {_MOST_STARTS} have within short")
                following = self._start()
            except InstrumentError as error:
                with self._lock:
                    self._lost = f"{died}: {error}; a rig without a guard must not be energised"
                return
            with self._lock:
                self._process = following
                self._news.append(f"{died}; process {following.pid} guards the rig now")
                _say(following, {"end": True} if self._ending.is_set() else self._orders)


def _not_started(why: str) -> str:
    return f"the process that guards the rig could not be started: {why}"


def _say(process: subprocess.Popen[str], orders: Mapping[str, Any]) -> None:
    """Write a line; a guard that has died meanwhile is noticed by its end."""
    assert process.stdin is not None  # noqa: S101 (for mypy: a pipe was asked for)
    with suppress(OSError, ValueError):
        process.stdin.write(json.dumps(orders) + "\n")
        process.stdin.flush()


def _line_in_time(stream: IO[str] | None) -> str:
    """The next line of a pipe, "" when none comes in time."""
    assert stream is not None  # noqa: S101 (for mypy: a pipe was asked for)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(_PATIENCE)
    return lines[0].strip() if lines else ""


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()

"""A station as a process of its own, and windows that talk to it over its socket."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.station.whereabouts import Whereabouts, find
from app.station.wire import Unpacker, pack

PATIENCE = 60.0


class Refused(Exception):
    """The station said no."""


class Window:
    """A client that keeps all it was told."""

    def __init__(self, where: Whereabouts, token: str | None = None) -> None:
        self.where = where
        self.told: list[tuple[dict[str, Any], dict[str, np.ndarray]]] = []
        self._socket = socket.create_connection((where.host, where.port), timeout=PATIENCE)
        self._unpacker = Unpacker()
        self._asked = 0
        self.hello = self.ask("hello", token=where.token if token is None else token)
        self.station(lambda _: True)

    def send(self, do: str, **content: Any) -> int:
        self._asked += 1
        self._socket.sendall(pack({"do": do, "id": self._asked, **content}))
        return self._asked

    def ask(self, do: str, **content: Any) -> dict[str, Any]:
        return self.reply(self.send(do, **content))

    def reply(self, number: int) -> dict[str, Any]:
        answer = self.wait(lambda m: m.get("reply") == number)
        if not answer["ok"]:
            raise Refused(answer["error"])
        return answer

    def wait(self, wanted: Callable[[dict[str, Any]], bool], *, again: bool = True) -> dict:
        """The first message of that kind, of those told before too unless `again` is False."""
        if again:
            for message, _ in self.told:
                if wanted(message):
                    return message
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for message in self.read():
                if wanted(message):
                    return message
        raise AssertionError(f"nothing of that kind among the last of {self.told[-5:]}")

    def read(self) -> list[dict[str, Any]]:
        data = self._socket.recv(2**16)
        if not data:
            raise ConnectionResetError("the station has closed the connection")
        came = list(self._unpacker.feed(data))
        self.told += came
        return [message for message, _ in came]

    def event(self, name: str, **content: Any) -> dict[str, Any]:
        wanted = {"event": name, **content}
        return self.wait(lambda m: wanted.items() <= m.items())

    def station(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the latest picture of the station is as wanted."""
        if (latest := self.latest) and wanted(latest):
            return latest
        return self.wait(lambda m: m.get("event") == "station" and wanted(m), again=False)

    def ended(self, number: int) -> dict[str, Any]:
        """The row of a run once it has ended and the next, if any, is on its way."""

        def is_over(row: dict[str, Any]) -> bool:
            return row["run"] == number and row["status"] not in ("waiting", "running")

        picture = self.station(lambda m: any(map(is_over, m["queue"])))
        return next(filter(is_over, picture["queue"]))

    @property
    def latest(self) -> dict[str, Any] | None:
        return next((m for m, _ in reversed(self.told) if m.get("event") == "station"), None)

    def blocks(self, run: int) -> list[tuple[int, dict[str, np.ndarray]]]:
        return [
            (m["first_row"], arrays)
            for m, arrays in self.told
            if m.get("event") == "block" and m["run"] == run
        ]

    def events(self, run: int) -> list[str]:
        return [m["event"] for m, _ in self.told if m.get("run") == run and "event" in m]

    def close(self) -> None:
        self._socket.close()


class Station:
    """A station's process."""

    def __init__(self, process: subprocess.Popen[str], windows: contextlib.ExitStack) -> None:
        self.process, self._windows = process, windows

    @property
    def where(self) -> Whereabouts:
        deadline = time.monotonic() + PATIENCE
        while (found := find()) is None or found.pid != self.process.pid:
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    def window(self, **options: Any) -> Window:
        window = Window(self.where, **options)
        self._windows.callback(window.close)
        return window

    def end(self) -> str:
        """Wait for its end; what it said."""
        return self.process.communicate(timeout=PATIENCE)[1]


BRIEF = {"states": "500,open", "up": 10, "down": 10}
"""LTP/LTD that takes little time."""
LONG = {"states": "500", "reset_watch": 0.2, "reset_tolerance": "10 mV"}
"""LTP/LTD that begins with its pulses and takes 24 s of bench time."""
FAILING = {"states": "open", "up": 150, "voltage_limit": "200 mV"}
"""LTP/LTD that runs into its voltage limit."""


def run(folder: Path, values: dict[str, Any] = BRIEF, **changes: Any) -> dict[str, Any]:
    """A run to be queued."""
    return {"protocol": "ltp-ltd", "values": values, "out": str(folder / "runs"), **changes}

"""The windows that listen, and what one that comes in the middle of a run must be told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from app.running.sinks import Progress, RunState
from app.running.telling import TellingSink
from app.station.client import Client
from app.station.run_queue import QueuedRun
from app.station.wire import pack
from data.run import PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from protocols.plan import Plan

_SHOWN = tuple(name for name in COLUMNS if name != "requested_time")
_AGAIN = ("begin", "play", "state", "progress", "fault", "end")


class Audience:
    """Tells every window that has said hello.

    Parameters
    ----------
    lock
        Held while something is told, so that each window hears everything in one order.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._clients: list[Client] = []

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client: Client) -> None:
        """From now on it is told everything."""
        with self._lock:
            self._clients.append(client)

    def remove(self, client: Client) -> None:
        """It has gone."""
        with self._lock:
            self._clients.remove(client)

    def tell(
        self, message: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> None:
        """Tell all of them."""
        with self._lock:
            if self._clients:
                frame = pack(message, arrays)
                for client in self._clients:
                    client.send(frame)


class RunTeller(TellingSink):
    """Tells the windows of one run; comes after the recorder among the sinks.

    Parameters
    ----------
    run
        What is told of; its file and fraction are kept up to date.
    audience
        Who is told.
    lock
        The audience's.
    entered
        Called with the state that the run has entered, and why.
    switched
        Called after another resistance than before was put across the device.
    """

    def __init__(
        self,
        run: QueuedRun,
        audience: Audience,
        lock: threading.RLock,
        entered: Callable[[RunState, str], None],
        switched: Callable[[], None],
    ) -> None:
        super().__init__()
        self._run, self._audience, self._lock = run, audience, lock
        self._entered, self._switched = entered, switched
        self._latest: dict[str, Mapping[str, Any]] = {}
        self._rows = 0
        self._aborting = False
        self.resistance: float | None = None
        """Across the device since the latest program was begun, in ohm."""

    def begin(self, info: RunInfo, plan: Plan) -> None:
        with self._lock:
            self._run.file = self.path
            super().begin(info, plan)

    def play(self, play: PlayInfo) -> None:
        before, self.resistance = self.resistance, play.resistance
        super().play(play)
        if play.resistance != before:
            self._switched()

    def state(self, state: RunState, reason: str) -> None:
        with self._lock:
            # The runner may enter a state before it looks for the abort that was asked for.
            if self._aborting and state in (RunState.RUNNING, RunState.PAUSING, RunState.PAUSED):
                return
            self._aborting = state is RunState.ABORTING
            super().state(state, reason)
        self._entered(state, reason)

    def progress(self, progress: Progress) -> None:
        self._run.fraction = progress.fraction
        super().progress(progress)

    def block(self, samples: Samples) -> None:
        with self._lock:
            message = {"event": "block", "run": self._run.number, "first_row": self._rows}
            self._audience.tell(message, {name: getattr(samples, name) for name in _SHOWN})
            self._rows += len(samples)

    def tell(self, event: str, **content: Any) -> None:
        message = {"event": event, "run": self._run.number, **content}
        with self._lock:
            if event in _AGAIN:
                self._latest[event] = message
            self._audience.tell(message)

    def catch_up(self, client: Client) -> None:
        """Tell a window that came late; the caller holds the lock.

        Rows before those of `resume_from` are in the file, later ones come as blocks.
        """
        if not self.begun:
            return
        for event in _AGAIN:
            if event in self._latest:
                client.send(pack(self._latest[event]))
        resume = {"run": self._run.number, "file": self.path, "rows": self._rows}
        client.send(pack({"event": "resume_from", **resume}))

"""What every window shows: one picture of the whole station, told after each change.

It is complete each time, so a window needs no memory and two windows always agree.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.running.sinks import RunState
from app.station.audience import Audience, RunTeller
from app.station.client import Client
from app.station.instruments import NOTHING, Connected, Output
from app.station.run_queue import QueuedRun, RunQueue
from app.station.wire import pack

_SWITCHED = "on: a run switches it, and it is not read back meanwhile"


class Board:
    """The state of the station; whoever changes it holds `lock`, then calls `show`.

    Attributes
    ----------
    connected
        The rig; None without one.
    connecting
        The rig file that is being connected ("" for the embedded rig); None when none is.
    output
        As last read back.
    driven
        Whether a run switches the output at present.
    queue
        The runs.
    run, teller
        The run that plays and who tells of it; None while the queue is not being played.
    state, state_text
        Of the run that plays, and what it waits for.
    hold
        Why no further run begins; "" when that is not so.
    fault
        Whether that is because a run failed.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.audience = Audience(self.lock)
        self.connected: Connected | None = None
        self.connecting: str | None = None
        self.output = NOTHING
        self.driven = False
        self.queue = RunQueue()
        self.run: QueuedRun | None = None
        self.teller: RunTeller | None = None
        self.state, self.state_text = RunState.IDLE, ""
        self.hold, self.fault = "", False

    @property
    def playing(self) -> bool:
        """Whether the queue is being played."""
        return self.run is not None

    def attach(self, client: Client, reply: bytes) -> None:
        """A window has come: it is told how things stand, and everything from now on."""
        with self.lock:
            client.send(reply)
            client.send(pack(self._picture()))
            if self.teller:
                self.teller.catch_up(client)
            self.audience.add(client)

    def show(self) -> None:
        """Tell every window how things stand."""
        with self.lock:
            self.audience.tell(self._picture())

    def change(self, **attributes: Any) -> None:
        """Set attributes, and tell every window."""
        with self.lock:
            for name, value in attributes.items():
                setattr(self, name, value)
            self.show()

    def check_free(self) -> None:
        """Hold against the instruments being used by a run.

        Raises
        ------
        InputError
            They are.
        """
        if self.playing:
            raise InputError("the queue is being played; abort it or wait for its end")

    def rig(self) -> Connected:
        """The rig.

        Raises
        ------
        InputError
            None is connected.
        """
        with self.lock:
            if self.connected is None:
                raise InputError("no rig is connected; connect one first")
            return self.connected

    def _picture(self) -> dict[str, Any]:
        state, text = ("fault" if self.fault else "idle"), ""
        if self.run:
            state, text = self.state.value, self.state_text
        return {
            "event": "station", "rig": self._rig(), **self._output().as_json(),
            "state": state, "state_text": text, "hold": self.hold, "queue": self.queue.rows,
            "current": self.run.number if self.run else None,
        }  # fmt: skip

    def _rig(self) -> dict[str, Any]:
        known = self.connected.as_json() if self.connected else {"path": self.connecting or None}
        connected, connecting = self.connected is not None, self.connecting is not None
        return {"connected": connected, "connecting": connecting, **known}

    def _output(self) -> Output:
        if not self.driven:
            return self.output
        resistance = self.teller.resistance if self.teller else None
        return Output("on", _SWITCHED, resistance)


def shown_path(path: Path | None) -> str:
    """A rig file, or "" for the embedded simulated rig."""
    return str(path) if path else ""

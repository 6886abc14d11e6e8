"""An in-process connection to an emulated instrument, for the drivers' own adapters."""

from __future__ import annotations

import time
from typing import Any

from pymeasure.adapters import Adapter
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.conversation import PATIENCE, Conversation


class SimulatedAdapter(Adapter):
    """Hands messages to an emulated instrument as a newline-terminated socket would.

    Parameters
    ----------
    bench
        The bench the instrument stands on.
    instrument
        The instrument at the other end.

    Raises
    ------
    VisaIOError
        From reading when nothing has been answered (at once, no wall time passes), and from
        everything after `cut`.
    """

    def __init__(self, bench: Bench, instrument: EmulatedInstrument, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._instrument, self._talk = instrument, Conversation(bench, instrument)
        self._unsent = b""
        self._unread = b""
        self._lost = False

    def cut(self) -> None:
        """Cut the cable: nothing passes this adapter any more; the instrument goes on."""
        self._lost = True

    def _write(self, command: str, **_: Any) -> None:
        self._send(command.encode("latin-1") + b"\n")

    def _write_bytes(self, content: bytes, **_: Any) -> None:
        self._send(content)

    def _read(self, **_: Any) -> str:
        return self._read_bytes(-1, break_on_termchar=True).decode("latin-1").rstrip("\n")

    def _read_bytes(self, count: int, break_on_termchar: bool = False, **_: Any) -> bytes:
        self._check()
        self._unread += self._talk.listen()
        while len(self._unread) < max(count, 1) and self._talk.answers_late:
            time.sleep(PATIENCE)
            self._unread += self._talk.listen()
        end = len(self._unread) if count < 0 else count
        if break_on_termchar:
            newline = self._unread.find(b"\n")
            end = end if newline < 0 else min(end, newline + 1)
        if len(self._unread) < max(end, 1):
            raise VisaIOError(StatusCode.error_timeout)
        answer, self._unread = self._unread[:end], self._unread[end:]
        return answer

    def flush_read_buffer(self) -> None:
        """Drop what the instrument has answered so far."""
        self._check()
        self._talk.listen()
        self._unread = b""

    def _send(self, content: bytes) -> None:
        self._check()
        messages, self._unsent = self._instrument.split(self._unsent + content)
        for message in messages:
            self._unread += self._talk.say(message)

    def _check(self) -> None:
        if self._lost:
            raise VisaIOError(StatusCode.error_connection_lost)

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
    """Hands messages to an emulated instrument as a socket or a serial line would.

    Parameters
    ----------
    bench
        The bench the instrument stands on.
    instrument
        The instrument at the other end.
    write_termination, read_termination
        What ends a command and an answer.
    timeout
        Wall time that an answer may take at a real speed, in s; as fast as possible it is there
        at once or never.
    bus
        Ask for each answer as GPIB and USB do: the instrument then minds answers that nobody
        reads, and being asked for one that it does not have.

    Raises
    ------
    VisaIOError
        From reading when nothing has been answered, and from everything after `cut`, closing
        included.
    """

    def __init__(
        self,
        bench: Bench,
        instrument: EmulatedInstrument,
        *,
        write_termination: str = "\n",
        read_termination: str = "\n",
        timeout: float = 5.0,
        bus: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._instrument, self._talk = instrument, Conversation(bench, instrument)
        self._write_end = write_termination.encode("latin-1")
        self._read_end = read_termination.encode("latin-1")
        self._timeout, self._bus = timeout, bus
        self._unsent = b""
        self._unread = b""
        self._lost = self._closed = False

    def cut(self) -> None:
        """Cut the cable: nothing passes this adapter any more; the instrument goes on."""
        self._lost = True

    def close(self) -> None:
        """Close the connection; a broken one refuses, as with some VISA libraries."""
        if not self._closed:
            self._closed = True
            self._check()

    def __del__(self) -> None:
        """Nothing is held that would have to be freed."""

    def _write(self, command: str, **_: Any) -> None:
        self._send(command.encode("latin-1") + self._write_end)

    def _write_bytes(self, content: bytes, **_: Any) -> None:
        self._send(content)

    def _read(self, **_: Any) -> str:
        answer = self._read_bytes(-1, break_on_termchar=True)
        return answer.removesuffix(self._read_end).decode("latin-1")

    def _read_bytes(self, count: int, break_on_termchar: bool = False, **_: Any) -> bytes:
        self._check()
        self._unread += self._talk.listen()
        deadline = time.monotonic() + self._timeout
        while len(self._unread) < max(count, 1) and self._talk.answers_late:
            if time.monotonic() > deadline:
                break
            time.sleep(PATIENCE)
            self._unread += self._talk.listen()
        end = len(self._unread) if count < 0 else count
        if break_on_termchar:
            found = self._unread.find(self._read_end)
            end = end if found < 0 else min(end, found + len(self._read_end))
        if len(self._unread) < max(end, 1):
            if self._bus and not self._unread:
                self._talk.unterminated()
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
            if self._bus and self._unread:
                self._talk.interrupted()
                self._unread = b""
            self._unread += self._talk.say(message)

    def _check(self) -> None:
        if self._lost:
            raise VisaIOError(StatusCode.error_connection_lost)

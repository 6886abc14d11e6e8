"""Serves an emulated instrument on a pseudo-terminal, as one with a serial or USB-serial port.

Only where the operating system has pseudo-terminals.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from types import TracebackType

from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.conversation import PATIENCE, Conversation
from drivers.simulated.server import LONGEST_LINE

_IDLE = 0.2
"""Wall time after which the thread looks whether it is to end, in s."""


class SerialPort:
    """A pseudo-terminal and the thread that serves it.

    The other end stays open here, so that a client may leave and another come. Line noise (a
    message beyond `LONGEST_LINE`) is dropped.
    """

    def __init__(self, bench: Bench, instrument: EmulatedInstrument) -> None:
        self._instrument = instrument
        self._talk = Conversation(bench, instrument)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._closed = threading.Event()
        self._unheard = False
        self._thread = threading.Thread(
            target=self._serve, name=f"{instrument.name} on {self.path}", daemon=True
        )
        self._thread.start()

    @property
    def resource_name(self) -> str:
        """VISA resource name of the instrument."""
        return f"ASRL{self.path}::INSTR"

    def close(self) -> None:
        """Take the port away."""
        self._closed.set()
        self._thread.join(timeout=5.0)
        os.close(self._slave)
        os.close(self._master)

    def __enter__(self) -> SerialPort:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self) -> None:
        unfinished = b""
        while not self._closed.is_set():
            patience = PATIENCE if self._talk.answers_late else _IDLE
            if not select.select([self._master], [], [], patience)[0]:
                self._send(self._talk.listen())
                continue
            messages, unfinished = self._instrument.split(unfinished + os.read(self._master, 4096))
            for message in messages:
                if len(message) <= LONGEST_LINE:
                    self._send(self._talk.say(message))
            unfinished = unfinished if len(unfinished) <= LONGEST_LINE else b""

    def _send(self, response: bytes) -> None:
        """Write, as long as somebody reads; what nobody reads is lost, as on a line."""
        while response and not self._closed.is_set():
            patience = 0.0 if self._unheard else _IDLE
            self._unheard = not select.select([], [self._master], [], patience)[1]
            if self._unheard:
                return
            with contextlib.suppress(BlockingIOError):
                response = response[os.write(self._master, response) :]

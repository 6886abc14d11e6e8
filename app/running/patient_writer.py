"""Writes lines to a program that may read them slowly, late or never; nobody waits for it."""

from __future__ import annotations

import queue
import threading
from typing import TextIO

MOST_WAITING = 64_000_000
"""Bytes that may wait to be read before the reader counts as gone."""
_PATIENCE = 5.0
"""Time at the end in which a reader must take something more, in s."""


class PatientWriter:
    """Writes in a thread of its own.

    Parameters
    ----------
    out
        A stream with a file descriptor, which must not be written to otherwise.
    """

    def __init__(self, out: TextIO) -> None:
        # Unbuffered: a thread that waits inside a buffered stream would hold its lock at exit.
        self._out = open(out.fileno(), "wb", buffering=0, closefd=False)  # noqa: SIM115
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._gone = False
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have a line written; from when the reader is gone, nothing is."""
        data = line.encode()
        with self._lock:
            self._gone = self._gone or self._waiting + len(data) > MOST_WAITING
            if self._gone:
                return
            self._waiting += len(data)
        self._lines.put(data)

    def close(self) -> None:
        """Wait until all is written, as long as the reader goes on reading."""
        self._lines.put(None)
        before = -1
        while self._thread.is_alive() and self._waiting != before:
            before = self._waiting
            self._thread.join(_PATIENCE)

    def _write(self) -> None:
        while (data := self._lines.get()) is not None:
            rest = memoryview(data)
            try:
                while rest and not self._gone:
                    written = self._out.write(rest) or 0
                    rest = rest[written:]
                    with self._lock:
                        self._waiting -= written
            except OSError:
                with self._lock:
                    self._gone = True
                return

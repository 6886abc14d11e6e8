"""The door for another program: events out as JSON lines, commands in as words.

Every line on standard output is one JSON object with a key `event`: `begin`, `state`,
`pausing`, `play`, `block`, `progress`, `mark`, `warning`, `info`, `fault` or `end`. Lines `pause`,
`resume` and `abort` on standard input steer the run. When the reader goes away, or stops
reading, the run carries on.
"""

from __future__ import annotations

import json
import signal
import threading
from contextlib import suppress
from typing import Any, TextIO

from app.plain_json import plain
from app.running.patient_writer import PatientWriter
from app.running.steering import Steering
from app.running.telling import TellingSink
from data.samples import COLUMNS, Samples


class EventSink(TellingSink):
    """Writes what happens in a run as JSON lines.

    Parameters
    ----------
    out
        Where the lines go.
    path
        Of the run's file, told at the beginning and the end.
    """

    def __init__(self, out: TextIO, path: str) -> None:
        super().__init__(path)
        self._out = PatientWriter(out)

    def block(self, samples: Samples) -> None:
        self.tell("block", **{name: getattr(samples, name).tolist() for name in COLUMNS})

    def tell(self, event: str, **content: Any) -> None:
        # A measurement neither ends nor waits when nobody reads any more.
        self._out.write(json.dumps({"event": event, **plain(content)}) + "\n")

    def close(self) -> None:
        """Wait until all is told, unless nobody reads."""
        self._out.close()


def listen(steering: Steering, source: TextIO) -> None:
    """Take commands from a person or another program in the background, while lines come."""
    # A run in the background of a shell must not be stopped for wanting to read the terminal.
    if hasattr(signal, "SIGTTIN"):
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    # Unbuffered: a thread that waits inside a buffered stream would hold its lock at exit.
    lines = open(source.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115

    def read() -> None:
        with suppress(OSError):  # a terminal that is another program's
            for line in lines:
                match line.strip():
                    case b"pause":
                        steering.pause()
                    case b"resume":
                        steering.resume()
                    case b"abort":
                        steering.abort("asked to abort")

    threading.Thread(target=read, name="commands", daemon=True).start()

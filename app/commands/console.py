"""What is shown of commands that use instruments: they go on although nobody can read it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from rich.console import Console


class LastingStream:
    """A standard stream that takes everything, also once its reader is gone or its disk is full.

    Parameters
    ----------
    stream
        None when there is none.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream: TextIO | None = stream

    def write(self, text: str) -> int:
        """Write, as long as that can be done."""
        if self._stream:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._give_up()
        return len(text)

    def flush(self) -> None:
        """Have it arrive, as long as that can be done."""
        if self._stream:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        # What is left in the stream would otherwise fail when the program ends.
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())  # type: ignore[union-attr]
            os.close(nowhere)
        self._stream = None


def lasting_console(*, stderr: bool = False, **options: Any) -> Console:
    """A console on standard output or error that outlives whoever reads it."""
    stream = LastingStream(sys.stderr if stderr else sys.stdout)
    return Console(file=stream, **options)  # type: ignore[arg-type]


def have_standard_streams() -> None:
    """Open those that are closed on nothing, before a file of a run takes their numbers."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            # The least number that is free is the one that is closed.
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115

"""While a run goes on, Ctrl-C and a request to terminate abort it safely."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Abortable(Protocol):
    """A run, or several, as far as a signal is concerned."""

    def abort(self, reason: str) -> None:
        """Ask for the end."""


@contextmanager
def abort_on_signals(run: Abortable) -> Iterator[None]:
    """Turn the signals that end a program into an abort of the run, until the block ends."""

    def stop(number: int, _frame: FrameType | None) -> None:
        run.abort(f"stopped by {signal.Signals(number).name}")

    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]
    before = {n: signal.signal(getattr(signal, n), stop) for n in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)

"""The wish to abort, pause or resume, which also counts before there is a runner to tell."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.running.runner import Runner


class Steering:
    """Steers whichever runner it is given; each method may be called from any thread."""

    def __init__(self) -> None:
        self.reason: str | None = None
        """Why the end was asked for; None while nobody has."""
        self._paused = False
        self._runner: Runner | None = None
        # A signal handler may come while its own thread holds it.
        self._lock = threading.RLock()

    def abort(self, reason: str) -> None:
        """Ask for the end: of the runner there is, and of each that is given later."""
        with self._lock:
            self.reason = self.reason or reason
            if self._runner is not None:
                self._runner.abort(reason)

    def pause(self) -> None:
        """Ask for a pause after the program that is playing, or before the first."""
        with self._lock:
            self._paused = True
            if self._runner is not None:
                self._runner.pause()

    def resume(self) -> None:
        """Carry on after a pause."""
        with self._lock:
            self._paused = False
            if self._runner is not None:
                self._runner.resume()

    @contextmanager
    def of(self, runner: Runner) -> Iterator[None]:
        """Steer this runner until the block ends."""
        with self._lock:
            self._runner = runner
            if self.reason:
                runner.abort(self.reason)
            if self._paused:
                runner.pause()
        try:
            yield
        finally:
            with self._lock:
                self._runner = None

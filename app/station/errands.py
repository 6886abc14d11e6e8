"""The station's two threads for what takes a while: the instruments' own, and a desk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.errors import InputError

_log = logging.getLogger(__name__)


class Errands:
    """Does one thing after the other, in each of the threads."""

    def __init__(self) -> None:
        self._instruments = ThreadPoolExecutor(1, "instruments")
        self._desk = ThreadPoolExecutor(1, "desk")
        self._lock = threading.Lock()
        self._open = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing more is begun."""
        return self._closed

    def __len__(self) -> int:
        """How many are not done."""
        return self._open

    def with_instruments(self, errand: Callable[[], None]) -> None:
        """Have something done in the thread that owns the instruments.

        Raises
        ------
        InputError
            The station is ending.
        """
        self._submit(self._instruments, errand)

    def at_desk(self, errand: Callable[[], None]) -> None:
        """Have something else done that may take a while.

        Raises
        ------
        InputError
            The station is ending.
        """
        self._submit(self._desk, errand)

    def close(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._closed = True

    def join(self) -> None:
        """Wait for the end of what has begun; the instruments are the caller's after that."""
        for thread in (self._instruments, self._desk):
            thread.shutdown(cancel_futures=True)

    def _submit(self, thread: ThreadPoolExecutor, errand: Callable[[], None]) -> None:
        def done() -> None:
            try:
                errand()
            except BaseException:
                _log.exception("a fault of this program")
                raise
            finally:
                with self._lock:
                    self._open -= 1

        with self._lock:
            if self._closed:
                raise InputError("the station is ending")
            self._open += 1
            thread.submit(done)

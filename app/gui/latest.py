"""Work that must not hold up the window: in a thread, and only what was asked for last counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from app.gui.binding import QtCore, Signal

_PATIENCE = 2.0
"""Time after which work that nobody waits for any more is no longer waited for, in s."""
_MOST_LEFT = 3
"""Most threads that are left to end by themselves."""


class Latest(QtCore.QObject):
    """Does one job at a time, the newest; what was asked for in between is never begun.

    A thread cannot be ended from outside. One that is still at an old job after `_PATIENCE` is
    left alone, its result is thrown away, and another does the new job.

    Parameters
    ----------
    work
        From a job to its result, in another thread; it touches no widget.
    pause
        Time without another job after which one is begun, in ms.

    Attributes
    ----------
    done
        Emitted in the window's thread with the result of the job that was asked for last.
    """

    done = Signal(object)
    _ended = Signal(object, object, object)

    def __init__(
        self,
        work: Callable[[Any], Any],
        pause: int = 60,
        parent: QtCore.QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._job: Any = None
        self._waiting = False
        self._busy: threading.Thread | None = None
        self._since = 0.0
        self._left: set[threading.Thread] = set()
        self._ended.connect(self._end, QtCore.Qt.ConnectionType.QueuedConnection)
        self._timer = QtCore.QTimer(self, singleShot=True, interval=pause)
        self._timer.timeout.connect(self._begin)

    def ask(self, job: Any) -> None:
        """Do this job and forget any that was asked for before."""
        self._job, self._waiting = job, True
        self._timer.start()

    @property
    def pending(self) -> bool:
        """Whether the job that was asked for last is not done."""
        return self._waiting or self._busy is not None

    def _begin(self) -> None:
        if self._busy is not None:
            if time.monotonic() - self._since < _PATIENCE or len(self._left) >= _MOST_LEFT:
                self._timer.start()
                return
            self._left.add(self._busy)
        self._waiting, self._since = False, time.monotonic()
        self._busy = threading.Thread(target=self._run, args=(self._job,), daemon=True)
        self._busy.start()

    def _run(self, job: Any) -> None:
        result, fault = None, None
        try:
            result = self._work(job)
        except Exception as error:  # noqa: BLE001 (raised again where the window hears of it)
            fault = error
        try:
            self._ended.emit(threading.current_thread(), result, fault)
        except RuntimeError:  # the window was closed meanwhile
            return

    def _end(self, thread: threading.Thread, result: Any, fault: Exception | None) -> None:
        if thread is not self._busy:
            self._left.discard(thread)
            return
        self._busy = None
        if self._waiting:
            return
        if fault is not None:
            raise fault
        self.done.emit(result)

"""The runs that wait, the one that plays, and those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.errors import InputError
from app.output import ENDINGS
from app.station.origins import Origin

MOST_WAITING = 1000
"""Runs that may wait; each change of the queue tells all of them to every window."""
_MOST_ENDED = 200


class Status(StrEnum):
    """What has become of a run in the queue."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    ABORTED = "aborted"
    FAILED = "failed"


@dataclass
class QueuedRun:
    """One run in the queue.

    Parameters
    ----------
    number
        From 1, in the order of queuing.
    origin
        What it is made from.
    file
        Of the run, once it exists.
    fraction
        How far it is, from 0 to 1.
    """

    number: int
    origin: Origin
    status: Status = Status.WAITING
    reason: str = ""
    file: str | None = None
    fraction: float = 0.0

    def __post_init__(self) -> None:
        self._values = self.origin.protocol.model_dump(mode="json")

    def row(self) -> dict[str, Any]:
        """As a window lists it."""
        origin = self.origin
        return {
            "run": self.number, "protocol": origin.asked, "name": origin.protocol.name,
            "preset": origin.preset, "values": self._values,
            "sample": origin.sample, "note": origin.note, "expected_duration": origin.duration,
            "status": self.status.value, "reason": self.reason, "file": self.file,
            "fraction": self.fraction,
        }  # fmt: skip


class RunQueue:
    """In the order of the windows' lists: what has ended, what plays, what waits."""

    def __init__(self) -> None:
        self._runs: list[QueuedRun] = []
        self._last = 0

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each run as a window lists it."""
        return [run.row() for run in self._runs]

    @property
    def waiting(self) -> list[QueuedRun]:
        """Those that wait, the next first."""
        return [run for run in self._runs if run.status is Status.WAITING]

    def add(self, origins: Sequence[Origin]) -> list[int]:
        """Put runs at the end; returns their numbers.

        Raises
        ------
        InputError
            They are too many, or two would be written into one file. None was added.
        """
        if (count := len(self.waiting) + len(origins)) > MOST_WAITING:
            raise InputError(
                f"{count} runs would wait; at most {MOST_WAITING} may. fmes campaign takes more"
            )
        added = [QueuedRun(self._last + k, o) for k, o in enumerate(origins, start=1)]
        outs = [run.origin.out for run in (*self.waiting, *added)]
        files = [out for out in outs if out.suffix in ENDINGS]
        if twice := {path for path in files if files.count(path) > 1}:
            raise InputError(f"out {twice.pop()}: two runs of the queue would go into this file")
        self._runs += added
        self._last += len(added)
        return [run.number for run in added]

    def next(self) -> QueuedRun | None:
        """The run whose turn it is, which is running from now on."""
        if not (waiting := self.waiting):
            return None
        run = waiting[0]
        run.status = Status.RUNNING
        return run

    def end(self, run: QueuedRun, status: Status, reason: str) -> None:
        """The run has ended; the oldest of too many that have is forgotten."""
        run.status, run.reason = status, reason
        run.origin.let_go()
        ended = [r for r in self._runs if r.status not in (Status.WAITING, Status.RUNNING)]
        for old in ended[:-_MOST_ENDED]:
            self._runs.remove(old)

    def remove(self, number: int) -> None:
        """Take out a run that waits.

        Raises
        ------
        InputError
            There is no such run, or it does not wait.
        """
        run = self._waiting(number)
        self._runs.remove(run)
        run.origin.let_go()

    def move(self, number: int, to: int) -> None:
        """Give a run that waits another place among those that wait, from 0.

        Raises
        ------
        InputError
            There is no such run, it does not wait, or there is no such place.
        """
        run, waiting = self._waiting(number), self.waiting
        if not 0 <= to < len(waiting):
            raise InputError(f"to = {to}: the places are 0 to {len(waiting) - 1}")
        waiting.remove(run)
        waiting.insert(to, run)
        self._runs = [r for r in self._runs if r.status is not Status.WAITING] + waiting

    def clear(self) -> None:
        """Take out every run that waits."""
        for run in self.waiting:
            self.remove(run.number)

    def _waiting(self, number: int) -> QueuedRun:
        for run in self._runs:
            if run.number == number and run.status is Status.WAITING:
                return run
        status = next((r.status.value for r in self._runs if r.number == number), "not in the list")
        raise InputError(f"run {number} is {status}; only a run that waits can be removed or moved")

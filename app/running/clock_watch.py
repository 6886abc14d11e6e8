"""Notices while a run goes on that the computer's clock was set, or that the computer slept."""

from __future__ import annotations

import time
from datetime import timedelta

from data.clock import SLEEPLESS, EvenClock

_LEAST = 2.0
"""Change that is worth a word, in s; time servers correct by less all the time."""


class ClockWatch:
    """Looks at the computer's clocks from when it is made."""

    def __init__(self) -> None:
        self._even = EvenClock()
        self._ahead = 0.0
        self._slept = _slept()

    def news(self) -> list[str]:
        """What has happened since the last call."""
        said = []
        if (slept := _slept() - self._slept) > _LEAST:
            self._slept += slept
            said.append(
                f"the computer slept for {_duration(slept)}; the instrument went on by itself, and "
                "what it could not keep meanwhile fails the run"
            )
        if abs(moved := self._even.computer_ahead() - self._ahead) > _LEAST:
            self._ahead += moved
            how = "set forward" if moved > 0 else "set back"
            slept_or = ", or the computer slept" if SLEEPLESS is None and moved > 0 else ""
            said.append(
                f"the computer's clock was {how} by {_duration(abs(moved))}{slept_or}; the "
                "readings are timed by the instrument, and the times of day in this file go on "
                "from its start"
            )
        return said


def _slept() -> float:
    """Time that the computer has slept, in s, but for a constant; 0 where it does not tell."""
    return 0.0 if SLEEPLESS is None else time.clock_gettime(SLEEPLESS) - time.monotonic()


def _duration(seconds: float) -> str:
    """Hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))

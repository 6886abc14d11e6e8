"""Time of day that goes on evenly, whatever is done to the computer's clock meanwhile."""

from __future__ import annotations

import time
from datetime import UTC, datetime

# On Linux the one clock that nobody sets and that goes on while the computer sleeps.
SLEEPLESS: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class EvenClock:
    """Counts from the time of day at which it is made."""

    def __init__(self) -> None:
        self._zero = time.time() - _passed()

    def seconds(self) -> float:
        """Time of day in s after 1970-01-01 UTC."""
        return self._zero + _passed()

    def now(self) -> datetime:
        """Time of day, in the time zone that holds then."""
        return datetime.fromtimestamp(self.seconds(), UTC).astimezone()

    def computer_ahead(self) -> float:
        """How far the computer's own clock is ahead of this one by now, in s."""
        return time.time() - self.seconds()


def _passed() -> float:
    """Time since an unknown moment, in s."""
    return time.monotonic() if SLEEPLESS is None else time.clock_gettime(SLEEPLESS)

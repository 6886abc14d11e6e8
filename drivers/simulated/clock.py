"""The time that a simulated bench lives in."""

from __future__ import annotations

import math
import time


class VirtualClock:
    """Bench time, in s since the bench was switched on.

    Parameters
    ----------
    speed
        Bench seconds per second of wall time. With `inf` (as fast as possible) bench time
        moves only when something advances it, so a run does not depend on the computer.
    """

    def __init__(self, speed: float = math.inf) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self.speed = speed
        self._virtual = math.isinf(speed)
        self._advanced = 0.0
        self._started = time.monotonic()

    @property
    def now(self) -> float:
        """Present bench time, in s."""
        if self._virtual:
            return self._advanced
        return (time.monotonic() - self._started) * self.speed

    def advance(self, seconds: float) -> None:
        """Let bench time pass; at a finite speed that takes wall time."""
        if self._virtual:
            self._advanced += seconds
        else:
            time.sleep(seconds / self.speed)

    def advance_to(self, moment: float) -> None:
        """Let bench time pass until `moment`; at once when that has passed."""
        if self._virtual:
            self._advanced = max(self._advanced, moment)
        elif moment > (now := self.now):
            self.advance(moment - now)

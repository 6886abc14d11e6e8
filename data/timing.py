"""How punctual a run was: lateness, jitter and overruns, from what was asked and achieved.

Lateness is achieved minus requested time of a reading, both on the instrument's clock and after
the start of its program; the first reading of a program is on time by definition where an
instrument's clock begins with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from data.run import RecordedPlay
from data.samples import Flag, Samples
from protocols.quantities import TIME


@dataclass(frozen=True)
class Timing:
    """Punctuality of some readings.

    Parameters
    ----------
    readings
        How many there are.
    lateness
        Mean lateness, in s.
    jitter
        Standard deviation of the lateness, in s.
    latest
        Greatest lateness, in s; what came too early counts by its amount.
    late
        Readings that are late by more than the instrument's stated timing error.
    overruns
        Readings at which the instrument reported a trigger that came before it was ready.
    """

    readings: int
    lateness: float
    jitter: float
    latest: float
    late: int
    overruns: int

    @classmethod
    def of(cls, samples: Samples) -> Timing:
        """The timing of readings, which may be none; one without a time does not count."""
        flags = samples.flags
        # A damaged time may be anything; it must not keep the rest from being told.
        with np.errstate(all="ignore"):
            lateness = samples.time - samples.requested_time
            lateness = lateness[np.isfinite(lateness)]
            return cls(
                readings=len(samples),
                lateness=float(lateness.mean()) if len(lateness) else 0.0,
                jitter=float(lateness.std()) if len(lateness) else 0.0,
                latest=float(np.abs(lateness).max(initial=0.0)),
                late=int(np.count_nonzero(flags & Flag.LATE)),
                overruns=int(np.count_nonzero(flags & Flag.OVERRUN)),
            )

    @classmethod
    def together(cls, parts: Sequence[Timing]) -> Timing:
        """The timing of all parts as one."""
        readings = sum(part.readings for part in parts)
        count = max(readings, 1)
        mean = sum(part.readings * part.lateness for part in parts) / count
        square = sum(
            part.readings * (part.jitter**2 + (part.lateness - mean) ** 2) for part in parts
        )
        return cls(
            readings, mean, math.sqrt(square / count),
            max((part.latest for part in parts), default=0.0),
            sum(part.late for part in parts), sum(part.overruns for part in parts),
        )  # fmt: skip

    @property
    def overrun(self) -> bool:
        """Whether the timing is not the one that was asked for."""
        return self.late > 0 or self.overruns > 0

    def as_json(self) -> dict[str, Any]:
        """As JSON values, times in s."""
        return asdict(self)

    def __str__(self) -> str:
        text = (
            f"{self.readings} readings, {in_words(self.lateness)} late on average, "
            f"jitter {in_words(self.jitter)}, at most {in_words(self.latest)}"
        )
        return f"{text}; {self.trouble}" if self.overrun else f"{text}; no overrun"

    @property
    def trouble(self) -> str:
        """What is wrong with it; empty when nothing is."""
        found = [f"{self.late} late beyond the instrument's timing error"] if self.late else []
        if self.overruns:
            found.append("the instrument reports a trigger overrun")
        return "OVERRUN: " + " and ".join(found) if found else ""


def in_words(seconds: float) -> str:
    """A time to 1 ns, far below any instrument's stamp: rounding errors are no lateness."""
    return TIME.format(round(seconds, 9) + 0.0)


def play_timings(samples: Samples, plays: Sequence[RecordedPlay]) -> tuple[Timing, ...]:
    """The timing of each program as it was played."""
    return tuple(Timing.of(samples[play.rows]) for play in plays)

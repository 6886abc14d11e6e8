"""The compiled stimulus: a table of segments that an instrument can time by itself.

                 amplitude ┌───────┐           ┌───────┐
                           │      ▒│           │      ▒│      ▒ reading, its aperture ends
             0 ────────────┘       └──────────▒┘       └───     just before the segment does
                           │ width │    gap    │
                           │◄───── period ────►│

Each row is one segment: a constant level for a duration, with one reading as late in it
as the instrument can make it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from protocols.errors import ProtocolError
from protocols.quantities import CURRENT, TIME, VOLTAGE, Quantity

if TYPE_CHECKING:
    from protocols.capabilities import Capabilities

Source = Literal["current", "voltage"]
OnLimit = Literal["fail", "flag"]
MOST_SEGMENTS = 2_000_000
"""Longest program that is compiled, far beyond what an instrument holds: its memory is bounded."""
MOST_PULSES = MOST_SEGMENTS // 2
"""Most pulses of one program: each has its gap."""


class Instant(IntEnum):
    """When, in the stimulus, a reading is taken (the read instant)."""

    PULSE_END = 0
    """At the end of a driven pulse."""
    GAP_END = 1
    """At the end of the gap that follows a pulse, just before the next one."""
    HOLD = 2
    """While the terminal is held at a voltage."""
    REST = 3
    """At open circuit: 0 A, nothing driven."""
    DURING = 4
    """Within a pulse or a gap that is sampled throughout, also while the source still settles."""


@dataclass(frozen=True)
class Segment:
    """A constant level for a duration, with one reading at its end.

    Parameters
    ----------
    level
        Source level, in A or V as the program's source is.
    duration
        Time at that level, in s.
    phase
        What the protocol is doing, one of the protocol's phase names.
    instant
        What the reading at its end stands for.
    pulse_index
        Number of the pulse it belongs to, from 1; 0 for none.
    cycle
        Number of the cycle, from 1; 0 for none.
    repeat
        How many such segments follow one another.
    keep
        Whether the readings are recorded.
    """

    level: float
    duration: float
    phase: str
    instant: Instant
    pulse_index: int = 0
    cycle: int = 0
    repeat: int = 1
    keep: bool = True


@dataclass(frozen=True)
class PulseTrain:
    """`count` equal pulses, each followed by a gap at level 0; two readings a pulse.

    Parameters
    ----------
    amplitude
        Level during the pulse, in A or V.
    width, gap
        Time at the amplitude and at 0 after it, in s; the period is their sum.
    count
        Number of pulses.
    phase
        One of the protocol's phase names.
    first_index
        Number of the first pulse.
    cycle
        Number of the cycle, from 1; 0 for none.
    kept
        Numbers of the pulses whose readings are recorded; None for all.
    """

    amplitude: float
    width: float
    gap: float
    count: int
    phase: str
    first_index: int = 1
    cycle: int = 0
    kept: tuple[int, ...] | None = None


_COLUMNS = (
    ("level", np.float64), ("duration", np.float64), ("phase", np.uint8),
    ("instant", np.uint8), ("pulse_index", np.int32), ("cycle", np.int32), ("keep", np.bool_),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PulseProgram:
    """A table of segments, and how to source and read them.

    Parameters
    ----------
    source
        What is forced: a current (levels in A) or a voltage (levels in V).
    level, duration, phase, instant, pulse_index, cycle
        One value a segment, shape (n,); `phase` is an index into `phases`.
    keep
        Whether the reading of each segment is recorded, shape (n,). The instrument makes and
        the runner checks every one; what is not kept goes no further. So long runs stay
        small.
    phases
        Names that `phase` stands for.
    limit
        Compliance: greatest voltage (V) while sourcing current, greatest current (A)
        while sourcing voltage.
    aperture
        Time over which each reading averages, in s.
    on_limit
        "fail" when reaching the limit must end the run, "flag" when it is expected.

    Raises
    ------
    ProtocolError
        Empty, or a duration, limit or aperture that is not positive, or a reading that
        does not fit into its segment.
    """

    source: Source
    level: NDArray[np.float64]
    duration: NDArray[np.float64]
    phase: NDArray[np.uint8]
    instant: NDArray[np.uint8]
    pulse_index: NDArray[np.int32]
    cycle: NDArray[np.int32]
    keep: NDArray[np.bool_]
    phases: tuple[str, ...]
    limit: float
    aperture: float
    on_limit: OnLimit = "fail"

    def __post_init__(self) -> None:
        if not len(self):
            raise ProtocolError("a program needs at least one segment")
        if not (np.all(self.duration > 0) and np.all(np.isfinite(self.duration))):
            raise ProtocolError("every segment needs a positive, finite duration")
        if not np.all(np.isfinite(self.level)):
            raise ProtocolError("every level must be finite")
        for name, value in (("limit", self.limit), ("aperture", self.aperture)):
            if not (np.isfinite(value) and value > 0):
                raise ProtocolError(f"{name} must be positive, not {value}")
        if self.aperture >= (shortest := float(self.duration.min())):
            raise ProtocolError(
                f"aperture {TIME.format(self.aperture)} does not fit into the shortest "
                f"segment of {TIME.format(shortest)}; give a shorter aperture or a longer segment"
            )

    @classmethod
    def compile(
        cls,
        parts: Iterable[Segment | PulseTrain],
        *,
        phases: Sequence[str],
        source: Source = "current",
        limit: float,
        aperture: float,
        on_limit: OnLimit = "fail",
    ) -> PulseProgram:
        """Lay segments and trains end to end.

        Raises
        ------
        ProtocolError
            What the class raises, a phase that is not one of them, or more than `MOST_SEGMENTS`.
        """
        parts = list(parts)
        if (count := sum(map(_count, parts))) > MOST_SEGMENTS:
            raise ProtocolError(
                f"a program of {count} segments (a pulse and its gap are two) is longer than any "
                f"instrument holds; at most {MOST_SEGMENTS} are compiled; give fewer pulses"
            )
        tables = [_rows(part, list(phases)) for part in parts]
        columns: dict[str, Any] = {
            name: np.concatenate([table[i] for table in tables] or [np.empty(0)]).astype(dtype)
            for i, (name, dtype) in enumerate(_COLUMNS)
        }
        return cls(
            source=source, **columns, phases=tuple(phases), limit=float(limit),
            aperture=float(aperture), on_limit=on_limit,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.level)

    @cached_property
    def total_duration(self) -> float:
        """Time that the whole program takes, in s."""
        return float(self.duration.sum())

    @cached_property
    def start(self) -> NDArray[np.float64]:
        """Start of each segment after the start of the program, in s, shape (n,)."""
        return np.concatenate(([0.0], np.cumsum(self.duration)[:-1]))

    @cached_property
    def readings(self) -> int:
        """How many readings are recorded."""
        return int(np.count_nonzero(self.keep))

    @property
    def charge(self) -> float:
        """Net charge forced through the terminal, in C; 0 while sourcing voltage."""
        return float(self.level @ self.duration) if self.source == "current" else 0.0

    @property
    def largest_level(self) -> float:
        """Greatest absolute level, in A or V."""
        return float(np.abs(self.level).max())

    @property
    def quantity(self) -> Quantity:
        """The quantity that is sourced."""
        return CURRENT if self.source == "current" else VOLTAGE

    def level_table(self) -> list[tuple[float, int, float]]:
        """Each distinct level with its count of segments and its total time in s."""
        levels, inverse = np.unique(self.level, return_inverse=True)
        counts = np.bincount(inverse)
        times = np.bincount(inverse, weights=self.duration)
        return [(float(a), int(n), float(t)) for a, n, t in zip(levels, counts, times, strict=True)]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what is played and which readings are kept, as hexadecimal text."""
        digest = hashlib.sha256(
            repr((self.source, self.phases, self.limit, self.aperture, self.on_limit)).encode()
        )
        for name, _ in _COLUMNS:
            # Programs that keep everything have the digest of files without this column.
            if name != "keep" or not self.keep.all():
                digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()

    def check(self, capabilities: Capabilities) -> None:
        """Compare with what an instrument can do, before anything is energised.

        Raises
        ------
        ProtocolError
            With every violated limit: parameter, value, limit, what would be accepted.
        """
        if problems := capabilities.violations(self):
            raise ProtocolError("; ".join(problems))


def _count(part: Segment | PulseTrain) -> int:
    return part.repeat if isinstance(part, Segment) else 2 * part.count


def _rows(part: Segment | PulseTrain, phases: list[str]) -> tuple[NDArray[Any], ...]:
    if part.phase not in phases:
        raise ProtocolError(f"phase {part.phase!r} is not one of {', '.join(phases)}")
    phase = phases.index(part.phase)
    if isinstance(part, Segment):
        row = (
            part.level, part.duration, phase, part.instant, part.pulse_index, part.cycle, part.keep,
        )  # fmt: skip
        return tuple(np.repeat(value, part.repeat) for value in row)
    if part.count < 1:
        raise ProtocolError(f"a train needs at least one pulse, not {part.count}")
    n = part.count
    pulse_index = np.repeat(part.first_index + np.arange(n), 2)
    return (
        np.tile([part.amplitude, 0.0], n),
        np.tile([part.width, part.gap], n),
        np.full(2 * n, phase),
        np.tile([Instant.PULSE_END, Instant.GAP_END], n),
        pulse_index,
        np.full(2 * n, part.cycle),
        np.full(2 * n, True) if part.kept is None else np.isin(pulse_index, part.kept),
    )

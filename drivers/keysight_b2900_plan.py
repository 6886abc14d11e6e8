"""How a pulse program becomes triggers of a Keysight B2900.

Its timers are periodic, so a program is one of three kinds of source action,

    pulses    equal widths at one period: a native pulse train, one list entry a pulse
    levels    anything else that changes at multiples of a tick: one list entry a tick
    constant  one level throughout: a fixed source

and its readings are either two a period, at any two times in it, or one a tick, of which those
that end last in a segment are the program's. Times are whole microseconds, as its timers count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocols.program import PulseProgram
from protocols.quantities import TIME

MICROSECOND = 1e-6
MOST_LEVELS = 2500
MOST_READINGS = 100_000
SHORTEST_WIDTH = 50e-6
_FINE = 10
"""A reading that cannot end with its segment ends within this part of it, if it can."""

Times = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SourceActions:
    """What the source does; times in s.

    Parameters
    ----------
    kind
        Of the three.
    levels
        Its list, in A or V; a single value where it is fixed.
    count
        How many source actions, `period` apart, the first `lead` after the start.
    width
        Of each pulse; 0 for other kinds.
    """

    kind: Literal["pulses", "levels", "constant"]
    levels: NDArray[np.float64]
    count: int = 1
    period: float = 1.0
    lead: float = 0.0
    width: float = 0.0


@dataclass(frozen=True, eq=False)
class Readings:
    """When the meter reads; times in s.

    Parameters
    ----------
    arms, arm_period, first, count, period
        `arms` times, `arm_period` apart, `count` readings, `period` apart, of which the first
        begins at `first`.
    chosen
        Number of the reading that belongs to each segment.
    begin
        When it begins, as commanded.
    """

    arms: int
    arm_period: float
    first: float
    count: int
    period: float
    chosen: Times
    begin: NDArray[np.float64]

    @property
    def total(self) -> int:
        """Readings that the instrument makes."""
        return self.arms * self.count


class Plan(NamedTuple):
    """The triggers of a program."""

    source: SourceActions
    readings: Readings


class NoPlan(ValueError):
    """Why a program cannot be timed, and what could."""


@lru_cache(maxsize=4)
def plan(program: PulseProgram, overhead: float) -> Plan:
    """The triggers that play a program.

    Parameters
    ----------
    overhead
        Time that a reading needs besides its aperture, in s.

    Raises
    ------
    NoPlan
        Its times do not fit a periodic timer.
    """
    ends = _microseconds(program)
    needs = math.ceil((program.aperture + overhead) / MICROSECOND - 1e-6)
    changes = _changes(program, ends)
    source = _pulses(program, ends) or _levels(program, ends, changes)
    return Plan(source, _pairs(ends, needs) or _ticks(ends, changes, needs))


def _microseconds(program: PulseProgram) -> Times:
    """End of each segment, in us."""
    exact = np.cumsum(program.duration) / MICROSECOND
    ends = np.rint(exact).astype(np.int64)
    changing = np.append(program.level[1:] != program.level[:-1], True)
    off = np.abs(exact - ends) > 1e-3
    if np.any(off & changing):
        first = float(program.duration[int(np.argmax(off & changing))])
        raise NoPlan(
            f"a segment of {TIME.format(first)} ends between two microseconds, in which the "
            f"timers count; the nearest that fits is {TIME.format(round(first, 6))}"
        )
    return ends


def _changes(program: PulseProgram, ends: Times) -> Times:
    """When the level changes after the start, in us; the end counts unless it ends at 0."""
    moving = np.flatnonzero(program.level[1:] != program.level[:-1])
    last = [ends[-1]] if program.level[-1] != 0 and len(moving) else []
    return np.append(ends[moving], last).astype(np.int64)


def _runs(program: PulseProgram, ends: Times) -> tuple[NDArray[np.float64], Times, Times]:
    """Level, start and end of each time at one level."""
    last = np.append(np.flatnonzero(program.level[1:] != program.level[:-1]), len(program) - 1)
    return program.level[last], np.append(0, ends[last][:-1]).astype(np.int64), ends[last]


def _pulses(program: PulseProgram, ends: Times) -> SourceActions | None:
    """Native pulses: equal widths at equal distances, from 0 and back to it."""
    level, start, end = _runs(program, ends)
    driven = level != 0
    if not driven.any() or np.any(driven[1:] & driven[:-1]) or driven[-1]:
        return None
    starts, widths = start[driven], (end - start)[driven]
    periods = np.diff(starts)
    period = int(periods[0]) if len(periods) else int(widths[0]) * 2
    if np.any(widths != widths[0]) or np.any(periods != period):
        return None
    if widths[0] * MICROSECOND < SHORTEST_WIDTH * (1 - 1e-9):
        return None
    peaks = level[driven]
    return SourceActions(
        "pulses",
        peaks[:1] if np.all(peaks == peaks[0]) else peaks,
        count=len(peaks),
        period=period * MICROSECOND,
        lead=float(starts[0]) * MICROSECOND,
        width=float(widths[0]) * MICROSECOND,
    )


def _levels(program: PulseProgram, ends: Times, changes: Times) -> SourceActions:
    """A level at every tick, from the first change to the last, and 0 at the end."""
    if not len(changes):
        return SourceActions("constant", program.level[:1])
    tick = int(np.gcd.reduce(changes))
    begin = int(changes[0]) if program.level[0] == 0 else 0
    count = (int(changes[-1]) - begin) // tick
    if count >= MOST_LEVELS:
        raise NoPlan(
            f"levels that change at multiples of {TIME.format(tick * MICROSECOND)} over "
            f"{TIME.format((int(changes[-1]) - begin) * MICROSECOND)} need {count + 1} entries of "
            f"the list, which holds {MOST_LEVELS}: the timer is periodic, so each tick is one; the "
            f"nearest that fits has levels that last multiples of "
            f"{TIME.format(_coarser(int(changes[-1]) - begin, tick))}"
        )
    at = begin + tick * np.arange(count)
    levels = program.level[np.searchsorted(ends, at, side="right")]
    # What follows the list is the level before it; an entry of 0 times the end of the last one.
    return SourceActions(
        "levels", np.append(levels, 0.0), count=count + 1, period=tick * MICROSECOND,
        lead=begin * MICROSECOND,
    )  # fmt: skip


def _coarser(total: int, tick: int) -> float:
    """A tick, a multiple of the present one, with which the list holds the total time."""
    return math.ceil(total / tick / (MOST_LEVELS - 2)) * tick * MICROSECOND


def _pairs(ends: Times, needs: int) -> Readings | None:
    """Two readings in each of equal periods whose two parts differ."""
    lengths = np.diff(ends, prepend=0)
    if len(ends) < 4 or len(ends) % 2:
        return None
    first, second = int(lengths[0]), int(lengths[1])
    if np.any(lengths[::2] != first) or np.any(lengths[1::2] != second):
        return None
    if first == second or min(first, second) < needs:
        return None
    return Readings(
        arms=len(ends) // 2,
        arm_period=(first + second) * MICROSECOND,
        first=(first - needs) * MICROSECOND,
        count=2,
        period=second * MICROSECOND,
        chosen=np.arange(len(ends)),
        begin=np.asarray((ends - needs) * MICROSECOND, np.float64),
    )


def _ticks(ends: Times, changes: Times, needs: int) -> Readings:
    """A reading at the end of every tick, of which each segment has its last."""
    total, best = int(ends[-1]), 0
    start = np.append(0, ends[:-1])
    candidates = _candidates(ends, changes, needs)
    for tick in candidates:
        if total // tick > MOST_READINGS and len(candidates) > 1:
            break
        chosen = ends // tick - 1
        begin = (chosen + 1) * tick - needs
        if np.any(begin < start):
            continue
        best = tick
        if np.all(ends - (chosen + 1) * tick <= (ends - start) / _FINE):
            break
    if not best:
        lengths = ends - start
        nearest = max(needs, math.ceil(total / MOST_READINGS))
        raise NoPlan(
            f"segments of {TIME.format(float(lengths.min()) * MICROSECOND)} to "
            f"{TIME.format(float(lengths.max()) * MICROSECOND)} have no tick in common that leaves "
            f"{TIME.format(needs * MICROSECOND)} for a reading and takes at most {MOST_READINGS} "
            f"readings in {TIME.format(total * MICROSECOND)}: the timer is periodic; the nearest "
            f"that fits lasts multiples of {TIME.format(nearest * MICROSECOND)}"
        )
    chosen = ends // best - 1
    return Readings(
        arms=1,
        arm_period=1.0,
        first=(best - needs) * MICROSECOND,
        count=int(chosen[-1]) + 1,
        period=best * MICROSECOND,
        chosen=chosen,
        begin=np.asarray(((chosen + 1) * best - needs) * MICROSECOND, np.float64),
    )


def _candidates(ends: Times, changes: Times, needs: int) -> list[int]:
    """Ticks to try, the one with the fewest readings first."""
    exact = int(np.gcd.reduce(ends))
    if exact >= needs:
        return [exact]
    if len(changes):
        common = int(np.gcd.reduce(changes))
        return [common // k for k in range(1, common // needs + 1) if common % k == 0]
    shortest = int(np.diff(ends, prepend=0).min())
    return sorted({max(needs, shortest // k) for k in range(1, 2 * _FINE)}, reverse=True)

"""How a pulse program becomes triggers of a Keysight B2900.

Its timers are periodic, so a program is one of three kinds of source action,

    pulses    equal widths at one period: a native pulse train, one list entry a pulse
    levels    anything else that changes at multiples of a tick: one list entry a tick
    constant  one level throughout: a fixed source

and its readings are one a tick, or one a tick from the same point of each period on. Those that
end last in a segment are the program's. Times are whole microseconds, as its timers count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivers import repeats
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
    passes
        How many times all of it is done, one after the other: a list that is too long and
        repeats is given once.
    """

    kind: Literal["pulses", "levels", "constant"]
    levels: NDArray[np.float64]
    count: int = 1
    period: float = 1.0
    lead: float = 0.0
    width: float = 0.0
    passes: int = 1


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

    @property
    def needed(self) -> int:
        """Of them, those up to the last one that belongs to a segment."""
        return int(self.chosen[-1]) + 1


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
    ends = np.rint(np.cumsum(program.duration) / MICROSECOND).astype(np.int64)
    needs = math.ceil((program.aperture + overhead) / MICROSECOND - 1e-6)
    changes = _changes(program, ends)
    source = _pulses(program, ends) or _levels(program, ends, changes)
    exact = int(np.gcd.reduce(ends))
    found = [
        readings
        for readings in (
            _ticks(ends, [exact], needs) if exact >= needs else None,
            _combs(ends, changes, needs, source),
        )
        if readings is not None
    ]
    if found:
        return Plan(source, min(found, key=lambda readings: readings.total))
    readings = _ticks(ends, _candidates(ends, changes, needs), needs)
    if readings is None:
        raise NoPlan(_no_tick(ends, needs))
    return Plan(source, readings)


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
    peaks, lead, width = level[driven], int(starts[0]), int(widths[0])
    one = peaks[:1] if np.all(peaks == peaks[0]) else peaks
    # Each pass begins a pass later than the one before, and waits the lead again.
    part = repeats.period(peaks.tolist()) if len(one) > MOST_LEVELS else len(peaks)
    if len(peaks) % part or (part < len(peaks) and lead + width > period):
        part = len(peaks)
    return SourceActions(
        "pulses", one[:part], count=part, period=period * MICROSECOND, lead=lead * MICROSECOND,
        width=width * MICROSECOND, passes=len(peaks) // part,
    )  # fmt: skip


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


def _combs(ends: Times, changes: Times, needs: int, source: SourceActions) -> Readings | None:
    """Readings at the same times of each period of a pulse train, the fewest that do."""
    if source.kind != "pulses" or source.count * source.passes < 2:
        return None
    period = round(source.period / MICROSECOND)
    anchors = np.unique((changes - needs) % period)
    found = [_comb(ends, changes, needs, period, int(anchor)) for anchor in anchors]
    return min((r for r in found if r is not None), key=lambda r: r.total, default=None)


def _comb(ends: Times, changes: Times, needs: int, period: int, first: int) -> Readings | None:
    """Readings from `first` on in each period, if they are over before the next one begins."""
    tick = int(np.gcd.reduce((changes - needs - first) % period)) or period
    arm, offset = np.divmod(ends - needs - first, period)
    aligned = not np.any(offset % tick)
    count = int(offset.max() if aligned else period - needs - first) // tick + 1
    if tick < needs or first + (count - 1) * tick + needs > period or arm[0] < 0:
        return None
    nth = np.minimum(offset // tick, count - 1)
    begin = first + arm * period + nth * tick
    if np.any(begin < np.append(0, ends[:-1])):
        return None
    return Readings(
        arms=int(arm[-1]) + 1,
        arm_period=period * MICROSECOND,
        first=first * MICROSECOND,
        count=count,
        period=tick * MICROSECOND,
        chosen=arm * count + nth,
        begin=np.asarray(begin * MICROSECOND, np.float64),
    )


def _ticks(ends: Times, candidates: list[int], needs: int) -> Readings | None:
    """A reading at the end of every tick, of which each segment has its last."""
    total, best = int(ends[-1]), 0
    start = np.append(0, ends[:-1])
    for tick in candidates:
        if total // tick > MOST_READINGS and len(candidates) > 1:
            break
        if np.any(ends // tick * tick - needs < start):
            continue
        best = tick
        if np.all(ends % tick <= (ends - start) / _FINE):
            break
    if not best:
        return None
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
    """Ticks to try where the ends have none in common, the one with the fewest readings first."""
    if len(changes):
        common = int(np.gcd.reduce(changes))
        return [common // k for k in range(1, common // needs + 1) if common % k == 0]
    shortest = int(np.diff(ends, prepend=0).min())
    return sorted({max(needs, shortest // k) for k in range(1, 2 * _FINE)}, reverse=True)


def _no_tick(ends: Times, needs: int) -> str:
    lengths, total = np.diff(ends, prepend=0), int(ends[-1])
    nearest = max(needs, math.ceil(total / MOST_READINGS))
    return (
        f"segments of {TIME.format(float(lengths.min()) * MICROSECOND)} to "
        f"{TIME.format(float(lengths.max()) * MICROSECOND)} have no tick in common that leaves "
        f"{TIME.format(needs * MICROSECOND)} for a reading and takes at most {MOST_READINGS} "
        f"readings in {TIME.format(total * MICROSECOND)}: the timer is periodic; the nearest "
        f"that fits lasts multiples of {TIME.format(nearest * MICROSECOND)}"
    )

"""A run's stimulus as few numbers that can be drawn, however many pulses it has.

first   the first pulses of the first program, segment by segment
whole   the whole run in columns of equal time: least and greatest level, readings,
        resets and the regulating resistance
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from protocols.plan import Plan
from protocols.program import Instant, PulseProgram
from protocols.quantities import Quantity
from protocols.steps import ClosedLoop, Play, ReturnToBaseline, SelectDevice, SelectResistance

COLUMNS = 600
"""Columns of the whole run, and most segments of the first pulses."""
_PULSES = 3
"""Pulses that are drawn one by one."""

Floats = NDArray[np.float64]


class What(IntEnum):
    """What goes on in a column; of several the last of these."""

    NOTHING = 0
    RESET = 1
    LOOP = 2
    """Steps that are decided from what is read; their bounds are drawn."""
    PLAY = 3


@dataclass(frozen=True, eq=False)
class First:
    """The first pulses.

    Parameters
    ----------
    edges, level
        Times from the start of the program, in s, shape (n + 1,); levels between them, in A
        or V, shape (n,).
    reading_from, reading_to
        Start and end of each reading that is recorded, in s, shape (m,).
    pulses, of
        How many pulses are drawn, and how many the program has; 0 of a program without.
    """

    edges: Floats
    level: Floats
    reading_from: Floats
    reading_to: Floats
    pulses: int
    of: int


@dataclass(frozen=True, eq=False)
class Whole:
    """The whole run in columns, each array of shape (COLUMNS,).

    Parameters
    ----------
    duration
        Expected, in s.
    low, high
        Least and greatest level, in A or V; NaN where nothing is driven.
    what
        What goes on, as `What`.
    resistance
        Regulating resistance in ohm, infinite for open; NaN before the first selection.
    read
        Whether a reading of a program is recorded.
    """

    duration: float
    low: Floats
    high: Floats
    what: NDArray[np.uint8]
    resistance: Floats
    read: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shape:
    """What there is to be drawn of a stimulus.

    Parameters
    ----------
    quantity
        What the levels are; a program that sources something else is drawn without levels.
    """

    quantity: Quantity
    first: First
    whole: Whole

    @classmethod
    def of(cls, plan: Plan) -> Shape:
        """Draw up a plan; it plays at least one program."""
        program = _first_program(plan)
        return cls(program.quantity, _first(program), _whole(plan, program.quantity))


def _first_program(plan: Plan) -> PulseProgram:
    """The first that is no reset's, if there is one."""
    for step in plan.steps:
        if isinstance(step, Play):
            return step.program
        if isinstance(step, ClosedLoop) and not isinstance(step, ReturnToBaseline):
            return step.programs()[0]
    return plan.every_program[0]


def _first(program: PulseProgram) -> First:
    driven = np.flatnonzero((program.instant == Instant.PULSE_END) & (program.pulse_index > 0))
    edges = np.append(program.start, program.total_duration)
    low, high = 0.0, program.total_duration
    if len(driven):
        # A pulse that is sampled throughout is many segments, of which only the last is its end.
        same = program.level[1:] == program.level[:-1]
        goes_on = np.append(False, same & (program.instant[:-1] == Instant.DURING))
        starts = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(program))))[driven]
        begin, end = edges[starts[0]], edges[driven[:_PULSES][-1] + 1]
        after = edges[starts[_PULSES]] if len(driven) > _PULSES else high
        low, high = max(0.0, begin - 0.25 * (end - begin)), min(after, end + 0.5 * (end - begin))
    elif program.cycle.max(initial=0) > 1:
        high = edges[np.flatnonzero(program.cycle == program.cycle[0])[-1] + 1]
    inside = slice(
        int(np.searchsorted(edges, low, side="right")) - 1, int(np.searchsorted(edges, high))
    )
    level, ends = program.level[inside], edges[inside.start + 1 : inside.stop + 1]
    kept = ends[program.keep[inside] & (ends <= high * (1 + 1e-9))]
    kept = kept[:: max(1, -(-len(kept) // COLUMNS))]
    between = np.clip(edges[inside.start : inside.stop + 1], low, high)
    if len(level) > COLUMNS:
        between, level = _columns(between, level)
    pulses = min(_PULSES, len(driven))
    return First(between, level, kept - program.aperture, kept, pulses, len(driven))


def _columns(edges: Floats, level: Floats) -> tuple[Floats, Floats]:
    """Equal columns instead of many segments, each at its level farthest from 0."""
    even = np.linspace(edges[0], edges[-1], COLUMNS + 1)
    low, high = _extremes(edges, level, even)
    return even, np.where(-low > high, low, high)


def _extremes(edges: Floats, level: Floats, even: Floats) -> tuple[Floats, Floats]:
    """Least and greatest level of the segments that reach into each column."""
    first = np.clip(np.searchsorted(edges, even[:-1], side="right") - 1, 0, len(level) - 1)
    after = np.clip(np.searchsorted(edges, even[1:], side="left"), first + 1, len(level))
    pairs = np.column_stack((first, after)).ravel()
    padded = np.append(level, level[-1])
    return np.minimum.reduceat(padded, pairs)[::2], np.maximum.reduceat(padded, pairs)[::2]


def _whole(plan: Plan, quantity: Quantity) -> Whole:
    columns = _Columns(plan.expected_duration, quantity)
    for step, duration in zip(plan.steps, plan.durations, strict=True):
        match step:
            case Play(program=program):
                columns.play(program)
            case ReturnToBaseline():
                columns.loop(What.RESET, duration, ())
            case ClosedLoop():
                columns.loop(What.LOOP, duration, step.programs())
            case SelectResistance(resistance=resistance):
                columns.state = resistance
            case SelectDevice():
                columns.state = np.inf
    idle = ~np.isfinite(columns.low)
    columns.low[idle] = columns.high[idle] = np.nan
    return Whole(
        columns.duration, columns.low, columns.high, columns.what, columns.resistance, columns.read
    )


class _Columns:
    """The columns as they fill from left to right."""

    def __init__(self, duration: float, quantity: Quantity) -> None:
        self.duration, self._quantity = duration, quantity
        self.state, self._now = np.nan, 0.0
        self.low, self.high = np.full(COLUMNS, np.inf), np.full(COLUMNS, -np.inf)
        self.what = np.zeros(COLUMNS, np.uint8)
        self.resistance = np.full(COLUMNS, np.nan)
        self.read = np.zeros(COLUMNS, np.bool_)
        self._bounds: dict[int, tuple[PulseProgram, float, float]] = {}

    def play(self, program: PulseProgram) -> None:
        """Put a program where the run has come to."""
        start, place = self._now, self._advance(program.total_duration, What.PLAY)
        if program.quantity != self._quantity:
            return
        if place.stop - place.start <= 2:
            _, low, high = self._bounds_of(program)
            self._put(place, low, high)
            self.read[place] |= program.readings > 0
            return
        edges = start + np.append(program.start, program.total_duration)
        even = np.arange(place.start, place.stop + 1) * (self.duration / COLUMNS)
        self._put(place, *_extremes(edges, program.level, even))
        ends = edges[1:][program.keep]
        self.read[place] |= np.histogram(ends, even)[0] > 0

    def loop(self, what: What, duration: float, programs: tuple[PulseProgram, ...]) -> None:
        """Put steps that are not known yet where the run has come to."""
        place = self._advance(duration, what)
        for program in programs:
            if program.quantity == self._quantity:
                self._put(place, *self._bounds_of(program)[1:])

    def _bounds_of(self, program: PulseProgram) -> tuple[PulseProgram, float, float]:
        """Least and greatest level; the program is kept so that its identity stays its own."""
        key = id(program)
        if key not in self._bounds:
            level = program.level
            self._bounds[key] = program, float(level.min()), float(level.max())
        return self._bounds[key]

    def _advance(self, duration: float, what: What) -> slice:
        width = self.duration / COLUMNS
        first = min(COLUMNS - 1, int(self._now / width))
        self._now += duration
        place = slice(first, min(COLUMNS, max(first + 1, int(np.ceil(self._now / width - 1e-9)))))
        self.what[place] = np.maximum(self.what[place], what)
        self.resistance[place] = self.state
        return place

    def _put(self, place: slice, low: Floats | float, high: Floats | float) -> None:
        self.low[place] = np.minimum(self.low[place], low)
        self.high[place] = np.maximum(self.high[place], high)

"""How a pulse program is put into the pulse lists and list sweeps of a Keithley 2461.

A pulse list has one width and one off time for all of its pulses, returns to the bias level
between them, and reads once a pulse. So a program is laid on a grid of equal slots, one pulse
of the list a slot; a pulse at the bias level is what reads at the end of a gap:

    list      ┌──amp──┐ ┌───0───┐ ┌──amp──┐ ┌───0───┐
              │      ▒│ │      ▒│ │      ▒│ │      ▒│     ▒ reading
              │ width │o│ width │o│                        o off time, at the bias level
    program   │ width │       gap         │

The grid goes from pulse to pulse. What comes before the first may begin between two slots, at the
bias level as before the program; a gap that is followed by another gap, as in a rest with readings
on a logarithmic scale, may end there: it is read in its last whole slot, up to a slot before its
end.

What needs no return to a bias level, as a staircase, is a list sweep: one level after the
other, each read once at its end.

A waveform, whose readings are "during" pulses and gaps, is a pulse list while the digitizer samples
through all of it (`keithley_2461_digitizer`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers import keithley_2461_digitizer as digitizer
from drivers.keithley_2461_digitizer import LEAST_WIDTH, MOST_LEVELS
from protocols.program import PulseProgram

OVERHEAD = 230e-6
"""Of a reading in a pulse besides its aperture: 200 us less 50 us after it, 80 us for the pulse."""
SWEEP_OVERHEAD = 150e-6
"""Of a reading in a list sweep besides its aperture, in s; what a step takes besides is not
stated."""
LEAST_DELAY = 50e-6
"""Shortest delay of a list sweep, in s."""
MOST_READINGS = 1_000_000
_OFF = 1.01e-4
"""Least part of a slot at the bias level: pulses have a duty cycle of at most 99.99 %."""
_FINEST = 1000
"""Slots that the shortest pulse and gap are divided into, at most."""
_TRIED = 20_000
"""Grids that are tried for gaps that differ, at most."""
_ALIGNED = 1e-6
"""Part of a slot by which intervals between pulses may miss the grid."""
_EDGE = 1e-3
"""Part of a slot by which the sum of a million durations may miss what it stands for."""


@dataclass(frozen=True, eq=False)
class Layout:
    """What the instrument is given, and what comes back.

    Parameters
    ----------
    kind
        A pulse list, a list sweep, or a pulse list that is digitized.
    levels
        The list, in A or V; it is played `count` times.
    count
        How often.
    bias
        Level before the first pulse and between pulses, in A or V.
    width, off, delay
        Of each pulse: time at its level and at the bias level after it, in s; of a sweep the
        delay of each reading, in s.
    period
        From one entry of the list to the next, in s.
    lead
        Time at the bias level before the program begins, in s.
    reading
        Number of the reading, from 0, that belongs to each segment, shape (n,).
    before, rate
        Of what is digitized: time at the bias level before each pulse, in s, and samples a second,
        which are the readings then, one every `period`.
    """

    kind: Literal["pulses", "sweep", "digitized"]
    levels: NDArray[np.float64]
    count: int
    bias: float
    width: float
    off: float
    delay: float
    period: float
    lead: float
    reading: NDArray[np.int64]
    before: float = 0.0
    rate: float = 0.0

    @property
    def readings(self) -> int:
        """How many readings the instrument makes."""
        return int(self.reading[-1]) + 1 if self.rate else len(self.levels) * self.count

    @property
    def requested(self) -> NDArray[np.float64]:
        """Start of the reading of each segment after the start of the program, in s, (n,)."""
        return np.asarray(self.reading * self.period + self.delay - self.lead)


@lru_cache(maxsize=2)
def layout(program: PulseProgram) -> Layout | None:
    """Lay a program out; None when it can be neither a pulse list nor a list sweep."""
    if digitizer.wanted(program) and (found := digitizer.trains(program)) is not None:
        return _digitized(program, found)
    return _pulses(program) or _sweep(program)


def readings(program: PulseProgram) -> int:
    """How many readings a program takes, also one that takes more than there may be."""
    if (found := layout(program)) is not None:
        return found.readings
    line = _timeline(program)
    slot = next(_slots(program, line), None) if line is not None else None
    return math.ceil(program.total_duration / slot - _EDGE) if slot else 0


@dataclass(frozen=True, eq=False)
class _Timeline:
    """A program whose pulses have one width: when each segment begins and ends, in s.

    `starts` are the beginnings of pulses, which have to be on the grid.
    """

    bias: float
    width: float
    driven: NDArray[np.bool_]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    starts: NDArray[np.float64]


def _timeline(program: PulseProgram) -> _Timeline | None:
    level = program.level
    bias = float(level[0]) if bool((level == level[0]).all()) else 0.0
    driven = level != bias
    widths = program.duration[driven]
    if len(widths) and not np.allclose(widths, widths[0], rtol=1e-9, atol=0):
        return None
    if driven[-1] or bool((driven[1:] & driven[:-1]).any()):
        return None
    begin = program.start
    width = float(widths[0]) if len(widths) else 0.0
    return _Timeline(bias, width, driven, begin, begin + program.duration, begin[driven])


def _pulses(program: PulseProgram) -> Layout | None:
    line = _timeline(program)
    if line is None:
        return None
    found = None
    for slot in _slots(program, line):
        if line.end[-1] / slot > MOST_READINGS * (1 + 1e-6):
            continue
        candidate = _on_grid(program, line, slot)
        if candidate is not None:
            found = candidate
            # Longer slots, up to twice as long, make half as many at best.
            if not MOST_LEVELS < len(found.levels) <= 2 * MOST_LEVELS:
                break
    return found


def _slots(program: PulseProgram, line: _Timeline) -> Iterator[float]:
    """Lengths of slots to try, the best first: those with which readings come latest."""
    least = max(line.width, LEAST_WIDTH, program.aperture + OVERHEAD)
    if not line.width:
        shortest = float(program.duration.min())
        yield shortest
        parts = min(int(shortest / least * (1 + 1e-9)), _FINEST)
        yield from (shortest / part for part in range(parts, 1, -1))
        return
    apart = np.diff(line.starts)
    if not len(apart):
        yield max(least, line.width / (1 - _OFF))
        return
    shortest = float(apart.min())
    kinds = np.unique(apart)
    most = int(shortest / least * (1 + 1e-9))
    # The pulse that reads at the end of a gap ends before it by what a slot is longer than a pulse.
    for part in range(most, max(most // 2, most - _TRIED), -1):
        slots = kinds / (shortest / part)
        if np.abs(slots - np.rint(slots)).max() <= _ALIGNED:
            yield shortest / part


def _on_grid(program: PulseProgram, line: _Timeline, slot: float) -> Layout | None:
    """One pulse a slot; None when a gap has no whole slot in it to be read in."""
    # The grid begins with the first pulse; what comes before it may begin within a slot.
    ahead = line.starts[0] / slot if len(line.starts) else 0.0
    lead = max(math.ceil(ahead - _EDGE) - ahead, 0.0)
    starts, ends = line.begin / slot + lead, line.end / slot + lead
    begin = np.where(line.driven, np.rint(starts), np.ceil(starts - _EDGE))
    last = np.where(line.driven, begin, np.floor(ends + _EDGE) - 1)
    # Behind a pulse, whose slot may be longer than it is, comes the next slot.
    first = np.where(line.driven, last, np.maximum(begin, np.concatenate(([0], last[:-1] + 1))))
    if (last < first).any():
        return None
    every = np.full(math.ceil(ends[-1] - _EDGE), line.bias)
    reading = last.astype(np.int64)
    every[reading[line.driven]] = program.level[line.driven]
    levels = _repeated(every)
    off = max(slot - line.width if line.width else 0.0, _OFF * slot)
    width = slot - off
    return Layout(
        "pulses", levels, len(every) // len(levels), line.bias, width, off,
        max(width - program.aperture - OVERHEAD, 0.0), slot, lead * slot, reading,
    )  # fmt: skip


def _sweep(program: PulseProgram) -> Layout | None:
    step = float(program.duration[0])
    delay = step - program.aperture - SWEEP_OVERHEAD
    if not np.allclose(program.duration, step, rtol=1e-9, atol=0) or delay < LEAST_DELAY:
        return None
    levels = _repeated(program.level)
    return Layout(
        "sweep", levels, len(program) // len(levels), 0.0, 0.0, 0.0, delay, step, 0.0,
        np.arange(len(program)),
    )  # fmt: skip


def _digitized(program: PulseProgram, found: digitizer.Trains) -> Layout:
    each = found.samples_per_segment
    period = float(program.duration[0]) / each
    return Layout(
        "digitized", found.levels, 1, 0.0, found.width, found.off, 0.0, period, 0.0,
        np.arange(1, len(program) + 1) * each - 1, found.before, found.rate,
    )  # fmt: skip


def _repeated(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shortest beginning that makes the whole when it is repeated, if it fits the list."""
    for length in range(1, min(len(values) // 2, MOST_LEVELS) + 1):
        if len(values) % length == 0 and np.array_equal(values[length:], values[:-length]):
            return values[:length]
    return values


def nearest(program: PulseProgram) -> str:
    """In words, the nearest program that can be laid out."""
    driven = program.level != 0
    least = max(LEAST_WIDTH, program.aperture + OVERHEAD)
    widths = program.duration[driven] if driven.any() else np.array([least])
    if not np.allclose(widths, widths[0], rtol=1e-9, atol=0):
        return f"the nearest that fits gives every pulse one width, as {_ms(float(widths.min()))}"
    slot = max(float(widths[0]), least)
    gaps = np.unique(program.duration[~driven])
    if gaps.min() < slot * (1 - 1e-9):
        return f"the nearest that fits has no gap below {_ms(slot)}, where {_ms(gaps.min())} is"
    rounded = [max(round(float(gap) / slot), 1) * slot for gap in gaps]
    changed = [f"{_ms(g)} to {_ms(r)}" for g, r in zip(gaps.tolist(), rounded, strict=True)
               if not math.isclose(g, r, rel_tol=1e-6)]  # fmt: skip
    if not changed:
        return (
            f"the nearest that fits has a gap of {_ms(slot)} or a multiple of it behind every pulse"
        )
    more = f" and {len(changed) - 4} more" if len(changed) > 4 else ""
    return (
        f"the nearest that fits has gaps in multiples of {_ms(slot)}: "
        f"{', '.join(changed[:4])}{more}"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.6g} ms"

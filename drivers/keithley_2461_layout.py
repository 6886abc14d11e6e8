"""How a pulse program is put into the pulse lists and list sweeps of a Keithley 2461.

A pulse list has one width and one off time for all of its pulses, returns to the bias level
between them, and reads once a pulse. So a program is laid on a grid of equal slots, one pulse
of the list a slot; a pulse at the bias level is what reads at the end of a gap:

    list      ┌──amp──┐ ┌───0───┐ ┌──amp──┐ ┌───0───┐
              │      ▒│ │      ▒│ │      ▒│ │      ▒│     ▒ reading
              │ width │o│ width │o│                        o off time, at the bias level
    program   │ width │       gap         │

What needs no return to a bias level, as a staircase, is a list sweep: one level after the
other, each read once at its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from protocols.program import PulseProgram

LEAST_WIDTH = 150e-6
"""Shortest pulse, in s."""
OVERHEAD = 230e-6
"""Of a reading in a pulse besides its aperture: 200 us less 50 us after it, 80 us for the pulse."""
SWEEP_OVERHEAD = 150e-6
"""Of a reading in a list sweep besides its aperture, in s; what a step takes besides is not
stated."""
LEAST_DELAY = 50e-6
"""Shortest delay of a list sweep, in s."""
MOST_LEVELS = 2500
MOST_READINGS = 1_000_000
_OFF = 1.01e-4
"""Least part of a slot at the bias level: pulses have a duty cycle of at most 99.99 %."""
_FINEST = 1000
"""Slots that the shortest pulse and gap are divided into, at most."""


@dataclass(frozen=True, eq=False)
class Layout:
    """What the instrument is given, and what comes back.

    Parameters
    ----------
    kind
        A pulse list or a list sweep.
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
    reading
        Number of the reading, from 0, that belongs to each segment, shape (n,).
    """

    kind: Literal["pulses", "sweep"]
    levels: NDArray[np.float64]
    count: int
    bias: float
    width: float
    off: float
    delay: float
    period: float
    reading: NDArray[np.int64]

    @property
    def readings(self) -> int:
        """How many readings the instrument makes."""
        return len(self.levels) * self.count

    @property
    def requested(self) -> NDArray[np.float64]:
        """Start of the reading of each segment after the start of the program, in s, (n,)."""
        return np.asarray(self.reading * self.period + self.delay, dtype=np.float64)


@lru_cache(maxsize=2)
def layout(program: PulseProgram) -> Layout | None:
    """Lay a program out; None when it can be neither a pulse list nor a list sweep."""
    return _pulses(program) or _sweep(program)


@dataclass(frozen=True, eq=False)
class _Stretches:
    """A program cut into what begins and ends on the grid: a pulse with its gap, or a gap."""

    bias: float
    width: float
    duration: NDArray[np.float64]
    driven: NDArray[np.bool_]
    pulsed: NDArray[np.bool_]
    of_segment: NDArray[np.int64]


def _stretches(program: PulseProgram) -> _Stretches | None:
    level = program.level
    constant = bool((level == level[0]).all())
    bias = float(level[0]) if constant else 0.0
    driven = level != bias
    widths = program.duration[driven]
    if len(widths) and not np.allclose(widths, widths[0], rtol=1e-9, atol=0):
        return None
    if driven[-1] or bool((driven[1:] & driven[:-1]).any()):
        return None
    before = np.concatenate(([False], driven[:-1]))
    ends = np.flatnonzero(~driven)
    duration = program.duration[ends] + np.where(before[ends], program.duration[ends - 1], 0.0)
    of_segment = np.cumsum(~driven) - np.where(driven, 0, 1)
    width = float(widths[0]) if len(widths) else 0.0
    return _Stretches(bias, width, duration, driven, before[ends], of_segment)


def _pulses(program: PulseProgram) -> Layout | None:
    cut = _stretches(program)
    if cut is None:
        return None
    least = max(cut.width, LEAST_WIDTH, program.aperture + OVERHEAD) * (1 - 1e-9)
    shortest = float(cut.duration.min())
    most = min(int(shortest / least), _FINEST)
    # Behind a pulse the finest grid reads latest in its gap; without pulses the coarsest will do.
    parts = range(most, 0, -1) if cut.width else range(1, most + 1)
    kinds = np.unique(np.stack([cut.duration, cut.pulsed]), axis=1)
    found = None
    for part in parts:
        slot = shortest / part
        slots = kinds[0] / slot
        if np.abs(slots - np.rint(slots)).max() > 1e-6 or (np.rint(slots) < 1 + kinds[1]).any():
            continue
        if np.rint(cut.duration / slot).sum() > MOST_READINGS and part > 1 and cut.width:
            continue
        found = _on_grid(program, cut, slot)
        if len(found.levels) <= MOST_LEVELS:
            return found
    return found


def _on_grid(program: PulseProgram, cut: _Stretches, slot: float) -> Layout:
    slots = np.rint(cut.duration / slot).astype(np.int64)
    first = np.cumsum(slots) - slots
    every = np.full(int(slots.sum()), cut.bias)
    every[first[cut.pulsed]] = program.level[cut.driven]
    reading = np.where(cut.driven, first[cut.of_segment], (first + slots - 1)[cut.of_segment])
    levels = _repeated(every)
    off = max(slot - cut.width if cut.width else 0.0, _OFF * slot)
    width = slot - off
    return Layout(
        "pulses", levels, len(every) // len(levels), cut.bias, width, off,
        max(width - program.aperture - OVERHEAD, 0.0), slot, reading,
    )  # fmt: skip


def _sweep(program: PulseProgram) -> Layout | None:
    step = float(program.duration[0])
    delay = step - program.aperture - SWEEP_OVERHEAD
    if not np.allclose(program.duration, step, rtol=1e-9, atol=0) or delay < LEAST_DELAY:
        return None
    levels = _repeated(program.level)
    return Layout(
        "sweep", levels, len(program) // len(levels), 0.0, 0.0, 0.0, delay, step,
        np.arange(len(program)),
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

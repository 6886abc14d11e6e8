"""How a waveform is put into the digitized pulse lists of a Keithley 2461.

A pulse list plays its pulses, and while a digitize function is selected the digitizer samples
through all of it at its own rate, from the output on:

    list      before ┌──amp──┐    off     before ┌──amp──┐  off   ┌─0─┐
                     │       │                   │       │               an entry at 0 follows
    program   │ rest │ pulse │        gap        │ pulse │     gap     │ where the last gap is
    samples   ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒ ▒      longer than "off"

The rest before the first pulse is the delay before each, and the gap less it the off time. A
segment holds one sample, or some of which the last is kept, so that it comes as late as it can.

That the first sample is taken as the output comes on is inferred from the vendor's examples, which
digitize "constantly"; an edge in the samples shows it, to the time from one to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from protocols.program import Instant, PulseProgram
from protocols.quantities import TIME

LEAST_WIDTH = 150e-6
"""Shortest pulse, in s."""
MOST_LEVELS = 2500
LEAST_RATE, MOST_RATE = 1e3, 1e6
"""Samples a second."""
LEAST_APERTURE, MOST_APERTURE = 1e-6, 1e-3
"""Of a sample, in s; in steps of the least."""
MOST_SAMPLES = 4_500_000
_USUAL = 10
"""Samples a segment, at most, unless no fewer give a rate that the digitizer has."""
_LEAST_OFF = 1.01e-4
"""Least part of a period at the bias level: pulses have a duty cycle of at most 99.99 %."""
_TAIL = 1e-3
"""Time at 0 by which the list outlasts the program, for its last sample to be taken, in s."""
_EQUAL = 1e-9


@dataclass(frozen=True, eq=False)
class Trains:
    """A waveform as the instrument is told it.

    Parameters
    ----------
    levels
        The pulse list, in A or V, with what follows it at 0.
    before, width, off
        Of each entry, in s.
    samples_per_segment, rate
        How many samples a segment holds, and samples a second.
    """

    levels: NDArray[np.float64]
    before: float
    width: float
    off: float
    samples_per_segment: int
    rate: float


def wanted(program: PulseProgram) -> bool:
    """Whether a program is a waveform: readings that come within pulses and gaps."""
    return bool((program.instant == Instant.DURING).any())


@lru_cache(maxsize=2)
def trains(program: PulseProgram) -> Trains | None:
    """Lay a waveform out; None when it cannot be digitized."""
    return None if obstacle(program) else _trains(program)


@lru_cache(maxsize=2)
def obstacle(program: PulseProgram) -> str:
    """Why a waveform cannot be digitized, and what can; "" when it can."""
    interval = float(program.duration[0])
    if not np.allclose(program.duration, interval, rtol=_EQUAL, atol=0):
        return "the digitizer samples at equal intervals; give every segment one duration"
    if not _samples_per_segment(program):
        steps = max(round(program.aperture / LEAST_APERTURE), 1)
        nearest = _nearest_interval(interval, steps * 1e-6)
        return (
            f"an interval of {TIME.format(interval)} with an aperture of "
            f"{TIME.format(program.aperture)} is no whole number of samples, at a whole rate of "
            "1,000 to 1,000,000 a second and with apertures in steps of 1 us; the nearest that "
            f"fits has an interval of {TIME.format(nearest)} and an aperture of "
            f"{TIME.format(steps * 1e-6)}"
        )
    return _shape_obstacle(program)


def _samples_per_segment(program: PulseProgram) -> int:
    """Samples that a segment holds: as many as fit with their aperture, ten at most; 0 for none."""
    steps = program.aperture / LEAST_APERTURE
    if abs(steps - round(steps)) > 1e-6 * steps or not round(steps):
        return 0
    fits = _counts(float(program.duration[0]), program.aperture)
    if not len(fits):
        return 0
    usual = fits[fits <= min(_USUAL, MOST_SAMPLES // len(program))]
    return int(usual[-1] if len(usual) else fits[0])


def _counts(interval: float, aperture: float) -> NDArray[np.int64]:
    """Every number of samples in an interval that the digitizer has a rate for, ascending.

    That rates are whole numbers is inferred from how the manual writes them.
    """
    most = int(interval / max(aperture, 1 / MOST_RATE) * (1 + _EQUAL))
    count = np.arange(1, most + 1)
    rate = count / interval
    whole = np.abs(rate - np.rint(rate)) <= 1e-6
    return count[whole & (rate >= LEAST_RATE * (1 - _EQUAL))]


def _nearest_interval(interval: float, aperture: float) -> float:
    """In steps of 1 us, in s; the aperture itself at least."""
    near = max(round(interval / 1e-6), round(aperture / 1e-6), 1)
    for apart in range(10_000):
        for steps in (near + apart, near - apart):
            if steps > 0 and len(_counts(steps * 1e-6, aperture)):
                return steps * 1e-6
    return 1 / LEAST_RATE


def _runs(program: PulseProgram) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Level and duration of each stretch of equal levels."""
    first = np.concatenate(([0], np.flatnonzero(np.diff(program.level)) + 1))
    counts = np.diff(np.append(first, len(program)))
    return program.level[first], counts * float(program.duration[0])


def _shape_obstacle(program: PulseProgram) -> str:
    level, time = _runs(program)
    driven = level != 0
    widths, inner = time[driven], time[1:-1][~driven[1:-1]]
    if not driven.any() or driven[-1] or (driven[1:] & driven[:-1]).any():
        return "the digitizer samples pulse lists, each pulse with a gap at 0 behind it"
    if not np.allclose(widths, widths[0], rtol=_EQUAL, atol=0):
        return f"pulses have one width; the nearest is {TIME.format(float(widths.min()))} for each"
    if widths[0] < LEAST_WIDTH * (1 - _EQUAL):
        return (
            f"a pulse of {TIME.format(float(widths[0]))} is shorter than the least of "
            f"{TIME.format(LEAST_WIDTH)}, which is the nearest"
        )
    if len(inner) and not np.allclose(inner, inner[0], rtol=_EQUAL, atol=0):
        return f"gaps between pulses are equal; the nearest is {TIME.format(float(inner.min()))}"
    before = 0.0 if driven[0] else float(time[0])
    off = float(inner[0] if len(inner) else time[-1]) - (before if len(inner) else 0.0)
    if off < _LEAST_OFF * (before + float(widths[0]) + max(off, 0.0)):
        return (
            f"the rest of {TIME.format(before)} before the first pulse is part of each gap and is "
            f"to be shorter than it; the nearest is below {TIME.format(float(inner[0]))}"
        )
    return ""


def _trains(program: PulseProgram) -> Trains:
    level, time = _runs(program)
    driven = level != 0
    count, width = int(np.count_nonzero(driven)), float(time[driven][0])
    before = 0.0 if driven[0] else float(time[0])
    # A single pulse has no gap that the rest would be part of.
    off = float(time[driven.argmax() + 1]) + (-before if count > 1 else _TAIL)
    left = float(time[-1]) + _TAIL - off
    more = max(math.ceil(left / (before + width + off) - 1e-6), 0)
    each = _samples_per_segment(program)
    return Trains(
        np.concatenate((level[driven], np.zeros(more))), before, width, off, each,
        float(np.rint(each / program.duration[0])),
    )  # fmt: skip

"""What the Keithley 2400 can do and hold, with the source of each number, and how it times it.

It has one timer for all points, and each point is a source-delay-measure cycle of milliseconds:
slow trains and staircases, no millisecond pulses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from protocols.accuracy import Accuracy
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram
from protocols.quantities import TIME

TICK = 1e-3
"""Step of the timer, in s."""
MOST_POINTS = 2500
CYCLE = {1: 1.5e-3, 2: 2.3e-3}
"""What a point takes besides its apertures, by how many quantities are measured, in s: latency
225 us, configuration 50 us, 185 us for each conversion, overhead 640 us and, inferred, 500 us for
the second quantity; the rest is for the source to settle."""
_AFTER = {1: 1.2e-3, 2: 1.9e-3}
"""Of it, from the first conversion on to the next change of the source, in s."""
_SHARE = 10
"""A reading that cannot end with its segment ends within this part of it, if it can."""

_MANUAL = "2400 Series User's Manual 2400S-900-01"
_SHEET = "specifications of the 2400 (rev. H)"
_SOURCES = {
    "current_ranges": f"{_SHEET}, current measurement accuracy",
    "voltage_ranges": f"{_SHEET}, voltage measurement accuracy",
    "shortest_segment": f"{_MANUAL}, appendix A, source-delay-measure cycle; see reading_overhead",
    "longest_segment": f"{_MANUAL}, :ARM:TIMer",
    "time_resolution": f"{_MANUAL}, :ARM:TIMer MINimum",
    "reading_overhead": (
        f"{_MANUAL}, appendix A, case III: 1.1 ms besides the aperture, and 0.4 ms to settle; "
        "2.3 ms and two apertures, inferred, where reaching the limit is expected"
    ),
    "shortest_aperture": f"{_MANUAL}, :SENSe:VOLTage:NPLCycles",
    "longest_aperture": f"{_MANUAL}, :SENSe:VOLTage:NPLCycles",
    "most_levels": f"{_MANUAL}, :SOURce:LIST:CURRent:APPend",
    "most_readings": f"{_MANUAL}, :TRACe:POINts; the product of arm and trigger count",
    "least_limit_voltage": f"{_MANUAL}, :SENSe:VOLTage:PROTection: 0.1 % of the measuring range",
    "least_limit_current": f"{_MANUAL}, :SENSe:CURRent:PROTection: 0.1 % of the measuring range",
    "voltage_accuracy": f"{_SHEET}, voltage measurement accuracy, 1 year, 23 C +- 5 C",
    "current_accuracy": f"{_SHEET}, current measurement accuracy, 1 year, 23 C +- 5 C",
}


@dataclass(frozen=True, eq=False)
class Plan:
    """The points of a program; times in s.

    Parameters
    ----------
    levels
        The list, in A or V; one where it is constant.
    count
        How many points are sourced and measured, `period` apart.
    delay
        Source delay of each: from the change of the source to the reading.
    chosen
        Number of the point whose reading belongs to each segment.
    begin
        When that reading begins, after the source's first change.
    """

    levels: NDArray[np.float64]
    count: int
    period: float
    delay: float
    chosen: NDArray[np.int64]
    begin: NDArray[np.float64]


def measured(program: PulseProgram) -> int:
    """How many quantities are measured.

    Both where the limit may act; otherwise what is forced is what was programmed, since reaching
    the limit ends the run.
    """
    return 1 if program.on_limit == "fail" else 2


class NoPlan(ValueError):
    """Why a program cannot be timed, and what could."""


@lru_cache(maxsize=4)
def plan(program: PulseProgram) -> Plan:
    """The points that play a program.

    Raises
    ------
    NoPlan
        Its times do not fit the timer.
    """
    exact = np.cumsum(program.duration) / TICK
    ends = np.rint(exact).astype(np.int64)
    changing = np.append(program.level[1:] != program.level[:-1], program.level[-1] != 0)
    if np.all(program.level == program.level[0]):
        changing[:] = False
    if np.any(bad := changing & (np.abs(exact - ends) > 1e-3)):
        wrong = float(program.duration[int(np.argmax(bad))])
        raise NoPlan(
            f"a segment of {TIME.write(wrong)} does not end at a whole {TIME.format(TICK)}, in "
            f"which the timer counts; the nearest that fits is "
            f"{TIME.format(max(1, round(wrong / TICK)) * TICK)}"
        )
    quantities = measured(program)
    needs = math.ceil((quantities * program.aperture + CYCLE[quantities]) / TICK - 1e-9)
    # Ends of rests between milliseconds are read in the millisecond before.
    ends = np.where(changing, ends, np.floor(exact + 1e-6).astype(np.int64))
    tick = _tick(ends, ends[changing], needs)
    count = int(ends[-1]) // tick
    starts = tick * np.arange(count)
    levels = program.level[np.searchsorted(ends, starts, side="right")]
    if not changing.any():
        levels = program.level[:1]
    elif program.level[-1] != 0:
        # The output keeps the last level: one more point times its end.
        levels, count = np.append(levels, 0.0), count + 1
    latest = tick * TICK - quantities * program.aperture - _AFTER[quantities]
    delay = math.floor(latest / 1e-4 + 1e-9) * 1e-4
    chosen = ends // tick - 1
    return Plan(
        levels, count, tick * TICK, delay, chosen,
        np.asarray(chosen * tick * TICK + delay, np.float64),
    )  # fmt: skip


def _tick(ends: NDArray[np.int64], changes: NDArray[np.int64], needs: int) -> int:
    """The period of the points, in steps of the timer."""
    start = np.append(0, ends[:-1])
    common = int(np.gcd.reduce(changes)) if len(changes) else 0
    exact = int(np.gcd.reduce(ends))
    shortest = int((ends - start).min())
    if exact >= needs:
        candidates = [exact]
    elif common:
        candidates = [common // k for k in range(1, common // needs + 1) if common % k == 0]
    else:
        candidates = sorted({max(needs, shortest // k) for k in range(1, 20)}, reverse=True)
    best = 0
    for tick in candidates:
        if int(ends[-1]) // tick > MOST_POINTS and len(candidates) > 1:
            break
        if np.any((ends // tick - 1) * tick < start):
            continue
        best = tick
        if np.all(ends % tick <= (ends - start) / _SHARE):
            break
    if not best:
        nearest = max(needs, math.ceil(int(ends[-1]) / MOST_POINTS))
        raise NoPlan(
            f"segments of {TIME.format(shortest * TICK)} to "
            f"{TIME.format(int((ends - start).max()) * TICK)} have no period in common that takes "
            f"at least {TIME.format(needs * TICK)} and at most {MOST_POINTS} points: the timer is "
            f"periodic; the nearest that fits lasts multiples of {TIME.format(nearest * TICK)}"
        )
    return best


@dataclass(frozen=True)
class _Capabilities(Capabilities):
    """One timer and one list for all points."""

    def least_segment(self, program: PulseProgram) -> float:
        quantities = measured(program)
        needed = quantities * program.aperture + CYCLE[quantities]
        return math.ceil(needed / TICK - 1e-9) * TICK

    def other_violations(self, program: PulseProgram) -> list[str]:
        if float(program.duration.min()) < self.least_segment(program) * (1 - 1e-9):
            return []  # what is said of that names the nearest already
        try:
            plan(program)
        except NoPlan as error:
            return [f"{error} ({self.model})"]
        return []

    def levels_needed(self, program: PulseProgram) -> int:
        try:
            return len(plan(program).levels)
        except NoPlan:
            return 0

    def readings_needed(self, program: PulseProgram) -> int:
        try:
            return plan(program).count
        except NoPlan:
            return 0


def capabilities_of(line_frequency: float) -> Capabilities:
    """What the 2400 can do."""
    return _Capabilities(
        model="2400",
        current_ranges=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
        voltage_ranges=(0.2, 2.0, 20.0, 200.0),
        shortest_segment=CYCLE[1],
        longest_segment=99_999.99,
        time_resolution=TICK,
        reading_overhead=CYCLE[1],
        shortest_aperture=0.01 / line_frequency,
        longest_aperture=10 / line_frequency,
        most_levels=MOST_POINTS,
        most_readings=MOST_POINTS,
        least_limit_voltage=0.2e-3,
        least_limit_current=1e-9,
        voltage_accuracy=Accuracy(((0.2, 120e-6, 300e-6), (2.0, 120e-6, 300e-6),
                                   (20.0, 150e-6, 1.5e-3), (200.0, 150e-6, 10e-3))),
        current_accuracy=Accuracy(((1e-6, 290e-6, 300e-12), (1e-5, 270e-6, 700e-12),
                                   (1e-4, 250e-6, 6e-9), (1e-3, 270e-6, 60e-9),
                                   (1e-2, 350e-6, 600e-9), (0.1, 550e-6, 6e-6),
                                   (1.0, 2.2e-3, 570e-6))),
        sources=_SOURCES,
    )  # fmt: skip

"""What a source-measure unit can time and source, as plain numbers with their source.

A driver states them; a program is held against them before an output turns on. What does not
fit is refused with the limit, where the limit comes from, and the nearest that fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from protocols.accuracy import Accuracy
from protocols.program import Instant, PulseProgram
from protocols.quantities import CURRENT, TIME, VOLTAGE


@dataclass(frozen=True)
class Capabilities:
    """The limits of one instrument model.

    A driver whose instrument has limits of another kind subclasses this and overrides
    `other_violations`, `levels_needed` or `readings_needed`.

    Parameters
    ----------
    model
        As it is printed on the instrument.
    current_ranges, voltage_ranges
        Full scales in A and V, ascending; the last is the most that can be sourced.
    shortest_segment, longest_segment
        Time at one level, in s.
    time_resolution
        Step of the instrument's timers, in s.
    reading_overhead
        Time that a reading needs in its segment besides its aperture, in s.
    shortest_aperture, longest_aperture
        Averaging time of one reading, in s.
    most_levels
        Length of the level list.
    most_readings
        Readings that one program can make.
    least_limit_voltage, least_limit_current
        Lowest compliance that the instrument enforces, in V and A.
    voltage_accuracy, current_accuracy
        How exact readings are; None where the vendor's numbers are not known here. Of currents it
        is that of what is recorded while a current is forced.
    settling
        Pairs (current range in A, time in s) in which a current step settles.
    shortest_period
        Least time of two segments that follow one another, as a pulse and its gap, in s; 0
        where nothing but the segments themselves limits it.
    period_hint
        What the operator can do about a period that is too short.
    sources
        Of each of these fields, where its number comes from: vendor's document and section.
    """

    model: str
    current_ranges: tuple[float, ...]
    voltage_ranges: tuple[float, ...]
    shortest_segment: float
    longest_segment: float
    time_resolution: float
    reading_overhead: float
    shortest_aperture: float
    longest_aperture: float
    most_levels: int
    most_readings: int
    least_limit_voltage: float
    least_limit_current: float
    voltage_accuracy: Accuracy | None = None
    current_accuracy: Accuracy | None = None
    settling: tuple[tuple[float, float], ...] = ()
    shortest_period: float = 0.0
    period_hint: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    def violations(self, program: PulseProgram) -> list[str]:
        """Every reason why this instrument cannot play `program`; empty when it can."""
        levels = self.current_ranges if program.source == "current" else self.voltage_ranges
        limits = self.voltage_ranges if program.source == "current" else self.current_ranges
        least = (
            self.least_limit_voltage if program.source == "current" else self.least_limit_current
        )
        limit_quantity = VOLTAGE if program.source == "current" else CURRENT
        quantity, found = program.quantity, []
        if program.largest_level > levels[-1]:
            found.append(
                f"level {quantity.format(program.largest_level)} is beyond the {self.model}; "
                f"at most {quantity.format(levels[-1])}"
            )
        if not least <= program.limit <= limits[-1]:
            found.append(
                f"limit {limit_quantity.format(program.limit)} cannot be enforced by the "
                f"{self.model}; {limit_quantity.format(least)} to "
                f"{limit_quantity.format(limits[-1])}"
            )
        if not self.shortest_aperture <= program.aperture <= self.longest_aperture:
            found.append(
                f"aperture {TIME.format(program.aperture)} is not possible on the {self.model}; "
                f"{TIME.format(self.shortest_aperture)} to {TIME.format(self.longest_aperture)}"
            )
        return [
            *found,
            *self._timing_violations(program),
            *self._length_violations(program),
            *self.other_violations(program),
        ]

    def other_violations(self, program: PulseProgram) -> list[str]:  # noqa: ARG002 (for drivers)
        """What a driver's instrument cannot do besides; each names the limit and what fits."""
        return []

    def levels_needed(self, program: PulseProgram) -> int:
        """Entries of the level list that a program takes; one a segment unless a driver can do
        with fewer.
        """
        return len(program)

    def readings_needed(self, program: PulseProgram) -> int:
        """Readings that a program makes; one a segment."""
        return len(program)

    def least_segment(self, program: PulseProgram) -> float:
        """Shortest segment that this instrument can time with the program's readings, in s."""
        level = program.largest_level if program.source == "current" else math.inf
        settling = next((t for full, t in self.settling if level <= full), 0.0)
        # A waveform is sampled while it settles: only what is read right after a step has to wait.
        waits = (np.diff(program.level, prepend=0.0) != 0) & (program.instant != Instant.DURING)
        return max(
            self.shortest_segment,
            program.aperture + self.reading_overhead + (settling if waits.any() else 0.0),
        )

    def _timing_violations(self, program: PulseProgram) -> list[str]:
        found = []
        shortest, longest = float(program.duration.min()), float(program.duration.max())
        least = self.least_segment(program)
        if shortest < least * (1 - 1e-9):
            why = "reading_overhead" if least > self.shortest_segment else "shortest_segment"
            found.append(
                f"a segment of {TIME.format(shortest)} is shorter than the {self.model} can time "
                f"with a reading of {TIME.format(program.aperture)} in it; at least "
                f"{TIME.format(least)} for width and gap each{self._from(why)}; "
                f"{self._nearest(program)}"
            )
        pairs = program.duration[:-1] + program.duration[1:]
        if len(pairs) and float(pairs.min()) < self.shortest_period * (1 - 1e-9):
            hint = f", {self.period_hint}" if self.period_hint else ""
            found.append(
                f"a period of {TIME.format(float(pairs.min()))} is shorter than the {self.model} "
                f"can time; at least {TIME.format(self.shortest_period)}"
                f"{self._from('shortest_period')}{hint}; {self._nearest(program)}"
            )
        if longest > self.longest_segment:
            found.append(
                f"a segment of {TIME.format(longest)} is longer than the {self.model} can time; "
                f"at most {TIME.format(self.longest_segment)}{self._from('longest_segment')}"
            )
        return found

    def _length_violations(self, program: PulseProgram) -> list[str]:
        needed, most, what, name = max(
            (self.levels_needed(program), self.most_levels, "levels", "most_levels"),
            (self.readings_needed(program), self.most_readings, "readings", "most_readings"),
            key=lambda limit: limit[0] / limit[1],
        )
        if needed <= most:
            return []
        # What a program needs grows with its length, so this many segments fit.
        fits = len(program) * most // needed
        pulses = int(program.pulse_index[:fits].max()) if fits else 0
        part = f"{fits} segments" + (f" (up to pulse {pulses})" if pulses else "")
        return [
            f"{len(program)} segments need {needed} {what}, more than the {self.model} holds; "
            f"at most {most}{self._from(name)}; the longest that plays without a gap in time is "
            f"the first {part}, {TIME.format(float(program.duration[:fits].sum()))}"
        ]

    def _nearest(self, program: PulseProgram) -> str:
        """The program with the same levels whose timing is possible, in words."""
        least = self.least_segment(program)
        if (program.instant == Instant.DURING).any():
            needed = max(float(program.duration.min()), least, self.shortest_period / 2)
            return f"the nearest that fits has an interval of {TIME.format(_up(needed))}"
        driven = program.level != 0
        if driven.all() or not driven.any():
            shortest = float(program.duration.min())
            needed = max(shortest, least, self.shortest_period / 2)
            return f"the nearest that fits has segments of {TIME.format(_up(needed))}"
        width = max(float(program.duration[driven].min()), least)
        gap = max(float(program.duration[~driven].min()), least, self.shortest_period - width)
        width, gap = _up(width), _up(gap)
        return (
            f"the nearest that fits has a width of {TIME.format(width)} and a gap of "
            f"{TIME.format(gap)}, a period of {TIME.format(width + gap)}"
        )

    def _from(self, name: str) -> str:
        source = self.sources.get(name)
        return f" ({source})" if source else ""


def _up(seconds: float) -> float:
    """Rounded up to three digits, so that what is offered is possible and easy to type."""
    digit = 10.0 ** (math.floor(math.log10(seconds)) - 2)
    return float(np.ceil(seconds / digit * (1 - 1e-12)) * digit)

"""What a source-measure unit can time and source, as plain numbers with their source.

A driver states them; a program is held against them before an output turns on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from protocols.program import PulseProgram
from protocols.quantities import CURRENT, TIME, VOLTAGE


@dataclass(frozen=True)
class Capabilities:
    """The limits of one instrument model.

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
    most_segments
        Length of the level list or of the reading buffer, whichever is less.
    least_limit_voltage, least_limit_current
        Lowest compliance that the instrument enforces, in V and A.
    settling
        Pairs (current range in A, time in s) in which a current step settles.
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
    most_segments: int
    least_limit_voltage: float
    least_limit_current: float
    settling: tuple[tuple[float, float], ...] = ()

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
        return found + self._timing_violations(program)

    def _timing_violations(self, program: PulseProgram) -> list[str]:
        found = []
        shortest, longest = float(program.duration.min()), float(program.duration.max())
        least = self.least_segment(program)
        if shortest < least * (1 - 1e-9):
            found.append(
                f"a segment of {TIME.format(shortest)} is shorter than the {self.model} can time "
                f"with a reading of {TIME.format(program.aperture)} in it; at least "
                f"{TIME.format(least)} (pulse width and gap each)"
            )
        if longest > self.longest_segment:
            found.append(
                f"a segment of {TIME.format(longest)} is longer than the {self.model} can time; "
                f"at most {TIME.format(self.longest_segment)}"
            )
        if len(program) > self.most_segments:
            found.append(
                f"{len(program)} segments are more than the {self.model} holds; "
                f"at most {self.most_segments}"
            )
        return found

    def least_segment(self, program: PulseProgram) -> float:
        """Shortest segment that this instrument can time with the program's readings, in s."""
        level = program.largest_level if program.source == "current" else math.inf
        settling = next((t for full, t in self.settling if level <= full), 0.0)
        return max(
            self.shortest_segment,
            program.aperture + self.reading_overhead + (settling if level > 0 else 0.0),
        )

"""What the Keithley 2450 and 2460 can do and hold, with the source of each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.repeats import period
from protocols.accuracy import Accuracy
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram
from protocols.quantities import CURRENT, TIME, VOLTAGE

OVERHEAD = 450e-6
"""Time from the end of a reading to that of its segment, in s (vendor's rule for pulses)."""
LEAD = {"current": 200e-6, "voltage": 1.05e-3}
"""Time from the start of a segment to its reading, in s, by what is sourced. With `OVERHEAD` it
makes, for voltage, the 1.5 ms that remain of the vendor's voltage pulse with a reading."""
SHORTEST_SEGMENT, SHORTEST_PERIOD = 1e-3, 4e-3
"""Width and period of the vendor's pulse example, in s: the shortest that it publishes."""
VOLTAGE_SEGMENT = 4e-3
"""Shortest segment at a voltage, in s: changing it takes the instrument longer."""
MOST_READINGS = 250_000
_MOST_LEVELS = 10_000
_OVERRANGE = 1.05
_LIMIT_SHARE = 0.106


@dataclass(frozen=True)
class Model:
    """What sets the models apart: ranges in A and V, accuracy; the 2460's sheet was not at hand."""

    current_ranges: tuple[float, ...]
    voltage_ranges: tuple[float, ...]
    voltage_accuracy: Accuracy | None = None
    current_accuracy: Accuracy | None = None


MODELS: Mapping[str, Model] = {
    "2450": Model(
        (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), (0.02, 0.2, 2.0, 20.0, 200.0),
        Accuracy(((0.02, 1e-3, 150e-6), (0.2, 120e-6, 200e-6), (2.0, 120e-6, 300e-6),
                  (20.0, 150e-6, 1e-3), (200.0, 150e-6, 10e-3))),
        Accuracy(((1e-8, 1e-3, 50e-12), (1e-7, 600e-6, 100e-12), (1e-6, 250e-6, 300e-12),
                  (1e-5, 250e-6, 700e-12), (1e-4, 200e-6, 6e-9), (1e-3, 200e-6, 60e-9),
                  (1e-2, 200e-6, 600e-9), (0.1, 250e-6, 6e-6), (1.0, 300e-6, 500e-6))),
    ),
    "2460": Model(
        (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 4.0, 5.0, 7.0),
        (0.2, 2.0, 7.0, 10.0, 20.0, 100.0),
    ),
}  # fmt: skip
_SETTLING = ((1e-7, 50e-3), (1e-6, 3e-3), (1e-5, 2e-3), (7.0, 200e-6))
_COMMANDS = "vendor's TSP command reference of the 2450 and 2460"
_EXAMPLE = "vendor's example PulseITrain.tsp"
_SOURCES = {
    "current_ranges": f"{_COMMANDS}, smu.source.range",
    "voltage_ranges": f"{_COMMANDS}, smu.source.range",
    "shortest_segment": f"{_EXAMPLE}: pulses of 1 ms",
    "longest_segment": f"{_COMMANDS}, trigger.timer[N].delay",
    "time_resolution": f"{_COMMANDS}, timer.gettime; the step of the trigger timers is not stated",
    "reading_overhead": f"{_EXAMPLE}: W - NPLC/f - 450 us is the latest delay; for voltage "
    "SimplePulse_SVMI.tsp: 1.6 ms with a reading of 167 us",
    "shortest_aperture": "specifications of the 2450: 0.01 NPLC",
    "longest_aperture": "specifications of the 2450: 10 NPLC",
    "most_levels": "chosen: the manual states no most; a list that repeats takes its unit only",
    "most_readings": "specifications of the 2450: more than 250,000 readings",
    "least_limit_voltage": f"{_COMMANDS}, smu.source.xlimit.level: 10.6 % of the measuring range",
    "least_limit_current": f"{_COMMANDS}, smu.source.xlimit.level: 10.6 % of the measuring range",
    "settling": "specifications of the 2450: 200 us; 10 uA and below the automatic delays of "
    "the 2450 reference manual, Source delay",
    "shortest_period": f"{_EXAMPLE}: 1 ms pulses every 4 ms; the vendor states no least",
}
_ACCURACY = "specifications of the 2450 (rev. A), 1 year, 23 C +- 5 C, 1 PLC"
_SOURCES_OF_ACCURACY = {"voltage_accuracy": _ACCURACY, "current_accuracy": _ACCURACY}
_VERIFIED = "source_meter.verified_period of the rig file"


@dataclass(frozen=True)
class _Capabilities(Capabilities):
    """Voltages take longer to change, limits depend on ranges, lists take one period only."""

    def least_segment(self, program: PulseProgram) -> float:
        shortest = VOLTAGE_SEGMENT if program.source == "voltage" else 0.0
        reading = self._besides(program) + apertures(program) * program.aperture
        return max(self.shortest_segment, shortest, reading)

    def _besides(self, program: PulseProgram) -> float:
        """Time that a segment needs besides what it averages, in s."""
        level, lead = program.largest_level, LEAD[program.source]
        if program.source == "current" and level > 0:
            lead = max(lead, next((t for full, t in self.settling if level <= full), 0.0))
        return lead + self.reading_overhead

    def levels_needed(self, program: PulseProgram) -> int:
        tables = (program.level, program.duration, delays(program))
        return max(len(unit(values)) for values in tables)

    def other_violations(self, program: PulseProgram) -> list[str]:
        shortest = float(program.duration.min())
        fits = (shortest - self._besides(program)) / apertures(program)
        found = self._limit_violations(program)
        if fits < program.aperture * (1 - 1e-9) and fits >= self.shortest_aperture:
            found.append(
                f"segments of {TIME.format(shortest)} leave an aperture of at most "
                f"{TIME.format(fits)} on the {self.model}, not {TIME.format(program.aperture)}"
            )
        return found

    def _limit_violations(self, program: PulseProgram) -> list[str]:
        quantity, ranges = (
            (VOLTAGE, self.voltage_ranges)
            if program.source == "current"
            else (CURRENT, self.current_ranges)
        )
        if program.limit > ranges[-1]:
            return []
        full = limit_range(ranges, program.limit)
        if program.limit >= (least := _LIMIT_SHARE * full) * (1 - 1e-9):
            return []
        below = max(r for r in (0.0, *ranges) if r < full) * _OVERRANGE
        return [
            f"limit {quantity.format(program.limit)} lies between two measuring ranges of the "
            f"{self.model}; at most {quantity.format(below)} or at least "
            f"{quantity.format(least)}{self._from('least_limit_voltage')}"
        ]


def capabilities_of(
    model: str, line_frequency: float, verified_period: float | None
) -> Capabilities:
    """What a model can do; with a verified period, down to that and to halves of it."""
    own, sources = MODELS[model], dict(_SOURCES)
    if own.voltage_accuracy is not None:
        sources |= _SOURCES_OF_ACCURACY
    period_, segment, hint = SHORTEST_PERIOD, SHORTEST_SEGMENT, ""
    if verified_period is None:
        hint = "state source_meter.verified_period in the rig file once a shorter one was verified"
    else:
        period_, segment = verified_period, min(SHORTEST_SEGMENT, verified_period / 2)
        sources["shortest_period"] = _VERIFIED
        if segment < SHORTEST_SEGMENT:
            sources["shortest_segment"] = f"half of {_VERIFIED}, {TIME.format(verified_period)}"
    return _Capabilities(
        model=model,
        current_ranges=own.current_ranges,
        voltage_ranges=own.voltage_ranges,
        shortest_segment=segment,
        longest_segment=100e3,
        time_resolution=1e-6,
        reading_overhead=OVERHEAD,
        shortest_aperture=0.01 / line_frequency,
        longest_aperture=10 / line_frequency,
        most_levels=_MOST_LEVELS,
        most_readings=MOST_READINGS,
        least_limit_voltage=_LIMIT_SHARE * own.voltage_ranges[0],
        least_limit_current=_LIMIT_SHARE * own.current_ranges[0],
        voltage_accuracy=own.voltage_accuracy,
        current_accuracy=own.current_accuracy,
        settling=tuple(s for s in _SETTLING if s[0] >= own.current_ranges[0]),
        shortest_period=period_,
        period_hint=hint,
        sources=sources,
    )


def apertures(program: PulseProgram) -> int:
    """Apertures of one reading: where the limit may act, the source is measured as well."""
    return 2 if program.on_limit == "flag" else 1


def delays(program: PulseProgram) -> NDArray[np.float64]:
    """From the start of each segment to that of its reading, in s, to the timer's resolution."""
    latest = program.duration - apertures(program) * program.aperture - OVERHEAD
    rounded: NDArray[np.float64] = np.floor(latest / 1e-6 + 1e-6) * 1e-6
    return rounded


def unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shortest beginning that repeats into the whole list, as the instrument repeats it."""
    return values[: period(values.tolist())]


def limit_range(ranges: tuple[float, ...], limit: float) -> float:
    """The lowest range whose readings reach the limit."""
    return next((full for full in ranges if limit <= full * _OVERRANGE), ranges[-1])

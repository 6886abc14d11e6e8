"""What the models of the Keithley 2600B series can do and hold, with the source of each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.repeats import period
from protocols.accuracy import Accuracy
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

OVERHEAD = 60e-6
"""Time that a reading needs besides its aperture, in s (vendor's rule for pulse readings)."""
_LEAST_DELAY = 1e-6
"""Shortest delay of a reading after the step before it: timers take 0.5 us or more, in steps of
1 us."""
ROOM = 60_000
"""Readings that the buffers hold with timestamps."""
WINDOW = 50_000
"""Readings after which the buffers of a longer program start over; they are drained meanwhile."""
_MOST_EVENTS = 1_048_576
"""Segments that a timer can start: its greatest count, and the first one passed through."""


@dataclass(frozen=True)
class Model:
    """What sets the models apart, from their data sheets: ranges, limits, settling, accuracy."""

    current_ranges: tuple[float, ...]
    voltage_ranges: tuple[float, ...]
    least_limit_voltage: float
    least_limit_current: float
    settling: tuple[tuple[float, float], ...]
    voltage_accuracy: Accuracy
    current_accuracy: Accuracy


_AMPS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_HIGH_VOLTS = (0.2, 2.0, 20.0, 200.0)
_SETTLING = ((1e-6, 2.5e-3), (1e-5, 500e-6), (1e-4, 150e-6), (1e-3, 100e-6), (1e-1, 80e-6))
# Full scale, part of the reading, offset.
_LOW = Accuracy(((0.1, 150e-6, 150e-6), (1.0, 150e-6, 200e-6), (6.0, 150e-6, 1e-3),
                 (40.0, 150e-6, 8e-3)))  # fmt: skip
_HIGH = Accuracy(((0.2, 150e-6, 225e-6), (2.0, 200e-6, 350e-6), (20.0, 150e-6, 5e-3),
                  (200.0, 150e-6, 50e-3)))  # fmt: skip
_COMMON = ((1e-5, 250e-6, 1.5e-9), (1e-4, 200e-6, 25e-9), (1e-3, 200e-6, 200e-9),
           (1e-2, 200e-6, 2.5e-6), (0.1, 200e-6, 20e-6), (1.0, 300e-6, 1.5e-3))  # fmt: skip
_TENTHS = ((1e-7, 500e-6, 100e-12), (1e-6, 250e-6, 500e-12), *_COMMON)
MODELS: Mapping[str, Model] = {
    "2602B": Model((*_AMPS, 3.0), (0.1, 1.0, 6.0, 40.0), 10e-3, 10e-9,
                    (*_SETTLING, (3.0, 80e-6)), _LOW,
                    Accuracy((*_TENTHS, (3.0, 500e-6, 3.5e-3)))),
    "2612B": Model((*_AMPS, 1.5), _HIGH_VOLTS, 20e-3, 10e-9, (*_SETTLING, (1.5, 120e-6)), _HIGH,
                    Accuracy((*_TENTHS, (1.5, 500e-6, 3.5e-3)))),
    "2636B": Model((1e-9, 1e-8, *_AMPS, 1.5), _HIGH_VOLTS, 20e-3, 100e-12,
                    ((1e-9, 360e-3), (1e-8, 90e-3), (1e-7, 15e-3), *_SETTLING, (1.5, 120e-6)),
                    _HIGH,
                    Accuracy(((1e-9, 1.5e-3, 240e-15), (1e-8, 1.5e-3, 3e-12),
                              (1e-7, 600e-6, 40e-12), (1e-6, 250e-6, 400e-12), *_COMMON,
                              (1.5, 500e-6, 3.5e-3)))),
}  # fmt: skip
_SHEET = "specifications of the 2602B, 2612B and 2636B"
_MANUAL = "Series 2600B Reference Manual 2600BS-901-01"
_SOURCES = {
    "current_ranges": f"{_MANUAL}, Available ranges",
    "voltage_ranges": f"{_MANUAL}, Available ranges",
    "shortest_segment": f"{_SHEET}: 10,000 source-measure points/s from a list at 0.001 NPLC",
    "longest_segment": f"{_MANUAL}, trigger.timer[N].delay",
    "time_resolution": f"{_SHEET}: timers and timestamps count in 1 us",
    "reading_overhead": f"{_MANUAL}, pulse width: W - NPLC/f - 60 us is the latest delay",
    "shortest_aperture": f"{_MANUAL}, smuX.measure.nplc",
    "longest_aperture": f"{_MANUAL}, smuX.measure.nplc",
    "most_levels": "chosen: the manual states no most; a list that repeats takes its unit only",
    "most_readings": f"{_MANUAL}, trigger.timer[N].count; a window of the buffers is drained",
    "least_limit_voltage": f"{_SHEET}: limit/compliance",
    "least_limit_current": f"{_SHEET}: limit/compliance",
    "voltage_accuracy": f"{_SHEET}: measurement accuracy, 1 year, 23 C +- 5 C",
    "current_accuracy": f"{_SHEET}: measurement accuracy, 1 year, 23 C +- 5 C",
    "settling": f"{_MANUAL}, Measurement settling time considerations",
}


@dataclass(frozen=True)
class _Capabilities(Capabilities):
    """Lists are repeated on the instrument, so only what does not repeat takes room."""

    def least_segment(self, program: PulseProgram) -> float:
        needed = program.aperture + self.reading_overhead + _LEAST_DELAY
        return max(super().least_segment(program), needed)

    def levels_needed(self, program: PulseProgram) -> int:
        if len(program) <= ROOM:
            return len(program)
        latest = program.duration - program.aperture
        return max(len(cycle(values)) for values in (program.level, program.duration, latest))


def capabilities_of(model: str, line_frequency: float) -> Capabilities:
    """What a model can do."""
    own = MODELS[model]
    return _Capabilities(
        model=model,
        current_ranges=own.current_ranges,
        voltage_ranges=own.voltage_ranges,
        shortest_segment=100e-6,
        longest_segment=100e3,
        time_resolution=1e-6,
        reading_overhead=OVERHEAD,
        shortest_aperture=0.001 / line_frequency,
        longest_aperture=25 / line_frequency,
        most_levels=ROOM,
        most_readings=_MOST_EVENTS,
        least_limit_voltage=own.least_limit_voltage,
        least_limit_current=own.least_limit_current,
        voltage_accuracy=own.voltage_accuracy,
        current_accuracy=own.current_accuracy,
        settling=own.settling,
        sources=_SOURCES,
    )


def cycle(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shortest beginning that repeats into the whole list, as the instrument repeats it.

    Only one or two values are looked for in a list that fits as it is.
    """
    for length in (1, 2):
        if np.array_equal(values, np.resize(values[:length], len(values))):
            return values[:length]
    return values[: period(values.tolist())] if len(values) > ROOM else values

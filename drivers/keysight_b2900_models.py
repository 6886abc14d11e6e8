"""What the Keysight B2901A and B2902A can do and hold, with the source of each number."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.keysight_b2900_plan import MOST_LEVELS, MOST_READINGS, NoPlan, plan
from protocols.accuracy import Accuracy
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

OVERHEAD = 50e-6
"""Time that a reading is given besides its aperture, in s."""
CHANNELS = {"B2901A": (), "B2902A": ("1", "2")}

_SHEET = "B2900A Series data sheet"
_GUIDE = "B2900 User's Guide, edition 5"
_REFERENCE = "B2900 SCPI Command Reference, edition 2"
_SOURCES = {
    "current_ranges": f"{_GUIDE}, Current Measurement Range",
    "voltage_ranges": f"{_SHEET}, voltage measurement",
    "shortest_segment": f"{_GUIDE}, Pulse Output: widths of 50 us to 100000 s",
    "longest_segment": f"{_GUIDE}, Pulse Output: widths of 50 us to 100000 s",
    "time_resolution": f"{_SHEET}, timer: 1 us at best",
    "reading_overhead": (
        f"chosen: {_GUIDE}, Measurement Time, says that the overhead cannot be specified; about "
        "20,000 readings/s from memory"
    ),
    "shortest_aperture": f"{_REFERENCE}, :SENSe:VOLTage:APERture",
    "longest_aperture": f"{_REFERENCE}, :SENSe:VOLTage:APERture",
    "most_levels": f"{_REFERENCE}, [:SOURce]:LIST",
    "most_readings": f"{_REFERENCE}, :TRACe:POINts; {_SHEET}, arm/trigger event",
    "least_limit_voltage": "B2961A/B2962A User's Guide, Limit/Compliance",
    "least_limit_current": "B2961A/B2962A User's Guide, Limit/Compliance: 1 % of the 100 nA range",
    "voltage_accuracy": f"{_SHEET}, voltage measurement, 1 year, 23 C +- 5 C, 1 PLC",
    "current_accuracy": f"{_SHEET}, current measurement, 1 year, 23 C +- 5 C, 1 PLC",
    "settling": f"{_GUIDE}, current output settling time",
}


@dataclass(frozen=True)
class _Capabilities(Capabilities):
    """Its timers are periodic, so what a program takes depends on how its times fit them."""

    def other_violations(self, program: PulseProgram) -> list[str]:
        if float(program.duration.min()) < self.least_segment(program) * (1 - 1e-9):
            return []  # what is said of that names the nearest already
        try:
            plan(program, self.reading_overhead)
        except NoPlan as error:
            return [f"{error} ({self.model})"]
        return []

    def levels_needed(self, program: PulseProgram) -> int:
        try:
            return len(plan(program, self.reading_overhead).source.levels)
        except NoPlan:
            return 0

    def readings_needed(self, program: PulseProgram) -> int:
        try:
            return plan(program, self.reading_overhead).readings.total
        except NoPlan:
            return 0


def capabilities_of(model: str) -> Capabilities:
    """What a model can do; the two differ by their channels only."""
    return _Capabilities(
        model=model,
        current_ranges=(1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1.5, 3.0),
        voltage_ranges=(0.2, 2.0, 20.0, 200.0),
        shortest_segment=50e-6,
        longest_segment=1e5,
        time_resolution=1e-6,
        reading_overhead=OVERHEAD,
        shortest_aperture=8e-6,
        longest_aperture=2.0,
        most_levels=MOST_LEVELS,
        most_readings=MOST_READINGS,
        least_limit_voltage=20e-3,
        least_limit_current=1e-9,
        voltage_accuracy=Accuracy(((0.2, 150e-6, 225e-6), (2.0, 200e-6, 350e-6),
                                   (20.0, 150e-6, 5e-3), (200.0, 150e-6, 50e-3))),
        current_accuracy=Accuracy(((1e-7, 600e-6, 100e-12), (1e-6, 250e-6, 500e-12),
                                   (1e-5, 250e-6, 1.5e-9), (1e-4, 200e-6, 25e-9),
                                   (1e-3, 200e-6, 200e-9), (1e-2, 200e-6, 2.5e-6),
                                   (0.1, 200e-6, 20e-6), (1.0, 300e-6, 1.5e-3),
                                   (1.5, 500e-6, 3.5e-3), (3.0, 4e-3, 7e-3))),
        settling=((1e-7, 10e-3), (1e-6, 500e-6), (1e-4, 250e-6), (3.0, 80e-6)),
        sources=_SOURCES,
    )  # fmt: skip

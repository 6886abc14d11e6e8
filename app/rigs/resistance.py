"""Measures what stands across a rig's terminals at a level that is safe for the device.

The current raises no more than a small part of the device's greatest voltage across the
resistor that is measured, with the compliance there too. Both directions are measured and
subtracted, so that offsets and what a device holds cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.samples import Flag
from drivers.errors import InstrumentError
from drivers.rig import Rig
from drivers.source_meter import Readout
from protocols.program import Instant, PulseProgram, Segment
from protocols.quantities import CURRENT, VOLTAGE

PHASES = ("check",)
PART = 0.1
"""Part of the device's greatest voltage that a check may put across a resistor."""
_MOST_VOLTS = 0.05
_APERTURE = 20e-3
"""A period of the line where that is 50 Hz, in s."""
_WHOLE_SETTLING = 0.2
"""Time in which a tiny current fills cables and leads up to the limit, in s."""
_TIMES_LARGER = 100.0
"""What is nothing between the terminals has at least this much of the largest resistor."""
_GRACE = 5.0
COVERAGE = 2.0
"""Coverage factor of stated uncertainties: about 95 % for a normal distribution (GUM, 6.2)."""


@dataclass(frozen=True)
class Measured:
    """A measured resistance.

    Parameters
    ----------
    resistance
        Mean of the readings, in ohm; `inf` when the source was at its limit, so that the
        current did not pass.
    scatter
        Standard deviation of that mean by the scatter of the readings, in ohm (type A); 0 of one
        reading.
    accuracy
        Standard uncertainty by the instrument's stated accuracy, in ohm (type B); None where that
        is not known.
    current
        At which it was measured, in A.
    readings
        Pairs of readings, one in each direction.
    """

    resistance: float
    scatter: float
    accuracy: float | None
    current: float
    readings: int

    @property
    def uncertainty(self) -> float | None:
        """Of the resistance, in ohm, with the coverage factor `COVERAGE`; None where the accuracy
        is not known: the scatter alone would promise too much.
        """
        return None if self.accuracy is None else COVERAGE * math.hypot(self.scatter, self.accuracy)


def limit(rig: Rig) -> float:
    """Compliance of checks, in V."""
    return max(PART * rig.limits.max_voltage, rig.meter.capabilities.least_limit_voltage)


def measure(rig: Rig, expected: float, readings: int = 1) -> Measured:
    """What stands across the terminals now.

    Parameters
    ----------
    expected
        Resistance for which the current is chosen, in ohm.
    readings
        Pairs of readings, one in each direction.
    """
    volts = min(PART * rig.limits.max_voltage, _MOST_VOLTS)
    level = min(volts / expected, rig.limits.max_current)
    readout = play(rig, _both_ways(rig, level, readings, 3 * _aperture(rig)))
    while np.any(readout.flags & Flag.LIMIT):
        # More than was expected, or nothing at all.
        if level <= _tiny(rig):
            return Measured(float("inf"), 0.0, None, level, readings)
        level = max(level / 10, _tiny(rig))
        readout = play(rig, _both_ways(rig, level, readings, 3 * _aperture(rig)))
    ways = readout.voltage.reshape(-1, 2), readout.current.reshape(-1, 2)
    ohms = np.diff(ways[0])[:, 0] / np.diff(ways[1])[:, 0]
    scatter = float(ohms.std(ddof=1)) / readings**0.5 if readings > 1 else 0.0
    value = float(ohms.mean())
    return Measured(value, scatter, _by_accuracy(rig, value, level), level, readings)


def _by_accuracy(rig: Rig, resistance: float, level: float) -> float | None:
    """Standard uncertainty of a resistance by the stated accuracy of both readings, in ohm.

    Of R = V / I those of V and of I are independent. The whole stated error counts: an offset
    cancels between the two directions, but no data sheet says how much of its offset is one.
    """
    able = rig.meter.capabilities
    if able.voltage_accuracy is None or able.current_accuracy is None:
        return None
    volts = resistance * level
    voltage = able.voltage_accuracy.standard_uncertainty(limit(rig), volts) / volts
    current = able.current_accuracy.standard_uncertainty(level, level) / level
    return resistance * math.hypot(voltage, current)


def nothing_between(rig: Rig) -> tuple[bool, str]:
    """Whether a tiny current finds no way, so that the source is at its limit; and what was found.

    A capacitor takes the current too, without a change of its voltage that would be seen.
    """
    level = _tiny(rig)
    readout = play(rig, _both_ways(rig, level, 1, _WHOLE_SETTLING))
    reached = bool(np.all(readout.flags & Flag.LIMIT))
    found = float(np.abs(readout.voltage).max())
    how = "reaches" if reached else "does not reach"
    text = f"{CURRENT.format(level)} {how} the limit of {VOLTAGE.format(limit(rig))}"
    return reached, text if reached else f"{text}, the voltage is {VOLTAGE.format(found)}"


def _tiny(rig: Rig) -> float:
    """A current that raises to the limit whatever has many times the largest resistance."""
    largest = max((r.nominal for r in rig.resistors), default=1e4)
    level = max(
        limit(rig) / (_TIMES_LARGER * largest), rig.meter.capabilities.current_ranges[0] / 2
    )
    return min(level, rig.limits.max_current)


def _aperture(rig: Rig) -> float:
    return min(_APERTURE, rig.meter.capabilities.longest_aperture)


def _both_ways(rig: Rig, level: float, readings: int, duration: float) -> PulseProgram:
    """Both signs of a level in turn, each long enough to average over a period of the line."""
    segments = [
        Segment(sign * level, duration, "check", Instant.PULSE_END)
        for sign in (1.0, -1.0) * readings
    ]
    return PulseProgram.compile(
        segments, phases=PHASES, limit=limit(rig), aperture=_aperture(rig), on_limit="flag"
    )


def play(rig: Rig, program: PulseProgram) -> Readout:
    """Play a program by itself; the output is off afterwards."""
    program.check(rig.meter.capabilities)
    rig.limits.check(program)
    rig.meter.load(program)
    rig.meter.start()
    parts: list[Readout] = []
    waited = 0.0
    try:
        while not parts or parts[-1].running:
            parts.append(rig.meter.drain())
            if parts[-1].running:
                if waited > program.total_duration + _GRACE:
                    raise InstrumentError("still running after it should have ended")
                rig.wait(0.02)
                waited += 0.02
    finally:
        rig.meter.stand_by()
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("time", "requested_time", "voltage", "current", "flags")
    }
    return Readout(first=0, running=False, **columns)

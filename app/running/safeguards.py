"""Readings that end a run: beyond what the device stands, at the limit, or without a value."""

from __future__ import annotations

import numpy as np

from data.samples import Flag, Samples
from drivers.errors import ComplianceError, InstrumentError
from drivers.limits import Limits
from protocols.quantities import CURRENT, RESISTANCE, VOLTAGE
from protocols.steps import Play

_BEYOND = 1.05
"""Voltage across the device over its greatest, from which the compliance did not hold."""


def stop_beyond(samples: Samples, label: str, limits: Limits) -> None:
    """The compliance keeps the device within its limits; see that it does.

    Raises
    ------
    ComplianceError
        A driven device was beyond its greatest voltage, or nobody knows whether it was.
    """
    most = limits.max_voltage
    # While nothing is driven, a device may be resting at what it was charged to before.
    volts = np.where(samples.source_level != 0, np.abs(samples.voltage), 0.0)
    beyond = volts > _BEYOND * most
    if (unread := beyond & samples.over_range).any():
        row = int(np.argmax(unread))
        raise ComplianceError(
            f"the voltage across the device was beyond the measuring range at pulse "
            f"{samples.pulse_index[row]} of {label!r} while it was driven, so that nobody "
            f"knows whether it kept its max_voltage of {VOLTAGE.format(most)}; the output is "
            "off. Look for a range that was changed on the front panel, sense leads that are "
            "off, or another source at the device"
        )
    if beyond.any():
        row = int(np.argmax(volts))
        raise ComplianceError(
            f"{VOLTAGE.format(samples.voltage[row])} was read across the device at pulse "
            f"{samples.pulse_index[row]} of {label!r}, although its max_voltage is "
            f"{VOLTAGE.format(most)} and the source was set to keep it; the output is off. "
            "Look for a limit that was changed on the front panel, sense leads that are off, "
            "or another source at the device"
        )


def stop_at_limit(samples: Samples, play: Play) -> None:
    """The source must not reach the limit of a program that does not expect it.

    Raises
    ------
    ComplianceError
        It did.
    """
    limited = (samples.flags & Flag.LIMIT) != 0
    if limited.any():
        row, program = int(np.argmax(limited)), play.program
        limit = (VOLTAGE if program.source == "current" else CURRENT).format(program.limit)
        raise ComplianceError(
            f"the source reached its limit of {limit} at pulse {samples.pulse_index[row]} "
            f"of {play.label!r} under R = {RESISTANCE.format(samples.resistance[row])}; lower the "
            "amplitude or play fewer or shorter pulses, or raise the limit if the device "
            "allows it"
        )


def stop_without_value(readings: Samples) -> None:
    """A closed loop decides by what it reads; by what is no value it must not.

    Raises
    ------
    InstrumentError
        Readings are beyond the measuring range.
    """
    if over := int(np.count_nonzero(readings.over_range)):
        raise InstrumentError(
            f"{over} readings that a closed loop was to go by are beyond the measuring range, the "
            f"first at pulse {readings.pulse_index[readings.over_range][0]}; they are kept, "
            "flagged. Raise voltage_limit, whose range the meter measures in, if the device allows "
            "it"
        )

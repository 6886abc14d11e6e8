"""What the device under test may be exposed to."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.errors import LimitError
from protocols.program import PulseProgram
from protocols.quantities import CURRENT, VOLTAGE


@dataclass(frozen=True)
class Limits:
    """Limits of the device under test; every program is held against them before it is loaded.

    Parameters
    ----------
    max_voltage
        Greatest absolute voltage across the device, in V.
    max_current
        Greatest absolute current through the terminal, in A.
    """

    max_voltage: float
    max_current: float

    def check(self, program: PulseProgram) -> None:
        """Compare a program's levels and compliance with the limits.

        Raises
        ------
        LimitError
            Names the quantity, its value and the limit.
        """
        current_driven = program.source == "current"
        amps = program.largest_level if current_driven else program.limit
        volts = program.limit if current_driven else program.largest_level
        for what, value, most, quantity, key in (
            ("current", amps, self.max_current, CURRENT, "max_current"),
            ("voltage", volts, self.max_voltage, VOLTAGE, "max_voltage"),
        ):
            if value > most * (1 + 1e-9):
                role = "limit" if (what == "current") != current_driven else "level"
                raise LimitError(
                    f"{what} {role} {quantity.format(value)} is beyond the device's {key} of "
                    f"{quantity.format(most)}; lower it, or change device.{key} in the rig file"
                )

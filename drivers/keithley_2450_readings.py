"""From rows of a 2450's buffer to readings, none of which was made otherwise than meant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.samples import Flag
from drivers.errors import InstrumentError
from drivers.keithley_2450_script import Settings
from drivers.source_meter import Readout
from protocols.program import PulseProgram

COLUMNS = ("readings", "sourcevalues", "relativetimestamps", "sourcestatuses")
"""What a row holds."""
_TIMING_ERROR = 100e-6
"""Lateness from which a reading is flagged, in s."""
_LEVEL_TOLERANCE = 1e-3
"""Share of the range by which a level may differ from the one that was asked for: more than the
resolution of the source (5e-5)."""
_OVERFLOW = 9e37
"""Readings beyond the measuring range are 9.9e37."""
_PROTECTION, _OVER_TEMPERATURE, _LIMIT, _SENSE, _OUTPUT = 4, 16, 32, 64, 128
"""Bits of a reading's source status."""


@dataclass(frozen=True, eq=False)
class Readings:
    """What a loaded program's readings must be.

    Parameters
    ----------
    model
        As it is printed on the instrument.
    program, settings
        What is played, and how.
    delay
        From the start of each segment to that of its reading, in s.
    """

    model: str
    program: PulseProgram
    settings: Settings
    delay: NDArray[np.float64]

    def readout(self, first: int, table: NDArray[np.float64], running: bool) -> Readout:
        """The readings of some rows, the first of which has number `first` from 0.

        Raises
        ------
        InstrumentError
            One was made otherwise than meant, at another level, or before its time.
        """
        reading, source, stamp, status = table.T
        bits = status.astype(np.int64)
        self._raise_conditions(first, reading, bits)
        self._raise_other_levels(first, source)
        requested = (self.program.start + self.delay)[first : first + len(table)]
        # Timestamps count from the first reading, which the program started `delay` before.
        time = stamp + self.delay[0]
        self._raise_early(first, requested - time)
        flags = ((bits & _LIMIT) != 0) * Flag.LIMIT + (time - requested > _TIMING_ERROR) * Flag.LATE
        driven = self.program.source == "current"
        voltage, current = (reading, source) if driven else (source, reading)
        return Readout(first, time, requested, voltage, current, flags.astype(np.uint8), running)

    def _raise_conditions(
        self, first: int, reading: NDArray[np.float64], bits: NDArray[np.int64]
    ) -> None:
        wrong = {
            "the output was off": (bits & _OUTPUT) == 0,
            "the overvoltage protection acted": (bits & _PROTECTION) != 0,
            "it was too hot": (bits & _OVER_TEMPERATURE) != 0,
            "the measuring range was exceeded": np.abs(reading) > _OVERFLOW,
            "it did not sense as wired": ((bits & _SENSE) != 0) != self.settings.four_wire,
        }
        for what, found in wrong.items():
            if found.any():
                raise InstrumentError(
                    f"the {self.model} reports that {what} during {self._number(first, found)}; "
                    "look at its front panel and at the wiring"
                )

    def _raise_other_levels(self, first: int, source: NDArray[np.float64]) -> None:
        """Where the source is not measured, it is told as it was programmed."""
        if self.settings.readback:
            return
        asked = self.program.level[first : first + len(source)]
        other = np.abs(source - asked) > _LEVEL_TOLERANCE * self.settings.source_range
        if other.any():
            k = int(other.argmax())
            raise InstrumentError(
                f"the {self.model} played {source[k]:.6g} instead of {asked[k]:.6g} at "
                f"{self._number(first, other)}; play the program again"
            )

    def _raise_early(self, first: int, early: NDArray[np.float64]) -> None:
        """The instrument took an event of before for that of a reading.

        Time counts from the first reading, so one that was late itself makes others look early.
        """
        found = early > self.program.duration.min() / 2
        if found.any():
            raise InstrumentError(
                f"the {self.model} made {self._number(first, found)} "
                f"{early[int(found.argmax())]:.3g} s before its time; play the program again"
            )

    def _number(self, first: int, found: NDArray[np.bool_]) -> str:
        return f"reading {first + int(found.argmax()) + 1} of {len(self.program)}"

"""The record of measured readings: one row a reading, columns of equal length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray


class Flag(IntFlag):
    """What is wrong with a reading; 0 when nothing is."""

    LIMIT = 1
    """The source was in compliance during the reading."""
    OVERRANGE = 2
    """The reading is beyond the measuring range: its value stands for none, and is left out of
    whatever is made of the readings."""
    LATE = 4
    """Taken later than requested by more than the instrument's stated timing error."""
    OVERRUN = 8
    """The instrument reported, by then, a trigger that came before it was ready for it."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Readings in the order of acquisition; every column has shape (n,).

    Parameters
    ----------
    time
        Start of the reading on the instrument's clock, in s after the start of the run.
    requested_time
        The same as it was commanded, in s.
    pulse_index
        Number of the pulse, from 1; 0 for none.
    phase
        Index into the protocol's phase names.
    instant
        Read instant, a value of `protocols.program.Instant`.
    cycle
        Number of the cycle, from 1; 0 for none.
    source_level
        Commanded level, in A while sourcing current, in V while sourcing voltage (`mode`).
    mode
        0 while sourcing current, 1 while sourcing voltage.
    voltage
        Measured voltage across the device (the postsynaptic voltage), in V.
    current
        Measured current into the terminal, in A.
    resistance
        Actual regulating resistance in parallel with the device, in ohm; `inf` when open.
    flags
        Bits of `Flag`.
    """

    time: NDArray[np.float64]
    requested_time: NDArray[np.float64]
    pulse_index: NDArray[np.int32]
    phase: NDArray[np.uint8]
    instant: NDArray[np.uint8]
    cycle: NDArray[np.int32]
    source_level: NDArray[np.float64]
    mode: NDArray[np.uint8]
    voltage: NDArray[np.float64]
    current: NDArray[np.float64]
    resistance: NDArray[np.float64]
    flags: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.time)

    @property
    def over_range(self) -> NDArray[np.bool_]:
        """Which readings were beyond the measuring range, so that their values are none."""
        return np.asarray((self.flags & Flag.OVERRANGE) != 0)

    def blanked(self) -> Samples:
        """The same with NaN for voltage and current of readings beyond the measuring range."""
        over = self.over_range
        if not over.any():
            return self
        return replace(
            self, voltage=np.where(over, np.nan, self.voltage),
            current=np.where(over, np.nan, self.current),
        )  # fmt: skip

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Samples:
        """The chosen rows, for example ``samples[samples.phase == 1]``."""
        return Samples(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def concatenate(blocks: Sequence[Samples]) -> Samples:
        """Join blocks in the given order."""
        return Samples(
            **{
                name: np.concatenate([getattr(b, name) for b in blocks] or [np.empty(0, dtype)])
                for name, dtype in COLUMNS.items()
            }
        )


COLUMNS: dict[str, type[np.generic]] = {
    "time": np.float64, "requested_time": np.float64, "pulse_index": np.int32,
    "phase": np.uint8, "instant": np.uint8, "cycle": np.int32, "source_level": np.float64,
    "mode": np.uint8, "voltage": np.float64, "current": np.float64, "resistance": np.float64,
    "flags": np.uint8,
}  # fmt: skip
"""Name and dtype of each column, in order."""

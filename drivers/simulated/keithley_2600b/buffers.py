"""Reading buffers: what a channel stores of each measurement."""

from __future__ import annotations

import math
from typing import NamedTuple

from drivers.simulated.keithley_2600b.smu_table import FILL_WINDOW
from drivers.simulated.tsp.columns import Rows
from drivers.simulated.tsp.core import EPOCH
from drivers.simulated.tsp.errors import conflict
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Choice, Number

DEDICATED_BYTES = 149_789 * 6
"""Memory of a dedicated buffer: 149,789 plain readings by the reference's example."""

_SWITCH = Choice(0, (0, 1))
_RESOLUTION = Number(1e-6, 1e-6, 10.0)
_TICKS = 2**32
"""Steps after which timestamps start again: 71 minutes of 1 us."""
_COUNT = Number(0, 0, whole=True)

COMPLIANCE, FILTERED, RELATIVE, FOUR_WIRE, AUTO_SOURCE, AUTO_MEASURE = 64, 128, 32, 16, 8, 4
"""Bits of a reading's status."""


class StoredReading(NamedTuple):
    """One row of a buffer; `time` in bench seconds at the start of the measurement."""

    readings: float
    time: float
    statuses: float
    sourcevalues: float
    measurefunctions: str
    measureranges: float
    sourcefunctions: str
    sourceranges: float
    sourceoutputstates: str


COLUMNS = tuple("timestamps" if name == "time" else name for name in StoredReading._fields)


class ReadingBuffer(Rows):
    """Readings with what was collected about them.

    Parameters
    ----------
    capacity
        Greatest number of readings; None for a dedicated buffer, whose capacity depends on
        what it collects.
    """

    def __init__(self, capacity: int | None = None) -> None:
        self._own_capacity = capacity
        self.reset()

    def reset(self) -> None:
        """Empty the buffer and restore its settings."""
        self.appendmode = 0
        self.cachemode = 1
        self.collecttimestamps = 1
        self.collectsourcevalues = 0
        self.fillmode = 0
        self.fillcount = 0
        self.timestampresolution = _RESOLUTION.default
        self.clear()

    def clear(self) -> None:
        """Empty the buffer."""
        self._rows: list[StoredReading] = []
        self._base = 0.0
        self._written = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def capacity(self) -> int:
        """Readings that fit: timestamps and source values take 4 bytes each beside 6."""
        if self._own_capacity is not None:
            return self._own_capacity
        return DEDICATED_BYTES // (6 + 4 * self.collecttimestamps + 4 * self.collectsourcevalues)

    def prepare(self) -> None:
        """Get ready for new readings: empty unless they are to be appended."""
        if not self.appendmode:
            self.clear()

    def store(self, row: StoredReading) -> None:
        """Add a reading; a full buffer drops it, or wraps round when filled as a window."""
        if not self._rows:
            self._base = row.time
        if self.fillmode == FILL_WINDOW:
            position = self._next()
            self._rows[position : position + 1] = [row]
            self._written += 1
        elif len(self._rows) < self.capacity:
            self._rows.append(row)

    def _next(self) -> int:
        """Where the next reading goes, from 0."""
        if self.fillmode == FILL_WINDOW:
            return self._written % min(self.fillcount or self.capacity, self.capacity)
        return len(self._rows)

    def column(self, name: str, rows: slice) -> list[float | str]:
        if name == "timestamps":
            if not self.collecttimestamps:
                return []
            step, base = self.timestampresolution, self._base
            return [round((row.time - base) / step) % _TICKS * step for row in self._rows[rows]]
        if name == "sourcevalues" and not self.collectsourcevalues:
            return []
        return [getattr(row, name) for row in self._rows[rows]]

    def namespace(self) -> Namespace:
        """The buffer's table."""
        space = self.table(COLUMNS)
        space.functions.update(clear=self.clear, clearcache=lambda: None)
        space.attribute("n", lambda: len(self))
        space.attribute("capacity", lambda: self.capacity)
        space.attribute("next", lambda: self._next() + 1)
        space.attribute("basetimestamp", lambda: EPOCH + self._base if self._rows else 0.0)
        for name in ("appendmode", "collecttimestamps", "collectsourcevalues"):
            self._attribute(space, name, _SWITCH, only_empty=True)
        space.attribute(
            "timestampresolution", lambda: self.timestampresolution, self._set_resolution
        )
        self._attribute(space, "cachemode", _SWITCH)
        self._attribute(space, "fillmode", _SWITCH)
        self._attribute(space, "fillcount", _COUNT)
        return space

    def _set_resolution(self, value: object) -> None:
        name, finest = "timestampresolution", _RESOLUTION.default
        # "Rounded to an even power of 2 us."
        step = finest * 2.0 ** round(math.log2(_RESOLUTION.accept(name, value) / finest))
        self._set_when_empty(name, step)

    def _set_when_empty(self, name: str, value: float) -> None:
        if self._rows and value != getattr(self, name):
            raise conflict(f"{name} can only be changed while the buffer is empty")
        setattr(self, name, value)

    def _attribute(
        self, space: Namespace, name: str, kind: Choice | Number, only_empty: bool = False
    ) -> None:
        def write(value: object) -> None:
            accepted = int(kind.accept(name, value))
            if only_empty:
                self._set_when_empty(name, accepted)
            else:
                setattr(self, name, accepted)

        space.attribute(name, lambda: getattr(self, name), write)

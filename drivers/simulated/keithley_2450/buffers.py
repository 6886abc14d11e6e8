"""Reading buffers: `defbuffer1`, `defbuffer2` and what `buffer.make` returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from drivers.simulated.keithley_2450.models import UNIT
from drivers.simulated.tsp.columns import Rows
from drivers.simulated.tsp.core import EPOCH
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Choice, Number

ONCE, CONTINUOUS = 0, 1
PROTECTION, READBACK, OVER_TEMPERATURE, LIMIT, SENSE, OUTPUT = 4, 8, 16, 32, 64, 128
"""Bits of `sourcestatuses` (2450 reference manual, `bufferVar.sourcestatuses`)."""
EMPTY_EVENT, FULL_EVENT = 4917, 4918
DEFAULT_CAPACITY = 100_000
"""Of the two that are there from the start; from memory."""
MOST = 300_000
"""Readings of the largest buffer; the data sheet says more than 250,000."""
STYLES = ("COMPACT", "STANDARD", "FULL", "WRITABLE", "WRITABLE_FULL")
CONSTANTS = {
    "FILL_ONCE": ONCE, "FILL_CONTINUOUS": CONTINUOUS, "OFF": 0, "ON": 1,
    "STAT_PROTECTION": PROTECTION, "STAT_READBACK": READBACK,
    "STAT_OVER_TEMP": OVER_TEMPERATURE, "STAT_LIMIT": LIMIT, "STAT_SENSE": SENSE,
    "STAT_OUTPUT": OUTPUT, "STAT_QUESTIONABLE": 2, "STAT_ORIGIN": 4, "STAT_TERMINAL": 8,
    "STAT_LIMIT2_LOW": 16, "STAT_LIMIT2_HIGH": 32, "STAT_LIMIT1_LOW": 64,
    "STAT_LIMIT1_HIGH": 128, "STAT_START_GROUP": 256,
    **{f"STYLE_{name}": f"buffer.STYLE_{name}" for name in STYLES},
}  # fmt: skip
_TERMINAL_FRONT = 8.0
_CAPACITY = Number(DEFAULT_CAPACITY, 0, MOST, whole=True)


class StoredReading(NamedTuple):
    """One row; `time` in bench seconds at the start of the measurement."""

    readings: float
    time: float
    sourcevalues: float
    sourcestatuses: float
    function: str
    source: str


_WORDS = {"v": "Volt DC", "i": "Amp DC", "r": "Ohm"}
_COLUMNS: dict[str, Callable[[StoredReading, float], float | str]] = {
    "readings": lambda row, _: row.readings,
    "sourcevalues": lambda row, _: row.sourcevalues,
    "sourcestatuses": lambda row, _: row.sourcestatuses,
    "statuses": lambda _row, _: _TERMINAL_FRONT,
    "relativetimestamps": lambda row, base: round(row.time - base, 9),
    "seconds": lambda row, _: float(math.floor(EPOCH + row.time)),
    "fractionalseconds": lambda row, _: round((EPOCH + row.time) % 1.0, 9),
    "units": lambda row, _: _WORDS[row.function],
    "sourceunits": lambda row, _: _WORDS[row.source],
    "formattedreadings": lambda row, _: f"{row.readings:+.6g} {UNIT[row.function]}",
    "sourceformattedvalues": lambda row, _: f"{row.sourcevalues:+.6g} {UNIT[row.source]}",
}


class ReadingBuffer(Rows):
    """Readings with what was collected about them.

    Parameters
    ----------
    capacity
        Greatest number of readings.
    fillmode
        `ONCE` or `CONTINUOUS` after a reset.
    notify
        Told of the events of an empty and a full buffer.
    """

    def __init__(self, capacity: int, fillmode: int, notify: Callable[[int], None]) -> None:
        self._born = capacity, fillmode
        self._notify = notify
        self.reset()

    def reset(self) -> None:
        """Empty the buffer and restore its settings."""
        self.capacity, self.fillmode = self._born
        self.clear()

    def clear(self) -> None:
        """Empty the buffer."""
        self._rows: list[StoredReading] = []
        self._base, self._written = 0.0, 0
        self._notify(EMPTY_EVENT)

    def __len__(self) -> int:
        return len(self._rows)

    def store(self, row: StoredReading) -> None:
        """Add a reading; a full buffer drops it, or overwrites its oldest one."""
        if not self._rows:
            self._base = row.time
        if len(self._rows) < self.capacity:
            self._rows.append(row)
            if len(self._rows) == self.capacity:
                self._notify(FULL_EVENT)
        elif self.fillmode == CONTINUOUS:
            self._rows[self._written % self.capacity] = row
        else:
            return
        self._written += 1

    def column(self, name: str, rows: slice) -> list[float | str]:
        """Values of one column."""
        value = _COLUMNS[name]
        return [value(row, self._base) for row in self._rows[rows]]

    def namespace(self) -> Namespace:
        """The buffer's table."""
        space = self.table(_COLUMNS)
        space.functions["clear"] = self.clear
        space.attribute("n", lambda: len(self))
        space.attribute("capacity", lambda: self.capacity, self._set_capacity)
        space.attribute("fillmode", lambda: self.fillmode, self._set_fillmode)
        space.attribute("startindex", lambda: self._first)
        space.attribute("endindex", lambda: (self._written - 1) % self.capacity + 1)
        return space

    @property
    def _first(self) -> int:
        """Index of the oldest reading."""
        over = self._written > self.capacity
        return self._written % self.capacity + 1 if over else min(self._written, 1)

    def _set_capacity(self, value: object) -> None:
        self.capacity = int(_CAPACITY.accept("capacity", value)) or MOST
        self.clear()

    def _set_fillmode(self, value: object) -> None:
        self.fillmode = int(Choice(ONCE, (ONCE, CONTINUOUS)).accept("fillmode", value))
        self.clear()

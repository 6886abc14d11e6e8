"""The reading buffers of the emulated 2461."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.response import indefinite_block

ELEMENTS = (
    "READing|RELative|SOURce|EXTRa|SOURSTATus|STATus|SEConds|FRACtional|UNIT|SOURUNIT|DATE|TIME|"
    "TSTamp|FORMatted|SOURFORMatted"
)
_BINARY = ("READ", "REL", "SOUR", "EXTR")
"""What the binary formats can hold; everything else is error 1133 there."""


class Stored(NamedTuple):
    """One reading: its value and unit, when it began, what was sourced and how, its status."""

    value: float
    unit: str
    time: float
    source: float
    source_unit: str
    source_status: int
    status: int = 0


class Buffer:
    """A reading buffer, filled once or continuously."""

    def __init__(self, capacity: int, *, once: bool) -> None:
        self.capacity, self.once = capacity, once
        self.readings: list[Stored] = []
        self.dropped = 0

    def clear(self) -> None:
        """Forget every reading."""
        self.readings.clear()
        self.dropped = 0

    def store(self, reading: Stored) -> None:
        """Take a reading; a full buffer that is filled once discards it."""
        if len(self.readings) < self.capacity:
            self.readings.append(reading)
        elif not self.once:
            self.readings.pop(0)
            self.readings.append(reading)
            self.dropped += 1

    def slice(self, first: int, last: int) -> Sequence[Stored]:
        """Readings by their numbers from 1, both included.

        Raises
        ------
        ScpiError
            They are not there.
        """
        if not 1 <= first <= last <= len(self.readings):
            raise ScpiError(-222)
        return self.readings[first - 1 : last]


def columns(
    buffer: Buffer, first: int, last: int, elements: Sequence[str], form: str, digits: int
) -> bytes:
    """Readings as `TRACe:DATA?` answers them: their elements one after the other.

    Raises
    ------
    ScpiError
        Readings that are not there, or an element that the format cannot hold.
    """
    rows = buffer.slice(first, last)
    start = buffer.readings[0].time
    if form != "ASC":
        if any(element not in _BINARY for element in elements):
            raise ScpiError(1133, "Parameter 4, Syntax error, expected valid name parameters")
        values = [_NUMBERS[element](row, start) for row in rows for element in elements]
        return indefinite_block(struct.pack(f"<{len(values)}{'d' if form == 'REAL' else 'f'}",
                                            *values))  # fmt: skip
    return ",".join(_text(row, start, e, digits) for row in rows for e in elements).encode()


def _text(row: Stored, start: float, element: str, digits: int) -> str:
    if element in ("UNIT", "SOURUNIT"):
        return row.unit if element == "UNIT" else row.source_unit
    if element not in _NUMBERS:
        raise ScpiError(-224, f"Illegal parameter value;{element} is not emulated")
    value = _NUMBERS[element](row, start)
    if element in ("SOURSTAT", "STAT", "SEC"):
        return f"{value:.0f}"
    return f"{value:.{max(digits - 1, 0) if digits else 6}E}"


_NUMBERS: Mapping[str, Callable[[Stored, float], float]] = {
    "READ": lambda row, start: row.value,  # noqa: ARG005 (one shape for all)
    "REL": lambda row, start: row.time - start,
    "SOUR": lambda row, start: row.source,  # noqa: ARG005
    "EXTR": lambda row, start: 0.0,  # noqa: ARG005
    "SOURSTAT": lambda row, start: row.source_status,  # noqa: ARG005
    "STAT": lambda row, start: row.status,  # noqa: ARG005
    "SEC": lambda row, start: float(int(row.time)),  # noqa: ARG005
    "FRAC": lambda row, start: row.time % 1.0,  # noqa: ARG005
}

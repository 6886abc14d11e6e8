"""The data store of a 2400 and the format in which readings are answered."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from drivers.simulated.keithley_2400.source import Point
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import NOT_A_NUMBER, Choice, Many, Number
from drivers.simulated.scpi.response import indefinite_block
from drivers.simulated.scpi.table import Action, Query, Row, Setting

if TYPE_CHECKING:
    from drivers.simulated.keithley_2400.instrument import Emulated2400

CAPACITY = 2500
ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT")
"""In the order in which they are answered, whatever order they are asked in."""


class Trace:
    """Keeps readings while it is enabled, up to its size."""

    def __init__(self, instrument: Emulated2400) -> None:
        self._instrument = instrument
        self.size, self.writing = 100, False
        self.points: list[Point] = []
        self._measured: list[Point] = []
        """What READ? and FETCh? answer, in a buffer of their own."""
        self._elements: tuple[str, ...] = ELEMENTS
        self._binary = False

    @property
    def full(self) -> bool:
        """Whether no more fits."""
        return len(self.points) >= self.size

    def begin(self) -> None:
        """A new measurement overwrites what an earlier one left."""
        self._measured = []
        if self.writing:
            self.points = []

    def store(self, point: Point) -> None:
        """Keep a reading, if it is enabled and not full."""
        self._measured.append(point)
        if self.writing:
            self.points.append(point)
            self.writing = not self.full

    def rows(self) -> list[Row]:
        """The commands; DATA is another root of TRACe."""
        rows: list[Row] = [
            Action("FORMat[:DATA]", self._set_format, Choice("ASCii|REAL|SREal"),
                   Number(32, 64, 32, whole=True)),
            Query("FORMat[:DATA]?", lambda: "REAL,32" if self._binary else "ASC"),
            Setting("FORMat:BORDer", "order", Choice("NORMal|SWAPped", "NORM")),
            Action("FORMat:ELEMents[:SENSe[1]]", self._set_elements,
                   Many(Choice("VOLTage|CURRent|RESistance|TIME|STATus"), 5)),
            Query("FORMat:ELEMents[:SENSe[1]]?", lambda *_: ",".join(self._elements)),
            Query("FETCh?", lambda: self._encoded(self._measured)),
            Query("READ?", self.read),
        ]  # fmt: skip
        for root in ("TRACe", "DATA"):
            rows += [
                Query(f"{root}:DATA?", lambda: self._encoded(self._stamped())),
                Action(f"{root}:CLEar", self._clear),
                Query(f"{root}:FREE?", lambda: [24 * (self.size - len(self.points)), 24]),
                Action(f"{root}:POINts", self._resize, Number(1, CAPACITY, whole=True)),
                Query(f"{root}:POINts?", lambda: self.size),
                Query(f"{root}:POINts:ACTual?", lambda: len(self.points)),
                Setting(f"{root}:FEED", "feed", Choice("SENSe[1]", "SENS"),
                        self._feed),
                Action(f"{root}:FEED:CONTrol", self._control, Choice("NEVer|NEXT")),
                Query(f"{root}:FEED:CONTrol?", lambda: "NEXT" if self.writing else "NEV"),
                Setting(f"{root}:TSTamp:FORMat", "stamps", Choice("ABSolute|DELTa", "ABS")),
            ]  # fmt: skip
        return rows

    def _unless_writing(self) -> None:
        if self.writing:
            raise ScpiError(800, "Illegal with storage active")

    def _feed(self, value: str) -> str:
        self._unless_writing()
        return value

    def _clear(self) -> None:
        self._unless_writing()
        self.points = []

    def _resize(self, size: float) -> None:
        self._unless_writing()
        self.size = int(size)
        self.points = []

    def _control(self, value: str) -> None:
        self.writing = value == "NEXT"

    def _set_format(self, kind: str, bits: float) -> None:
        if bits != 32:
            raise ScpiError(-222)
        self._binary = kind != "ASC"

    def _set_elements(self, *arguments: Any) -> None:
        self._elements = tuple(name for name in ELEMENTS if name in arguments[-1])

    def read(self) -> bytes:
        """Measure, and answer with what was measured."""
        self._instrument.initiate()
        self._instrument.wait_complete()
        return self._encoded(self._measured)

    def _stamped(self) -> list[Point]:
        delta = self._instrument.settings.word("stamps") == "DELT"
        found, before = [], self.points[0].time if self.points else 0.0
        for point in self.points:
            found.append(Point(point.voltage, point.current, point.time - before, point.status))
            before = point.time if delta else before
        return found

    def _encoded(self, points: Sequence[Point]) -> bytes:
        values = [value for point in points for value in self._values(point)]
        if not self._binary:
            return ",".join(self._instrument.style.number(v) for v in values).encode()
        order = "<" if self._instrument.settings.word("order") == "SWAP" else ">"
        return indefinite_block(struct.pack(f"{order}{len(values)}f", *values))

    def _values(self, point: Point) -> list[float]:
        known = {
            "VOLT": point.voltage, "CURR": point.current, "RES": None, "TIME": point.time,
            "STAT": float(point.status),
        }  # fmt: skip
        return [
            NOT_A_NUMBER if (value := known[name]) is None else float(value)
            for name in self._elements
        ]

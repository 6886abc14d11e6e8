"""What the B2900 answers of its readings: FORMat, FETCh, READ, SENSe:DATA, TRACe:DATA."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from drivers.simulated.keysight_b2900.channel import Block, Channel
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import (
    INFINITY,
    NOT_A_NUMBER,
    Channels,
    Choice,
    Many,
    Number,
)
from drivers.simulated.scpi.response import DataFormat, numbers
from drivers.simulated.scpi.table import Action, Query, Row, Setting

if TYPE_CHECKING:
    from drivers.simulated.keysight_b2900.instrument import EmulatedB2900

ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT", "SOUR")
"""In the order in which they are answered, whatever order they are asked in."""
_WORDS = "VOLTage|CURRent|RESistance|TIME|STATus|SOURce"
_END = 1_000_000_000


class Readout:
    """Formats and answers readings of an instrument's channels."""

    def __init__(self, instrument: EmulatedB2900) -> None:
        self._instrument = instrument
        self.elements: tuple[str, ...] = ELEMENTS
        self.form: DataFormat = "ASC"

    def rows(self, listed: Channels) -> list[Row]:
        """The commands."""
        c = "[1|2]" if 2 in listed.known else "[1]"
        offset = Number(0, _END, -1, whole=True, words={"CURRent": -2, "STARt": 0})
        size = Number(1, _END, _END, whole=True)
        rows: list[Row] = [
            Action("FORMat[:DATA]", self._set_format, Choice("ASCii|REAL"),
                   Number(32, 64, 0, whole=True)),
            Query("FORMat[:DATA]?", self._format),
            Setting("FORMat:BORDer", "order", Choice("NORMal|SWAPped", "NORM")),
            Action("FORMat:ELEMents:SENSe", self._set_elements, Many(Choice(_WORDS), 6)),
            Query("FORMat:ELEMents:SENSe?", lambda: ",".join(self.elements)),
            Query(f"SENSe{c}:DATA?", self._sense, offset, size),
            Query(f"TRACe{c}:DATA?", self._trace, offset, size),
        ]  # fmt: skip
        for node, first in (("FETCh", self._settled), ("READ", self._read)):
            rows += [
                Query(f"{node}:ARRay?", self._array(first, None), listed),
                Query(f"{node}[:SCALar]?", self._latest(first, None), listed),
            ]
            for word in _WORDS.split("|"):
                element = (word.upper()[:4] if word != "RESistance" else "RES",)
                rows += [
                    Query(f"{node}:ARRay:{word}?", self._array(first, element), listed),
                    Query(f"{node}[:SCALar]:{word}?", self._latest(first, element), listed),
                ]
        return rows

    def _set_format(self, kind: str, bits: float) -> None:
        if kind == "REAL" and bits not in (32, 64):
            raise ScpiError(-224)
        if kind == "ASC" and bits:
            raise ScpiError(-108)
        self.form = "ASC" if kind == "ASC" else "REAL32" if bits == 32 else "REAL64"

    def _format(self) -> str:
        return self.form.replace("REAL", "REAL,")

    def _set_elements(self, names: tuple[str, ...]) -> None:
        self.elements = tuple(name for name in ELEMENTS if name in names)

    def _channels(self, chosen: Sequence[int]) -> list[Channel]:
        return [self._instrument.channels[n] for n in sorted(set(chosen))]

    def _settled(self, _chosen: tuple[int, ...]) -> None:
        """FETCh has what was measured once it is over; at a real speed, what there is so far."""
        self._instrument.wait_complete()

    def _read(self, chosen: tuple[int, ...]) -> None:
        self._instrument.initiate(chosen)
        self._instrument.wait_complete()

    def _array(
        self, first: Callable[[tuple[int, ...]], None], elements: tuple[str, ...] | None
    ) -> Callable[[tuple[int, ...]], bytes]:
        def answer(chosen: tuple[int, ...]) -> bytes:
            first(chosen)
            channels = self._channels(chosen)
            rows = max(len(channel.data) for channel in channels)
            values: list[float] = []
            for k in range(max(rows, 1)):
                for channel in channels:
                    block = channel.data[k] if k < len(channel.data) else None
                    values += self._values(block, elements or self.elements)
            return self._encoded(values)

        return answer

    def _latest(
        self, first: Callable[[tuple[int, ...]], None], elements: tuple[str, ...] | None
    ) -> Callable[[tuple[int, ...]], bytes]:
        def answer(chosen: tuple[int, ...]) -> bytes:
            first(chosen)
            values: list[float] = []
            for channel in self._channels(chosen):
                block = channel.data[-1] if channel.data else None
                values += self._values(block, elements or self.elements)
            return self._encoded(values)

        return answer

    def _sense(self, number: int, offset: float, size: float) -> bytes:
        return self._slice(self._instrument.channels[number].data, offset, size)

    def _trace(self, number: int, offset: float, size: float) -> bytes:
        channel = self._instrument.channels[number]
        blocks = channel.trace.blocks
        if channel.word("stamps") == "DELT":
            before = [b.time for b in blocks[:1]] + [b.time for b in blocks[:-1]]
        else:
            before = [b.time for b in blocks[:1]] * len(blocks)
        stamped = [
            Block(b.voltage, b.current, b.time - zero, b.status, b.source)
            for b, zero in zip(blocks, before, strict=True)
        ]
        return self._slice(stamped, offset, size)

    def _slice(self, blocks: Sequence[Block], offset: float, size: float) -> bytes:
        first = int(max(offset, 0)) if offset != -2 else len(blocks) - 1
        if blocks and first >= len(blocks):
            raise ScpiError(-222)
        chosen = blocks[first : first + int(size)]
        values = [v for block in chosen for v in self._values(block, self.elements)]
        return self._encoded(values or self._values(None, self.elements))

    def _values(self, block: Block | None, elements: Sequence[str]) -> list[float]:
        if block is None:
            return [math.nan] * len(elements)
        known = {
            "VOLT": block.voltage, "CURR": block.current, "RES": None, "TIME": block.time,
            "STAT": float(block.status), "SOUR": block.source,
        }  # fmt: skip
        return [math.nan if known[name] is None else float(known[name] or 0.0) for name in elements]

    def _encoded(self, values: list[float]) -> bytes:
        if self.form == "ASC":
            values = [_in_text(value) for value in values]
        swapped = self._instrument.settings.word("order") == "SWAP"
        return numbers(values, self.form, swapped=swapped, style=self._instrument.style)


def _in_text(value: float) -> float:
    if math.isnan(value):
        return NOT_A_NUMBER
    return math.copysign(INFINITY, value) if math.isinf(value) else value

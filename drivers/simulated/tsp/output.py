"""Responses: number formats, `print` and its relatives, and the output queue."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from itertools import chain

from drivers.simulated.tsp.columns import Column
from drivers.simulated.tsp.core import Wait
from drivers.simulated.tsp.errors import Fault, wrong_type
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Choice, Number, to_number

ASCII, REAL32, REAL64 = 1, 2, 3
BIG, LITTLE = 0, 1

_PRECISION = Number(6, 0, 16, whole=True)
_DATA = Choice(ASCII, (ASCII, REAL32, REAL64))
_ORDER = Choice(LITTLE, (BIG, LITTLE))
_INDEX = Number(1, whole=True)

_CONSTANTS = {
    "ASCII": ASCII,
    "SREAL": REAL32,
    "REAL32": REAL32,
    "REAL": REAL64,
    "REAL64": REAL64,
    "DREAL": REAL64,
    "NORMAL": BIG,
    "NETWORK": BIG,
    "BIGENDIAN": BIG,
    "SWAPPED": LITTLE,
    "LITTLEENDIAN": LITTLE,
}


class Output:
    """The output queue and the format of what goes into it.

    Parameters
    ----------
    digits
        Of numbers in text after a reset; 0 lets the instrument choose.
    """

    def __init__(self, digits: int = 6) -> None:
        self._queue: deque[bytes] = deque()
        self._digits = digits
        self.reset()

    def reset(self) -> None:
        """Restore the default format."""
        self._data, self._order = ASCII, LITTLE
        self._precision = self._digits

    def __len__(self) -> int:
        return len(self._queue)

    def take(self) -> bytes | None:
        """The oldest response, with its terminator."""
        return self._queue.popleft() if self._queue else None

    def clear(self) -> None:
        """Drop every response."""
        self._queue.clear()

    def line(self, text: str) -> None:
        """Queue a text response."""
        self._queue.append(text.encode("latin-1", "replace") + b"\n")

    def namespace(self) -> Namespace:
        """The `format` table."""
        space = Namespace(constants=_CONSTANTS)
        space.attribute("data", lambda: self._data, self._set_data)
        space.attribute("byteorder", lambda: self._order, self._set_order)
        space.attribute("asciiprecision", lambda: self._precision, self._set_precision)
        return space

    def print(self, *values: object) -> None:
        """One response: the values separated by tabs, numbers in the ASCII format."""
        self.line("\t".join(self._text(v) for v in values))

    def print_number(self, *values: object) -> None:
        """One response: numbers in the format chosen with `format.data`."""
        self._numbers([to_number("printnumber", v) for v in values])

    def print_buffer(self, first: object, last: object, *columns: object) -> Wait:
        """One response: rows of the columns, interleaved, once they are available."""
        start = max(1, int(_INDEX.accept("startIndex", first)))
        end = int(_INDEX.accept("endIndex", last))
        if not columns:
            raise Fault(1400, "Expected at least 3 parameters")
        for n, column in enumerate(columns, 3):
            if not isinstance(column, (Column, Sequence)) or isinstance(column, str):
                raise wrong_type(f"parameter {n} is neither a table nor a reading buffer")
        buffers = [c for c in columns if isinstance(c, Column)]

        def ready() -> bool:
            return all(b.stored >= end or not b.filling for b in buffers)

        def write() -> tuple[object, ...]:
            rows = slice(start - 1, end)
            tables: list[Sequence[object]] = [
                c.values(rows) if isinstance(c, Column) else list(c)[rows]  # type: ignore[call-overload]
                for c in columns
            ]
            # A column may hold fewer rows than asked for: the shortest counts.
            self._numbers(list(chain.from_iterable(zip(*tables, strict=False))))
            return ()

        return Wait(ready, write)

    def _numbers(self, values: Sequence[object]) -> None:
        if self._data == ASCII or any(isinstance(v, str) for v in values):
            self.line(", ".join(self._text(v) for v in values))
            return
        code = "d" if self._data == REAL64 else "f"
        order = "<" if self._order == LITTLE else ">"
        self._queue.append(b"#0" + struct.pack(f"{order}{len(values)}{code}", *values) + b"\n")

    def _text(self, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return str(value)
        if self._precision == 0:
            return f"{value:.14g}"
        return f"{value:.{self._precision - 1}e}"

    def _set_data(self, value: object) -> None:
        self._data = int(_DATA.accept("format.data", value))

    def _set_order(self, value: object) -> None:
        self._order = int(_ORDER.accept("format.byteorder", value))

    def _set_precision(self, value: object) -> None:
        self._precision = int(_PRECISION.accept("format.asciiprecision", value))

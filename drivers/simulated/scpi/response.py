"""How an instrument writes its answers: numbers, strings, blocks.

IEEE 488.2-1992 chapter 8. Each maker has a style of its own within the standard.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

DataFormat = Literal["ASC", "REAL32", "REAL64"]


@dataclass(frozen=True)
class Style:
    """A maker's way to write answers.

    Parameters
    ----------
    digits
        Behind the point of a number's mantissa.
    plus
        Whether positive numbers have a sign.
    """

    digits: int = 6
    plus: bool = False

    def integer(self, value: int) -> str:
        """A whole number (NR1)."""
        return f"{value:+d}" if self.plus else str(value)

    def number(self, value: float) -> str:
        """A number with exponent (NR3)."""
        return f"{value:{'+' if self.plus else ''}.{self.digits}E}"

    def string(self, text: str) -> str:
        """A string in double quotes."""
        return '"' + text.replace('"', '""') + '"'

    def block(self, content: bytes) -> bytes:
        """A block of definite length."""
        return definite_block(content)

    def answer(self, value: object) -> bytes:
        """What a handler returned: text and bytes as they are, numbers in this style."""
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode("latin-1", "replace")
        if isinstance(value, bool):
            return str(int(value)).encode()
        if isinstance(value, int):
            return self.integer(value).encode()
        if isinstance(value, float):
            return self.number(value).encode()
        if isinstance(value, Sequence):
            return b",".join(self.answer(item) for item in value)
        raise TypeError(f"{value!r} cannot be an answer")


def definite_block(content: bytes) -> bytes:
    """``#``, the number of digits, the length, the content."""
    length = str(len(content))
    return f"#{len(length)}{length}".encode() + content


def indefinite_block(content: bytes) -> bytes:
    """``#0`` and the content, which only the end of the message ends."""
    return b"#0" + content


def numbers(
    values: Sequence[float] | NDArray[np.float64], form: DataFormat, *, swapped: bool, style: Style
) -> bytes:
    """Readings as FORMat[:DATA] and FORMat:BORDer ask for them.

    Parameters
    ----------
    form
        Text, or a definite block of 4 or 8 bytes each.
    swapped
        Least significant byte first.
    """
    if form == "ASC":
        return ",".join(style.number(float(value)) for value in values).encode()
    code = "f" if form == "REAL32" else "d"
    return definite_block(struct.pack(f"{'<' if swapped else '>'}{len(values)}{code}", *values))

"""The standard errors of SCPI and the queue in which an instrument reports them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

TEXTS: Mapping[int, str] = MappingProxyType(
    {
        0: "No error",
        -100: "Command error",
        -101: "Invalid character",
        -102: "Syntax error",
        -103: "Invalid separator",
        -104: "Data type error",
        -108: "Parameter not allowed",
        -109: "Missing parameter",
        -111: "Header separator error",
        -112: "Program mnemonic too long",
        -113: "Undefined header",
        -114: "Header suffix out of range",
        -120: "Numeric data error",
        -121: "Invalid character in number",
        -123: "Exponent too large",
        -124: "Too many digits",
        -128: "Numeric data not allowed",
        -131: "Invalid suffix",
        -138: "Suffix not allowed",
        -141: "Invalid character data",
        -148: "Character data not allowed",
        -151: "Invalid string data",
        -158: "String data not allowed",
        -161: "Invalid block data",
        -168: "Block data not allowed",
        -171: "Invalid expression",
        -178: "Expression data not allowed",
        -200: "Execution error",
        -211: "Trigger ignored",
        -213: "Init ignored",
        -220: "Parameter error",
        -221: "Settings conflict",
        -222: "Data out of range",
        -223: "Too much data",
        -224: "Illegal parameter value",
        -225: "Out of memory",
        -230: "Data corrupt or stale",
        -240: "Hardware error",
        -241: "Hardware missing",
        -300: "Device-specific error",
        -310: "System error",
        -350: "Queue overflow",
        -363: "Input buffer overrun",
        -410: "Query INTERRUPTED",
        -420: "Query UNTERMINATED",
        -430: "Query DEADLOCKED",
    }
)
"""Code to text, SCPI-1999 volume 2, chapter 21.8."""


class ScpiError(Exception):
    """An entry for the error queue; the command that raised it had no effect.

    Parameters
    ----------
    code
        Of the standard, or of the instrument (positive).
    text
        Instead of the standard's.
    """

    def __init__(self, code: int, text: str = "") -> None:
        self.code, self.text = code, text or TEXTS.get(code, "Device-specific error")
        super().__init__(f"{code} {self.text}")

    @property
    def is_command_error(self) -> bool:
        """Whether the message itself is wrong, so that the rest of it is dropped."""
        return -200 < self.code <= -100

    @property
    def event(self) -> int:
        """Its bit in the standard event register."""
        if self.is_command_error:
            return 32
        if -300 < self.code <= -200:
            return 16
        return 4 if -500 < self.code <= -400 else 8


class Entry(NamedTuple):
    """One queued error."""

    code: int
    text: str


class ErrorQueue:
    """First in, first out; when full, its last entry says that errors were lost.

    Parameters
    ----------
    capacity
        Entries that fit, the last one included.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, code: int, text: str) -> None:
        """Report an error."""
        if len(self._entries) < self._capacity - 1:
            self._entries.append(Entry(code, text))
        elif len(self._entries) == self._capacity - 1:
            self._entries.append(Entry(-350, TEXTS[-350]))

    def next(self) -> Entry:
        """Take the oldest entry, or the one that says there is none."""
        return self._entries.popleft() if self._entries else Entry(0, TEXTS[0])

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()

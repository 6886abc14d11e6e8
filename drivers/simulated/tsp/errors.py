"""What goes wrong on the instrument and the queue in which it reports that.

Codes: -285, -286, 1101, 1102 and 5028 are documented by the vendor or seen on instruments;
the other texts follow the vendor's list of SCPI and SMU errors. Only a run-time error (-286)
ends a running script, every other fault leaves the script going (Series 2600B reference
manual, "Effects of errors on scripts").
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

RECOVERABLE = 20
CAPACITY = 100


class Fault(Exception):
    """An entry for the error queue; the command that raised it had no effect."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ScriptFault(Exception):
    """A run-time error: ends the script that caused it and is reported with its line."""


def too_big(what: str) -> Fault:
    """Fault of a value above what is allowed."""
    return Fault(1101, f"Parameter too big: {what}")


def too_small(what: str) -> Fault:
    """Fault of a value below what is allowed."""
    return Fault(1102, f"Parameter too small: {what}")


def wrong_type(what: str) -> Fault:
    """Fault of a value of another type than the one expected."""
    return Fault(-104, f"Data type error: {what}")


def conflict(what: str) -> Fault:
    """Fault of a command that the present state does not allow."""
    return Fault(-221, f"Settings conflict: {what}")


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One queued error: its code, text and severity."""

    code: int
    message: str
    severity: int = RECOVERABLE


class ErrorQueue:
    """First in, first out; when full, its last entry says that errors were lost."""

    def __init__(self) -> None:
        self._entries: deque[ErrorEntry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, code: int, message: str) -> None:
        """Report an error."""
        if len(self._entries) < CAPACITY - 1:
            self._entries.append(ErrorEntry(code, message))
        elif len(self._entries) == CAPACITY - 1:
            self._entries.append(ErrorEntry(-350, "Queue overflow"))

    def next(self) -> ErrorEntry:
        """Take the oldest entry, or the one that says there is none."""
        return self._entries.popleft() if self._entries else ErrorEntry(0, "Queue Is Empty", 0)

    def clear(self) -> None:
        """Forget every entry."""
        self._entries.clear()

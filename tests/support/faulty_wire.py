"""Faults on the wire between a driver and its instrument: misspelt words, other numbers.

`TappedLink` stands between them and keeps what was sent. With `misspelt` and `renumbered` a test
goes through every command that a driver sends and finds out whether the fault would be noticed::

    tap = TappedLink(link, swap(command, wrong))
    with driven(bench.stage("")) as forced, pytest.raises(InstrumentError):
        meter = Driver.connect(tap, "", "4-wire")
        meter.load(program)
        meter.start()
    assert not forced
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymeasure.adapters import Adapter

from drivers.link import Link
from drivers.simulated.stage import OutputStage

_WORD = re.compile(r"[A-Za-z_]{3,}")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])", re.ASCII)


class TappedLink(Link):
    """Passes everything on, changed by `change`, and keeps it in `sent` as the driver sent it."""

    def __init__(self, link: Link, change: Callable[[str], str] = lambda command: command) -> None:
        self.address, self._link, self.change = link.address, link, change
        self.sent: list[str] = []

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        return _Tapped(
            self,
            self._link.open(write_termination=write_termination, read_termination=read_termination),
        )

    def wait(self, seconds: float) -> None:
        self._link.wait(seconds)

    def close(self) -> None:
        self._link.close()


class _Tapped(Adapter):
    def __init__(self, tap: TappedLink, inner: Adapter) -> None:
        super().__init__()
        self._tap, self._inner = tap, inner

    def _write(self, command: str, **arguments: Any) -> None:
        self._tap.sent.append(command)
        self._inner.write(self._tap.change(command), **arguments)

    def _write_bytes(self, content: bytes, **arguments: Any) -> None:
        self._inner.write_bytes(content, **arguments)

    def _read(self, **arguments: Any) -> str:
        return self._inner.read(**arguments)

    def _read_bytes(self, count: int, break_on_termchar: bool = False, **arguments: Any) -> bytes:
        return self._inner.read_bytes(count, break_on_termchar=break_on_termchar, **arguments)

    def flush_read_buffer(self) -> None:
        self._inner.flush_read_buffer()

    def close(self) -> None:
        self._inner.close()


def swap(command: str, wrong: str) -> Callable[[str], str]:
    """A change that puts `wrong` in the place of one command."""
    return lambda sent: wrong if sent == command else sent


def misspelt(command: str) -> Iterator[str]:
    """The command once for each of its words, with two letters of that word exchanged."""
    for found in _WORD.finditer(command):
        word = found[0]
        at = next((k for k in range(len(word) - 2, -1, -1) if word[k] != word[k + 1]), None)
        if at is not None:
            other = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            yield command[: found.start()] + other + command[found.end() :]


def renumbered(command: str) -> Iterator[str]:
    """The command once for each number in it, with another: twice as much, 1 for 0, 0 for 1."""
    for found in _NUMBER.finditer(command):
        number = float(found[0])
        other = f"{1 - number if number in (0, 1) else 2 * number:.9g}"
        yield command[: found.start()] + other + command[found.end() :]


@contextmanager
def driven(stage: OutputStage) -> Iterator[list[str]]:
    """Every mode in which an output drives its terminals meanwhile, 0 V included."""
    modes: list[str] = []
    drive = stage.drive

    def watched(t: float, mode: Any, *arguments: float) -> None:
        if mode != "high_z":
            modes.append(mode)
        drive(t, mode, *arguments)

    stage.drive = watched  # type: ignore[method-assign]
    try:
        yield modes
    finally:
        stage.drive = drive  # type: ignore[method-assign]

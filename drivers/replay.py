"""Plays a transcript back to a driver: a wire test that fails at the first byte that differs.

    with replayed(Path("run.transcript.jsonl"), "source_meter") as link:
        meter = Keithley2600B.connect(link, "a", "4-wire")
        ...

The driver must send what was sent when the transcript was made, and gets the answers of then.
What is left at the end is a difference too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymeasure.adapters import Adapter

from drivers.errors import LinkError
from drivers.link import Link
from drivers.recorded_link import opening
from drivers.transcript import Message, What, read_transcript


class DepartureError(AssertionError):
    """The driver does something else than when the transcript was made."""


@contextmanager
def replayed(path: Path, instrument: str) -> Iterator[ReplayLink]:
    """A link that plays one instrument's part of a transcript, all of it.

    Parameters
    ----------
    instrument
        Role of the instrument, "source_meter" or "resistor_bank".

    Raises
    ------
    DepartureError
        The driver departs from the transcript, or leaves something of it.
    ValueError
        The file is no transcript, or has nothing of that instrument.
    """
    link = ReplayLink(read_transcript(path), instrument)
    yield link
    link.expect_end()


class ReplayLink(Link):
    """A link whose other end is a transcript.

    Parameters
    ----------
    messages
        Of any instruments.
    instrument
        The one whose part is played.
    """

    def __init__(self, messages: Iterable[Message], instrument: str) -> None:
        # When a connection closes, and when an object goes, is not what is tested.
        self._left = deque(
            (number, message)
            for number, message in enumerate(messages, start=2)
            if message.instrument == instrument and message.what is not What.CLOSED
        )
        if not self._left:
            raise ValueError(f"the transcript has nothing of {instrument!r}")
        opened = (message.text for _, message in self._left if message.what is What.OPENED)
        self.address = next(opened, instrument).rsplit(", commands end in ", 1)[0]

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        if self.next_is(What.NOT_OPENED):
            raise LinkError(self.take(What.NOT_OPENED).text)
        found = self.take(What.OPENED)
        how = opening(self.address, write_termination, read_termination)
        if found.text != how:
            raise DepartureError(f"the driver opens {how}; the transcript has {found.text}")
        return _ReplayAdapter(self, write_termination, read_termination)

    def wait(self, seconds: float) -> None:
        """Nothing has to be waited for."""

    def close(self) -> None:
        """Nothing is held; see `expect_end`."""

    def expect_end(self) -> None:
        """Raise `DepartureError` when something of the transcript is left."""
        if self._left:
            number, message = self._left[0]
            raise DepartureError(
                f"{len(self._left)} messages of the transcript are left; the next, line {number}, "
                f"is {_words(message)}"
            )

    def next_is(self, what: What) -> bool:
        """Whether that comes next."""
        return bool(self._left) and self._left[0][1].what is what

    def take(self, what: What, data: bytes | None = None) -> Message:
        """The next message, which must be this one; `data` of any kind when None."""
        wanted = Message(0.0, "", what, data or b"")
        if not self._left:
            raise DepartureError(f"the transcript is over; the driver goes on: {_words(wanted)}")
        number, message = self._left.popleft()
        if message.what is not what or data not in (None, message.data):
            raise DepartureError(
                f"line {number} of the transcript is {_words(message)}; now it is {_words(wanted)}"
            )
        return message


class _ReplayAdapter(Adapter):
    def __init__(self, link: ReplayLink, write_termination: str, read_termination: str) -> None:
        super().__init__()
        self._link, self._unread = link, b""
        self._write_end = write_termination.encode("ascii")
        self._read_end = read_termination.encode("ascii")

    def flush_read_buffer(self) -> None:
        self._unread = b""
        self._link.take(What.FLUSHED)
        self._fail_if(What.NOT_FLUSHED)

    def _write(self, command: str, **_: Any) -> None:
        self._write_bytes(command.encode("ascii") + self._write_end)

    def _write_bytes(self, content: bytes, **_: Any) -> None:
        self._link.take(What.SENT, content)
        self._fail_if(What.NOT_SENT)

    def _read(self, **_: Any) -> str:
        data = self._read_bytes(-1, break_on_termchar=True)
        return data.removesuffix(self._read_end).decode("ascii")

    def _read_bytes(self, count: int, break_on_termchar: bool = False, **_: Any) -> bytes:
        end = self._end(count, break_on_termchar)
        while end is None:
            self._fail_if(What.NOT_RECEIVED)
            if count < 0 and self._unread and not self._link.next_is(What.RECEIVED):
                end = len(self._unread)
                break
            self._unread += self._link.take(What.RECEIVED).data
            end = self._end(count, break_on_termchar)
        data, self._unread = self._unread[:end], self._unread[end:]
        return data

    def _end(self, count: int, break_on_termchar: bool) -> int | None:
        """Where a reading ends in what was received; None when more is needed."""
        found = self._unread.find(self._read_end) if break_on_termchar else -1
        if found >= 0 and (count < 0 or found < count):
            return found + len(self._read_end)
        return count if 0 <= count <= len(self._unread) else None

    def _fail_if(self, failure: What) -> None:
        """Fail as the connection did then, if it did."""
        if not self._link.next_is(failure):
            return
        message = self._link.take(failure)
        if message.code is None:
            raise OSError(message.text)
        from pyvisa.errors import VisaIOError

        raise VisaIOError(message.code)


def _words(message: Message) -> str:
    return " ".join(filter(None, (message.what, repr(message.data) if message.data else "",
                                  message.text)))  # fmt: skip

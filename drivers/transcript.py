r"""What passed between host and instruments, byte for byte: the last of it always, all on request.

A `Transcript` hands out links that note every message on its way; no driver knows of it. The
last messages are kept in memory, for when an instrument fails. Written to a file, a message is
one line of JSON, on its way to the disk before the next one begins:

    {"t": 0.0123, "instrument": "source_meter", "what": "sent", "data": "print(1)\n"}

`data` holds one character a byte, U+0000 to U+00FF, so nothing is lost. `drivers.replay` plays
such a file back to a driver.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TextIO

VERSION = 1
"""Of the file's format, in its first line."""
KEPT = 500
"""Messages that are kept in memory, at most."""
KEPT_BYTES = 1_000_000
"""Bytes of messages that are kept in memory, at most, unless the last alone has more."""


class What(StrEnum):
    """What happened."""

    OPENED = "opened"
    SENT = "sent"
    RECEIVED = "received"
    FLUSHED = "flushed"
    NOT_OPENED = "not opened"
    NOT_SENT = "not sent"
    NOT_RECEIVED = "not received"
    NOT_FLUSHED = "not flushed"
    CLOSED = "closed"
    NOTE = "note"


@dataclass(frozen=True)
class Message:
    """One thing that happened on a link.

    Parameters
    ----------
    time
        After the transcript was begun, in s.
    instrument
        Role of the instrument in the rig; "" for a note.
    what
        What happened.
    data
        Bytes as they were sent or received, with what ends them.
    text
        How the link was opened, why something failed, or a note.
    code
        VISA's number for a failure, where there is one.
    """

    time: float
    instrument: str
    what: What
    data: bytes = b""
    text: str = ""
    code: int | None = None

    def as_line(self) -> str:
        """The message as a line of a transcript's file."""
        content: dict[str, object] = {
            "t": round(self.time, 6), "instrument": self.instrument, "what": self.what.value,
        }  # fmt: skip
        if self.what in (What.SENT, What.RECEIVED):
            content["data"] = self.data.decode("latin-1")
        if self.text:
            content["text"] = self.text
        if self.code is not None:
            content["code"] = self.code
        return json.dumps(content) + "\n"


class Transcript:
    """Keeps the last messages of a rig's instruments; used by the thread that owns them."""

    def __init__(self) -> None:
        self._begun, self._zero = datetime.now(UTC), time.perf_counter()
        self._last: deque[Message] = deque()
        self._bytes = 0
        self._file: TextIO | None = None
        self.path: Path | None = None
        """The file that everything is written to."""
        self.problem = ""
        """Why the file ends early; "" when it does not."""

    @property
    def last(self) -> tuple[Message, ...]:
        """The last messages, oldest first."""
        return tuple(self._last)

    @property
    def writing(self) -> bool:
        """Whether everything is written to a file at present."""
        return self._file is not None

    def write_to(self, path: Path) -> None:
        """Write everything to a new file from now on, until `close`.

        Raises
        ------
        OSError
            The file exists, or cannot be made.
        """
        self.path, self.problem = None, ""
        # Line buffered: what a killed process wrote is not lost with it.
        self._file = path.open("x", encoding="ascii", buffering=1, newline="\n")
        self.path = path
        self._file.write(self._heading())

    def save_last(self, path: Path) -> None:
        """Write the last messages to a new file.

        Raises
        ------
        OSError
            The file exists, or cannot be made.
        """
        with path.open("x", encoding="ascii", newline="\n") as file:
            file.write(self._heading())
            file.writelines(message.as_line() for message in self._last)

    def add(
        self,
        instrument: str,
        what: What,
        data: bytes = b"",
        *,
        text: str = "",
        code: int | None = None,
    ) -> None:
        """Note what happens now."""
        message = Message(time.perf_counter() - self._zero, instrument, what, data, text, code)
        self._last.append(message)
        self._bytes += len(data)
        while len(self._last) > KEPT or (self._bytes > KEPT_BYTES and len(self._last) > 1):
            self._bytes -= len(self._last.popleft().data)
        if self._file is not None:
            self._write(message.as_line())

    def note(self, text: str) -> None:
        """Say in between what the messages that follow are for."""
        self.add("", What.NOTE, text=text)

    def close(self) -> None:
        """End the file; the last messages are kept on."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self.problem = self.problem or str(error)

    def _write(self, line: str) -> None:
        # A measurement does not end for its transcript; `problem` is for whoever asked for it.
        try:
            if self._file is not None:
                self._file.write(line)
        except OSError as error:
            self.problem = str(error)
            self.close()

    def _heading(self) -> str:
        return json.dumps({"transcript": VERSION, "begun": self._begun.isoformat()}) + "\n"


def read_transcript(path: Path) -> list[Message]:
    """Read a transcript's file; a last line that was cut off by a kill is left out.

    Raises
    ------
    ValueError
        It is no transcript, or one of another version.
    """
    heading, *lines = path.read_text(encoding="ascii").split("\n")
    found = json.loads(heading) if heading.startswith("{") else {}
    if found.get("transcript") != VERSION:
        raise ValueError(
            f"{path} is no transcript of version {VERSION}: it begins {heading[:60]!r}"
        )
    return list(_messages(lines[:-1]))


def _messages(lines: Iterable[str]) -> Iterable[Message]:
    for line in lines:
        content = json.loads(line)
        yield Message(
            content["t"], content["instrument"], What(content["what"]),
            content.get("data", "").encode("latin-1"), content.get("text", ""),
            content.get("code"),
        )  # fmt: skip

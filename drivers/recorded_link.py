"""A link that notes in a transcript all that passes; drivers cannot tell it from the bare one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymeasure.adapters import Adapter

from drivers.errors import LinkError
from drivers.instrument import Identity
from drivers.link import Link
from drivers.transcript import Transcript, What


class RecordedLink(Link):
    """A link whose messages are noted.

    Parameters
    ----------
    link
        The way to the instrument.
    instrument
        By which the transcript calls it: its role in the rig.
    transcript
        Where messages are noted.
    """

    def __init__(self, link: Link, instrument: str, transcript: Transcript) -> None:
        self.address = link.address
        self._link, self._instrument, self._transcript = link, instrument, transcript

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        ends = {"write_termination": write_termination, "read_termination": read_termination}
        how = opening(self.address, write_termination, read_termination)
        try:
            adapter = self._link.open(**ends)
        except LinkError as error:
            self._transcript.add(self._instrument, What.NOT_OPENED, text=str(error))
            raise
        self._transcript.add(self._instrument, What.OPENED, text=how)
        return RecordedAdapter(adapter, self._instrument, self._transcript, **ends)

    def met(self, identity: Identity) -> None:
        self._link.met(identity)

    def wait(self, seconds: float) -> None:
        self._link.wait(seconds)

    def close(self) -> None:
        self._link.close()


def opening(address: str, write_termination: str, read_termination: str) -> str:
    """What a transcript says of a link that is opened."""
    return f"{address}, commands end in {write_termination!r}, answers in {read_termination!r}"


class RecordedAdapter(Adapter):
    """An open connection whose messages are noted."""

    def __init__(
        self,
        adapter: Adapter,
        instrument: str,
        transcript: Transcript,
        *,
        write_termination: str,
        read_termination: str,
    ) -> None:
        super().__init__()
        self._adapter, self._instrument, self._transcript = adapter, instrument, transcript
        self._write_end = write_termination.encode("ascii")
        self._read_end = read_termination.encode("ascii")
        self._open = True

    def close(self) -> None:
        """Close the connection."""
        if self._open:
            self._open = False
            self._transcript.add(self._instrument, What.CLOSED)
            self._adapter.close()

    def __del__(self) -> None:
        """The connection closes itself; by then nobody may be there to note it."""

    def flush_read_buffer(self) -> None:
        """Drop what was answered so far."""
        self._transcript.add(self._instrument, What.FLUSHED)
        with self._noted(What.NOT_FLUSHED):
            self._adapter.flush_read_buffer()

    def _write(self, command: str, **kwargs: Any) -> None:
        # Noted first: what an instrument never took is what one looks for.
        data = command.encode("ascii") + self._write_end
        self._transcript.add(self._instrument, What.SENT, data)
        with self._noted(What.NOT_SENT):
            self._adapter.write(command, **kwargs)

    def _write_bytes(self, content: bytes, **kwargs: Any) -> None:
        self._transcript.add(self._instrument, What.SENT, content)
        with self._noted(What.NOT_SENT):
            self._adapter.write_bytes(content, **kwargs)

    def _read(self, **kwargs: Any) -> str:
        # As bytes, so that an answer that is no text is in the transcript too.
        data = self._read_bytes(-1, break_on_termchar=True, **kwargs)
        return data.removesuffix(self._read_end).decode("ascii")

    def _read_bytes(self, count: int, break_on_termchar: bool = False, **kwargs: Any) -> bytes:
        with self._noted(What.NOT_RECEIVED):
            data: bytes = self._adapter.read_bytes(count, break_on_termchar, **kwargs)
        self._transcript.add(self._instrument, What.RECEIVED, data)
        return data

    @contextmanager
    def _noted(self, failure: What) -> Iterator[None]:
        """Note how the connection fails, if it does."""
        try:
            yield
        except Exception as error:
            code = getattr(error, "error_code", None)
            self._transcript.add(
                self._instrument, failure, text=f"{type(error).__name__}: {error}",
                code=None if code is None else int(code),
            )  # fmt: skip
            raise

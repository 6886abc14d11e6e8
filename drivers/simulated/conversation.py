"""What every transport does with an emulated instrument: messages in, responses out.

At full speed an answer is there as soon as its message was taken. At a real speed it may come
later; then a transport looks again every `PATIENCE`.
"""

from __future__ import annotations

import math

from drivers.simulated.bench import Bench, EmulatedInstrument

PATIENCE = 0.005
"""Wall time between two looks for an answer that is late, in s."""


class Conversation:
    """One client's dealings with an instrument on a bench."""

    def __init__(self, bench: Bench, instrument: EmulatedInstrument) -> None:
        self._bench, self._instrument = bench, instrument

    @property
    def answers_late(self) -> bool:
        """Whether an answer may still come by itself."""
        return math.isfinite(self._bench.clock.speed) and self._instrument.busy

    def say(self, message: bytes) -> bytes:
        """Hand over a message; what is answered at once."""
        with self._bench.lock:
            self._bench.message_arrives()
            self._instrument.write(message)
            return self._responses()

    def listen(self) -> bytes:
        """What has been answered meanwhile."""
        with self._bench.lock:
            self._bench.run_to(self._bench.clock.now)
            return self._responses()

    def clear(self) -> None:
        """Device clear."""
        with self._bench.lock:
            self._instrument.clear()

    def interrupted(self) -> None:
        """The host has sent something new before it read an answer."""
        with self._bench.lock:
            self._instrument.interrupted()

    def unterminated(self) -> None:
        """The host asks for an answer where there is none."""
        with self._bench.lock:
            self._instrument.unterminated()

    def status_byte(self, *, unread: bool) -> int:
        """A serial poll, while an answer is on its way to the host or not."""
        with self._bench.lock:
            self._bench.run_to(self._bench.clock.now)
            self._instrument.unread = unread
            try:
                return self._instrument.status_byte
            finally:
                self._instrument.unread = False

    def _responses(self) -> bytes:
        responses = []
        while (response := self._instrument.read()) is not None:
            responses.append(response)
        return b"".join(responses)

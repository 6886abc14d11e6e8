"""Emulated Numato Lab USB relay boards of 8 to 64 channels.

Facts from the vendor's user manuals ("Command set") and from what public programs for the boards
read: a command ends with a carriage return and is echoed; line feed and carriage return end the
echo and the answer, in this order; the prompt follows. Only what concerns relays is here, not the
boards' other inputs and outputs. What a board says to a command that it does not know is not
documented; this one says nothing. Contacts move at once.
"""

from __future__ import annotations

import re

from drivers.simulated.bench import Bench, EmulatedInstrument

_END, _PROMPT = b"\n\r", b">"
_SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


class EmulatedNumato(EmulatedInstrument):
    """A board whose relays connect the bench's resistors across the device."""

    driver = "numato-relay"
    models = ("16-channel", "8-channel", "32-channel", "64-channel")
    serial = True

    def __init__(self, bench: Bench, model: str = "16-channel") -> None:
        super().__init__(bench, model)
        self.stuck: set[int] = set()
        """Relays that no longer move, and are reported as they are; no board can do so for a
        contact alone, only where its coil is not driven."""
        self.reads_all = True
        """Whether it has `relay readall` and `relay writeall`, which small boards may lack."""
        self.count = int(model.split("-")[0])
        self._id = "00000000"
        self._on: frozenset[int] = frozenset()
        self._answers = b""

    def split(self, received: bytes) -> tuple[list[bytes], bytes]:
        *messages, rest = received.split(b"\r")
        return messages, rest

    def write(self, message: bytes) -> None:
        answer = self._answer(message.decode("latin-1"))
        said = answer.encode("latin-1") + _END if answer else b""
        self._answers += message + _END + said + _PROMPT

    def read(self) -> bytes | None:
        answers, self._answers = self._answers, b""
        return answers or None

    def clear(self) -> None:
        self._answers = b""

    def _answer(self, command: str) -> str:
        match command.split(" "):
            case ["ver"]:
                return "00000008"
            case ["id", "get"]:
                return self._id
            case ["id", "set", new] if re.fullmatch("[!-~]{8}", new):
                self._id = new
            case ["reset"]:
                self._switch(frozenset())
            case ["relay", "on", name] if (relay := self._relay(name)) is not None:
                self._switch(self._on | {relay})
            case ["relay", "off", name] if (relay := self._relay(name)) is not None:
                self._switch(self._on - {relay})
            case ["relay", "read", name] if (relay := self._relay(name)) is not None:
                return "on" if relay in self._on else "off"
            case ["relay", "readall"] if self.reads_all:
                return f"{sum(1 << relay for relay in self._on):0{self.count // 4}x}"
            case ["relay", "writeall", digits] if self.reads_all and self._fits(digits):
                self._switch(frozenset(n for n in range(self.count) if int(digits, 16) >> n & 1))
        return ""

    def _fits(self, digits: str) -> bool:
        return re.fullmatch(f"[0-9a-fA-F]{{{self.count // 4}}}", digits) is not None

    def _relay(self, name: str) -> int | None:
        """The relay of a name: two digits on 64 channels, else one of 0-9 and A-V."""
        if self.count == 64:
            number = int(name) if re.fullmatch("[0-9]{2}", name) else self.count
        else:
            number = _SYMBOLS.find(name) if len(name) == 1 else self.count
        return number if 0 <= number < self.count else None

    def _switch(self, on: frozenset[int]) -> None:
        on = (on - self.stuck) | (self._on & self.stuck)
        changed = on ^ self._on
        self._on = on
        for relay in sorted(changed):
            self.bench.log(self.name, f"relay {relay} {'close' if relay in on else 'open'}")
        if changed:
            self.bench.set_relays(self.bench.clock.now, on)

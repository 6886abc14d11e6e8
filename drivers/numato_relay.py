"""Numato Lab USB relay boards of 8 to 64 channels as a resistor bank, on a serial port.

A board echoes each command and ends each answer with its prompt. It says neither what model it
is nor when a contact has moved: its number of channels is told by how many digits `relay readall`
answers with, and moving is given `MOVING_TIME`. Boards that lack `relay readall` are of at most 8
channels and are read relay by relay. Relays move one at a time, so that those which are not wired
stay as they are.

Source: Numato Lab user manuals of the 8, 16, 32 and 64 channel USB relay modules, "Command set".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from pymeasure.adapters import Adapter

from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.instrument import Identity
from drivers.link import let_go, link_errors
from drivers.relay_bank import RelayBank

MOVING_TIME = 0.1
"""Time allowed for contacts to move, which no board reports, in s."""
CHANNELS = (8, 16, 32, 64)
_ANSWERS = 10
"""Old answers that are dropped, at most, before the board is given up."""


class NumatoRelay(RelayBank):
    """A bank of resistors on a Numato USB relay board."""

    driver: ClassVar[str] = "numato-relay"
    models: ClassVar[tuple[str, ...]] = tuple(f"{n}-channel" for n in CHANNELS)

    _count = 8
    _reads_all = False

    def _reach(self) -> Adapter:
        """End whatever line was begun, and drop answers that nobody has read."""
        adapter = self._link.open(write_termination="\r", read_termination=">")
        try:
            with link_errors(self._link.address):
                adapter.write("")
                adapter.write("ver")
                for _ in range(_ANSWERS):
                    if adapter.read().strip().startswith("ver"):
                        return adapter
            raise LinkError(
                f"{self._link.address} does not answer as a Numato board does; check the address"
            )
        except BaseException:
            let_go(adapter)
            raise

    def _identify(self) -> Identity:
        every = self._ask("relay readall")
        self._reads_all = re.fullmatch("[0-9a-fA-F]+", every) is not None
        self._count = 4 * len(every) if self._reads_all else 8
        if missing := [c for c in self._channels if c >= self._count]:
            raise InstrumentError(
                f"{self._link.address} has relays 0 to {self._count - 1}, the rig file names "
                f"{', '.join(map(str, missing))}; correct the channels in the rig file"
            )
        self._closed()
        return Identity(
            "Numato Lab", f"{self._count}-channel", self._ask("id get"), self._ask("ver")
        )

    def _move(self, channels: Sequence[int], *, close: bool) -> None:
        for channel in channels:
            command = f"relay {'on' if close else 'off'} {self._name(channel)}"
            if reply := self._ask(command):
                raise CommandError(f"the board answers {reply!r} to {command!r}, where it accepts "
                                   "in silence; check its channels")  # fmt: skip
        self._link.wait(MOVING_TIME)

    def _closed(self) -> frozenset[int]:
        if not self._reads_all:
            return frozenset(c for c in self._channels if self._is_on(c))
        reply = self._ask("relay readall")
        if not re.fullmatch(f"[0-9a-fA-F]{{{self._count // 4}}}", reply):
            raise ValueError(f"{reply!r} for {self._count} relays")
        return frozenset(c for c in self._channels if int(reply, 16) >> c & 1)

    def _is_on(self, channel: int) -> bool:
        states = {"on": True, "off": False}
        reply = self._ask(f"relay read {self._name(channel)}")
        if reply not in states:
            raise ValueError(f"{reply!r} for relay {channel}")
        return states[reply]

    def _name(self, channel: int) -> str:
        """As the board calls it: two digits of 64 channels, else one of 0-9 and A-V."""
        if self._count == 64:
            return f"{channel:02d}"
        return "0123456789ABCDEFGHIJKLMNOPQRSTUV"[channel]

    def _ask(self, command: str) -> str:
        """What the board answers after its echo, or nothing."""
        self._adapter.write(command)
        reply = self._adapter.read()
        echo, *answer = [line.strip() for line in re.split("[\r\n]+", reply) if line.strip()]
        if echo != command or len(answer) > 1:
            raise ValueError(f"{reply!r} to {command!r}")
        return answer[0] if answer else ""

"""Keysight 34970A, 34972A and 34980A switch units as a resistor bank.

Each resistor sits behind one relay of a 34903A (or alike) module, in parallel with the
device. Relays open before others close, and both are read back.

Source: 34970A/34972A Command Reference, ROUTe subsystem.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pymeasure.adapters import Adapter
from pymeasure.instruments import Instrument

from drivers.errors import CommandError, LinkError
from drivers.instrument import Identity
from drivers.link import link_errors
from drivers.relay_bank import RelayBank


class _Switch(Instrument):
    """The commands of the mainframe."""

    complete = Instrument.measurement(
        "*OPC?", """Get 1 when every relay has finished moving.""", get_process=int
    )
    next_error = Instrument.measurement(
        "SYST:ERR?", """Get and remove the oldest error: code and message."""
    )

    def __init__(self, adapter: object) -> None:
        super().__init__(adapter, "Keysight 34970A", includeSCPI=False)


class Keysight34970A(RelayBank):
    """A bank of resistors on a Keysight switch unit."""

    driver: ClassVar[str] = "keysight-34970a"
    models: ClassVar[tuple[str, ...]] = ("34970A", "34972A", "34980A")

    def _reach(self) -> Adapter:
        adapter = self._link.open()
        self._switch = _Switch(adapter)
        return adapter

    def _identify(self) -> Identity:
        self._switch.write("*CLS")
        maker, model, serial, firmware = self._switch.ask("*IDN?").strip().split(",")
        return Identity(maker, model, serial, firmware)

    def errors(self) -> tuple[str, ...]:
        entries = []
        with link_errors(self._link.address):
            while float((entry := self._switch.next_error)[0]) != 0:
                entries.append(f"{entry[0]:.0f} {entry[1]}")
        return tuple(entries)

    def _move(self, channels: Sequence[int], *, close: bool) -> None:
        command = f"ROUT:{'CLOS' if close else 'OPEN'} {_list(channels)}"
        self._switch.write(command)
        if self._switch.complete != 1:
            raise LinkError(f"{self._link.address} does not confirm that its relays have moved")
        code, message = self._switch.next_error
        if float(code) != 0:
            raise CommandError(
                f"the {self._identity.model} reports {code:.0f} {message} after {command}; check "
                "the module and the channels in the rig file"
            )

    def _closed(self) -> frozenset[int]:
        reply = self._switch.ask(f"ROUT:CLOS? {_list(self._channels)}").strip().split(",")
        if len(reply) != len(self._channels):
            raise ValueError(f"{len(reply)} relay states for {len(self._channels)} channels")
        return frozenset(c for c, s in zip(self._channels, reply, strict=True) if int(s) == 1)


def _list(channels: Sequence[int]) -> str:
    return f"(@{','.join(map(str, channels))})"

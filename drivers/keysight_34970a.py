"""Keysight 34970A, 34972A and 34980A switch units as a resistor bank.

Each resistor sits behind one relay of a 34903A (or alike) module, in parallel with the
device. Relays open before others close, and both are read back.

Source: 34970A/34972A Command Reference, ROUTe subsystem.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from pymeasure.instruments import Instrument

from drivers.errors import CommandError, InstrumentError, LimitError, LinkError, RelayError
from drivers.link import Link, link_errors
from drivers.resistor_bank import (
    BankState,
    DeviceChannel,
    Resistor,
    ResistorBank,
    achievable_states,
    nearest_state,
)
from drivers.source_meter import Identity


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


class Keysight34970A(ResistorBank):
    """A bank of resistors on a Keysight switch unit."""

    driver: ClassVar[str] = "keysight-34970a"
    models: ClassVar[tuple[str, ...]] = ("34970A", "34972A", "34980A")

    def __init__(
        self,
        link: Link,
        resistors: Sequence[Resistor],
        settle: float,
        devices: Sequence[DeviceChannel],
    ) -> None:
        self._link, self._settle = link, settle
        self._resistors = tuple(r.channel for r in resistors)
        self._devices = {d.name: d.channel for d in devices}
        self._channels = (*self._resistors, *self._devices.values())
        self._device: frozenset[int] = frozenset()
        self._states = tuple(achievable_states(resistors))
        self._connect()
        with link_errors(link.address):
            self._switch.write("*CLS")
            maker, model, serial, firmware = self._switch.ask("*IDN?").strip().split(",")
            self._identity = Identity(maker, model, serial, firmware)
        if model not in self.models:
            raise InstrumentError(
                f"{link.address} is a {self._identity}; the driver {self.driver} is for "
                f"{', '.join(self.models)}"
            )

    @classmethod
    def connect(
        cls,
        link: Link,
        resistors: Sequence[Resistor],
        settle: float,
        devices: Sequence[DeviceChannel] = (),
    ) -> Self:
        return cls(link, resistors, settle, devices)

    def _connect(self) -> None:
        self._switch = _Switch(self._link.open())

    @property
    def identity(self) -> Identity:
        return self._identity

    @property
    def states(self) -> Sequence[BankState]:
        return self._states

    def select(self, resistance: float, tolerance: float) -> BankState:
        state = nearest_state(self._states, resistance, tolerance)
        with link_errors(self._link.address):
            self._command("OPEN", self._resistors)
            self._verify(self._device)
            if state.channels:
                self._command("CLOS", sorted(state.channels))
                self._verify(self._device | state.channels)
        return state

    def select_device(self, name: str) -> None:
        if name not in self._devices:
            raise LimitError(
                f"no device {name!r} is wired to the bank; there are: "
                f"{', '.join(self._devices) or 'none, since the only one is fixed'}"
            )
        self._open_all()
        with link_errors(self._link.address):
            device = frozenset({self._devices[name]})
            self._command("CLOS", device)
            self._verify(device)
        self._device = device

    def read_back(self) -> BankState:
        with link_errors(self._link.address):
            closed = self._closed() - self._device
        return next(
            (s for s in self._states if s.channels == closed), BankState(closed, float("nan"))
        )

    def make_safe(self) -> str:
        try:
            return self._open_all()
        except LinkError:
            self._switch.adapter.close()
            self._connect()
            return self._open_all()

    def close(self) -> None:
        self._switch.adapter.close()
        self._link.close()

    def _open_all(self) -> str:
        self._device = frozenset()
        with link_errors(self._link.address):
            self._command("OPEN", self._channels)
            self._verify(frozenset())
        return "all relays open"

    def _command(self, what: str, channels: Iterable[int]) -> None:
        self._switch.write(f"ROUT:{what} {_list(channels)}")
        if self._switch.complete != 1:
            raise LinkError(f"{self._link.address} does not confirm that its relays have moved")
        self._link.wait(self._settle)
        code, message = self._switch.next_error
        if float(code) != 0:
            raise CommandError(
                f"the {self._identity.model} reports {code:.0f} {message} after ROUT:{what} "
                f"{_list(channels)}; check the module and the channels in the rig file"
            )

    def _verify(self, expected: frozenset[int]) -> None:
        if (closed := self._closed()) != expected:
            raise RelayError(
                f"relays {_names(closed)} read back closed where {_names(expected)} should be; "
                "check the module and its wiring before running again"
            )

    def _closed(self) -> frozenset[int]:
        reply = self._switch.ask(f"ROUT:CLOS? {_list(self._channels)}").strip().split(",")
        if len(reply) != len(self._channels):
            raise ValueError(f"{len(reply)} relay states for {len(self._channels)} channels")
        return frozenset(c for c, s in zip(self._channels, reply, strict=True) if int(s) == 1)


def _list(channels: Iterable[int]) -> str:
    return f"(@{','.join(map(str, channels))})"


def _names(channels: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(channels))) or "none"

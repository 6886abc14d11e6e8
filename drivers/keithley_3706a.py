"""Keithley 3706A switch mainframe as a resistor bank.

Each resistor sits behind one channel of a switch card, a 3740 say, in parallel with the device.
Opening and closing are commands of their own, each of which the instrument ends when its relays
have settled, so no connection rule of its own comes into play. Channels must have no pair (2-pole,
as after a reset) and no backplane relays.

Source: Series 3700A Reference Manual, 3700AS-901-01, "TSP command reference", channel functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from pymeasure.adapters import Adapter
from pymeasure.instruments import Instrument

from drivers.errors import CommandError
from drivers.instrument import Identity
from drivers.link import link_errors
from drivers.relay_bank import RelayBank


class _Tsp(Instrument):
    """The commands of the mainframe."""

    errors = Instrument.measurement(
        "waitcomplete() print(errorqueue.count)",
        """Get how many errors wait, once everything before has been carried out.""",
        get_process=int,
    )

    def __init__(self, adapter: object) -> None:
        super().__init__(adapter, "Keithley 3706A", includeSCPI=False)


class Keithley3706A(RelayBank):
    """A bank of resistors on a Keithley 3706A."""

    driver: ClassVar[str] = "keithley-3706a"
    models: ClassVar[tuple[str, ...]] = ("3706A",)

    def _reach(self) -> Adapter:
        adapter = self._link.open()
        self._tsp = _Tsp(adapter)
        return adapter

    def _identify(self) -> Identity:
        maker, model, serial, firmware = self._tsp.ask("*IDN?").strip().split(",")
        return Identity(
            maker.strip(), model.strip().removeprefix("Model "), serial.strip(), firmware.strip()
        )

    def errors(self) -> tuple[str, ...]:
        with link_errors(self._link.address):
            return tuple(self._next_error() for _ in range(self._tsp.errors))

    def _move(self, channels: Sequence[int], *, close: bool) -> None:
        command = f'channel.{"close" if close else "open"}("{_list(channels)}")'
        self._tsp.write("abort")
        self._tsp.write("errorqueue.clear()")
        self._tsp.write(command)
        if self._tsp.errors:
            self._refused(command)

    def _closed(self) -> frozenset[int]:
        channels = sorted(self._channels)
        query = f'channel.getstate("{_list(channels)}")'
        reply = self._tsp.ask(f"print({query})").strip()
        if reply in ("nil", ""):
            self._refused(query)
        states = reply.split(",")
        if len(states) != len(channels):
            raise ValueError(f"{len(states)} relay states for {len(channels)} channels")
        return frozenset(c for c, s in zip(channels, states, strict=True) if int(float(s)) == 1)

    def _refused(self, command: str) -> None:
        raise CommandError(
            f"the {self._identity.model} reports {self._next_error()} after {command}; check "
            "the card and the channels in the rig file"
        )

    def _next_error(self) -> str:
        return " ".join(self._tsp.ask("print(errorqueue.next())").split())


def _list(channels: Iterable[int]) -> str:
    return ",".join(map(str, channels))

"""What resistor banks made of relays share: which relays move, in which order, what is checked.

A driver adds how its instrument is reached, who it is, and how relays move and report.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

from pymeasure.adapters import Adapter

from drivers.errors import InstrumentError, LimitError, LinkError, RelayError
from drivers.instrument import Identity
from drivers.link import Link, let_go, link_errors
from drivers.resistor_bank import (
    BankState,
    DeviceChannel,
    Resistor,
    ResistorBank,
    achievable_states,
    nearest_state,
)


class RelayBank(ResistorBank):
    """Resistors and devices, each behind one relay of a switch instrument."""

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
        self._adapter = self._reach()
        try:
            with link_errors(link.address):
                self._identity = self._identify()
            if self._identity.model not in self.models:
                raise InstrumentError(
                    f"{link.address} is a {self._identity}; the driver {self.driver} is for "
                    f"{', '.join(self.models)}"
                )
            link.met(self._identity)
        except BaseException:
            let_go(self._adapter)
            raise

    @classmethod
    def connect(
        cls,
        link: Link,
        resistors: Sequence[Resistor],
        settle: float,
        devices: Sequence[DeviceChannel] = (),
    ) -> Self:
        return cls(link, resistors, settle, devices)

    @abstractmethod
    def _reach(self) -> Adapter:
        """Open the link, and have the instrument ready for commands; no relay moves.

        Raises
        ------
        LinkError
            It cannot be reached.
        """

    @abstractmethod
    def _identify(self) -> Identity:
        """Who is there, of any model.

        Raises
        ------
        ValueError
            The answer is not understood.
        """

    @abstractmethod
    def _move(self, channels: Sequence[int], *, close: bool) -> None:
        """Close relays or open them; return once they have moved.

        Raises
        ------
        InstrumentError
            The instrument reports an error.
        """

    @abstractmethod
    def _closed(self) -> frozenset[int]:
        """The wired relays that report to be closed."""

    @property
    def identity(self) -> Identity:
        return self._identity

    @property
    def states(self) -> Sequence[BankState]:
        return self._states

    @property
    def devices(self) -> Sequence[str]:
        return tuple(self._devices)

    def select(self, resistance: float, tolerance: float) -> BankState:
        return self._select(nearest_state(self._states, resistance, tolerance))

    def select_relays(self, channels: frozenset[int]) -> BankState:
        if unknown := sorted(channels - set(self._resistors)):
            raise LimitError(
                f"no resistor is behind relay {unknown[0]}; the table has "
                f"{', '.join(map(str, self._resistors))}"
            )
        known = (s for s in self._states if s.channels == channels)
        return self._select(next(known, BankState(channels, float("nan"))))

    def _select(self, state: BankState) -> BankState:
        self._set(self._resistors, self._device, close=False)
        if state.channels:
            self._set(sorted(state.channels), self._device | state.channels, close=True)
        return state

    def select_device(self, name: str) -> None:
        if name not in self._devices:
            raise LimitError(
                f"no device {name!r} is wired to the bank; there are: "
                f"{', '.join(self._devices) or 'none, since the only one is fixed'}"
            )
        self._open_all()
        channel = self._devices[name]
        self._set((channel,), frozenset({channel}), close=True)
        self._device = frozenset({channel})

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
            let_go(self._adapter)
            self._adapter = self._reach()
            return self._open_all()

    def close(self) -> None:
        let_go(self._adapter)
        self._link.close()

    def _open_all(self) -> str:
        self._device = frozenset()
        self._set(self._channels, frozenset(), close=False)
        return "all relays open"

    def _set(self, channels: Sequence[int], expected: frozenset[int], *, close: bool) -> None:
        """Move relays, let the contacts settle, read back."""
        with link_errors(self._link.address):
            self._move(channels, close=close)
            self._link.wait(self._settle)
            closed = self._closed()
        if closed != expected:
            raise RelayError(
                f"relays {_names(closed)} read back closed where {_names(expected)} should be; "
                "check the module and its wiring before running again"
            )


def _names(channels: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(channels))) or "none"

"""The interface of a switchable resistor bank, and which resistances it can make."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from drivers.errors import LimitError
from drivers.instrument import RigInstrument
from drivers.link import Link
from protocols.quantities import OPEN, RESISTANCE


@dataclass(frozen=True)
class Resistor:
    """One resistor behind one relay channel.

    Parameters
    ----------
    channel
        Relay channel number, as the bank counts.
    nominal
        Value printed on it, in ohm.
    calibrated
        Value measured at the device's terminals with the relay closed, in ohm; the nominal
        one when it was not measured.
    calibrated_on
        Day on which it was measured; None when that is not known.
    uncertainty
        Of the calibrated value, in ohm; None when that is not known.
    coverage
        Coverage factor of the uncertainty.
    """

    channel: int
    nominal: float
    calibrated: float
    calibrated_on: date | None = None
    uncertainty: float | None = None
    coverage: float = 1.0


@dataclass(frozen=True)
class DeviceChannel:
    """One device of several behind one relay channel, and its name."""

    name: str
    channel: int


@dataclass(frozen=True)
class BankState:
    """Relay channels that are closed, and the resistance they make across the device, in ohm."""

    channels: frozenset[int]
    resistance: float

    def __str__(self) -> str:
        return RESISTANCE.format(self.resistance)


def achievable_states(resistors: Sequence[Resistor], most_closed: int = 3) -> list[BankState]:
    """Every parallel combination of at most `most_closed` resistors, open included.

    Uses calibrated values: R = 1 / sum(1 / R_i).
    """
    states = [BankState(frozenset(), OPEN)]
    for count in range(1, most_closed + 1):
        for chosen in itertools.combinations(resistors, count):
            conductance = sum(1.0 / r.calibrated for r in chosen)
            states.append(BankState(frozenset(r.channel for r in chosen), 1.0 / conductance))
    return states


def nearest_state(states: Sequence[BankState], resistance: float, tolerance: float) -> BankState:
    """The state closest to `resistance` on a ratio scale; of equals the one with fewest relays.

    Raises
    ------
    LimitError
        The nearest state is off by more than the fraction `tolerance`; the message says
        which it is.
    """
    if math.isinf(resistance):
        return next(s for s in states if not s.channels)
    made = [s for s in states if s.channels]
    best = min(
        made,
        key=lambda s: (round(abs(math.log(s.resistance / resistance)), 9), len(s.channels)),
        default=None,
    )
    if best is None or abs(best.resistance - resistance) > tolerance * resistance:
        nearest = f"the nearest is {RESISTANCE.format(best.resistance)}" if best else "it is empty"
        raise LimitError(
            f"the resistor bank cannot make {RESISTANCE.format(resistance)} within "
            f"{tolerance:.3g} of it; {nearest} (or open)"
        )
    return best


class ResistorBank(RigInstrument):
    """Relays that put resistors in parallel with the device, break before make."""

    switched: ClassVar[bool] = True
    """Whether resistors and devices stand behind relays that the rig file lists; a decade box
    has its own."""
    reports: ClassVar[bool] = True
    """Whether the instrument reports what it is set to; of one that does not, `read_back` says
    what was sent last."""

    @classmethod
    def nearest(
        cls, resistors: Sequence[Resistor], resistance: float, tolerance: float
    ) -> BankState:
        """The state that `select` would make; needs no connection.

        Raises
        ------
        LimitError
            No state is near enough.
        """
        return nearest_state(achievable_states(resistors), resistance, tolerance)

    @classmethod
    @abstractmethod
    def connect(
        cls,
        link: Link,
        resistors: Sequence[Resistor],
        settle: float,
        devices: Sequence[DeviceChannel] = (),
    ) -> Self:
        """Reach the bank and learn who it is; no relay moves.

        Parameters
        ----------
        link
            The way to it; its `wait` serves the settling time.
        resistors
            What is wired behind which channel.
        settle
            Time to wait after relays have moved, in s.
        devices
            What is wired behind relays of its own; none when the only device is fixed.

        Raises
        ------
        InstrumentError
            It cannot be reached, or is a model that the driver is not for.
        """

    def check(self, resistance: float, tolerance: float) -> None:
        """Look whether `select` could make a value, before a run begins; nothing moves.

        `nearest` has said so without a connection, but of what only a connection tells.

        Raises
        ------
        LimitError
            It could not.
        """

    @property
    @abstractmethod
    def states(self) -> Sequence[BankState]:
        """Every state that the wired resistors make."""

    @abstractmethod
    def select(self, resistance: float, tolerance: float) -> BankState:
        """Open all relays, settle, close those of the nearest state, settle, read back.

        Raises
        ------
        LimitError
            No state is near enough.
        RelayError
            A relay does not read back as it was set.
        """

    @property
    def devices(self) -> Sequence[str]:
        """Names of the devices that `select_device` takes; none when the only one is fixed."""
        return ()

    def select_relays(self, channels: frozenset[int]) -> BankState:
        """Select by relays instead of by the resistance that the table promises.

        Raises
        ------
        LimitError
            The bank has no relays, or none of those numbers in its table.
        RelayError
            A relay does not read back as it was set.
        """
        raise LimitError(
            f"the bank {self.driver} has no relays of its own to select, only values "
            f"(asked for {sorted(channels)})"
        )

    @abstractmethod
    def select_device(self, name: str) -> None:
        """Open all relays, settle, close that of one device, settle, read back.

        Every other device is let go before, and no resistance stands across the new one.

        Raises
        ------
        LimitError
            There is no device of that name.
        RelayError
            A relay does not read back as it was set.
        """

    @abstractmethod
    def read_back(self) -> BankState:
        """The state that the relays report."""

    @abstractmethod
    def make_safe(self) -> str:
        """Open every relay, those of devices too, over a fresh link when the present one is broken.

        Returns
        -------
        str
            The state as read back.

        Raises
        ------
        InstrumentError
            The relays could not be opened or read back.
        """

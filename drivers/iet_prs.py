"""IET Labs PRS-200, PRS-201 and PRS-202 programmable decades as a resistor bank.

One command sets a decade box: ten digits, in steps of its least decade, and one place above its
greatest decade a character that opens the terminals where the option for it is there. A box
without that option is refused: open is the safe state of a bank. Digits of decades that a box does
not have are ignored by it without an error, so its model code is read first and a value that it
cannot make is never sent.

What a box is set to is not read back: chapter 7 of its manual has no query for it. `read_back` and
`make_safe` say what was sent last; after each setting ``*IDN?`` must be answered as before, which
says that the box is there and has taken what came before, not where its contacts are.

Source: PRS-200 Series and PRS-202 Series Operation Manuals, chapter 7 "Programming". It does not
say in words that option 2 is the short circuit alone and 3 both; its example opens with 1 and 3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pymeasure.adapters import Adapter

from drivers.errors import InstrumentError, LimitError, LinkError
from drivers.instrument import Identity
from drivers.link import Link, let_go, link_errors
from drivers.resistor_bank import BankState, DeviceChannel, Resistor, ResistorBank
from protocols.quantities import OPEN, RESISTANCE

_PLACES = 10
"""Digits of the command."""
_LEAST = {"1m": 1e-3, "10m": 1e-2, "100m": 0.1, "1": 1.0, "10": 10.0, "100": 100.0, "1K": 1e3,
          "10K": 1e4, "100K": 1e5, "1M": 1e6, "10M": 1e7}  # fmt: skip
"""Step of the least decade by its name in the model code, in ohm."""
_OPENS = ("1", "3")
"""Options by which a box can be open: open circuit, or open and short circuit."""
_CODE = re.compile(r"(PRS-20[012])-([A-Z])-(\d+)-(\w+)-(\d)-(\d)")
_CHECKED = 10.0
"""Decades of smaller steps are less than the wires to them and are not among the states that a
check of the rig measures, in ohm."""


@dataclass(frozen=True)
class Decades:
    """The decades of a box.

    Parameters
    ----------
    step
        Of the least one, in ohm.
    count
        How many there are.
    slot
        Place of the least one in the command, from the right and from 0.
    """

    step: float
    count: int
    slot: int

    def nearest(self, resistance: float, tolerance: float) -> BankState:
        """The setting closest to a resistance; its one "channel" is the number of steps.

        Raises
        ------
        LimitError
            It is off by more than the fraction `tolerance`.
        """
        if math.isinf(resistance):
            return BankState(frozenset(), OPEN)
        steps = min(max(round(resistance / self.step), 1), 10**self.count - 1)
        state = BankState(frozenset({steps}), steps * self.step)
        if abs(state.resistance - resistance) > tolerance * resistance:
            raise LimitError(
                f"the decade cannot make {RESISTANCE.format(resistance)} within {tolerance:.3g} of "
                f"it; it has {self.count} decades from {RESISTANCE.format(self.step)} on, the "
                f"nearest is {state} (or open)"
            )
        return state

    def digits(self, steps: int, *, opened: bool) -> str:
        """The ten digits that set it."""
        return f"{(steps + opened * 10**self.count) * 10**self.slot:0{_PLACES}d}"


class IetPrs(ResistorBank):
    """A programmable decade box across the device."""

    driver: ClassVar[str] = "iet-prs"
    models: ClassVar[tuple[str, ...]] = ("PRS-200", "PRS-201", "PRS-202")
    switched: ClassVar[bool] = False
    reports: ClassVar[bool] = False

    def __init__(self, link: Link, settle: float) -> None:
        self._link, self._settle = link, settle
        self._state: BankState | None = None
        self._adapter: Adapter = link.open()
        try:
            with link_errors(link.address):
                self._code = self._ask_identity()
            self._identity, self._decades = _understood(self._code, link.address)
            link.met(self._identity)
        except BaseException:
            let_go(self._adapter)
            raise

    @classmethod
    def nearest(
        cls, resistors: Sequence[Resistor], resistance: float, tolerance: float  # noqa: ARG003
    ) -> BankState:  # fmt: skip
        """What a box of every decade there is would make; which are there, a connection tells."""
        return Decades(1e-3, 11, 0).nearest(resistance, tolerance)

    @classmethod
    def connect(
        cls,
        link: Link,
        resistors: Sequence[Resistor],  # noqa: ARG003 (it has its own)
        settle: float,
        devices: Sequence[DeviceChannel] = (),
    ) -> Self:
        if devices:
            raise InstrumentError(
                f"the driver {cls.driver} connects no devices; leave out resistor_bank.devices"
            )
        return cls(link, settle)

    def check(self, resistance: float, tolerance: float) -> None:
        self._decades.nearest(resistance, tolerance)

    @property
    def identity(self) -> Identity:
        return self._identity

    @property
    def states(self) -> Sequence[BankState]:
        """Open, and one step of each decade from 10 ohm on; any sum can be selected."""
        steps = [10**place for place in range(self._decades.count)]
        made = [BankState(frozenset({n}), n * self._decades.step) for n in steps]
        return BankState(frozenset(), OPEN), *(s for s in made if s.resistance >= _CHECKED)

    def select(self, resistance: float, tolerance: float) -> BankState:
        """Open, set the decades behind the open contact, let go of it; as the manual advises."""
        state = self._decades.nearest(resistance, tolerance)
        self._open()
        for steps in state.channels:
            self._send(steps, opened=True)
            self._send(steps, opened=False)
        self._state = state
        return state

    def select_device(self, name: str) -> None:
        raise LimitError(f"no device {name!r} is wired to the bank; the only one is fixed")

    def read_back(self) -> BankState:
        """What was sent last, once the box has answered that it is there."""
        self._still_there()
        return self._state or BankState(frozenset(), float("nan"))

    def make_safe(self) -> str:
        try:
            self._open()
        except LinkError:
            let_go(self._adapter)
            self._adapter = self._link.open()
            self._open()
        return "open as commanded; the decade does not report what it is set to"

    def close(self) -> None:
        let_go(self._adapter)
        self._link.close()

    def _open(self) -> None:
        """Open with the decades as they are; all at their greatest where that is not known."""
        every = 10**self._decades.count - 1
        steps = next(iter(self._state.channels), every) if self._state else every
        self._state = None
        self._send(steps, opened=True)
        self._state = BankState(frozenset(), OPEN)

    def _send(self, steps: int, *, opened: bool) -> None:
        with link_errors(self._link.address):
            self._adapter.write(f"SOUR:DATA {self._decades.digits(steps, opened=opened)}")
        self._link.wait(self._settle)
        self._still_there()

    def _still_there(self) -> None:
        with link_errors(self._link.address):
            code = self._ask_identity()
        if code != self._code:
            raise LinkError(
                f"{self._link.address} answers {code!r} where {self._code!r} was; check what is "
                "connected, then run again"
            )

    def _ask_identity(self) -> str:
        self._adapter.write("*IDN?")
        return str(self._adapter.read()).strip()


def _understood(answer: str, address: str) -> tuple[Identity, Decades]:
    """Who it is and what decades it has, from its answer to ``*IDN?``."""
    maker, code, serial, revision = [*(part.strip() for part in answer.split(",")), *[""] * 4][:4]
    found = _CODE.fullmatch(code)
    if found is None or found[4] not in _LEAST or not serial:
        raise InstrumentError(
            f"{address} answers {answer!r}; the driver {IetPrs.driver} is for "
            f"{', '.join(IetPrs.models)}, whose code is as PRS-200-F-7-100m-0-1"
        )
    if found[6] not in _OPENS:
        raise InstrumentError(
            f"{address} is a {code}, which has no open-circuit option (the last number of its code "
            f"is {found[6]}; {' and '.join(_OPENS)} have it); without it the device cannot be "
            "freed of every resistor, so use a box with the option or a bank of relays"
        )
    decades = Decades(_LEAST[found[4]], int(found[3]), int(found[5]))
    if not decades.count or decades.count + decades.slot >= _PLACES:
        raise InstrumentError(
            f"{address} is a {code}: {decades.count} decades from place {decades.slot} on leave no "
            f"room for the open-circuit option in {_PLACES} digits; the code is not understood"
        )
    return Identity(maker, found[1], serial, revision), decades

"""A rig: one source-measure unit, one resistor bank, and the device's limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.errors import InstrumentError
from drivers.limits import Limits
from drivers.resistor_bank import Resistor, ResistorBank
from drivers.source_meter import SourceMeter
from drivers.transcript import Transcript


@dataclass(frozen=True)
class Rig:
    """Open instruments, owned by one thread.

    Parameters
    ----------
    meter, bank
        The instruments.
    limits
        Of the device under test.
    resistors
        The bank's table.
    wait
        Lets the host idle between two looks at an instrument, in s.
    simulated
        For the record only: whether the instruments are emulated.
    addresses
        Role to address.
    description
        The rig file's content, as JSON values.
    transcript
        Where what passes between host and instruments is noted.
    """

    meter: SourceMeter
    bank: ResistorBank
    limits: Limits
    resistors: tuple[Resistor, ...]
    wait: Callable[[float], None]
    simulated: bool
    addresses: Mapping[str, str]
    description: Mapping[str, Any]
    transcript: Transcript = field(default_factory=Transcript, kw_only=True)

    def make_safe(self) -> dict[str, str]:
        """Source to 0 and high-impedance, then the bank open; one failing never stops the other.

        Returns
        -------
        dict
            State as read back, by role.

        Raises
        ------
        InstrumentError
            Names every instrument whose state is unknown.
        """
        states, unknown = {}, []
        for role, safe in (
            ("source_meter", self.meter.make_safe),
            ("resistor_bank", self.bank.make_safe),
        ):
            try:
                states[role] = safe()
            except Exception as error:  # noqa: BLE001 (no fault may keep the other from its turn)
                unknown.append(f"{role} ({self.addresses[role]}): {error}")
        if unknown:
            raise InstrumentError(
                "state UNKNOWN of " + "; ".join(unknown) + ". Switch it off by hand and "
                "disconnect the device before touching anything"
            )
        return states

    @property
    def found(self) -> tuple[str, ...]:
        """In which state it was left to who has it now, when that is worth to be told."""
        return ()

    def news(self) -> list[str]:
        """What a run's log should say of the rig itself, since the last call.

        Raises
        ------
        InstrumentError
            The rig may not be used any longer.
        """
        return []

    def measuring(self, path: Path) -> None:
        """Be told the file of the run that begins."""

    def close(self) -> None:
        """Let go of both links, of the bank's also when that of the meter fails."""
        try:
            self.meter.close()
        finally:
            self.bank.close()

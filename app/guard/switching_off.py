"""Makes the instruments of a rig safe over fresh links, each whether or not the other can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from app.guard.lock import name_of
from app.rigs.opening import links, open_bank, open_meter, recorded
from app.rigs.rig_file import RigFile
from drivers.instrument import RigInstrument
from drivers.link import Link
from drivers.transcript import Transcript

BY_HAND = "switch it off by hand and disconnect the device before touching anything"


class SwitchedOff(NamedTuple):
    """What became of one instrument."""

    role: str
    """"source_meter" or "resistor_bank"."""
    safe: bool
    """Whether it read back safe."""
    text: str
    """Who it is and what it read back, or why its state is unknown."""
    name: str = ""
    """By which its lock knows it whatever its address; "" where it shows no serial number."""

    def __str__(self) -> str:
        return f"{self.role}: {'' if self.safe else 'state UNKNOWN: '}{self.text}"


def switch_off(rig: RigFile, transcript: Transcript | None = None) -> Iterator[SwitchedOff]:
    """One instrument after the other, the source first: relays that open under current wear."""
    meter_link, bank_link = recorded(links(rig), transcript or Transcript())
    yield _one("source_meter", rig, meter_link, open_meter)
    yield _one("resistor_bank", rig, bank_link, open_bank)


def _one(
    role: str,
    rig: RigFile,
    link: Link,
    reach: Callable[[RigFile, Link], RigInstrument],
) -> SwitchedOff:
    try:
        instrument = reach(rig, link)
        try:
            who = instrument.identity
            return SwitchedOff(role, True, f"{who}: {instrument.make_safe()}", name_of(who))
        finally:
            instrument.close()
    except Exception as error:  # noqa: BLE001 (no fault may keep the other from its turn)
        return SwitchedOff(role, False, str(error) or repr(error))

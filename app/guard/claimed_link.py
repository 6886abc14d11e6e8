"""A link to an instrument that this process must have for itself, whatever its address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pymeasure.adapters import Adapter

from drivers.instrument import Identity
from drivers.link import Link

Role = Literal["source_meter", "resistor_bank"]
Claim = Callable[[Role, Identity], None]
"""Told who answers; an `InstrumentError` when it must not be used."""


class ClaimedLink(Link):
    """A link that claims the instrument as soon as it is known who answers.

    Parameters
    ----------
    link
        The way to it.
    role
        Of the instrument in its rig.
    claim
        Called with both.
    """

    def __init__(self, link: Link, role: Role, claim: Claim) -> None:
        self.address = link.address
        self._link, self._role, self._claim = link, role, claim

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        return self._link.open(
            write_termination=write_termination, read_termination=read_termination
        )

    def met(self, identity: Identity) -> None:
        self._claim(self._role, identity)

    def wait(self, seconds: float) -> None:
        self._link.wait(seconds)

    def close(self) -> None:
        self._link.close()

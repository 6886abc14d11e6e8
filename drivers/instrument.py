"""What every instrument of a rig has: who it is, an error queue, a safe state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Identity:
    """Who an instrument says it is."""

    manufacturer: str
    model: str
    serial: str
    firmware: str

    @property
    def unmistakable(self) -> bool:
        """Whether its serial number tells it from others; some models say 0 for theirs."""
        return any(sign.isalnum() and sign != "0" for sign in self.serial)

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.model} (serial {self.serial}, {self.firmware})"


class RigInstrument(ABC):
    """An instrument of a rig, connected."""

    driver: ClassVar[str]
    """Name in a rig file."""
    models: ClassVar[tuple[str, ...]]
    """Models that the driver accepts."""

    @property
    @abstractmethod
    def identity(self) -> Identity:
        """Who the connected instrument is."""

    def errors(self) -> tuple[str, ...] | None:
        """Take what waits in the instrument's own error queue, oldest first.

        Returns
        -------
        tuple
            Each entry as the instrument words it; None where the driver reads no queue.

        Raises
        ------
        InstrumentError
            It cannot be read.
        """
        return None

    @abstractmethod
    def make_safe(self) -> str:
        """Bring it into its safe state from any other, over a fresh link when this one is broken.

        Returns
        -------
        str
            The state as read back.

        Raises
        ------
        InstrumentError
            The state could not be reached or read back: it is unknown.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the link."""

"""SCPI status reporting: condition, transition filters, event and enable registers.

SCPI-1999 volume 1, chapter 9; IEEE 488.2-1992 chapter 11.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.simulated.scpi.parameters import Number
from drivers.simulated.scpi.table import Action, Query, Row

OPERATION_COMPLETE, QUERY_ERROR, DEVICE_ERROR, EXECUTION_ERROR = 1, 4, 8, 16
COMMAND_ERROR, POWER_ON = 32, 128
ERRORS_WAITING, QUESTIONABLE, MESSAGE_AVAILABLE, EVENTS, MASTER, OPERATION = 4, 8, 16, 32, 64, 128

WORD = Number(0, 65_535, whole=True)
BYTE = Number(0, 255, whole=True)


class Register:
    """One register set; bit 15 is never used.

    An event bit is set when a condition bit changes as the transition filters let it.
    """

    def __init__(self) -> None:
        self.condition = self.event = 0
        self.preset()

    def preset(self) -> None:
        """Filters and enable register as STATus:PRESet leaves them."""
        self.enable, self.rising, self.falling = 0, 0x7FFF, 0

    @property
    def summary(self) -> bool:
        """Whether an enabled event has happened."""
        return bool(self.event & self.enable)

    def put(self, bits: int, on: bool) -> None:
        """Set or clear condition bits."""
        after = self.condition | bits if on else self.condition & ~bits
        risen, fallen = after & ~self.condition, self.condition & ~after
        self.condition = after
        self.event |= (risen & self.rising) | (fallen & self.falling)

    def take(self) -> int:
        """The event register, which reading clears."""
        event, self.event = self.event, 0
        return event

    def rows(self, node: str, *, filters: bool = True) -> list[Row]:
        """Its commands under a node such as ``STATus:OPERation``.

        Parameters
        ----------
        filters
            Whether the instrument has commands for the transition filters.
        """
        rows: list[Row] = [
            Query(f"{node}[:EVENt]?", self.take),
            Query(f"{node}:CONDition?", lambda: self.condition),
            *self._attribute(f"{node}:ENABle", "enable"),
        ]
        if filters:
            rows += self._attribute(f"{node}:PTRansition", "rising")
            rows += self._attribute(f"{node}:NTRansition", "falling")
        return rows

    def _attribute(self, header: str, name: str) -> list[Row]:
        def write(value: float) -> None:
            setattr(self, name, int(value) & 0x7FFF)

        return [Action(header, write, WORD), Query(f"{header}?", lambda: getattr(self, name))]


class Status:
    """The status byte and what it summarises.

    Parameters
    ----------
    errors_waiting, message_available
        Whether the error queue and the output queue hold something.
    """

    def __init__(
        self, errors_waiting: Callable[[], bool], message_available: Callable[[], bool]
    ) -> None:
        self._errors_waiting, self._message_available = errors_waiting, message_available
        self.standard = POWER_ON
        self.standard_enable = self.request_enable = 0
        self.operation, self.questionable = Register(), Register()
        self.registers = {QUESTIONABLE: self.questionable, OPERATION: self.operation}
        """Register sets by the bit of the status byte that summarises them."""

    @property
    def byte(self) -> int:
        """The status byte as *STB? answers it, with the master summary in bit 6."""
        byte = 0
        for bit, on in (
            (ERRORS_WAITING, self._errors_waiting()),
            (MESSAGE_AVAILABLE, self._message_available()),
            (EVENTS, bool(self.standard & self.standard_enable)),
            *((bit, register.summary) for bit, register in self.registers.items()),
        ):
            byte |= bit if on else 0
        return byte | (MASTER if byte & self.request_enable else 0)

    def happen(self, bits: int) -> None:
        """Set bits of the standard event register."""
        self.standard |= bits

    def take_standard(self) -> int:
        """The standard event register, which reading clears."""
        events, self.standard = self.standard, 0
        return events

    def clear(self) -> None:
        """Clear every event register."""
        self.standard = 0
        for register in self.registers.values():
            register.event = 0

    def preset(self) -> None:
        """STATus:PRESet."""
        for register in self.registers.values():
            register.preset()

    def common_rows(self) -> list[Row]:
        """The commands of IEEE 488.2 for the status byte and the standard events."""

        def enable_events(value: float) -> None:
            self.standard_enable = int(value)

        def enable_requests(value: float) -> None:
            self.request_enable = int(value) & ~MASTER

        return [
            Query("*ESR?", self.take_standard),
            Action("*ESE", enable_events, BYTE),
            Query("*ESE?", lambda: self.standard_enable),
            Action("*SRE", enable_requests, BYTE),
            Query("*SRE?", lambda: self.request_enable),
            Query("*STB?", lambda: self.byte),
        ]

    def rows(self, *, filters: bool = True) -> list[Row]:
        """The STATus subsystem with the two registers that every instrument has."""
        return [
            *self.operation.rows("STATus:OPERation", filters=filters),
            *self.questionable.rows("STATus:QUEStionable", filters=filters),
            Action("STATus:PRESet", self.preset),
        ]

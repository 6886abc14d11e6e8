"""Emulated Keysight 34970A, 34972A and 34980A with a 20-channel actuator in slot 1.

Facts from the 34970A/34972A and the 34980A command references. A relay takes
`OPERATING_TIME` of bench time, opening or closing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.simulated.bench import Bench
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import ScpiInstrument
from drivers.simulated.scpi.parameters import Channels, Number
from drivers.simulated.scpi.response import Style
from drivers.simulated.scpi.table import Action, Query, Row

OPERATING_TIME = 15e-3
"""From a command to settled contacts, in s."""


@dataclass(frozen=True)
class Model:
    """A mainframe and the module in its first slot.

    Parameters
    ----------
    maker, serial_number, firmware
        As ``*IDN?`` says; every 34970A says 0 for its serial number.
    module, empty
        Answers to ``SYSTem:CTYPe?`` for the first slot and for the others.
    slots
        Numbers of the slots, as commands name them.
    channels
        Of the module.
    errors
        Entries of the error queue.
    """

    maker: str
    serial_number: str
    firmware: str
    module: str
    empty: str
    slots: range
    channels: range
    errors: int


CHANNELS = range(101, 121)
_HP, _AGILENT = "HEWLETT-PACKARD", "Agilent Technologies"
MODELS: Mapping[str, Model] = {
    "34970A": Model(_HP, "", "13-2-2", f"{_HP},34903A,0,2.0", f"{_HP},0,0,0",
                    range(100, 301, 100), CHANNELS, 10),
    "34972A": Model(_AGILENT, "MY49000001", "1.16-1.12-02-02",
                    f"{_AGILENT},34903A,MY41000001,2.3", f"{_AGILENT},0,0,0",
                    range(100, 301, 100), CHANNELS, 10),
    "34980A": Model(_AGILENT, "MY44000001", "2.43-2.43-0.00-0.00",
                    f"{_AGILENT},34938A,MY44000002,1.10", f"{_AGILENT},0,0,0",
                    range(1, 9), range(1001, 1021), 20),
}  # fmt: skip


class Emulated34970A(ScpiInstrument):
    """A 34970A whose relays connect the bench's resistors across the device."""

    driver = "keysight-34970a"
    models = tuple(MODELS)
    style = Style(digits=8, plus=True)

    def __init__(self, bench: Bench, model: str = "34970A") -> None:
        self.stuck: set[int] = set()
        """Channels whose relays no longer move, for trying out what a fault does."""
        self._own = MODELS[model]
        self.serial_number = self._own.serial_number
        self._closed: frozenset[int] = frozenset()
        self._cycles = dict.fromkeys(self._own.channels, 0)
        self._settled = bench.clock.now
        super().__init__(bench, model, errors_kept=self._own.errors)

    @property
    def identity(self) -> str:
        own = self._own
        return f"{own.maker},{self.model},{self.serial_number or '0'},{own.firmware}"

    def rows(self) -> Sequence[Row]:
        listed, slot = Channels(self._own.channels), Number(1, 300, whole=True)
        return [
            Action("[ROUTe:]CLOSe", self._close, listed),
            Action("[ROUTe:]CLOSe:EXCLusive", self._close_exclusive, listed),
            Action("[ROUTe:]OPEN", self._open, listed),
            Query("[ROUTe:]CLOSe?", lambda asked: [str(int(c in self._closed)) for c in asked],
                  listed),
            Query("[ROUTe:]OPEN?", lambda asked: [str(int(c not in self._closed)) for c in asked],
                  listed),
            Query("[ROUTe:]DONE?", lambda: self.now >= self._settled),
            Query("DIAGnostic:RELay:CYCLes?", lambda asked: [str(self._cycles[c]) for c in asked],
                  listed),
            Action("DIAGnostic:RELay:CYCLes:CLEar", self._clear_cycles, listed),
            Query("SYSTem:CTYPe?", self._card_type, slot),
            Action("SYSTem:CPON", self._card_reset, slot),
            Query("SYSTem:VERSion?", lambda: "1994.0"),
            *self.status.rows(filters=False),
        ]  # fmt: skip

    def reset(self) -> None:
        self._open(tuple(self._own.channels))

    def wait_complete(self) -> bool:
        """Let the relays settle, which they do in a moment at any speed."""
        if self._settled > self.bench.clock.now:
            self.bench.clock.advance_to(self._settled)
            self.bench.run_to(self.bench.clock.now)
        return True

    def _close(self, channels: tuple[int, ...]) -> None:
        self.wait_complete()
        self._switch(self._closed | set(channels))

    def _open(self, channels: tuple[int, ...]) -> None:
        self.wait_complete()
        self._switch(self._closed - set(channels))

    def _close_exclusive(self, channels: tuple[int, ...]) -> None:
        """Open every other relay, and close these once those have settled."""
        self.wait_complete()
        if self._closed - set(channels):
            self._switch(self._closed & set(channels))
            self.wait_complete()
        self._switch(frozenset(channels))

    def _switch(self, closed: frozenset[int]) -> None:
        closed = (closed - self.stuck) | (self._closed & self.stuck)
        changed = closed ^ self._closed
        for channel in sorted(changed):
            self._cycles[channel] += channel in closed
            self.log(f"relay {channel} {'close' if channel in closed else 'open'}")
        self._closed = closed
        if changed:
            now = self.bench.clock.now
            self.bench.set_relays(now, closed)
            self._settled = now + OPERATING_TIME

    def _clear_cycles(self, channels: tuple[int, ...]) -> None:
        for channel in channels:
            self._cycles[channel] = 0

    def _card_type(self, slot: float) -> str:
        if slot not in self._own.slots:
            raise ScpiError(-222)
        return self._own.module if slot == self._own.slots[0] else self._own.empty

    def _card_reset(self, slot: float) -> None:
        if slot not in self._own.slots:
            raise ScpiError(-222)
        if slot == self._own.slots[0]:
            self.reset()

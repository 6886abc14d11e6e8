"""An emulated Keysight 34970A with a 34903A 20-channel actuator in slot 1.

Facts from the 34970A/34972A command reference. Channels 101 to 120; a relay takes
`OPERATING_TIME` of bench time, opening or closing.
"""

from __future__ import annotations

from collections.abc import Sequence

from drivers.simulated.bench import Bench
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import ScpiInstrument
from drivers.simulated.scpi.parameters import Channels, Number
from drivers.simulated.scpi.response import Style
from drivers.simulated.scpi.table import Action, Query, Row

CHANNELS = range(101, 121)

OPERATING_TIME = 15e-3
"""From a command to settled contacts, in s."""

MODULE = "HEWLETT-PACKARD,34903A,0,2.0"
EMPTY_SLOT = "HEWLETT-PACKARD,0,0,0"
_SLOTS = {100: MODULE, 200: EMPTY_SLOT, 300: EMPTY_SLOT}


class Emulated34970A(ScpiInstrument):
    """A 34970A whose relays connect the bench's resistors across the device."""

    driver = "keysight-34970a"
    models = ("34970A",)
    identity = "HEWLETT-PACKARD,34970A,0,13-2-2"
    style = Style(digits=8, plus=True)
    errors_kept = 10

    def __init__(self, bench: Bench, model: str = "34970A") -> None:
        self.stuck: set[int] = set()
        """Channels whose relays no longer move, for trying out what a fault does."""
        self._closed: frozenset[int] = frozenset()
        self._cycles = dict.fromkeys(CHANNELS, 0)
        self._settled = bench.clock.now
        super().__init__(bench, model)

    def rows(self) -> Sequence[Row]:
        listed = Channels(CHANNELS)
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
            Query("SYSTem:CTYPe?", self._card_type, Number(100, 300, whole=True)),
            Action("SYSTem:CPON", self._card_reset, Number(100, 300, whole=True)),
            Query("SYSTem:VERSion?", lambda: "1994.0"),
            *self.status.rows(filters=False),
        ]  # fmt: skip

    def reset(self) -> None:
        self._open(tuple(CHANNELS))

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
        if slot not in _SLOTS:
            raise ScpiError(-222)
        return _SLOTS[int(slot)]

    def _card_reset(self, slot: float) -> None:
        if slot not in _SLOTS:
            raise ScpiError(-222)
        if slot == CHANNELS[0] // 100 * 100:
            self._open(tuple(CHANNELS))

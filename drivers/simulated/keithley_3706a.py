"""Emulated Keithley 3706A with a 3740 card, 32 isolated switches, in slot 1.

Facts from the Series 3700A Reference Manual (3700AS-901-01), "TSP command reference", channel
functions. Not here: the multimeter, scans, channel patterns, backplane relays, pairs, and status
sets other than the standard one. The code of a refused channel list (1115) and `OPERATING_TIME`
are not from the manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from drivers.simulated.bench import Bench
from drivers.simulated.tsp.core import Wait
from drivers.simulated.tsp.errors import Fault, wrong_type
from drivers.simulated.tsp.instrument import TspInstrument
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.panel import beeper
from drivers.simulated.tsp.status import ESB, Registers
from drivers.simulated.tsp.values import Choice, Number

OPERATING_TIME = 10e-3
"""Of a relay, opening or closing, in s."""
CHANNELS = range(1001, 1033)
_OFF, _BREAK_FIRST, _MAKE_FIRST = 0, 1, 2
_RULES = Choice(_BREAK_FIRST, (_OFF, _BREAK_FIRST, _MAKE_FIRST))
_DELAY = Number(0.0, 0.0)
_REGISTERS: Registers = {
    "standard": (
        ESB,
        {"OPC": 1, "QYE": 4, "DDE": 8, "EXE": 16, "CME": 32, "URQ": 64, "PON": 128},
    )
}
_CARD = "3740,32 Channel Isolated Switch,01.40e,1234567"


class Emulated3706A(TspInstrument):
    """A 3706A whose relays connect the bench's resistors across the device."""

    driver = "keithley-3706a"
    models = ("3706A",)
    firmware = "01.56a"
    registers = _REGISTERS

    def __init__(self, bench: Bench, model: str = "3706A") -> None:
        super().__init__(bench, model)
        self.stuck: set[int] = set()
        """Channels whose relays no longer move, for trying out what a fault does."""
        self._closed: frozenset[int] = frozenset()
        self._counts = dict.fromkeys(CHANNELS, 0)
        self._delays = dict.fromkeys(CHANNELS, 0.0)
        self._forbidden: set[int] = set()
        self._rule = float(_RULES.default)
        slots = Namespace(children={n: _slot(n) for n in range(1, 7)})
        self.define({"channel": self._channel(), "slot": slots, "beeper": beeper()})

    def reset(self) -> None:
        self._delays = dict.fromkeys(CHANNELS, 0.0)
        self._forbidden.clear()
        self._rule = float(_RULES.default)
        self._switch(frozenset())

    def _channel(self) -> Namespace:
        space = Namespace(
            constants={"OFF": _OFF, "BREAK_BEFORE_MAKE": _BREAK_FIRST,
                       "MAKE_BEFORE_BREAK": _MAKE_FIRST},
            functions={
                "getclose": self._get_closed,
                "getstate": lambda text: self._of_each(text, lambda c: int(c in self._closed)),
                "getcount": lambda text: self._of_each(text, lambda c: self._counts[c]),
                "getdelay": lambda text: self._of_each(text, lambda c: self._delays[c]),
                "getforbidden": self._get_forbidden,
                "setdelay": self._set_delay,
                "setforbidden": lambda text: self._forbidden.update(_channels(text)),
                "clearforbidden": lambda text: self._forbidden.difference_update(
                    _channels(text, slots=True)
                ),
            },
            blocking={
                "open": self._open,
                "close": self._close,
                "exclusiveclose": self._close_exclusively,
            },
        )  # fmt: skip

        def set_rule(value: object) -> None:
            self._rule = _RULES.accept("channel.connectrule", value)

        space.attribute("connectrule", lambda: self._rule, set_rule)
        return space

    def _open(self, text: object) -> Wait:
        channels = _channels(text)
        return self._moved(self._closed - set(channels), channels)

    def _close(self, text: object) -> Wait:
        channels = self._closable(text)
        return self._moved(self._closed | set(channels), channels)

    def _close_exclusively(self, text: object) -> Wait:
        """Close these and open all others, in the order of the connection rule."""
        channels = self._closable(text) if str(text).strip() else ()
        wanted = frozenset(channels)
        if self._rule == _OFF or not (self._closed - wanted and wanted - self._closed):
            return self._moved(wanted, channels)
        between = self._closed & wanted if self._rule == _BREAK_FIRST else self._closed | wanted
        self._switch(between)
        then = self._core.now + OPERATING_TIME
        self._core.scheduler.at(then, lambda: self._switch(wanted))
        return Wait(lambda: False, deadline=then + OPERATING_TIME + self._longest(channels))

    def _closable(self, text: object) -> Sequence[int]:
        channels = _channels(text)
        if refused := self._forbidden.intersection(channels):
            raise Fault(1115, f"Parameter error: channel {min(refused)} is forbidden to close")
        return channels

    def _moved(self, closed: frozenset[int], channels: Sequence[int]) -> Wait:
        self._switch(closed)
        end = self._core.now + OPERATING_TIME + self._longest(channels)
        return Wait(lambda: False, deadline=end)

    def _longest(self, channels: Sequence[int]) -> float:
        return max((self._delays[c] for c in channels), default=0.0)

    def _switch(self, closed: frozenset[int]) -> None:
        closed = (closed - self.stuck) | (self._closed & self.stuck)
        changed = closed ^ self._closed
        self._closed = closed
        for channel in sorted(changed):
            self._counts[channel] += channel in closed
            self._core.log(f"relay {channel} {'close' if channel in closed else 'open'}")
        if changed:
            self.bench.set_relays(self.bench.clock.now, closed)

    def _get_closed(self, text: object) -> str | None:
        closed = [c for c in _channels(text, slots=True) if c in self._closed]
        return ",".join(map(str, closed)) or None

    def _get_forbidden(self, text: object) -> str | None:
        forbidden = [c for c in _channels(text, slots=True) if c in self._forbidden]
        return ",".join(map(str, forbidden)) or None

    def _of_each(self, text: object, value: Callable[[int], float]) -> str:
        """One value of each channel, the lowest channel first."""
        return ",".join(f"{value(c):g}" for c in _channels(text, slots=True))

    def _set_delay(self, text: object, seconds: object) -> None:
        delay = _DELAY.accept("channel.setdelay", seconds)
        self._delays |= dict.fromkeys(_channels(text), delay)


def _channels(text: object, *, slots: bool = False) -> Sequence[int]:
    """The channels of a list, in order; a range is `1001:1005`, a whole card `slot1`."""
    if not isinstance(text, str):
        raise wrong_type("a channel list is a string")
    found: set[int] = set()
    for item in re.split("[,;]", text):
        word = item.strip()
        if slots and word in ("slot1", "allslots"):
            found.update(CHANNELS)
            continue
        if not (match := re.fullmatch(r"(\d{4})(?:\s*:\s*(\d{4}))?", word)):
            raise Fault(1115, f"Parameter error: `{word}' in a channel list")
        first, last = int(match[1]), int(match[2] or match[1])
        if first not in CHANNELS or last not in CHANNELS or last < first:
            raise Fault(1115, f"Parameter error: channel {word} does not exist")
        found.update(range(first, last + 1))
    return sorted(found)


def _slot(n: int) -> Namespace:
    return Namespace(constants={"idn": _CARD if n == 1 else "Empty Slot"})

"""An emulated Keysight 34970A with a 34903A 20-channel actuator in slot 1.

The grammar is SCPI's: a keyword in its short or its long form, any case, optional root
keywords, several commands in a message. Facts from the 34970A/34972A command reference.
Channels 101 to 120; a relay takes `OPERATING_TIME` of bench time, opening or closing.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable

from drivers.simulated.bench import Bench

CHANNELS = range(101, 121)

OPERATING_TIME = 15e-3
"""From a command to settled contacts, in s."""

IDENTITY = "HEWLETT-PACKARD,34970A,0,13-2-2"
MODULE = "HEWLETT-PACKARD,34903A,0,2.0"
EMPTY_SLOT = "HEWLETT-PACKARD,0,0,0"

QUEUE = 10
"""Entries of the error queue."""

_OPERATION_COMPLETE, _EXECUTION, _COMMAND, _POWER_ON = 1, 16, 32, 128
_ERRORS_WAITING, _MESSAGE, _EVENTS = 4, 16, 32


class _ScpiError(Exception):
    """An entry for the error queue."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Emulated34970A:
    """A 34970A whose relays connect the bench's resistors across the device.

    Parameters
    ----------
    bench
        What it stands on; the instrument attaches itself.
    """

    name = "keysight_34970a"
    busy = False

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.stuck: set[int] = set()
        """Channels whose relays no longer move, for trying out what a fault does."""
        self._closed: frozenset[int] = frozenset()
        self._cycles = dict.fromkeys(CHANNELS, 0)
        self._errors: deque[tuple[int, str]] = deque()
        self._responses: deque[bytes] = deque()
        self._events = _POWER_ON
        self._enabled_events = self._enabled_requests = 0
        self._settled = bench.clock.now
        self._commands = self._table()
        bench.attach(self)

    def write(self, message: bytes) -> None:
        """Take one message; its answers become one response."""
        answers = []
        for command in message.decode("latin-1").split(";"):
            if not command.strip():
                continue
            try:
                answer = self._execute(command.strip())
            except _ScpiError as error:
                self._report(error)
                continue
            if answer is not None:
                answers.append(answer)
        if answers:
            self._responses.append(";".join(answers).encode("latin-1") + b"\n")

    def read(self) -> bytes | None:
        """The next response, or None."""
        return self._responses.popleft() if self._responses else None

    def run_while_busy(self, latest: float) -> float:  # noqa: ARG002 (never busy)
        """Nothing to wait for."""
        return self._bench.clock.now

    def close(self) -> None:
        """Switch it off; nothing to release."""

    def run_to(self, t: float) -> None:
        """Nothing is due by itself: relays act when they are told to."""

    def clear(self) -> None:
        """Device clear: drop responses."""
        self._responses.clear()

    def _execute(self, command: str) -> str | None:
        header, _, argument = command.partition(" ")
        for pattern, action in self._commands:
            if pattern.fullmatch(header):
                return action(argument.strip())
        raise _ScpiError(-113, "Undefined header")

    def _table(self) -> list[tuple[re.Pattern[str], Callable[[str], str | None]]]:
        commands: dict[str, Callable[[str], str | None]] = {
            "[ROUTe:]CLOSe": lambda a: self._operate(close=_channels(a)),
            "[ROUTe:]CLOSe:EXCLusive": lambda a: self._operate(_channels(a), exclusive=True),
            "[ROUTe:]OPEN": lambda a: self._operate(open_=_channels(a)),
            "[ROUTe:]CLOSe?": lambda a: _list(int(c in self._closed) for c in _channels(a)),
            "[ROUTe:]OPEN?": lambda a: _list(int(c not in self._closed) for c in _channels(a)),
            "[ROUTe:]DONE?": lambda _: str(int(self._bench.clock.now >= self._settled)),
            "DIAGnostic:RELay:CYCLes?": lambda a: _list(self._cycles[c] for c in _channels(a)),
            "DIAGnostic:RELay:CYCLes:CLEar": self._clear_cycles,
            "SYSTem:CTYPe?": self._card_type,
            "SYSTem:CPON": lambda _: self._open_all(),
            "SYSTem:ERRor[:NEXT]?": lambda _: self._next_error(),
            "*IDN?": lambda _: IDENTITY,
            "*TST?": lambda _: "+0",
            "*RST": lambda _: self._open_all(),
            "*CLS": lambda _: self._clear_status(),
            "*ESR?": lambda _: self._take_events(),
            "*ESE": lambda a: self._enable("_enabled_events", a),
            "*ESE?": lambda _: f"+{self._enabled_events}",
            "*SRE": lambda a: self._enable("_enabled_requests", a),
            "*SRE?": lambda _: f"+{self._enabled_requests}",
            "*STB?": lambda _: f"+{self._status_byte()}",
            "*OPC": lambda _: self._complete(),
            "*OPC?": lambda _: self._settled_reply(),
            "*WAI": lambda _: self._wait(),
        }
        return [(_pattern(header), action) for header, action in commands.items()]

    def _operate(
        self,
        close: list[int] | None = None,
        open_: list[int] | None = None,
        exclusive: bool = False,
    ) -> None:
        """Move relays once earlier ones have settled; an exclusive close opens first."""
        self._wait()
        before = self._closed
        after = frozenset() if exclusive else before - frozenset(open_ or ())
        if exclusive and before - frozenset(close or ()):
            self._switch(before & frozenset(close or ()))
            self._wait()
        self._switch(after | frozenset(close or ()))

    def _switch(self, closed: frozenset[int]) -> None:
        closed = (closed - self.stuck) | (self._closed & self.stuck)
        changed = closed ^ self._closed
        for channel in sorted(changed):
            self._cycles[channel] += channel in closed
            action = "close" if channel in closed else "open"
            self._bench.log(self.name, f"relay {channel} {action}")
        self._closed = closed
        now = self._bench.clock.now
        if changed:
            self._bench.set_relays(now, closed)
            self._settled = now + OPERATING_TIME

    def _wait(self) -> None:
        """Let the relays settle."""
        if self._settled > self._bench.clock.now:
            self._bench.clock.advance_to(self._settled)
            self._bench.run_to(self._bench.clock.now)

    def _open_all(self) -> None:
        self._operate(open_=list(CHANNELS))

    def _clear_cycles(self, argument: str) -> None:
        for channel in _channels(argument):
            self._cycles[channel] = 0

    def _card_type(self, argument: str) -> str:
        slots = {"100": MODULE, "200": EMPTY_SLOT, "300": EMPTY_SLOT}
        if argument not in slots:
            raise _ScpiError(-222, "Data out of range")
        return slots[argument]

    def _next_error(self) -> str:
        code, text = self._errors.popleft() if self._errors else (0, "No error")
        return f'{code:+d},"{text}"'

    def _report(self, error: _ScpiError) -> None:
        self._events |= _COMMAND if -200 < error.code <= -100 else _EXECUTION
        self._bench.log(self.name, f"error {error.code}: {error.text}")
        if len(self._errors) == QUEUE - 1:
            self._errors.append((-350, "Error queue overflow"))
        elif len(self._errors) < QUEUE:
            self._errors.append((error.code, error.text))

    def _clear_status(self) -> None:
        self._errors.clear()
        self._events = 0

    def _take_events(self) -> str:
        events, self._events = self._events, 0
        return f"+{events}"

    def _enable(self, register: str, argument: str) -> None:
        if not re.fullmatch(r"\+?\d+", argument) or int(argument) > 255:
            raise _ScpiError(-222, "Data out of range")
        setattr(self, register, int(argument))

    def _status_byte(self) -> int:
        byte = _ERRORS_WAITING if self._errors else 0
        byte |= _MESSAGE if self._responses else 0
        byte |= _EVENTS if self._events & self._enabled_events else 0
        return byte | (64 if byte & self._enabled_requests else 0)

    def _settled_reply(self) -> str:
        self._wait()
        return "1"

    def _complete(self) -> None:
        self._wait()
        self._events |= _OPERATION_COMPLETE


def _pattern(header: str) -> re.Pattern[str]:
    """A header in SCPI notation as an expression for both its forms.

    Capitals are the short form, brackets are optional, a leading colon is allowed.
    """
    text = header.replace("?", r"\?")
    text = re.sub(r"([A-Z]+)([a-z]+)", lambda m: f"{m[1]}(?:{m[2].upper()})?", text)
    text = text.replace("*", r"\*").replace("[", "(?:").replace("]", ")?")
    return re.compile(":?" + text, re.IGNORECASE)


def _channels(argument: str) -> list[int]:
    """The channels of a list such as `(@101,105:107)`, in order."""
    found = re.fullmatch(r"\(@([\d,:\s]*)\)", argument)
    if argument == "":
        raise _ScpiError(-109, "Missing parameter")
    if found is None:
        raise _ScpiError(-102, "Syntax error")
    channels: list[int] = []
    for part in found[1].replace(" ", "").split(","):
        bounds = part.split(":")
        if len(bounds) > 2 or not all(bounds):
            raise _ScpiError(-102, "Syntax error")
        first, last = int(bounds[0]), int(bounds[-1])
        if first not in CHANNELS or last not in CHANNELS or first > last:
            raise _ScpiError(-222, "Data out of range")
        channels.extend(range(first, last + 1))
    return channels


def _list(values: Iterable[int]) -> str:
    return ",".join(str(v) for v in values)

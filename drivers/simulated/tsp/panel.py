"""Tables that the families share: beeper, digital lines, node, small helpers of scripts."""

from __future__ import annotations

from collections.abc import Callable

from drivers.simulated.tsp.core import Core, Wait
from drivers.simulated.tsp.errors import wrong_type
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.triggers import Trigger
from drivers.simulated.tsp.values import Choice, Flag, Kind, Number, Text

_SWITCH = Choice(0, (0, 1))
_WORD = Number(0, 0, 2**32 - 1, whole=True)
_BIT = Number(1, 1, 32, whole=True)


def add_setting(space: Namespace, name: str, kind: Kind) -> None:
    """Add an attribute that only remembers what is written to it."""
    stored = [kind.default]

    def write(value: object) -> None:
        stored[0] = kind.accept(name, value)

    space.attribute(name, lambda: stored[0], write)


def never(*_: object) -> Wait:
    """Wait for somebody at the front panel; nobody is there."""
    return Wait(lambda: False)


def beeper() -> Namespace:
    """The `beeper` table."""
    space = Namespace(
        constants={"OFF": 0, "ON": 1}, functions={"beep": lambda _duration, _frequency: None}
    )
    add_setting(space, "enable", _SWITCH)
    return space


def digital_lines(core: Core) -> Namespace:
    """The `digio` table with nothing connected: lines read high, triggers never come."""
    modes = ("BYPASS", "FALLING", "RISING", "EITHER", "SYNCHRONOUSA", "SYNCHRONOUS",
             "SYNCHRONOUSM", "RISINGA", "RISINGM")  # fmt: skip
    space = Namespace(
        constants={f"TRIG_{name}": n for n, name in enumerate(modes)},
        functions={
            "readbit": lambda _line: 1,
            "readport": lambda: 16383,
            "writebit": lambda _line, _data: None,
            "writeport": lambda _data: None,
        },
    )
    add_setting(space, "writeprotect", Number(0, 0, 16383, whole=True))
    lines = space.at("trigger")
    for n in range(1, 15):
        line = Trigger(core).namespace()
        line.functions |= {"assert": lambda: None, "release": lambda: None, "reset": lambda: None}
        add_setting(line, "mode", Choice(0, range(len(modes))))
        add_setting(line, "pulsewidth", Number(10e-6, 0.0, 28.6))
        add_setting(line, "stimulus", _WORD)
        lines.children[n] = line
    return space


def bits() -> Namespace:
    """The `bit` table; bits are counted from 1."""

    def word(value: object) -> int:
        return int(_WORD.accept("value", value))

    def index(value: object) -> int:
        return int(_BIT.accept("index", value)) - 1

    def mask(width: object) -> int:
        return (1 << int(_BIT.accept("width", width))) - 1

    def get_field(value: object, at: object, width: object) -> int:
        return word(value) >> index(at) & mask(width)

    def set_field(value: object, at: object, width: object, new: object) -> int:
        field = mask(width) << index(at)
        return word(value) & ~field | word(new) << index(at) & field

    return Namespace(
        functions={
            "bitand": lambda a, b: word(a) & word(b),
            "bitor": lambda a, b: word(a) | word(b),
            "bitxor": lambda a, b: word(a) ^ word(b),
            "clear": lambda value, at: word(value) & ~(1 << index(at)),
            "set": lambda value, at: word(value) | 1 << index(at),
            "toggle": lambda value, at: word(value) ^ 1 << index(at),
            "test": lambda value, at: bool(word(value) >> index(at) & 1),
            "get": lambda value, at: word(value) & 1 << index(at),
            "getfield": get_field,
            "setfield": set_field,
        }
    )


def stopwatch(core: Core) -> Namespace:
    """The `timer` table."""
    started = [core.now]

    def restart() -> None:
        started[0] = core.now

    space = Namespace(functions={"reset": restart})
    space.at("measure").functions["t"] = lambda: round(core.now - started[0], 6)
    return space


def user_strings() -> Namespace:
    """The `userstring` table."""
    stored: dict[str, str] = {}

    def add(name: object, value: object) -> None:
        if not isinstance(name, str):
            raise wrong_type("userstring.add takes a name")
        stored[name] = str(value)

    return Namespace(
        functions={
            "add": add,
            "get": lambda name: stored.get(name),
            "delete": lambda name: stored.pop(name, None) and None,
        }
    )


def local_node(core: Core, constants: dict[str, str], reset: Callable[[], None]) -> Namespace:
    """The `localnode` table, without the tables that it shares with the global scope."""
    space = Namespace(constants=constants, functions={"reset": reset})
    frequency = Choice(50, (50, 60))

    def set_frequency(value: object) -> None:
        core.linefreq = float(frequency.accept("localnode.linefreq", value))

    space.attribute("linefreq", lambda: core.linefreq, set_frequency)
    add_setting(space, "autolinefreq", Flag(True))
    add_setting(space, "description", Text(f"Keithley Instruments SMU {constants['model']}"))
    add_setting(space, "prompts4882", Choice(1, (0, 1)))
    return space

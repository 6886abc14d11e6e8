"""The front panel and the digital lines: what scripts may say to them, with nobody there."""

from __future__ import annotations

from drivers.simulated.tsp import panel
from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number, Text

_SCREENS = ("HOME", "HOME_LARGE_READING", "READING_TABLE", "GRAPH", "HISTOGRAM", "GRAPH_SWIPE",
            "SETTINGS_SWIPE", "SOURCE_SWIPE", "STATS_SWIPE", "USER_SWIPE", "PROCESSING",
            "PLOT_SWIPE")  # fmt: skip
_BUTTONS = ("NONE", "OK", "CANCEL", "OKCANCEL", "YESNO", "YESNOCANCEL")
_STATES = ("LCD_100", "LCD_75", "LCD_50", "LCD_25", "LCD_OFF", "BLACKOUT")
_MODES = ("DIGITAL_IN", "DIGITAL_OUT", "DIGITAL_OPEN_DRAIN", "TRIGGER_IN", "TRIGGER_OUT",
          "TRIGGER_OPEN_DRAIN", "SYNCHRONOUS_MASTER", "SYNCHRONOUS_ACCEPTOR")  # fmt: skip


def display() -> Namespace:
    """The `display` table."""
    names = (
        *(f"SCREEN_{n}" for n in _SCREENS), *(f"BUTTONS_{n}" for n in _BUTTONS),
        *(f"STATE_{n}" for n in _STATES), "TEXT1", "TEXT2", "FORMAT_EXPONENT", "FORMAT_PREFIX",
    )  # fmt: skip
    space = Namespace(
        constants={name: f"display.{name}" for name in names},
        functions={
            "changescreen": lambda _screen: None, "settext": lambda _area, _text: None,
            "clear": lambda: None, "delete": lambda _prompt: None, "prompt": lambda *_: 0,
        },
        blocking={"waitevent": panel.never},
    )  # fmt: skip
    panel.add_setting(space, "lightstate", Text("display.STATE_LCD_50"))
    panel.add_setting(space, "readingformat", Text("display.FORMAT_PREFIX"))
    return space


def digital_lines() -> Namespace:
    """The `digio` table with nothing connected."""
    space = Namespace(
        constants={f"MODE_{n}": f"digio.MODE_{n}" for n in _MODES}
        | {"STATE_LOW": "digio.STATE_LOW", "STATE_HIGH": "digio.STATE_HIGH"},
        functions={"readport": lambda: 63, "writeport": lambda _data: None},
    )
    for n in range(1, 7):
        line = space.at("line").children.setdefault(n, Namespace())
        line.functions["reset"] = lambda: None
        panel.add_setting(line, "mode", Text("digio.MODE_DIGITAL_IN"))
        panel.add_setting(line, "state", Text("digio.STATE_HIGH"))
    return space


def add_digital_triggers(trigger: Namespace) -> None:
    """Add `trigger.digout`, whose pulses nothing sees."""
    for n in range(1, 7):
        out = trigger.at("digout").children.setdefault(n, Namespace())
        out.functions |= {"assert": lambda: None, "release": lambda: None}
        panel.add_setting(out, "pulsewidth", Number(10e-6, 0.0, 100e3))
        panel.add_setting(out, "stimulus", Text("trigger.EVENT_NONE"))
        panel.add_setting(out, "logic", Text("trigger.LOGIC_NEGATIVE"))


def stopwatch(core: Core) -> Namespace:
    """The `timer` table."""
    started = [core.now]

    def clear() -> None:
        started[0] = core.now

    return Namespace(
        functions={"cleartime": clear, "gettime": lambda: round(core.now - started[0], 6)}
    )

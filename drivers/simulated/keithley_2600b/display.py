"""The front panel's display: two lines of text, a TRIG key."""

from __future__ import annotations

from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.panel import add_setting, never
from drivers.simulated.tsp.triggers import Trigger
from drivers.simulated.tsp.values import Choice, to_number

_SWITCH = Choice(0, (0, 1))

COLUMNS = (20, 32)
"""Characters of the two lines of the display."""


class Display:
    """Two lines of text, a TRIG key and settings without effect on measurements."""

    def __init__(self, core: Core) -> None:
        self.trig_key = Trigger(core)
        self.clear()

    def clear(self) -> None:
        """Blank both lines."""
        self._lines = [" " * n for n in COLUMNS]
        self._row, self._column = 0, 0

    def namespace(self) -> Namespace:
        """The `display` table."""
        constants = {
            "SMUA": 0, "SMUB": 1, "SMUA_SMUB": 2, "USER": 3,
            "MEASURE_DCAMPS": 0, "MEASURE_DCVOLTS": 1, "MEASURE_OHMS": 2, "MEASURE_WATTS": 3,
            "DIGITS_4_5": 4, "DIGITS_5_5": 5, "DIGITS_6_5": 6, "LIMIT_IV": 0, "LIMIT_P": 1,
            "ENABLE": 1, "DISABLE": 0, "LOCK": 1, "UNLOCK": 0, "SAVE": 1, "DONT_SAVE": 0,
        }  # fmt: skip
        space = Namespace(
            constants=constants,
            functions={
                "clear": self.clear,
                "settext": self._set_text,
                "gettext": self._get_text,
                "setcursor": self._set_cursor,
                "getcursor": lambda: (self._row + 1, self._column + 1, 0),
                "getannunciators": lambda: 0,
                "getlastkey": lambda: 0,
                "sendkey": lambda _: None,
            },
            blocking={"waitkey": never, "menu": never, "prompt": never, "inputvalue": never},
        )
        space.children["trigger"] = self.trig_key.namespace()
        add_setting(space, "screen", Choice(2, (0, 1, 2, 3)))
        add_setting(space, "numpad", _SWITCH)
        add_setting(space, "locallockout", _SWITCH)
        for smu in ("smua", "smub"):
            add_setting(space.at(smu), "digits", Choice(5, (4, 5, 6)))
            add_setting(space.at(f"{smu}.measure"), "func", Choice(1, (0, 1, 2, 3)))
            add_setting(space.at(f"{smu}.limit"), "func", _SWITCH)
        space.at("loadmenu").functions |= {"add": lambda *_: None, "delete": lambda *_: None}
        return space

    def _set_text(self, text: object) -> None:
        line, at = self._lines[self._row], self._column
        width = COLUMNS[self._row]
        written = str(text)[: width - at]
        self._lines[self._row] = (line[:at] + written + line[at + len(written) :])[:width]
        self._column = min(at + len(written), width - 1)

    def _get_text(self, *_: object) -> str:
        return "$N".join(self._lines)

    def _set_cursor(self, row: object, column: object, _style: object = 0) -> None:
        self._row = 0 if row == 1 else 1
        position = int(to_number("column", column))
        self._column = min(max(position, 1), COLUMNS[self._row]) - 1

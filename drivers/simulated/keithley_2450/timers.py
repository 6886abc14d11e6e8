"""Trigger events and the four trigger timers.

Events are constants that print as their names. A timer that is enabled is started by its
stimulus, or at once when it has none; then it fires after each of `count` delays, and before the
first one as well when `start.generate` is on.
"""

from __future__ import annotations

from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.errors import Fault
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.triggers import Delayer
from drivers.simulated.tsp.values import Number

_NUMBERED = {"NOTIFY": 8, "DIGIO": 6, "TSPLINK": 3, "LAN": 8, "BLENDER": 2, "TIMER": 4}
_NAMES = (
    "DISPLAY", "COMMAND", "SOURCE_LIMIT",
    *(f"{name}{k}" for name, most in _NUMBERED.items() for k in range(1, most + 1)),
)  # fmt: skip
NONE = "trigger.EVENT_NONE"
ON, OFF = "trigger.ON", "trigger.OFF"
_SECONDS = Number(0.0, 0.0, 1e11)


class TriggerEvents:
    """The trigger events by the names that scripts know them by."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._ids = {f"trigger.EVENT_{name}": core.bus.new_event() for name in _NAMES}
        self.constants = {name.removeprefix("trigger."): name for name in (NONE, *self._ids)}

    def number(self, what: str, event: object, *, none: bool = True) -> int:
        """The bus's number of an event, 0 for none."""
        if event in (NONE, 0) and none:
            return 0
        if not isinstance(event, str) or event not in self._ids:
            raise Fault(-224, f"Illegal parameter value: {what} takes a trigger event")
        return self._ids[event]

    def fire(self, event: str) -> None:
        """Let an event happen."""
        self.core.bus.fire(self._ids[event])

    def name_of(self, number: int) -> str:
        """The name of an event."""
        return next((name for name, known in self._ids.items() if known == number), NONE)


class Timer(Delayer):
    """One trigger timer."""

    _delay = Number(10e-6, 8e-6, 100e3)

    def __init__(self, core: Core, events: TriggerEvents, number: int) -> None:
        super().__init__(core)
        self._events = events
        self.event_id = events.number("timer", f"trigger.EVENT_TIMER{number}")
        self._stimulus = 0
        self.reset()

    def reset(self) -> None:
        self._listen(0)
        self._enabled = self._generate = False
        self._seconds = self._fraction = 0.0
        super().reset()

    def clear(self) -> None:
        super().clear()
        self.start_overrun = False

    def namespace(self) -> Namespace:
        space = self._delays_in(
            Namespace(functions={"clear": self.clear}, blocking={"wait": self.wait})
        )
        space.attribute("enable", lambda: ON if self._enabled else OFF, self._set_enable)
        start = space.at("start")
        start.attribute("generate", lambda: ON if self._generate else OFF, self._set_generate)
        start.attribute("overrun", lambda: self.start_overrun)
        start.attribute("stimulus", lambda: self._events.name_of(self._stimulus), self._set)
        start.attribute("seconds", lambda: self._seconds, self._set_seconds)
        start.attribute("fractionalseconds", lambda: self._fraction, self._set_fraction)
        return space

    def trigger(self) -> None:
        """Start the delays."""
        if not self._enabled:
            return
        if self._running is not None:
            self.start_overrun = True
            return
        self._start()
        if self._generate:
            self.emit()

    def _set_enable(self, value: object) -> None:
        self._stop()
        self._enabled, self._index = switched("enable", value), 0
        if self._enabled and not self._stimulus:
            self.trigger()

    def _set_generate(self, value: object) -> None:
        self._generate = switched("start.generate", value)

    def _set_seconds(self, value: object) -> None:
        self._seconds = _SECONDS.accept("start.seconds", value)

    def _set_fraction(self, value: object) -> None:
        self._fraction = _SECONDS.accept("start.fractionalseconds", value)

    def _set(self, value: object) -> None:
        self._listen(self._events.number("start.stimulus", value))

    def _listen(self, stimulus: int) -> None:
        self.core.bus.listen(self.trigger, self._stimulus, stimulus)
        self._stimulus = stimulus


def switched(name: str, value: object) -> bool:
    """Whether a switch of the `trigger` table is on; it takes its constants, 1 and 0."""
    known = {ON: True, OFF: False, 1: True, 0: False}
    if isinstance(value, (str, int, float)) and value in known:
        return known[value]
    raise Fault(-224, f"Illegal parameter value: {name} takes trigger.ON or trigger.OFF")

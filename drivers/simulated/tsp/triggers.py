"""Trigger objects besides the SMUs: timers, blenders, generators and front-panel inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drivers.simulated.scheduler import Appointment
from drivers.simulated.tsp.core import Core, Wait
from drivers.simulated.tsp.errors import too_small, wrong_type
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Flag, Number, to_number

_COUNT = Number(1, 0, 1_048_575, whole=True)
_STIMULUS = Number(0, 0, whole=True)
_FLAG = Flag(False)
_TIMEOUT = Number(0.0, 0.0, 1e9)
_LEAST_MEAN_DELAY = 50e-6
"""Least mean of a delay list of several elements, in s."""


class Trigger:
    """A source of trigger events with the detector that `wait` looks at."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.event_id = core.bus.new_event()
        self.detected = False
        self.overrun = False

    def emit(self) -> None:
        """Generate an event."""
        self.overrun = self.overrun or self.detected
        self.detected = True
        self.core.bus.fire(self.event_id)

    def clear(self) -> None:
        """Forget detected events."""
        self.detected = self.overrun = False

    def wait(self, timeout: object = 0.0) -> Wait:
        """Wait for an event; true when one came in time."""
        limit = float(_TIMEOUT.accept("timeout", timeout))
        return Wait(lambda: self.detected, self._take, self.core.now + limit)

    def namespace(self) -> Namespace:
        """The object's table."""
        space = Namespace(
            constants={"EVENT_ID": self.event_id},
            functions={"clear": self.clear},
            blocking={"wait": self.wait},
        )
        space.attribute("overrun", lambda: self.overrun)
        return space

    def _take(self) -> tuple[bool]:
        detected, self.detected = self.detected, False
        return (detected,)


class Delayer(Trigger):
    """Delays an event, or repeats it at intervals.

    The delays of a list follow each other, over one trigger and the next.
    """

    _delay = Number(10e-6, 0.5e-6, 100e3)

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._index = self._left = 0
        self._running: Appointment | None = None

    def reset(self) -> None:
        """Restore defaults and stop."""
        self._stop()
        self._count = 1
        self._delays, self._index = [self._delay.default], 0
        self.clear()

    def _delays_in(self, space: Namespace) -> Namespace:
        """The table, with what sets the delays."""
        space.functions["reset"] = self.reset
        space.attribute("count", lambda: self._count, self._set_count)
        space.attribute("delay", lambda: self._delays[self._index], self._set_delay)
        space.attribute("delaylist", lambda: list(self._delays), self._set_delays)
        return space

    def _start(self) -> None:
        self._left = self._count
        self._schedule()

    def _schedule(self) -> None:
        delay = self._delays[self._index]
        self._index = (self._index + 1) % len(self._delays)
        scheduler = self.core.scheduler
        self._running = scheduler.at(scheduler.now + delay, self._expire)

    def _expire(self) -> None:
        self._running = None
        if self._count:
            self._left -= 1
        if self._left or not self._count:
            self._schedule()
        self.emit()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _set_count(self, value: object) -> None:
        self._count = int(_COUNT.accept("count", value))

    def _set_delay(self, value: object) -> None:
        self._delays, self._index = [self._delay.accept("delay", value)], 0

    def _set_delays(self, value: object) -> None:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise wrong_type("delaylist takes a table of numbers")
        delays = [self._delay.accept(f"delaylist[{n}]", v) for n, v in enumerate(value, 1)]
        if len(delays) > 1 and sum(delays) < _LEAST_MEAN_DELAY * len(delays):
            raise too_small("delaylist, mean below 50 us")
        self._delays, self._index = delays, 0


class Timer(Delayer):
    """The timer of a 2600 or 3700.

    A trigger that comes while a delay runs is lost and noted in the status model. Its list begins
    again when it or the stimulus is written.
    """

    def __init__(self, core: Core, number: int) -> None:
        super().__init__(core)
        self._bit = 1 << number
        self._stimulus = 0
        self._overruns = core.status["operation.instrument.trigger_timer.trigger_overrun"]
        self.reset()

    def reset(self) -> None:
        self._set_stimulus(0)
        self._passthrough = False
        super().reset()

    def clear(self) -> None:
        """Forget detected events and overruns."""
        super().clear()
        self._overruns.put(self._bit, False)

    def trigger(self) -> None:
        """Start the delay."""
        if self._running is not None:
            self._overruns.put(self._bit, True)
            return
        self._start()
        if self._passthrough:
            self.emit()

    def namespace(self) -> Namespace:
        """The timer's table."""
        space = self._delays_in(super().namespace())
        space.attribute("passthrough", lambda: self._passthrough, self._set_passthrough)
        space.attribute("stimulus", lambda: self._stimulus, self._set_stimulus)
        return space

    def _set_passthrough(self, value: object) -> None:
        self._passthrough = _FLAG.accept("passthrough", value)

    def _set_stimulus(self, value: object) -> None:
        stimulus = int(_STIMULUS.accept("stimulus", value))
        self.core.bus.listen(self.trigger, self._stimulus, stimulus)
        self._stimulus, self._index = stimulus, 0
        self._stop()


class Blender(Trigger):
    """Fires when one (or) or all (and) of its four stimuli have come."""

    INPUTS = 4

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._stimuli = [0] * self.INPUTS
        self._listeners = [self._listener(n) for n in range(self.INPUTS)]
        self._seen: set[int] = set()
        self.reset()

    def reset(self) -> None:
        """Restore defaults."""
        self._or = False
        for n in range(self.INPUTS):
            self._set(n, 0)
        self.clear()

    def clear(self) -> None:
        """Forget detected events."""
        super().clear()
        self._seen.clear()

    def namespace(self) -> Namespace:
        """The blender's table, with its array of stimuli."""
        space = super().namespace()
        space.functions["reset"] = self.reset
        space.attribute("orenable", lambda: self._or, self._set_or)
        space.children["stimulus"] = Stimuli(self._stimuli, self._set)
        return space

    def _listener(self, n: int) -> Callable[[], None]:
        return lambda: self._arrive(n)

    def _arrive(self, n: int) -> None:
        self._seen.add(n)
        wanted = {k for k, stimulus in enumerate(self._stimuli) if stimulus}
        if self._or or self._seen >= wanted:
            self._seen.clear()
            self.emit()

    def _set_or(self, value: object) -> None:
        self._or = _FLAG.accept("orenable", value)

    def _set(self, n: int, value: object) -> None:
        stimulus = int(_STIMULUS.accept(f"stimulus[{n + 1}]", value))
        self.core.bus.listen(self._listeners[n], self._stimuli[n], stimulus)
        self._stimuli[n] = stimulus


class Stimuli(Namespace):
    """The stimulus inputs of a blender, an array from 1."""

    def __init__(self, stimuli: list[int], write: Callable[[int, object], None]) -> None:
        super().__init__()
        self._values, self._write = stimuli, write

    def get(self, key: object) -> object:
        """One input's stimulus."""
        return self._values[int(to_number("index", key)) - 1] if self._known(key) else None

    def put(self, key: object, value: object) -> None:
        """Choose one input's stimulus."""
        if self._known(key):
            self._write(int(to_number("index", key)) - 1, value)
        else:
            super().put(key, value)

    def _known(self, key: object) -> bool:
        return isinstance(key, (int, float)) and key in range(1, len(self._values) + 1)

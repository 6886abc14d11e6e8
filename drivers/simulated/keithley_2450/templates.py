"""Ready trigger models: `trigger.model.load` and the sweeps of `smu.source`.

The reference says what these do, not from which blocks: those are chosen to do it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from drivers.simulated.keithley_2450.blocks import Block
from drivers.simulated.keithley_2450.buffers import ReadingBuffer
from drivers.simulated.keithley_2450.config_lists import ConfigLists
from drivers.simulated.keithley_2450.smu import Smu
from drivers.simulated.keithley_2450.smu_table import DELAY_AUTO, OFF, ON, switch
from drivers.simulated.keithley_2450.timers import TriggerEvents
from drivers.simulated.keithley_2450.trigger_model import TriggerModel
from drivers.simulated.tsp.errors import Fault, conflict
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number, Value, to_number

_POINTS = Number(2, 2, 1_000_000, whole=True)
_COUNT = Number(1, 1, 268_435_455, whole=True)
_DELAY = Number(0.0, 0.0, 10e3)
_DURATION = Number(1.0, 167e-9, 100e3)
_ENDLESS = "smu.INFINITE"
_RANGES = ("smu.RANGE_BEST", "smu.RANGE_AUTO", "smu.RANGE_FIXED")
_SWITCH = switch(ON)


class Templates:
    """Fills the trigger model.

    Parameters
    ----------
    default
        Where readings go that no buffer is named for.
    """

    def __init__(
        self, smu: Smu, lists: ConfigLists, model: TriggerModel, triggers: TriggerEvents,
        default: ReadingBuffer,
    ) -> None:  # fmt: skip
        self._smu, self._lists, self._model, self._default = smu, lists, model, default
        self._limit = triggers.number("event", "trigger.EVENT_SOURCE_LIMIT")

    def add_to(self, smu: Namespace, trigger: Namespace) -> None:
        """Add the functions to their tables."""
        smu.at("source").functions |= {
            "sweeplinear": self._linear, "sweeplinearstep": self._linear_step,
            "sweeplog": self._logarithmic, "sweeplist": self._sweep_list,
        }  # fmt: skip
        trigger.at("model").functions["load"] = self._load

    def _load(self, name: object, *arguments: object) -> None:
        loaders: dict[str, Callable[..., None]] = {
            "Empty": lambda *_: self._model.replace(), "SimpleLoop": self._simple_loop,
            "DurationLoop": self._duration_loop, "ConfigList": self._config_list,
        }  # fmt: skip
        if not isinstance(name, str) or name not in loaders:
            raise conflict(f"trigger.model.load: {name} is not emulated; {', '.join(loaders)} are")
        try:
            loaders[name](*arguments)
        except TypeError:
            raise Fault(-109, f"Missing parameter: trigger.model.load {name}") from None

    def _buffer(self, buffer: object) -> ReadingBuffer:
        return self._default if buffer is None else ReadingBuffer.of(buffer)

    def _simple_loop(self, count: object, delay: object = 0.0, buffer: object = None) -> None:
        target = self._buffer(buffer)
        passes = int(_COUNT.accept("count", count))
        self._model.replace(
            Block("BUFFER_CLEAR", buffer=target),
            Block("DELAY_CONSTANT", delay=_DELAY.accept("delay", delay)),
            Block("MEASURE_DIGITIZE", buffer=target),
            Block("BRANCH_COUNTER", count=passes, target=2),
        )

    def _duration_loop(self, duration: object, delay: object = 0.0, buffer: object = None) -> None:
        target = self._buffer(buffer)
        self._model.replace(
            Block("BUFFER_CLEAR", buffer=target),
            Block("DELAY_CONSTANT", delay=_DELAY.accept("delay", delay)),
            Block("MEASURE_DIGITIZE", buffer=target),
            Block("BRANCH_DURATION", delay=_DURATION.accept("duration", duration), target=2),
        )

    def _config_list(
        self, measure: object, source: object, delay: object = 0.0, buffer: object = None
    ) -> None:
        target = self._buffer(buffer)
        names = (self._lists.named(measure).name, self._lists.named(source).name)
        size = max(len(self._lists.named(name).indexes) for name in names)
        self._model.replace(
            Block("BUFFER_CLEAR", buffer=target),
            Block("CONFIG_RECALL", lists=tuple((name, 1) for name in names)),
            Block("SOURCE_OUTPUT", on=True),
            Block("BRANCH_ALWAYS", target=6),
            Block("CONFIG_NEXT", lists=tuple((name, 0) for name in names)),
            Block("DELAY_CONSTANT", delay=_DELAY.accept("delay", delay)),
            Block("MEASURE_DIGITIZE", buffer=target),
            Block("BRANCH_COUNTER", count=max(size, 1), target=5),
            Block("SOURCE_OUTPUT", on=False),
        )

    # Sweeps.

    def _linear(
        self, name: object, start: object, stop: object, points: object, delay: object = DELAY_AUTO,
        *others: object,
    ) -> None:  # fmt: skip
        first, last = to_number("start", start), to_number("stop", stop)
        n = int(_POINTS.accept("points", points))
        step = (last - first) / (n - 1)
        self._sweep(name, [*(first + k * step for k in range(n - 1)), last], delay, *others)

    def _linear_step(
        self, name: object, start: object, stop: object, step: object, delay: object = DELAY_AUTO,
        *others: object,
    ) -> None:  # fmt: skip
        first, by = to_number("start", start), to_number("step", step)
        steps = (to_number("stop", stop) - first) / by if by else 0.0
        n = math.floor(steps + 1e-9) + 1 if math.isfinite(steps) else 0
        if n < 2:
            raise Fault(-224, "Illegal parameter value: step leaves fewer than two points")
        self._sweep(name, [first + k * by for k in range(n)], delay, *others)

    def _logarithmic(
        self, name: object, start: object, stop: object, points: object, delay: object = DELAY_AUTO,
        *others: object,
    ) -> None:  # fmt: skip
        first, last = to_number("start", start), to_number("stop", stop)
        n = int(_POINTS.accept("points", points))
        if first * last <= 0:
            raise Fault(-224, "Illegal parameter value: a logarithmic sweep crosses 0")
        ratio = (last / first) ** (1 / (n - 1))
        self._sweep(name, [first * ratio**k for k in range(n)], delay, *others[:5])

    def _sweep(
        self, name: object, levels: list[float], delay: object, count: object = 1,
        ranging: object = _RANGES[0], fail_abort: object = ON, dual: object = OFF,
        buffer: object = None,
    ) -> None:  # fmt: skip
        if ranging not in _RANGES:
            raise Fault(-224, f"Illegal parameter value: rangeType, one of {', '.join(_RANGES)}")
        if _SWITCH.accept("dual", dual) == ON:
            levels = [*levels, *levels[::-1]]
        self._fill(name, levels, str(ranging), delay == DELAY_AUTO)
        wait = 0.0 if delay == DELAY_AUTO else _DELAY.accept("delay", delay)
        self._play(str(name), 1, len(levels), wait, count, fail_abort, buffer)

    def _fill(self, name: object, levels: list[float], ranging: str, autodelay: bool) -> None:
        """Store the levels as the indexes of a source configuration list."""
        source = self._smu.source
        quantity = source.quantity
        most = max(abs(level) for level in levels)
        own: dict[str, Value] = dict(source.settings[quantity])
        full = source.range
        if ranging == "smu.RANGE_BEST":
            own["autorange"], full = OFF, source.model.lowest(quantity, most)
        elif ranging == "smu.RANGE_AUTO":
            own["autorange"] = ON
        if autodelay:
            own["autodelay"] = ON
        chosen = self._lists.replace("source", name)
        for level in levels:
            accepted = source.kinds[quantity]["level"].accept("level", level)
            chosen.indexes.append((quantity, {**own, "level": accepted, "range": full}))

    def _sweep_list(
        self, name: object, index: object = 1, delay: object = 0.0, count: object = 1,
        fail_abort: object = ON, buffer: object = None,
    ) -> None:  # fmt: skip
        chosen = self._lists.named(name)
        first = int(_COUNT.accept("index", index))
        wait = _DELAY.accept("delay", delay)
        size = len(chosen.indexes) - first + 1
        self._play(chosen.name, first, size, wait, count, fail_abort, buffer)

    def _play(
        self, name: str, first: int, points: int, wait: float, count: object, fail_abort: object,
        buffer: object,
    ) -> None:  # fmt: skip
        target = self._buffer(buffer)
        aborting = _SWITCH.accept("failAbort", fail_abort) == ON
        again = (
            Block("BRANCH_ALWAYS", target=2)
            if count == _ENDLESS
            else Block("BRANCH_COUNTER", count=int(_COUNT.accept("count", count)), target=2)
        )
        self._model.replace(
            Block("BUFFER_CLEAR", buffer=target),
            Block("CONFIG_RECALL", lists=((name, first),)),
            Block("SOURCE_OUTPUT", on=True),
            Block("BRANCH_ALWAYS", target=6),
            Block("CONFIG_NEXT", lists=((name, 0),)),
            Block("DELAY_CONSTANT", delay=wait),
            Block("MEASURE_DIGITIZE", buffer=target),
            Block("BRANCH_ON_EVENT", events=(self._limit,), target=11)
            if aborting
            else Block("NOP"),
            Block("BRANCH_COUNTER", count=points, target=5),
            again,
            Block("SOURCE_OUTPUT", on=False),
        )

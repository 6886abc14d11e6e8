"""The blocks of a trigger model, as `trigger.model.setblock` defines them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.simulated.keithley_2450.buffers import ReadingBuffer
from drivers.simulated.keithley_2450.config_lists import ConfigLists
from drivers.simulated.keithley_2450.smu_table import ON, switch
from drivers.simulated.keithley_2450.timers import TriggerEvents
from drivers.simulated.tsp.errors import Fault, wrong_type
from drivers.simulated.tsp.values import Number

_NAMES = (
    "BUFFER_CLEAR", "MEASURE", "MEASURE_DIGITIZE", "SOURCE_OUTPUT", "CONFIG_RECALL", "CONFIG_NEXT",
    "CONFIG_PREV", "WAIT", "DELAY_CONSTANT", "NOTIFY", "NOP", "BRANCH_ALWAYS", "BRANCH_COUNTER",
    "BRANCH_ON_EVENT", "BRANCH_ONCE", "BRANCH_ONCE_EXCLUDED", "RESET_BRANCH_COUNT", "LOG_EVENT",
    "DIGITAL_IO",
)  # fmt: skip
INFINITE, STOP, AUTO = "trigger.COUNT_INFINITE", "trigger.COUNT_STOP", "trigger.COUNT_AUTO"
_CLEAR = ("trigger.CLEAR_ENTER", "trigger.CLEAR_NEVER")
_LOGIC = ("trigger.WAIT_AND", "trigger.WAIT_OR")
_TO_ONE_BLOCK = ("BRANCH_ALWAYS", "BRANCH_ONCE", "BRANCH_ONCE_EXCLUDED", "RESET_BRANCH_COUNT")
CONSTANTS = {
    **{f"BLOCK_{name}": f"trigger.BLOCK_{name}" for name in _NAMES},
    **{c.removeprefix("trigger."): c for c in (INFINITE, STOP, AUTO, *_CLEAR, *_LOGIC)},
    **{f"LOG_{kind}{n}": f"trigger.LOG_{kind}{n}" for kind in ("INFO", "WARN", "ERROR")
       for n in range(1, 5)},
}  # fmt: skip
_BLOCK = Number(1, 1, 255, whole=True)
_TARGET = Number(1, 1, 268_435_455, whole=True)
_COUNT = Number(1, 1, 1_000_000, whole=True)
_DELAY = Number(0.0, 0.0, 10e3)
LEAST_DELAY = 167e-9
_SWITCH = switch(ON)


@dataclass(frozen=True)
class Block:
    """One block; which of the fields count depends on its kind.

    Parameters
    ----------
    kind
        Name without `trigger.BLOCK_`.
    buffer
        Of BUFFER_CLEAR and MEASURE.
    count
        Of MEASURE: readings, or one of the `trigger.COUNT_` constants; of BRANCH_COUNTER.
    target
        Block that a branch goes to.
    lists
        Of the CONFIG blocks: names with the index to recall.
    events
        Of WAIT and BRANCH_ON_EVENT: the bus's numbers.
    both, clear
        Of WAIT: whether all events must come, and whether earlier ones are forgotten.
    delay
        In s.
    on
        Of SOURCE_OUTPUT.
    notify
        Event that NOTIFY fires.
    """

    kind: str
    buffer: ReadingBuffer | None = None
    count: int | str = 1
    target: int = 0
    lists: tuple[tuple[str, int], ...] = ()
    events: tuple[int, ...] = ()
    both: bool = True
    clear: bool = False
    delay: float = 0.0
    on: bool = False
    notify: str = ""

    def text(self) -> str:
        """As `trigger.model.getblocklist` shows it, for the parts that matter."""
        parts = {
            "COUNT": self.count if self.kind == "MEASURE_DIGITIZE" else None,
            "VALUE": self.count if self.kind == "BRANCH_COUNTER" else None,
            "BRANCH_BLOCK": self.target or None,
            "CONFIG_LIST": " and ".join(name for name, _ in self.lists) or None,
            "DELAY": f"{self.delay:.9f}" if self.kind == "DELAY_CONSTANT" else None,
            "OUTPUT": ("ON" if self.on else "OFF") if self.kind == "SOURCE_OUTPUT" else None,
        }
        shown = " ".join(f"{k}: {v}" for k, v in parts.items() if v is not None)
        return f"{self.kind:<22}{shown}".rstrip()


class Blocks:
    """Makes blocks of what a script passes."""

    def __init__(self, lists: ConfigLists, events: TriggerEvents, default: ReadingBuffer) -> None:
        self._lists, self._events, self._default = lists, events, default

    def make(self, kind: object, arguments: tuple[object, ...]) -> Block:
        """A block.

        Raises
        ------
        Fault
            There is no such kind, or one of its parameters is not acceptable.
        """
        name = str(kind).removeprefix("trigger.BLOCK_")
        name = "MEASURE_DIGITIZE" if name == "MEASURE" else name
        makers: dict[str, Callable[..., Block]] = {
            "BUFFER_CLEAR": self._buffer_clear, "MEASURE_DIGITIZE": self._measure,
            "SOURCE_OUTPUT": self._output, "CONFIG_RECALL": self._recall, "WAIT": self._wait,
            "CONFIG_NEXT": lambda *names: self._step("CONFIG_NEXT", *names),
            "CONFIG_PREV": lambda *names: self._step("CONFIG_PREV", *names),
            "DELAY_CONSTANT": self._delay, "NOTIFY": self._notify,
            "BRANCH_COUNTER": self._counter, "BRANCH_ON_EVENT": self._on_event,
            "NOP": lambda *_: Block("NOP"), "LOG_EVENT": lambda *_: Block("NOP"),
            "DIGITAL_IO": lambda *_: Block("NOP"),
        }  # fmt: skip
        if name in _TO_ONE_BLOCK:
            makers[name] = lambda target: Block(name, target=_block(target))
        if not isinstance(kind, str) or name not in makers:
            raise Fault(-224, f"Illegal parameter value: no trigger block {kind}")
        try:
            return makers[name](*arguments)
        except TypeError:
            raise Fault(-109, f"Missing parameter: trigger.BLOCK_{name}") from None

    def _buffer_clear(self, buffer: object = None) -> Block:
        return Block("BUFFER_CLEAR", buffer=self._buffer(buffer))

    def _measure(self, buffer: object = None, count: object = 1) -> Block:
        known = count in (INFINITE, STOP, AUTO)
        chosen = str(count) if known else int(_COUNT.accept("count", count))
        return Block("MEASURE_DIGITIZE", buffer=self._buffer(buffer), count=chosen)

    def _buffer(self, buffer: object) -> ReadingBuffer:
        return self._default if buffer is None else ReadingBuffer.of(buffer)

    def _output(self, state: object) -> Block:
        return Block("SOURCE_OUTPUT", on=_SWITCH.accept("state", state) == ON)

    def _recall(
        self, name: object, index: object = 1, other: object = None, second: object = 1
    ) -> Block:
        lists = [(self._lists.named(name).name, int(_TARGET.accept("index", index)))]
        if other is not None:
            lists.append((self._lists.named(other).name, int(_TARGET.accept("index", second))))
        return Block("CONFIG_RECALL", lists=self._different(lists))

    def _step(self, kind: str, name: object, other: object = None) -> Block:
        names = (name,) if other is None else (name, other)
        return Block(kind, lists=self._different([(self._lists.named(n).name, 0) for n in names]))

    def _different(self, lists: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        if len({self._lists.named(name).kind for name, _ in lists}) < len(lists):
            raise Fault(-221, "Settings conflict: both configuration lists are of one kind")
        return tuple(lists)

    def _wait(
        self, event: object, clear: object = _CLEAR[1], logic: object = _LOGIC[0], *more: object
    ) -> Block:
        if clear not in _CLEAR or logic not in _LOGIC:
            raise Fault(-224, "Illegal parameter value: trigger.BLOCK_WAIT clear or logic")
        events = tuple(self._events.number("event", e, none=False) for e in (event, *more))
        return Block("WAIT", events=events, clear=clear == _CLEAR[0], both=logic == _LOGIC[0])

    def _delay(self, seconds: object) -> Block:
        delay = _DELAY.accept("time", seconds)
        if 0 < delay < LEAST_DELAY:
            raise Fault(1102, f"Parameter too small: time = {delay:.9g}, least {LEAST_DELAY:.9g}")
        return Block("DELAY_CONSTANT", delay=delay)

    def _notify(self, event: object) -> Block:
        if not str(event).startswith("trigger.EVENT_NOTIFY"):
            raise Fault(-224, "Illegal parameter value: notifyID takes trigger.EVENT_NOTIFYn")
        self._events.number("notifyID", event, none=False)
        return Block("NOTIFY", notify=str(event))

    def _counter(self, count: object, target: object) -> Block:
        return Block(
            "BRANCH_COUNTER",
            count=int(_TARGET.accept("targetCount", count)),
            target=_block(target),
        )

    def _on_event(self, event: object, target: object) -> Block:
        number = self._events.number("event", event, none=False)
        return Block("BRANCH_ON_EVENT", events=(number,), target=_block(target))


def _block(number: object) -> int:
    if isinstance(number, (list, tuple)):
        raise wrong_type("branchToBlock takes a number")
    return int(_BLOCK.accept("branchToBlock", number))

"""The event log, and the status bits that scripts map events to.

Numbers and severities: 2461 reference manual, "Event numbers", and the examples of the 2450's TSP
command reference for `eventlog` and `status.operation.setmap`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.simulated.tsp.core import EPOCH, Core
from drivers.simulated.tsp.errors import ErrorEntry, ErrorQueue
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.status import Register
from drivers.simulated.tsp.values import Number

ERROR, WARN, INFO = 1, 2, 4
ABORTED, FAILED, RUNNING, IDLE = 2728, 2730, 2731, 2732
NO_LIST = 2790
"""Event of a configuration list that is not there."""
CAPACITY = 1000
_TYPES = Number(7, 0, 7, whole=True)
_BIT = Number(0, 0, 14, whole=True)
_EVENT = Number(0, -1000, 10_000, whole=True)


@dataclass(frozen=True)
class _Event:
    number: int
    message: str
    severity: int
    time: float


class EventLog(ErrorQueue):
    """What happened and has not been read; its errors are the queue of errors.

    Parameters
    ----------
    now
        The instrument's time, in bench seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._events: list[_Event] = []

    def __len__(self) -> int:
        return self.count(ERROR)

    def push(self, code: int, message: str) -> None:
        self.post(code, message, ERROR)

    def post(self, number: int, message: str, severity: int) -> None:
        """Log an event; the oldest is forgotten when the log is full."""
        self._events.append(_Event(number, message, severity, self._now()))
        del self._events[:-CAPACITY]

    def next(self) -> ErrorEntry:
        number, message, *_ = self.take(ERROR)
        return ErrorEntry(int(str(number)), str(message))

    def clear(self) -> None:
        self._events.clear()

    def count(self, types: object = 7) -> int:
        """Unread events of some types."""
        wanted = int(_TYPES.accept("eventType", types))
        return sum(bool(e.severity & wanted) for e in self._events)

    def take(self, types: object = 7) -> tuple[object, ...]:
        """The oldest unread event of some types."""
        wanted = int(_TYPES.accept("eventType", types))
        for k, event in enumerate(self._events):
            if event.severity & wanted:
                del self._events[k]
                whole = int(event.time)
                nanoseconds = int((event.time - whole) * 1e9)
                stamp = int(EPOCH) + whole
                return event.number, event.message, event.severity, 0, stamp, nanoseconds
        return 0, "No error", 0, 0, 0, 0

    def namespace(self) -> Namespace:
        """The `eventlog` table."""
        constants = {"SEV_ERROR": ERROR, "SEV_WARN": WARN, "SEV_INFO": INFO, "SEV_ALL": 7}

        def post(message: object, severity: object = INFO) -> None:
            chosen = int(_TYPES.accept("eventType", severity))
            numbers = {INFO: 1003, WARN: 1004, ERROR: 1005}
            self.post(numbers.get(chosen, 1003), f"User: {message}", chosen)

        return Namespace(
            constants=constants,
            functions={
                "clear": self.clear, "getcount": self.count, "next": self.take, "post": post,
                "suppress": lambda _event: None, "save": lambda *_: None,
            },
        )  # fmt: skip


@dataclass
class EventMap:
    """Bits of one register that events set and clear."""

    register: Register
    bits: dict[int, tuple[int, int]] = field(default_factory=dict)

    def happen(self, event: int) -> None:
        """Set and clear what is mapped to an event."""
        for bit, (sets, clears) in self.bits.items():
            if event == sets:
                self.register.put(1 << bit, True)
            elif event == clears:
                self.register.put(1 << bit, False)

    def add_to(self, space: Namespace) -> None:
        """Add the functions of the register's table."""
        space.functions |= {"setmap": self._set, "getmap": self._get}

    def _set(self, bit: object, sets: object, clears: object = 0) -> None:
        chosen = int(_BIT.accept("bitNumber", bit))
        self.bits[chosen] = (
            int(_EVENT.accept("setEvent", sets)), int(_EVENT.accept("clearEvent", clears)),
        )  # fmt: skip

    def _get(self, bit: object) -> tuple[int, int]:
        return self.bits.get(int(_BIT.accept("bitNumber", bit)), (0, 0))


class Events:
    """The log and the maps of both registers."""

    def __init__(self, core: Core, log: EventLog) -> None:
        self._core, self.log = core, log
        self._maps = {name: EventMap(core.status[name]) for name in ("operation", "questionable")}

    def happen(self, number: int, message: str = "", severity: int = INFO) -> None:
        """Log an event (unless it has no text) and let it move status bits."""
        for mapped in self._maps.values():
            mapped.happen(number)
        if message and severity == ERROR:
            self._core.error(number, message)
        elif message:
            self.log.post(number, message, severity)

    def status(self) -> Namespace:
        """The `status` table."""
        space = self._core.status.namespace()
        for name, mapped in self._maps.items():
            mapped.add_to(space.children[name])
        space.functions |= {"clear": self._clear, "preset": self._core.status.preset}
        return space

    def _clear(self) -> None:
        for name in self._maps:
            self._core.status[name].take_event()

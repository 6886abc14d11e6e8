"""What the parts of an emulated TSP instrument share: its time, events, status and bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.simulated.bench import Bench
from drivers.simulated.scheduler import EventBus, Scheduler
from drivers.simulated.tsp.errors import ErrorQueue
from drivers.simulated.tsp.status import Registers, Status

EPOCH = 1_600_000_000.0
"""What an instrument's calendar shows when the bench is switched on, in s since 1970 (UTC)."""


@dataclass
class Core:
    """Shared state.

    Parameters
    ----------
    bench
        The bench the instrument stands on.
    name
        Of the instrument, in the bench's journal.
    linefreq
        Power line frequency, in Hz.
    registers
        Its status register sets.
    message_available
        Whether the output queue holds a response.
    """

    bench: Bench
    name: str
    linefreq: float
    registers: Registers
    message_available: Callable[[], bool]
    errors: ErrorQueue = field(default_factory=ErrorQueue)
    bus: EventBus = field(default_factory=EventBus)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.bench.clock.now)
        self.status = Status(self.registers, lambda: len(self.errors) > 0, self.message_available)

    @property
    def now(self) -> float:
        """The instrument's time, in bench seconds."""
        return self.scheduler.now

    def log(self, what: str) -> None:
        """Write into the bench's journal."""
        self.bench.log(self.name, what)

    def error(self, code: int, message: str) -> None:
        """Report an error."""
        self.errors.push(code, message)
        self.status.error_pushed(code)
        self.log(f"error {code}: {message}")


@dataclass(frozen=True)
class Wait:
    """Something a script waits for.

    Parameters
    ----------
    ready
        Whether it has come about.
    result
        What the waiting call then returns.
    deadline
        Bench time at which waiting ends anyway; None: never.
    """

    ready: Callable[[], bool]
    result: Callable[[], tuple[object, ...]] = tuple
    deadline: float | None = None

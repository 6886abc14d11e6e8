"""What the parts of the emulated instrument share: its time, events, status and bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2602b.errors import ErrorQueue
from drivers.simulated.keithley_2602b.status import Status
from drivers.simulated.scheduler import EventBus, Scheduler

NAME = "keithley_2602b"


@dataclass
class Core:
    """Shared state.

    Parameters
    ----------
    bench
        The bench the instrument stands on.
    linefreq
        Power line frequency, in Hz.
    message_available
        Whether the output queue holds a response.
    """

    bench: Bench
    linefreq: float
    message_available: Callable[[], bool]
    errors: ErrorQueue = field(default_factory=ErrorQueue)
    bus: EventBus = field(default_factory=EventBus)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.bench.clock.now)
        self.status = Status(lambda: len(self.errors) > 0, self.message_available)

    @property
    def now(self) -> float:
        """The instrument's time, in bench seconds."""
        return self.scheduler.now

    def log(self, what: str) -> None:
        """Write into the bench's journal."""
        self.bench.log(NAME, what)

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

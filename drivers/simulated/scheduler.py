"""What the instrument will do and when, and the events its trigger objects send each other."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count

Action = Callable[[], None]


class Appointment:
    """Something to be done at a moment; can be cancelled."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action: Action | None = action

    def cancel(self) -> None:
        """Do not do it."""
        self.action = None


class Scheduler:
    """The instrument's own time, in bench seconds, and its appointments in order."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._heap: list[tuple[float, int, Appointment]] = []
        self._order = count()

    def at(self, t: float, action: Action) -> Appointment:
        """Do something at `t`; appointments for one moment keep the order they were made in."""
        appointment = Appointment(action)
        heapq.heappush(self._heap, (t, next(self._order), appointment))
        return appointment

    @property
    def next(self) -> float | None:
        """When the next appointment is due."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_next(self) -> None:
        """Move to the next appointment and keep it."""
        t, _, appointment = heapq.heappop(self._heap)
        if t > self.now:
            self.now = t
        if appointment.action is not None:
            appointment.action()


class EventBus:
    """Delivers trigger events to the objects that have them as their stimulus.

    Events fired while others are being delivered wait their turn, so a chain of events in
    one moment is delivered in the order it arose.
    """

    def __init__(self) -> None:
        self._ids = count(1)
        self._listeners: dict[int, list[Action]] = {}
        self._pending: deque[int] = deque()
        self._delivering = False

    def new_event(self) -> int:
        """The number of a new kind of event."""
        return next(self._ids)

    def listen(self, listener: Action, old: int, new: int) -> None:
        """Move a listener from one stimulus to another; 0 is none."""
        if old:
            self._listeners[old].remove(listener)
        if new:
            self._listeners.setdefault(new, []).append(listener)

    def fire(self, event: int) -> None:
        """Deliver an event."""
        self._pending.append(event)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._pending:
                for listener in tuple(self._listeners.get(self._pending.popleft(), ())):
                    listener()
        finally:
            self._delivering = False

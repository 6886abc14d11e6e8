"""What emulated instruments share that do things by themselves, by appointment."""

from __future__ import annotations

from abc import abstractmethod

from drivers.simulated.bench import EmulatedInstrument
from drivers.simulated.scheduler import Scheduler


class ScheduledInstrument(EmulatedInstrument):
    """An emulated instrument whose work is appointments on a scheduler of its own."""

    @property
    @abstractmethod
    def scheduler(self) -> Scheduler:
        """Its time and its appointments."""

    @property
    def next_event(self) -> float | None:
        """Bench time of the next thing that it does by itself."""
        return self.scheduler.next

    @abstractmethod
    def _settle(self) -> None:
        """Go on with what an event may have released."""

    def run_to(self, t: float) -> None:
        """Do what is due up to bench time `t`."""
        scheduler = self.scheduler
        while (due := scheduler.next) is not None and due <= t:
            scheduler.run_next()
            self._settle()
        scheduler.now = max(scheduler.now, t)
        self._settle()

    def run_while_busy(self, latest: float) -> float:
        """Do what is due until nothing is under way, at most up to `latest`; the time then."""
        while self.busy and (due := self.next_event) is not None and due <= latest:
            self.bench.clock.advance_to(due)
            self.run_to(due)
        return latest if self.busy else self.scheduler.now

"""A sink that tells what happens in a run as events: a name, and what JSON can hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from app.running.sinks import Progress, RunState, Sink
from data.run import Event, Outcome, PlayInfo, RunInfo
from protocols.plan import Plan


class TellingSink(Sink, ABC):
    """Tells `begin`, `state`, `pausing`, `play`, `progress`, `fault`, `end` and the run's log.

    A line of the log is told under its level: `info`, `mark` or `warning`. How the readings
    are told is the matter of what derives from this.

    Parameters
    ----------
    path
        Of the run's file, told at the beginning and the end; may be set until the run begins.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.begun = False
        """Whether the run has begun, and with it the file."""

    @abstractmethod
    def tell(self, event: str, **content: Any) -> None:
        """Pass an event on; infinity and NaN may occur in it."""

    def begin(self, info: RunInfo, plan: Plan) -> None:
        self.begun = True
        self.tell(
            "begin", run_id=info.run_id, protocol=info.protocol, preset=info.preset,
            parameters=info.parameters, phases=info.phases, sample=info.sample,
            simulated=info.simulated, start=info.start.isoformat(), file=self.path,
            expected_duration=plan.expected_duration,
        )  # fmt: skip

    def state(self, state: RunState, reason: str) -> None:
        self.tell("state", state=state.value, reason=reason)

    def pausing(self, seconds: float) -> None:
        self.tell("pausing", seconds=seconds)

    def play(self, play: PlayInfo) -> None:
        self.tell("play", **asdict(play))

    def progress(self, progress: Progress) -> None:
        self.tell("progress", **asdict(progress))

    def event(self, event: Event) -> None:
        self.tell(event.level, time=event.time, message=event.message)

    def end(self, outcome: Outcome, reason: str) -> None:
        if outcome is Outcome.FAILED:
            self.tell("fault", message=reason)
        # A file that could not be created does not exist; the recorder comes before this sink.
        file = self.path if self.begun else None
        self.tell("end", outcome=outcome.value, reason=reason, file=file)

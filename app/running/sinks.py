"""What listens to a run: the recorder, a progress bar, a stream of events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import Samples
from drivers.transcript import Transcript
from protocols.plan import Plan
from protocols.program import PulseProgram


class RunState(StrEnum):
    """Where a run is.

    idle ──► running ◄──► pausing ──► paused ──► running
                │            │           │
                ├────────────┴─ aborting ┘
                ▼                  ▼
        finished / failed       aborted
    """

    IDLE = "idle"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    ABORTING = "aborting"
    FINISHED = "finished"
    ABORTED = "aborted"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    fraction
        Of the expected time on the instruments, from 0 to 1.
    remaining
        Expected time still needed on the instruments, in s.
    label
        What is being played.
    resistance
        Present regulating resistance, in ohm.
    pulse, pulses
        Number of the latest pulse and of pulses in the program; 0 where there are none.
    cycle
        Number of the cycle; 0 for none.
    voltage
        Latest voltage read, in V.
    """

    fraction: float
    remaining: float
    label: str
    resistance: float
    pulse: int
    pulses: int
    cycle: int
    voltage: float


class Sink:
    """Listens to one run; each method is called from the thread that owns the instruments.

    What a sink raises ends the run: a recorder that cannot write must not be ignored.
    """

    def begin(self, info: RunInfo, plan: Plan) -> None:
        """Once, before anything is energised."""

    def state(self, state: RunState, reason: str) -> None:
        """Whenever the run's state changes."""

    def pausing(self, seconds: float) -> None:
        """When a pause waits for the program that plays: for so long at most, in s of its time."""

    def program(self, program: PulseProgram) -> None:
        """Before the first play of a program that the plan does not hold (closed loops)."""

    def play(self, play: PlayInfo) -> None:
        """Before the readings of each program."""

    def block(self, samples: Samples) -> None:
        """For each block of readings, in order."""

    def progress(self, progress: Progress) -> None:
        """After each block and each step."""

    def event(self, event: Event) -> None:
        """For each line of the run's log."""

    def instrument_failed(self, transcript: Transcript) -> str:  # noqa: ARG002 (for overriding)
        """Before the end, once the rig was made safe, when an instrument failed.

        Returns
        -------
        str
            Where the last messages are kept now; "" when this sink keeps none.
        """
        return ""

    def end(self, outcome: Outcome, reason: str) -> None:
        """Once, after the rig was made safe; also when the run failed."""

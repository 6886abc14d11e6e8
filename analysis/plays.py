"""From a run to what was played in each state: every reading beside its segment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Run
from analysis.parts import counts, remark
from data.run import Outcome
from data.samples import Samples
from protocols.program import Instant, PulseProgram
from protocols.quantities import RESISTANCE

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Played:
    """A program of the stimulus and what was read of it.

    Parameters
    ----------
    program
        As commanded.
    samples
        Its readings, one a segment from the first segment on; fewer when it was cut short.
        NaN where one was beyond the measuring range.
    started
        Its start after the start of the run, in s, on the clock of the readings.
    """

    program: PulseProgram
    samples: Samples
    started: float

    @property
    def complete(self) -> bool:
        """Whether every segment was read."""
        return len(self.samples) == len(self.program)

    @property
    def duration(self) -> Array:
        """Time of the segment of each reading, in s, shape (n,)."""
        return self.program.duration[: len(self.samples)]

    @property
    def end(self) -> Array:
        """End of the segment of each reading after the start of the program, in s."""
        return (self.program.start + self.program.duration)[: len(self.samples)]

    @property
    def pulses(self) -> NDArray[np.bool_]:
        """Which readings were taken at the end of a driven pulse."""
        return np.asarray(self.samples.instant == Instant.PULSE_END)


@dataclass(frozen=True)
class MeasuredState:
    """What was played in one state.

    Parameters
    ----------
    nominal
        Regulating resistance that was asked for, in ohm; `inf` when open.
    resistance
        Actual one, in ohm; NaN when the state was not reached.
    plays
        In the order of measurement.
    read, planned
        How many units were read to their end, and how many the protocol asked for.
    unit
        What is counted.
    """

    nominal: float
    resistance: float
    plays: tuple[Played, ...]
    read: int
    planned: int
    unit: str = "programs"

    @property
    def label(self) -> str:
        """As people read it: ``"8 kohm"``, ``"open"``."""
        return RESISTANCE.format(self.nominal)

    @property
    def complete(self) -> bool:
        """Whether everything that was planned was read."""
        return self.read >= self.planned

    @property
    def reason(self) -> str:
        """Why it is not complete; empty when it is."""
        if self.complete:
            return ""
        if not any(len(p.samples) for p in self.plays):
            return "not measured"
        return f"partial: {self.read} of {self.planned} {self.unit} were read to their end"

    @property
    def flagged(self) -> dict[str, int]:
        """Readings at the limit, out of range or late, by the name of the flag."""
        flags = np.concatenate([p.samples.flags for p in self.plays] or [np.empty(0, np.uint8)])
        return counts(flags)

    def as_json(self) -> dict[str, Any]:
        """What it is and how much of it was read, as JSON values."""
        return {
            "nominal": ohm(self.nominal), "resistance": ohm(self.resistance),
            "complete": self.complete, "reason": self.reason, "flagged": self.flagged,
        }  # fmt: skip


def measured_states(run: Run) -> tuple[MeasuredState, ...]:
    """The states that a run asks for, in order, those not reached included.

    A run that finished played all that it was to; a protocol may leave out what it has seen
    to be of no use. In one that did not, every distinct program is due in every state. A state
    that is asked for twice is one state. Programs of resets, phase 0 throughout, are left out.
    """
    programs = {p.digest: p for p in run.info.programs if p.phase.any()}
    asked = list(map(RESISTANCE.parse, run.info.parameters["states"]))
    found: dict[float, list[Played]] = {r: [] for r in asked}
    actual: dict[float, float] = {}
    for play in run.plays:
        if play.digest in programs:
            nominal = _nearest(play.resistance, list(found))
            actual.setdefault(nominal, play.resistance)
            samples = run.samples[play.rows].blanked()
            found[nominal].append(Played(programs[play.digest], samples, play.started))
    finished = run.outcome is Outcome.FINISHED
    states = []
    for nominal, plays in found.items():
        read = len({p.program.digest for p in plays if p.complete})
        states.append(
            MeasuredState(
                nominal, actual.get(nominal, math.nan), tuple(plays), read,
                read if finished else len(programs),
            )
        )  # fmt: skip
    return tuple(states)


def remarks(states: tuple[MeasuredState, ...]) -> list[str]:
    """What is missing and what is flagged, one line a remark with the states it is true of."""
    lines: dict[str, list[str]] = {}
    for s in states:
        found = [s.reason] if s.reason else []
        found += [remark(name, n) for name, n in s.flagged.items()]
        for text in found:
            lines.setdefault(text, []).append(s.label)
    return [f"{', '.join(labels)}: {text}" for text, labels in lines.items()]


def ohm(resistance: float) -> float | str | None:
    """A resistance as a JSON value: "open" for no branch, None when it is not known."""
    if math.isnan(resistance):
        return None
    return "open" if math.isinf(resistance) else resistance


def _nearest(resistance: float, nominal: list[float]) -> float:
    def distance(r: float) -> float:
        if math.isinf(r) or math.isinf(resistance):
            return 0.0 if r == resistance else math.inf
        return abs(math.log(r / resistance))

    return min(nominal, key=distance)

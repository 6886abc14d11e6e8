"""Write and verify: how many tries a target takes, and how near the last one comes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.parts import flagged, parts_of
from analysis.plays import ohm
from data.run import Outcome
from protocols.program import Instant
from protocols.quantities import CURRENT, RESISTANCE, TIME, VOLTAGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SOURCE = "Programming of analogue memory cells by write and verify; the study has none"
TRIES = Definition(
    "tries", "", "Tries, each a train of pulses and the reading after it, until the last reading.",
    _SOURCE,
)  # fmt: skip
PULSES = Definition("pulses", "", "Pulses of either sign over all tries.", _SOURCE)
ERROR = Definition(
    "final error", "V",
    "Last judged reading, at open circuit after the settling time, minus the target. It holds "
    "the instrument's own offset at 0 V, which it cannot tell.",
    _SOURCE,
)  # fmt: skip
DURATION = Definition(
    "time to target", "s", "From the first to the last judged reading.", _SOURCE
)  # fmt: skip


@dataclass(frozen=True)
class Try:
    """One try.

    Parameters
    ----------
    number
        From 1; 0 for the reading before the first.
    resistance
        Actual regulating resistance during the pulses, in ohm; NaN without pulses.
    pulses
        Count with its sign; 0 for a wait.
    time
        Of the judged reading after the first one, in s.
    voltage
        The judged reading, in V.
    """

    number: int
    resistance: float
    pulses: int
    time: float
    voltage: float


@dataclass(frozen=True)
class WriteVerifyResult(Result):
    """The tries of a run."""

    provenance: Provenance
    target: float
    tolerance: float
    settle: float
    amplitude: float
    width: float
    most_tries: int
    tries: tuple[Try, ...]
    count: Measure
    pulses: Measure
    error: Measure
    duration: Measure
    remarks: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether the last reading is within the tolerance."""
        return self.error.value is not None and abs(self.error.value) <= self.tolerance

    @property
    def complete(self) -> bool:
        """Whether the procedure came to its end: target reached, or all tries used."""
        return self.reached or len(self.tries) == self.most_tries + 1

    def table(self) -> Table:
        """One row a judged reading."""
        rows = tuple(
            (
                str(t.number), RESISTANCE.format(t.resistance) if t.pulses else "-",
                f"{t.pulses:+d}", str(Measure(DURATION, t.time)), f"{1e3 * t.voltage:.3f} mV",
                f"{1e3 * (t.voltage - self.target):+.3f} mV",
            )
            for t in self.tries
        )  # fmt: skip
        columns = ("try", "R", "pulses", "time", "voltage", "error")
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": WriteVerifyAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "complete": self.complete,
            "reached": self.reached,
            "target": self.target,
            "tolerance": self.tolerance,
            **as_json(self),
            "tries": [{**asdict(t), "resistance": ohm(t.resistance)} for t in self.tries],
            "remarks": list(self.remarks),
            "definitions": definitions(measures_of(self).values()),
        }

    def _notes(self) -> Iterator[str]:
        target = f"target {VOLTAGE.format(self.target)} within {VOLTAGE.format(self.tolerance)}"
        if self.error.value is None:
            yield f"{target}: {self.error.note}"
        else:
            state = "reached" if self.reached else "NOT reached"
            yield (
                f"{target} {state}: {self.count} tries, {self.pulses} pulses, "
                f"final error {self.error}, {self.duration}"
            )
        yield (
            f"pulses of {CURRENT.format(self.amplitude)}, {TIME.format(self.width)}; judged at "
            f"open circuit after {TIME.format(self.settle)}"
        )
        if not self.complete:
            yield f"partial: ended ({self.provenance.outcome}) before the target was reached"
        yield from self.remarks


@dataclass(frozen=True)
class WriteVerifyAnalysis(Analysis[WriteVerifyResult]):
    """Tries per target, and the final error."""

    protocol: ClassVar[str] = "write-verify"

    def analyse(self, run: Run) -> WriteVerifyResult:
        """Count the tries and judge the last; one that was cut short is left out."""
        asked, tries = run.info.parameters, tuple(_tries(run))
        target = float(asked["target"])
        found: tuple[Measure, ...]
        if tries:
            last = tries[-1]
            found = (
                Measure(TRIES, last.number), Measure(PULSES, sum(abs(t.pulses) for t in tries)),
                Measure(ERROR, last.voltage - target), Measure(DURATION, last.time),
            )  # fmt: skip
        else:
            none = "no reading was judged"
            found = tuple(Measure.undefined(d, none) for d in (TRIES, PULSES, ERROR, DURATION))
        count, pulses, error, duration = found
        return WriteVerifyResult(
            provenance=Provenance.of(run), target=target, tolerance=float(asked["tolerance"]),
            settle=float(asked["settle"]), amplitude=float(asked["amplitude"]),
            width=float(asked["width"]), most_tries=int(asked["tries"]), tries=tries, count=count,
            pulses=pulses, error=error, duration=duration, remarks=tuple(_remarks(run)),
        )  # fmt: skip

    def figure(self, result: WriteVerifyResult, dark: bool = False) -> Figure:
        """The judged voltage and its error after each try."""
        from analysis.write_verify_figure import draw

        return draw(result, dark)


def _tries(run: Run) -> Iterator[Try]:
    resistance, pulses, number, start = math.nan, 0, 0, math.nan
    for part in parts_of(run):
        s = part.samples
        if part.phase == "write":
            levels = s.source_level[s.instant == Instant.PULSE_END]
            resistance, pulses = part.resistance, int(np.sign(levels).sum())
            continue
        if s.over_range[-1]:
            return
        time = float(s.time[-1])
        start = time if number == 0 else start
        yield Try(number, resistance, pulses, time - start, float(s.voltage[-1]))
        resistance, pulses, number = math.nan, 0, number + 1


def _remarks(run: Run) -> Iterator[str]:
    yield from flagged(run.samples.flags)
    if run.outcome is Outcome.FAILED:
        yield "the run failed; its log says why"

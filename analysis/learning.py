"""Learning, forgetting, relearning: how fast the voltage grows in each state, what is left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.crossing import first_rise
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.parts import Part, flagged, parts_of
from analysis.plays import ohm
from analysis.weight_change import STUDY
from protocols.program import Instant
from protocols.quantities import CURRENT, RESISTANCE, TIME, VOLTAGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
ReadInstant = Literal["gap-end", "pulse-end"]

_SOURCE = f"{STUDY}, Fig. 3f; no measure is given there"
GAINED = Definition(
    "PSV gained", "V", "PSV after the last pulse of a train minus PSV after its first.", _SOURCE
)
PER_PULSE = Definition(
    "PSV gained per pulse", "V", "PSV gained over the pulses between.", _SOURCE
)  # fmt: skip
RISE_TIME = Definition(
    "time to threshold", "s",
    "Time of stimulation, from the start of a train, until the PSV has risen by the threshold "
    "above that after its first pulse; linear interpolation between pulses.",
    _SOURCE,
)  # fmt: skip
LEFT = Definition(
    "fraction left", "",
    "PSV at the end of the rest over PSV after the last pulse before it. The resistance is "
    "switched between, so the loss includes that of the pause.",
    _SOURCE,
)  # fmt: skip
RELEARNING_RATE = Definition(
    "relearning rate", "",
    "PSV gained per pulse while relearning over the same in the first learning in that state; "
    "above 1 when relearning is faster.",
    _SOURCE,
)  # fmt: skip
SAVINGS = Definition(
    "savings", "",
    "1 - (time of stimulation of the relearning to the PSV at which the first learning in that "
    "state ended) / (the same of the first learning). Each train counts from where it starts: "
    "compare the starts too.",
    "Savings after Ebbinghaus, Über das Gedächtnis, 1885",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What the study leaves open, chosen by name.

    Parameters
    ----------
    instant
        The reading that is the PSV: at the end of the gap, or at the end of the pulse.
    threshold
        Rise of the PSV for the time to threshold, in V.
    """

    instant: ReadInstant = "gap-end"
    threshold: float = 50e-3


@dataclass(frozen=True, eq=False)
class Stretch:
    """One train of pulses, or the rest, in one state.

    Parameters
    ----------
    phase
        "learning", "forgetting" or "relearning".
    nominal, resistance
        Regulating resistance that was asked for and the actual one, in ohm; the latter NaN
        when the stretch was not reached.
    planned
        Readings of the PSV that were asked for.
    time
        Of each reading of the PSV, in s after the first reading of the run, shape (n,).
    psv
        The readings, in V, shape (n,).
    trace
        Time (s) and voltage (V) of all readings, shape (2, m); NaN for a voltage beyond the
        measuring range, where the train counts as cut short.
    gained, per_pulse, rise_time
        Of a train.
    left
        Of the rest.
    """

    phase: str
    nominal: float
    resistance: float
    planned: int
    time: Array
    psv: Array
    trace: Array
    gained: Measure
    per_pulse: Measure
    rise_time: Measure
    left: Measure

    @property
    def label(self) -> str:
        """The state as people read it: ``"8 kohm"``, ``"open"``."""
        return RESISTANCE.format(self.nominal)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was read."""
        return len(self.psv) == self.planned


@dataclass(frozen=True)
class Relearned:
    """Relearning against first learning in one state, `nominal` ohm."""

    nominal: float
    rate: Measure
    savings: Measure


@dataclass(frozen=True)
class LearningResult(Result):
    """A run of learning, stretch by stretch in the order of time."""

    provenance: Provenance
    options: Options
    stimulus: tuple[float, float, float]
    """Amplitude in A, width in s, gap in s."""
    stretches: tuple[Stretch, ...]
    relearned: tuple[Relearned, ...]
    remarks: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything that was planned was read."""
        return all(s.complete for s in self.stretches)

    def of(self, phase: str) -> tuple[Stretch, ...]:
        """The stretches of a phase."""
        return tuple(s for s in self.stretches if s.phase == phase)

    def table(self) -> Table:
        """One row a stretch."""
        rows = tuple(
            (
                s.phase, s.label, *(VOLTAGE.format(round(float(v), 5)) for v in s.psv[[0, -1]]),
                str(s.gained), str(s.per_pulse), str(s.rise_time), str(s.left),
            )
            if len(s.psv)
            else (s.phase, s.label, *["-"] * 6)
            for s in self.stretches
        )  # fmt: skip
        columns = (
            "phase", "R", "from", "to", "gained", "per pulse",
            f"time to +{VOLTAGE.format(self.options.threshold)}", LEFT.name,
        )  # fmt: skip
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": LearningAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "stretches": [
                {
                    "phase": s.phase, "nominal": ohm(s.nominal), "resistance": ohm(s.resistance),
                    "complete": s.complete, **as_json(s), "time": s.time.tolist(),
                    "psv": s.psv.tolist(),
                }
                for s in self.stretches
            ],
            "relearned": [{"nominal": ohm(r.nominal), **as_json(r)} for r in self.relearned],
            "remarks": list(self.remarks),
            "definitions": definitions(
                m for r in (*self.stretches, *self.relearned) for m in measures_of(r).values()
            ),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield (
            f"{CURRENT.format(self.stimulus[0])}; PSV read at the "
            f"{self.options.instant.replace('-', ' ')}; "
            "each state carries on from where the one before ended"
        )
        for r in self.relearned:
            for m in (r.rate, r.savings):
                told = f"{m}" if m.value is not None else m.note
                yield f"{RESISTANCE.format(r.nominal)}: {m.definition.name} {told}"
        for s in self.stretches:
            if len(s.psv) and s.rise_time.value is None and s.phase != "forgetting":
                yield f"{s.phase} at {s.label}: {s.rise_time.note}"
            if not s.complete:
                yield f"{s.phase} at {s.label}: {len(s.psv)} of {s.planned} readings of the PSV"
        yield from self.remarks


@dataclass(frozen=True)
class LearningAnalysis(Analysis[LearningResult]):
    """PSV gained per pulse, time to a threshold, what a rest leaves, and relearning."""

    options: Options = Options()
    protocol: ClassVar[str] = "learning"

    def analyse(self, run: Run) -> LearningResult:
        """Measure every stretch; one that was cut short with what there is of it."""
        asked, found = run.info.parameters, list(parts_of(run))
        stimulus = (float(asked["amplitude"]), float(asked["width"]), float(asked["gap"]))
        period = stimulus[1] + stimulus[2]
        start = float(found[0].samples.time[0]) if found else 0.0
        stretches: list[Stretch] = []
        for phase, nominal, planned in _plan(asked, period):
            # A run plays its parts in the order of the plan.
            part = found[len(stretches)] if len(stretches) < len(found) else None
            last = stretches[-1] if stretches else None
            before = float(last.psv[-1]) if last and last.complete and len(last.psv) else None
            stretches.append(self._stretch(phase, nominal, planned, part, start, period, before))
        return LearningResult(
            provenance=Provenance.of(run), options=self.options, stimulus=stimulus,
            stretches=tuple(stretches), relearned=tuple(self._relearned(stretches, period)),
            remarks=tuple(flagged(run.samples.flags)),
        )  # fmt: skip

    def figure(self, result: LearningResult, dark: bool = False) -> Figure:
        """PSV against time under the states' bands; rate and time to threshold per state."""
        from analysis.learning_figure import draw

        return draw(result, dark)

    def _stretch(
        self,
        phase: str,
        nominal: float,
        planned: int,
        part: Part | None,
        start: float,
        period: float,
        before: float | None,
    ) -> Stretch:
        none = np.empty(0)
        time, psv, trace, resistance = none, none, np.empty((2, 0)), math.nan
        train = phase != "forgetting"
        if part:
            s, resistance = part.samples, part.resistance
            trace = np.array([s.time - start, s.voltage])
            chosen = s.instant == (
                Instant.REST if phase == "forgetting" else _INSTANTS[self.options.instant]
            )
            time, psv = _known(trace[:, chosen], train=train)
        gained, per_pulse, rise = _train_measures(psv if train else none, self.options, period)
        return Stretch(
            phase=phase, nominal=nominal, resistance=resistance, planned=planned, time=time,
            psv=psv, trace=trace, gained=gained, per_pulse=per_pulse, rise_time=rise,
            left=_left(psv if not train and len(psv) == planned else none, before),
        )  # fmt: skip

    def _relearned(self, stretches: list[Stretch], period: float) -> Iterator[Relearned]:
        first = {s.nominal: s for s in reversed(stretches) if s.phase == "learning"}
        for again in stretches:
            if again.phase == "relearning" and again.nominal in first:
                once = first[again.nominal]
                yield Relearned(
                    again.nominal, _rate(once, again), _savings(once, again, period)
                )  # fmt: skip


def _known(readings: Array, *, train: bool) -> Array:
    """Without those beyond the measuring range; a train, whose pulses are counted, ends there."""
    over = np.isnan(readings[1])
    return readings[:, : int(np.argmax(over))] if train and over.any() else readings[:, ~over]


_INSTANTS = {"gap-end": Instant.GAP_END, "pulse-end": Instant.PULSE_END}


def _plan(asked: Any, period: float) -> Iterator[tuple[str, float, int]]:
    """Phase, resistance and readings of the PSV of every stretch that was asked for."""
    # The guard keeps a dwell that is a whole number of periods whole.
    pulses = int(float(asked["dwell"]) / period * (1 + 1e-12))
    yield from (("learning", RESISTANCE.parse(r), pulses) for r in asked["states"])
    if float(asked["forget_time"]):
        resistance = RESISTANCE.parse(asked["forget_resistance"])
        yield "forgetting", resistance, int(asked["forget_readings"])
    yield from (("relearning", RESISTANCE.parse(r), pulses) for r in asked["relearn_states"])


def _train_measures(
    psv: Array, options: Options, period: float
) -> tuple[Measure, Measure, Measure]:
    if len(psv) < 2:
        why = f"{len(psv)} pulses of a train were read; at least 2 are needed"
        return (
            Measure.undefined(GAINED, why), Measure.undefined(PER_PULSE, why),
            Measure.undefined(RISE_TIME, why),
        )  # fmt: skip
    gained = float(psv[-1] - psv[0])
    time: Array = np.asarray(period * np.arange(1, len(psv) + 1), dtype=np.float64)
    rise = RISE_TIME, time, psv, float(psv[0]) + options.threshold
    note = f"rise of {VOLTAGE.format(options.threshold)}"
    return (
        Measure(GAINED, gained), Measure(PER_PULSE, gained / (len(psv) - 1)), _time(*rise, note),
    )  # fmt: skip


def _time(definition: Definition, time: Array, psv: Array, level: float, note: str) -> Measure:
    crossed = first_rise(time, psv, level)
    if crossed is None:
        rose = VOLTAGE.format(round(float(psv.max() - psv[0]), 5))
        return Measure.undefined(
            definition, f"the PSV rose by {rose} in {TIME.format(float(time[-1]))}, not by {note}"
        )
    return Measure(definition, crossed[0], note=note)


def _left(psv: Array, before: float | None) -> Measure:
    if not len(psv) or before is None:
        return Measure.undefined(LEFT, "not a rest that was read to its end")
    if before <= 0:
        return Measure.undefined(LEFT, f"the PSV before it is {VOLTAGE.format(before)}")
    return Measure(LEFT, float(psv[-1]) / before)


def _rate(once: Stretch, again: Stretch) -> Measure:
    first, second = once.per_pulse.value, again.per_pulse.value
    if first is None or second is None:
        return Measure.undefined(RELEARNING_RATE, "one of the trains was not read")
    if first <= 0:
        return Measure.undefined(RELEARNING_RATE, "the first learning gained nothing")
    return Measure(RELEARNING_RATE, second / first)


def _savings(once: Stretch, again: Stretch, period: float) -> Measure:
    if not (once.complete and len(again.psv) > 1):
        return Measure.undefined(SAVINGS, "one of the trains was not read")
    level = float(once.psv[-1])
    longest = max(len(once.psv), len(again.psv))
    time: Array = np.asarray(period * np.arange(1, longest + 1), dtype=np.float64)
    first = first_rise(time[: len(once.psv)], once.psv, level)
    second = first_rise(time[: len(again.psv)], again.psv, level)
    if first is None or second is None:
        came, wanted = (VOLTAGE.format(round(v, 4)) for v in (float(again.psv.max()), level))
        return Measure.undefined(
            SAVINGS, f"undefined, relearning came to {came} and the first learning to {wanted}"
        )
    starts = " and ".join(VOLTAGE.format(round(float(s.psv[0]), 4)) for s in (once, again))
    return Measure(SAVINGS, 1 - second[0] / first[0], note=f"the trains start at {starts}")

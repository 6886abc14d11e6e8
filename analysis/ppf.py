"""Paired-pulse facilitation: how much a pulse adds to the next, and for how long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.captions import DOT
from analysis.crossing import first_rise
from analysis.double_exponential import CRITERION, Decay, Parameter, fit_decay
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.pairs import Pair, Trace, read_pairs
from analysis.plays import MeasuredState, measured_states, remarks
from analysis.weight_change import STUDY
from protocols.quantities import CURRENT, TIME

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Index = Literal["ratio", "difference"]

THRESHOLD = 0.01
"""Facilitation A2/A1 - 1 below which a pair counts as forgotten."""
_PUNCTUAL = 0.01
"""Deviation of an interval from the one asked for that is worth a remark."""

_SOURCE = f"{STUDY}, Fig. 3a to 3c"
_FORMULA: dict[Index, str] = {"ratio": "A2/A1", "difference": "(A2 - A1)/A1"}
_INDEX: dict[Index, Definition] = {
    option: Definition(
        "PPF index" if option == "ratio" else "PPF index (difference)", "",
        f"{formula} at the shortest interval; A1 and A2 are the voltages at the end of the first "
        "and the second pulse, the interval counts from the end of the first to the start of the "
        "second; mean over the repeats.",
        _SOURCE if option == "ratio" else "Option; common in the literature on synapses",
    )
    for option, formula in _FORMULA.items()
}  # fmt: skip
FIRST = Definition(
    "A1", "V",
    "Voltage at the end of the first pulse of the pairs at the shortest interval, mean over the "
    "repeats.",
    _SOURCE,
)  # fmt: skip
SECOND = Definition("A2", "V", "The same at the end of the second pulse.", _SOURCE)
_FIT = (
    "of the least-squares fit A2/A1 - 1 = C1 exp(-dt/tau1) + C2 exp(-dt/tau2), tau1 < tau2, dt "
    "the interval, equal weights; " + CRITERION + ". 95 % interval from the residuals; that of a "
    "time constant is symmetric in its logarithm."
)  # fmt: skip
_CONVENTION = "Double-exponential decay as commonly fitted to paired-pulse facilitation"
AMPLITUDES = tuple(
    Definition(f"C{n}", "", f"Amplitude of term {n} {_FIT}", _CONVENTION) for n in (1, 2)
)
TIMES = tuple(
    Definition(f"tau{n}", "s", f"Time constant of term {n} {_FIT}", _CONVENTION) for n in (1, 2)
)
_FORGOTTEN = f"Interval at which A2/A1 has fallen to {1 + THRESHOLD:.0%}"
FORGOTTEN = Definition(
    f"time to {1 + THRESHOLD:.0%}", "s",
    f"{_FORGOTTEN}, by linear interpolation over the logarithm of the interval between the two "
    "measured intervals where it passes for the first time; these are the low and high end.",
    f"{_SOURCE}: decays to 100 %, sooner at lower R; an exponential never gets there",
)  # fmt: skip
FORGOTTEN_FIT = Definition(
    f"time to {1 + THRESHOLD:.0%} (fit)", "s",
    f"{_FORGOTTEN} on the fitted curve; 95 % interval, symmetric in the logarithm.",
    FORGOTTEN.source,
)  # fmt: skip

OFFSET = Definition(
    "zero offset", "",
    "R I0 / A1, with I0 the current measured where 0 A was asked for, just before the second "
    "pulse at the longest interval, mean over the repeats: about what the zero offset of the "
    "source adds to A2/A1 there, in any state but open. It is not subtracted. The meter's own "
    "offset is part of I0.",
    "Derived here",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What is a matter of convention, chosen by name.

    Parameters
    ----------
    index
        "ratio" for A2/A1, as in the study; "difference" for (A2 - A1)/A1.
    """

    index: Index = "ratio"


@dataclass(frozen=True, eq=False)
class PpfMeasures:
    """The facilitation in one state.

    Parameters
    ----------
    state
        What was played.
    interval, first, second
        Of each pair that was read: interval as asked for in s, A1 and A2 in V, shape (n,);
        shortest first.
    achieved
        The intervals by the instrument's clock, in s, shape (n,).
    decay
        The fit of A2/A1 - 1 over the interval.
    shortest
        One pair at the shortest interval; None when nothing was read.
    """

    state: MeasuredState
    interval: Array
    achieved: Array
    first: Array
    second: Array
    decay: Decay
    shortest: Trace | None
    a1: Measure
    a2: Measure
    index: Measure
    c1: Measure
    tau1: Measure
    c2: Measure
    tau2: Measure
    forgotten: Measure
    forgotten_fit: Measure
    offset: Measure

    @property
    def facilitation(self) -> Array:
        """A2/A1 - 1 of each pair, shape (n,)."""
        return self.second / self.first - 1

    def mean_index(self, option: Index) -> tuple[Array, Array]:
        """Distinct intervals (s) and the index at each, mean over the repeats; shape (m,)."""
        intervals, facilitation = _mean(self.interval, self.facilitation)
        return intervals, facilitation + (option == "ratio")


@dataclass(frozen=True)
class PpfResult(Result):
    """The facilitation of a run, state by state."""

    provenance: Provenance
    options: Options
    stimulus: tuple[float, float]
    """Amplitude in A and width in s of both pulses."""
    states: tuple[PpfMeasures, ...]

    @property
    def complete(self) -> bool:
        """Whether every planned pair was read."""
        return all(s.state.complete for s in self.states)

    @property
    def conditions(self) -> str:
        """How it was measured, for a footer."""
        amplitude, width = self.stimulus
        pulses = f"two pulses of {CURRENT.format(amplitude)}, {TIME.format(width)}"
        return f"{pulses}{DOT}interval from end to start"

    def table(self) -> Table:
        """One row a state."""
        names = ("a1", "a2", "index", "tau1", "tau2", "forgotten", "forgotten_fit")
        shown = [[getattr(s, name) for name in names] for s in self.states]
        columns = ("A1", "A2", _FORMULA[self.options.index], "tau1", "tau2",
                   FORGOTTEN.name, FORGOTTEN_FIT.name)  # fmt: skip
        rows = (
            (s.state.label, *(str(m) for m in measures))
            for s, measures in zip(self.states, shown, strict=True)
        )
        return Table(("R", *columns), tuple(rows), tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": PpfAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "states": [
                {
                    **s.state.as_json(), **as_json(s), "fit": s.decay.choice,
                    "interval": s.interval.tolist(), "A1": s.first.tolist(),
                    "A2": s.second.tolist(),
                }
                for s in self.states
            ],
            "definitions": definitions(m for s in self.states for m in measures_of(s).values()),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield (
            "A1, A2 and index at the shortest interval; tau with 95 % interval, "
            f"{FORGOTTEN.name} with the measured intervals around it"
        )
        yield f"fit: {CRITERION}"
        for s in self.states:
            if s.tau2.value is None and len(s.interval):
                yield f"{s.state.label}: {s.tau2.note}"
            if s.forgotten.value is None and len(s.interval):
                yield f"{s.state.label}: {FORGOTTEN.name}: {s.forgotten.note}"
            late = np.abs(s.achieved / s.interval - 1)
            if late.max(initial=0.0) > _PUNCTUAL:
                yield (
                    f"{s.state.label}: {np.count_nonzero(late > _PUNCTUAL)} intervals differ by "
                    f"up to {late.max():.1%} from the ones asked for"
                )
            if s.offset.value is not None and abs(s.offset.value) > THRESHOLD / 10:
                yield (
                    f"{s.state.label}: the source's zero offset adds about "
                    f"{s.offset.value:+.2%} to A2/A1 at the longest interval"
                )
        yield from remarks(tuple(s.state for s in self.states))


@dataclass(frozen=True)
class PpfAnalysis(Analysis[PpfResult]):
    """Index, its decay over the interval, and the time until the first pulse is forgotten."""

    options: Options = Options()
    protocol: ClassVar[str] = "ppf"

    def analyse(self, run: Run) -> PpfResult:
        """Measure every state; one that was cut short with the pairs there are of it."""
        asked = run.info.parameters
        return PpfResult(
            provenance=Provenance.of(run), options=self.options,
            stimulus=(float(asked["amplitude"]), float(asked["width"])),
            states=tuple(_measure(s, self.options.index, asked) for s in measured_states(run)),
        )  # fmt: skip

    def figure(self, result: PpfResult, dark: bool = False) -> Figure:
        """The index over the interval as curves and as a map, and the shortest pairs."""
        from analysis.ppf_figure import draw

        return draw(result, dark)


def _measure(state: MeasuredState, option: Index, asked: Mapping[str, Any]) -> PpfMeasures:
    intervals = np.array(asked["intervals"], dtype=np.float64)
    pairs = read_pairs(state, intervals, float(asked["width"]))
    state = replace(
        state, read=len(pairs), planned=len(intervals) * int(asked["repeats"]), unit="pairs"
    )
    columns = [(p.interval, p.achieved, p.first, p.second) for p in pairs]
    interval, achieved, first, second = np.array(columns, dtype=np.float64).reshape(-1, 4).T
    facilitation = second / first - 1
    decay = fit_decay(interval, facilitation)
    least = interval == interval.min(initial=math.inf)
    return PpfMeasures(
        state=state, interval=interval, achieved=achieved, first=first, second=second, decay=decay,
        shortest=pairs[0].trace if pairs else None,
        a1=_mean_of(FIRST, first[least]), a2=_mean_of(SECOND, second[least]),
        index=_mean_of(_INDEX[option], facilitation[least] + (option == "ratio")),
        c1=_parameter(AMPLITUDES[0], decay, "C", 1), tau1=_parameter(TIMES[0], decay, "tau", 1),
        c2=_parameter(AMPLITUDES[1], decay, "C", 2), tau2=_parameter(TIMES[1], decay, "tau", 2),
        forgotten=_forgotten(*_mean(interval, facilitation)),
        forgotten_fit=_forgotten_fit(decay, float(interval.max(initial=0.0))),
        offset=_offset(state, pairs),
    )  # fmt: skip


def _offset(state: MeasuredState, pairs: list[Pair]) -> Measure:
    if not pairs:
        return Measure.undefined(OFFSET, "no pair was read")
    if math.isinf(state.resistance):
        return Measure.undefined(OFFSET, "open: the offset charges the device without an end")
    longest = [p for p in pairs if p.interval == pairs[-1].interval]
    shares = [p.idle * state.resistance / p.first for p in longest]
    return Measure(OFFSET, sum(shares) / len(shares))


def _mean(interval: Array, values: Array) -> tuple[Array, Array]:
    distinct, which = np.unique(interval, return_inverse=True)
    return distinct, np.bincount(which, values) / np.bincount(which)


def _mean_of(definition: Definition, values: Array) -> Measure:
    if not len(values):
        return Measure.undefined(definition, "no pair was read")
    return Measure(definition, float(values.mean()))


def _parameter(definition: Definition, decay: Decay, name: Parameter, term: int) -> Measure:
    if (value := decay.value(name, term)) is None:
        kind = "a plateau, no tau2" if term <= decay.terms else "one exponential"
        why = f"{kind}; {decay.choice}" if decay.fit.converged else f"no fit: {decay.choice}"
        return Measure.undefined(definition, why)
    low, high = decay.interval(name, term) or (None, None)
    note = "" if low is not None else "the data do not determine an interval"
    return Measure(definition, value, low, high, note)


def _forgotten(interval: Array, facilitation: Array) -> Measure:
    if len(interval) < 2:
        return Measure.undefined(FORGOTTEN, f"{len(interval)} intervals; at least 2 are needed")
    if facilitation[0] < THRESHOLD:
        return Measure.undefined(
            FORGOTTEN,
            f"A2/A1 is {1 + facilitation[0]:.2%} already at the shortest interval of "
            f"{TIME.format(interval[0])}",
        )
    found = first_rise(np.log(interval), -facilitation, -THRESHOLD)
    if found is None:
        return Measure.undefined(
            FORGOTTEN,
            f"A2/A1 is still {1 + facilitation[-1]:.1%} at the longest interval of "
            f"{TIME.format(interval[-1])}",
        )
    place, before = found
    low, high = interval[before : before + 2].tolist()
    return Measure(FORGOTTEN, math.exp(place), low, high)


def _forgotten_fit(decay: Decay, longest: float) -> Measure:
    if not decay.fit.converged:
        return Measure.undefined(FORGOTTEN_FIT, decay.choice)
    if (found := decay.time_to(THRESHOLD)) is None:
        return Measure.undefined(FORGOTTEN_FIT, "the fitted curve does not fall through it")
    time, low, high = found
    note = f"extrapolated beyond {TIME.format(longest)}" if time > longest else ""
    ends = (low, high) if math.isfinite(low) else (None, None)
    return Measure(FORGOTTEN_FIT, time, ends[0], ends[1], note)

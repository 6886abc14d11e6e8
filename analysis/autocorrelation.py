"""How far a state remembers: the autocorrelation of its voltage under stimulation.

The study draws the standard deviation of the autocorrelation function of the PSV curves of
its Fig. 2d, PSV against pulse width, over the regulating resistance and the stimulation time
(Fig. 3d). So the curves are those of a `width` run, and the stimulation time is the width up
to which a curve is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.plays import MeasuredState, remarks
from analysis.pulse_response import ResponseMeasures, WidthAnalysis
from analysis.weight_change import STUDY
from protocols.quantities import TIME

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Variant = Literal["biased", "unbiased", "centred", "normalised"]
Grid = Literal["uniform", "points"]

FORMULA: dict[Variant, str] = {
    "biased": "r_k = (1/N) sum x_i x_(i+k), neither centred nor normalised",
    "unbiased": "r_k = (1/(N - k)) sum x_i x_(i+k), neither centred nor normalised",
    "centred": "r_k = (1/N) sum x_i x_(i+k) of x minus its mean, not normalised",
    "normalised": "r_k / r_0 with r_k = (1/N) sum x_i x_(i+k), not centred",
}
GRIDS: dict[Grid, str] = {
    "uniform": "x is the PSV at equal steps of time up to T, interpolated between the widths",
    "points": "x is the PSV at the measured widths up to T, in order, whatever their spacing",
}
_STEPS = 200
"""Points of a uniform grid."""
_LEAST = 3
"""Points that a curve needs."""


@dataclass(frozen=True)
class Options:
    """What the study leaves open, chosen by name.

    Parameters
    ----------
    variant
        Estimator of the autocorrelation, see `FORMULA`. The default is the one that rises with
        the resistance and with the time as the study shows; scaling by r_0 takes away what the
        resistance adds to the voltage.
    grid
        What the curve is sampled at, see `GRIDS`. The default does not depend on how the
        widths are spread, so that runs with other widths can be compared.
    """

    variant: Variant = "biased"
    grid: Grid = "uniform"


@dataclass(frozen=True, eq=False)
class MemoryMeasures:
    """The measure of one state.

    Parameters
    ----------
    state
        What was played.
    time
        Stimulation times up to which the curve is taken, in s, shape (n,).
    deviation
        Standard deviation of the autocorrelation over its lags, at each of them, shape (n,).
    lag, correlation
        The autocorrelation of the longest curve: lag as a share of it, and r_k, shape (m,).
    longest
        The last of `deviation`.
    rise
        Share of the steps from time to time over which the deviation rises.
    """

    state: MeasuredState
    time: Array
    deviation: Array
    lag: Array
    correlation: Array
    longest: Measure
    rise: Measure


@dataclass(frozen=True)
class AutocorrelationResult(Result):
    """The measure of every state of a run."""

    provenance: Provenance
    options: Options
    stimulus: str
    """What all pulses share, as people read it."""
    states: tuple[MemoryMeasures, ...]
    rise_with_resistance: Measure

    @property
    def complete(self) -> bool:
        """Whether every planned pulse was read."""
        return all(s.state.complete for s in self.states)

    @property
    def unit(self) -> str:
        """Of r_k and its standard deviation: V^2, or empty for a pure number."""
        return _unit(self.options)

    def table(self) -> Table:
        """One row a state."""
        rows = tuple(
            (
                s.state.label, TIME.format(s.time[-1]) if len(s.time) else "-",
                str(s.longest), str(s.rise),
            )
            for s in self.states
        )  # fmt: skip
        columns = ("R", "time", "std of autocorrelation", "rising steps with time")
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": AutocorrelationAnalysis.name,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "rise_with_resistance": self.rise_with_resistance.as_json(),
            "states": [
                {
                    **s.state.as_json(), **as_json(s), "time": s.time.tolist(),
                    "deviation": s.deviation.tolist(),
                }
                for s in self.states
            ],
            "definitions": definitions([
                self.rise_with_resistance,
                *(m for s in self.states for m in measures_of(s).values()),
            ]),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield f"{FORMULA[self.options.variant]}; {GRIDS[self.options.grid]}"
        yield (
            f"rising steps with R: {self.rise_with_resistance} ({self.rise_with_resistance.note})"
        )
        for s in self.states:
            for m in (s.longest, s.rise):
                if m.note and len(s.time):
                    yield f"{s.state.label}: {m.note}"
        yield from remarks(tuple(s.state for s in self.states))


@dataclass(frozen=True)
class AutocorrelationAnalysis(Analysis[AutocorrelationResult]):
    """Standard deviation of the autocorrelation of the PSV curve, over state and time."""

    options: Options = Options()
    protocol: ClassVar[str] = "width"
    name: ClassVar[str] = "autocorrelation"

    def analyse(self, run: Run) -> AutocorrelationResult:
        """Measure every state; a curve that was cut short as far as it went."""
        response = WidthAnalysis().analyse(run)
        states = tuple(self._state(s) for s in response.states)
        return AutocorrelationResult(
            provenance=response.provenance, options=self.options, stimulus=response.stimulus,
            states=states, rise_with_resistance=self._rise_with_resistance(states),
        )  # fmt: skip

    def figure(self, result: AutocorrelationResult, dark: bool = False) -> Figure:
        """The autocorrelations, and their deviation against time and resistance."""
        from analysis.autocorrelation_figure import draw

        return draw(result, dark)

    def _state(self, response: ResponseMeasures) -> MemoryMeasures:
        time, psv = response.x[~response.limited], response.psv[~response.limited]
        correlations = [
            autocorrelation(self._curve(time[:n], psv[:n]), self.options.variant)
            for n in range(_LEAST, len(time) + 1)
        ]
        deviation = np.array([r.std() for r in correlations], dtype=np.float64)
        longest = correlations[-1] if correlations else np.empty(0)
        definition, rise = _definition(self.options), _rise_definition("time", self.options)
        note = response.rise.note if response.limited.any() else ""
        few = f"{len(time)} pulses within the voltage limit; at least {{}} are needed"
        steps = np.diff(deviation)
        return MemoryMeasures(
            state=response.state, time=time[_LEAST - 1 :], deviation=deviation,
            lag=np.arange(len(longest)) / max(len(longest) - 1, 1), correlation=longest,
            longest=Measure(definition, float(deviation[-1]), note=note)
            if len(deviation)
            else Measure.undefined(definition, few.format(_LEAST)),
            rise=Measure(rise, float(np.mean(steps > 0)))
            if len(steps)
            else Measure.undefined(rise, few.format(_LEAST + 1)),
        )  # fmt: skip

    def _curve(self, time: Array, psv: Array) -> Array:
        if self.options.grid == "points":
            return psv
        return np.interp(np.linspace(time[0], time[-1], _STEPS), time, psv)

    def _rise_with_resistance(self, states: tuple[MemoryMeasures, ...]) -> Measure:
        definition = _rise_definition("resistance", self.options)
        ordered = sorted((s for s in states if len(s.time)), key=lambda s: s.state.nominal)
        steps: list[float] = []
        for lower, upper in pairwise(ordered):
            _, i, j = np.intersect1d(lower.time, upper.time, return_indices=True)
            steps += (upper.deviation[j] - lower.deviation[i]).tolist()
        if not steps:
            return Measure.undefined(definition, "no curve in two states")
        rising = sum(step > 0 for step in steps)
        return Measure(definition, rising / len(steps), note=f"{rising} of {len(steps)} steps")


def autocorrelation(x: Array, variant: Variant = "biased") -> Array:
    """r_k of a series, shape (n,), for the lags k = 0 ... n - 1; `FORMULA` says how."""
    n = len(x)
    x = x - x.mean() if variant == "centred" else x
    products = np.correlate(x, x, "full")[n - 1 :]
    if variant == "unbiased":
        return np.asarray(products / np.arange(n, 0, -1))
    r = products / n
    return np.asarray(r / r[0] if variant == "normalised" else r)


def _definition(options: Options) -> Definition:
    return Definition(
        "std of autocorrelation", _unit(options),
        "Standard deviation over the lags k = 0 ... N - 1 of the autocorrelation of the PSV "
        f"curve of a state up to the longest width T: {FORMULA[options.variant]}; "
        f"{GRIDS[options.grid]}. Pulses that reached the voltage limit are left out.",
        f"{STUDY}, Fig. 3d; the normalisation and the sampling are not given there",
    )  # fmt: skip


def _rise_definition(over: Literal["time", "resistance"], options: Options) -> Definition:
    step = {
        "time": "one stimulation time T to the next, in a state",
        "resistance": "one regulating resistance to the next greater one, over all times T",
    }[over]
    return Definition(
        f"rising steps with {over}", "",
        f"Share of the steps from {step}, over which the std of autocorrelation "
        f"({options.variant}, {options.grid}) rises; 1 when it rises throughout.",
        f"{STUDY}, Fig. 3d: it rises with resistance and time; no measure is given there",
    )  # fmt: skip


def _unit(options: Options) -> str:
    return "" if options.variant == "normalised" else "V^2"

"""Retention: what is left of the learned voltage after decades of time, and how it decays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.captions import DOT
from analysis.double_exponential import CRITERION, Decay, Parameter, fit_decay
from analysis.fits import Fit, systematic
from analysis.measure import Definition, Measure, definitions
from analysis.parts import Part, flagged, parts_of
from analysis.stretched_exponential import TEXT, fit_stretched
from analysis.weight_change import STUDY
from data.samples import Samples
from protocols.program import Instant
from protocols.quantities import CURRENT, TIME, VOLTAGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Reference = Literal["gap-end", "pulse-end"]

_SOURCE = f"{STUDY}, Fig. 3g: almost unchanged for more than 100 s; no measure is given there"
LEARNED = Definition(
    "learned", "V",
    "PSV at the end of the learning: after the last pulse at the end of its gap (gap-end) or at "
    "the end of that pulse, driven (pulse-end), as the option says.",
    _SOURCE,
)  # fmt: skip
_LEFT = (
    "Open-circuit voltage {} s after the end of the last pulse, interpolated on the logarithm of "
    "time, over the learned PSV; undefined outside the measured times."
)
_FIT = "least-squares fit, equal weights, to the rest against the time since the last pulse"
_INTERVAL = "95 % interval from the residuals; that of a time is symmetric in its logarithm."
V0, TAU, BETA = (
    Definition(
        f"stretched {name}", unit, f"{name} of {TEXT}; {_FIT}. {_INTERVAL}",
        "Kohlrausch-Williams-Watts function",
    )
    for name, unit in (("V0", "V"), ("tau", "s"), ("beta", ""))
)  # fmt: skip
_PARAMETERS: tuple[tuple[Parameter, str], ...] = (("C", "V"), ("tau", "s"))
TERMS: dict[tuple[Parameter, int], Definition] = {
    (parameter, term): Definition(
        f"{parameter}{term}", unit,
        f"{parameter}{term} of V(t) = C1 exp(-t/tau1) + C2 exp(-t/tau2); {_FIT}; {CRITERION}. "
        f"{_INTERVAL}",
        "Sum of exponentials as of a resistor-capacitor network",
    )
    for term in (1, 2)
    for parameter, unit in _PARAMETERS
}  # fmt: skip
RESIDUAL = Definition("residual", "V", "Root mean square of data minus fit.", "Definition")
OFFSET = Definition(
    "effect of 0 A", "V",
    "Most that the source's current at 0 A can have changed the voltage by the last reading: "
    "that current, as the protocol's parameter zero_offset states it, times the time of the "
    "rest, over the capacitance that the learning shows (its charge over the learned PSV). Of "
    "either sign. A resistance across the device while learning makes it an underestimate.",
    "Derived here from the source's specification",
)  # fmt: skip
LEAST_DECADES = 3
"""Decades of time, from 1 s, at which the fraction is always stated."""


@dataclass(frozen=True)
class Options:
    """What the study leaves open, chosen by name.

    Parameters
    ----------
    reference
        What counts as learned: the PSV at the end of the last gap, which is at open circuit as
        the rest is, or the driven one at the end of the last pulse.
    """

    reference: Reference = "gap-end"


@dataclass(frozen=True, eq=False)
class FitOfRest:
    """A fit: its measures, root mean square residual, and why it is as it is.

    Parameters
    ----------
    name
        Of the model.
    measures
        Of its parameters.
    residual
        What it leaves.
    remark
        Why it did not converge, or why these terms.
    residuals
        Data minus fit, in V, shape (n,); NaN when it failed.
    """

    name: str
    measures: tuple[Measure, ...]
    residual: Measure
    remark: str
    residuals: Array

    @property
    def converged(self) -> bool:
        """Whether there are values."""
        return self.residual.value is not None


@dataclass(frozen=True)
class RetentionResult(Result):
    """What was learned and what was left of it.

    Parameters
    ----------
    learning
        Time (s, negative: before the end of the last pulse), voltage (V) at the end of the
        gaps, shape (2, n).
    rest
        Time (s after the end of the last pulse) and voltage (V), shape (2, m).
    planned
        Readings of the rest that were asked for.
    pulses
        Count of the learning.
    stimulus
        Amplitude in A, width in s, gap in s.
    """

    provenance: Provenance
    options: Options
    stimulus: tuple[float, float, float]
    learning: Array
    rest: Array
    planned: int
    pulses: int
    learned: Measure
    fractions: tuple[tuple[float, Measure], ...]
    offset: Measure
    stretched: FitOfRest
    exponentials: FitOfRest
    remarks: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the whole rest was read."""
        return bool(self.rest.shape[1] == self.planned)

    @property
    def conditions(self) -> str:
        """How it was measured, for a footer."""
        amplitude, width, gap = self.stimulus
        learning = (
            f"{self.pulses} pulses of {CURRENT.format(amplitude)}, {TIME.format(width)} on, "
            f"{TIME.format(gap)} off"
        )
        if self.offset.value is None:
            return learning
        drift = VOLTAGE.format(float(f"{self.offset.value:.2g}"))
        return f"{learning}{DOT}0 A: at most {drift}"

    def table(self) -> Table:
        """One row a measure."""
        rows = [(m.definition.name, str(m), m.note) for m in self._measures()]
        for f in self._fits():
            rows += [(m.definition.name, str(m), m.note) for m in (*f.measures, f.residual)]
        return Table(("measure", "value", "remark"), tuple(rows), tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units."""
        return {
            "analysis": RetentionAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "pulses": self.pulses,
            **{m.definition.name: m.as_json() for m in self._measures()},
            "fits": [
                {
                    "model": f.name, "converged": f.converged, "remark": f.remark,
                    **{m.definition.name: m.as_json() for m in (*f.measures, f.residual)},
                }
                for f in self._fits()
            ],
            "time": self.rest[0].tolist(),
            "voltage": self.rest[1].tolist(),
            "remarks": list(self.remarks),
            "definitions": definitions((
                *self._measures(), *(m for f in self._fits() for m in (*f.measures, f.residual)),
            )),
        }  # fmt: skip

    def _measures(self) -> tuple[Measure, ...]:
        return (self.learned, *(m for _, m in self.fractions), self.offset)

    def _fits(self) -> tuple[FitOfRest, FitOfRest]:
        return self.stretched, self.exponentials

    def _notes(self) -> Iterator[str]:
        yield (
            f"{self.pulses} pulses of {CURRENT.format(self.stimulus[0])}; learned PSV read at the "
            f"{self.options.reference.replace('-', ' ')}; fits with 95 % intervals"
        )
        yield from (f"{f.name}: {f.remark}" for f in self._fits())
        if not self.complete:
            yield f"partial: {self.rest.shape[1]} of {self.planned} readings of the rest"
        yield from self.remarks


@dataclass(frozen=True)
class RetentionAnalysis(Analysis[RetentionResult]):
    """Fraction left per decade of time, fits of the decay, and what the source's 0 A does."""

    options: Options = Options()
    protocol: ClassVar[str] = "retention"

    def analyse(self, run: Run) -> RetentionResult:
        """Measure the rest as far as it was read."""
        asked, parts = run.info.parameters, list(parts_of(run))
        stimulus = (float(asked["amplitude"]), float(asked["width"]), float(asked["gap"]))
        learning, rest = (_readings(parts, phase) for phase in ("learning", "retention"))
        driven = learning[learning.instant == Instant.PULSE_END]
        gaps = learning[learning.instant == Instant.GAP_END]
        # A reading of a pulse ends with it, but for the instrument's own time of 60 us.
        zero = float(driven.time[-1]) + float(asked["aperture"]) if len(driven) else 0.0
        time = rest.time - zero + float(asked["rest_aperture"]) / 2
        reference = gaps if self.options.reference == "gap-end" else driven
        known = ~rest.over_range
        rest, time = rest[known], time[known]
        level = asked["level"] if asked["pulses"] is None else None
        note = f"level asked for: {VOLTAGE.format(float(level))}" if level else ""
        if not len(reference):
            learned = Measure.undefined(LEARNED, "no pulse was read")
        elif reference.over_range[-1]:
            learned = Measure.undefined(LEARNED, "beyond the measuring range")
        else:
            learned = Measure(LEARNED, float(reference.voltage[-1]), note=note)
        gaps = gaps[~gaps.over_range]
        return RetentionResult(
            provenance=Provenance.of(run), options=self.options, stimulus=stimulus,
            learning=np.array([gaps.time - zero, gaps.voltage]),
            rest=np.array([time, rest.voltage]), planned=_planned(run), pulses=len(driven),
            learned=learned, fractions=tuple(_fractions(time, rest.voltage, learned)),
            offset=_offset(time, len(driven) * stimulus[0] * stimulus[1], learned, asked),
            stretched=_stretched(time, rest.voltage),
            exponentials=_exponentials(time, rest.voltage),
            remarks=tuple(flagged(run.samples.flags)),
        )  # fmt: skip

    def figure(self, result: RetentionResult, dark: bool = False) -> Figure:
        """PSV over the whole run, and the rest against the logarithm of time with its fits."""
        from analysis.retention_figure import draw

        return draw(result, dark)


def _readings(parts: list[Part], phase: str) -> Samples:
    return Samples.concatenate([p.samples for p in parts if p.phase == phase])


def _planned(run: Run) -> int:
    """Readings of the rest: it is the program of the plan that has its phase throughout."""
    code = run.info.phases.index("retention")
    return max((len(p) for p in run.info.programs if (p.phase == code).all()), default=0)


def _fractions(time: Array, psv: Array, learned: Measure) -> Iterator[tuple[float, Measure]]:
    longest = float(time[-1]) if len(time) else 0.0
    decades = max(LEAST_DECADES, 1 + math.floor(math.log10(longest)) if longest >= 1 else 0)
    for moment in 10.0 ** np.arange(decades):
        at = f"{moment:g}"
        definition = Definition(f"left at {at} s", "", _LEFT.format(at), _SOURCE)
        if learned.value is None or learned.value <= 0:
            why = learned.note or "nothing was learned"
            yield float(moment), Measure.undefined(definition, why)
        elif not (len(time) > 1 and time[0] <= moment <= longest):
            read = f"from {TIME.format(time[0])} to {TIME.format(longest)}" if len(time) else "not"
            yield float(moment), Measure.undefined(definition, f"the rest was read {read}")
        else:
            voltage = float(np.interp(np.log(moment), np.log(time), psv))
            note = f"{1e3 * voltage:.4g} mV"
            yield float(moment), Measure(definition, voltage / learned.value, note=note)


def _offset(time: Array, charge: float, learned: Measure, asked: Any) -> Measure:
    if learned.value is None or learned.value <= 0 or not len(time):
        return Measure.undefined(OFFSET, learned.note or "nothing was read of the rest")
    current = float(asked["zero_offset"])
    drift = current * float(time[-1]) * learned.value / charge
    note = f"at most, of either sign; {CURRENT.format(current)} for {TIME.format(float(time[-1]))}"
    return Measure(OFFSET, drift, note=note)


def _stretched(time: Array, psv: Array) -> FitOfRest:
    found, definitions = fit_stretched(time, psv), (V0, TAU, BETA)
    if not found.converged:
        measures = tuple(Measure.undefined(d, "no fit") for d in definitions)
        return _fit_of_rest("stretched exponential", measures, found, found.reason)
    measures = tuple(
        _bracketed(d, found.values[i], found.interval(name), exponential=d is TAU)
        for i, (d, name) in enumerate(zip(definitions, found.names, strict=True))
    )
    tau = math.exp(found.values[1])
    beyond = f"; tau lies beyond the {TIME.format(float(time[-1]))} that were measured"
    remark = "converged" + (beyond if tau > time[-1] else "")
    return _fit_of_rest("stretched exponential", measures, found, remark)


def _exponentials(time: Array, psv: Array) -> FitOfRest:
    decay: Decay = fit_decay(time, psv)
    measures = []
    for (parameter, term), definition in TERMS.items():
        value = decay.value(parameter, term)
        if value is None:
            why = "no fit" if not decay.fit.converged else "not in the data"
            if decay.fit.converged and parameter == "tau" and decay.terms == term:
                why = "too long to be determined"
            measures.append(Measure.undefined(definition, why))
            continue
        low, high = decay.interval(parameter, term) or (None, None)
        measures.append(Measure(definition, value, low, high))
    converged = "converged; " if decay.fit.converged else ""
    return _fit_of_rest("exponentials", tuple(measures), decay.fit, converged + decay.choice)


def _bracketed(
    definition: Definition, value: float, ends: tuple[float, float] | None, *, exponential: bool
) -> Measure:
    # An end beyond the range of floats says that there is no end.
    low, high = ends or (None, None)
    if exponential:
        value = math.exp(value)
        low, high = (None if e is None else math.exp(min(e, 700.0)) for e in (low, high))
    return Measure(definition, float(value), low, high)


def _fit_of_rest(name: str, measures: tuple[Measure, ...], fit: Fit, remark: str) -> FitOfRest:
    residual = (
        Measure(RESIDUAL, float(np.sqrt(np.mean(fit.residuals**2))))
        if fit.converged
        else Measure.undefined(RESIDUAL, "no fit")
    )
    if fit.converged and systematic(fit.residuals):
        remark += (
            "; the residuals are systematic: the rest has another shape than the formula, and the "
            "intervals count scatter only"
        )
    return FitOfRest(name, measures, residual, remark, fit.residuals)

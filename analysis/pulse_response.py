"""Single pulses: the postsynaptic voltage against their intensity or width, state by state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.plays import MeasuredState, Played, measured_states, remarks
from analysis.weight_change import STUDY
from data.samples import Flag
from protocols.quantities import CURRENT, TIME, Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Abscissa = Literal["intensity", "width"]
QUANTITIES: dict[Abscissa, Quantity] = {"intensity": CURRENT, "width": TIME}

Zero = Literal["baseline", "0 V"]

LEAST = Definition(
    "PSV, least", "V",
    "Voltage across the device at the end of the weakest or shortest pulse, mean over the "
    "repeats. Option baseline: its change from the reading just before the pulse, which leaves "
    "out the meter's offset and what an earlier pulse left; option 0 V: as it was read.",
    f"{STUDY}, Fig. 2c and 2d: change in the PSV",
)  # fmt: skip
GREATEST = Definition(
    "PSV, greatest", "V", "The same at the end of the strongest or longest pulse.", LEAST.source
)
RISE = Definition(
    "rising steps", "",
    "Share of the steps from one intensity (with its sign) or width to the next greater one "
    "over which the PSV rises; 1 when it rises throughout. Pulses that reached the voltage "
    "limit are left out.",
    f"{STUDY}: the PSV rises with intensity and with width; no measure is given there",
)  # fmt: skip
RISE_WITH_R = Definition(
    "rising steps with R", "",
    "Over all intensities or widths, share of the steps from one regulating resistance to the "
    "next greater one over which the PSV rises in magnitude; 1 when it rises throughout. "
    "Pulses that reached the voltage limit are left out.",
    f"{STUDY}, Fig. 2e: the PSV rises with the resistance; no measure is given there",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What is a matter of convention, chosen by name.

    Parameters
    ----------
    zero
        What the PSV counts from: "baseline", the reading just before the pulse; or "0 V".
    """

    zero: Zero = "baseline"


@dataclass(frozen=True, eq=False)
class ResponseMeasures:
    """The response in one state.

    Parameters
    ----------
    state
        What was played.
    x
        Distinct intensities (A) or widths (s) that were measured, rising, shape (n,).
    psv
        Mean voltage at the end of the pulse over the repeats, in V, shape (n,).
    spread
        Standard deviation over the repeats, in V, shape (n,); NaN where there is only one.
    limited
        Where the source was at its voltage limit, shape (n,).
    """

    state: MeasuredState
    x: Array
    psv: Array
    spread: Array
    limited: NDArray[np.bool_]
    least: Measure
    greatest: Measure
    rise: Measure


@dataclass(frozen=True)
class ResponseResult(Result):
    """The responses of a run, state by state."""

    provenance: Provenance
    options: Options
    abscissa: Abscissa
    stimulus: str
    """What all pulses share, as people read it."""
    states: tuple[ResponseMeasures, ...]
    rise_with_resistance: Measure

    @property
    def complete(self) -> bool:
        """Whether every planned pulse was read."""
        return all(s.state.complete for s in self.states)

    def table(self) -> Table:
        """One row a state."""
        unit = QUANTITIES[self.abscissa]
        rows = tuple(
            (
                s.state.label,
                f"{unit.format(s.x[0])} to {unit.format(s.x[-1])}" if len(s.x) else "-",
                str(len(s.x)), str(s.least), str(s.greatest), str(s.rise),
            )
            for s in self.states
        )  # fmt: skip
        columns = ("R", self.abscissa, "points", LEAST.name, GREATEST.name, RISE.name)
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": self.provenance.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "rise_with_resistance": self.rise_with_resistance.as_json(),
            "states": [
                {
                    **s.state.as_json(), **as_json(s), self.abscissa: s.x.tolist(),
                    "psv": s.psv.tolist(), "limited": s.limited.tolist(),
                    "spread": [None if np.isnan(v) else float(v) for v in s.spread],
                }
                for s in self.states
            ],
            "definitions": definitions([
                self.rise_with_resistance,
                *(m for s in self.states for m in measures_of(s).values()),
            ]),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield f"{self.stimulus}; PSV at the end of the pulse, counted from {self.options.zero}"
        yield f"{RISE_WITH_R.name}: {_said(self.rise_with_resistance)}"
        yield from (f"{s.state.label}: {s.rise.note}" for s in self.states if s.rise.note)
        yield from remarks(tuple(s.state for s in self.states))


@dataclass(frozen=True)
class _ResponseAnalysis(Analysis[ResponseResult]):
    """PSV against one parameter of single pulses."""

    options: Options = Options()
    abscissa: ClassVar[Abscissa]

    def analyse(self, run: Run) -> ResponseResult:
        """Measure every state; one that was cut short with the pulses there are of it."""
        states = tuple(_response(s, self.abscissa, self.options.zero) for s in measured_states(run))
        asked = run.info.parameters
        fixed = (
            f"{TIME.format(float(asked['width']))} pulses"
            if self.abscissa == "intensity"
            else f"{CURRENT.format(float(asked['amplitude']))} pulses"
        )
        return ResponseResult(
            provenance=Provenance.of(run), options=self.options, abscissa=self.abscissa,
            stimulus=fixed, states=states,
            rise_with_resistance=_rise_with_resistance(states),
        )  # fmt: skip

    def figure(self, result: ResponseResult, dark: bool = False) -> Figure:
        """PSV against the parameter per state, and against the resistance."""
        from analysis.pulse_response_figure import draw

        return draw(result, dark)


class IntensityAnalysis(_ResponseAnalysis):
    """PSV against the intensity of the pulse."""

    protocol: ClassVar[str] = "intensity"
    abscissa: ClassVar[Abscissa] = "intensity"


class WidthAnalysis(_ResponseAnalysis):
    """PSV against the width of the pulse."""

    protocol: ClassVar[str] = "width"
    abscissa: ClassVar[Abscissa] = "width"


def _response(state: MeasuredState, abscissa: Abscissa, zero: Zero) -> ResponseMeasures:
    found: dict[float, list[tuple[float, bool]]] = {}
    for play in state.plays:
        for x, voltage, flags in zip(*_pulses(play, abscissa, zero), strict=True):
            found.setdefault(float(x), []).append((float(voltage), bool(flags & Flag.LIMIT)))
    x = np.array(sorted(found), dtype=np.float64)
    repeats = [np.array([voltage for voltage, _ in found[value]]) for value in x]
    psv = np.array([r.mean() for r in repeats], dtype=np.float64)
    limited = np.array([any(hit for _, hit in found[value]) for value in x], dtype=np.bool_)
    return ResponseMeasures(
        state=state, x=x, psv=psv, limited=limited,
        spread=np.array([r.std(ddof=1) if len(r) > 1 else np.nan for r in repeats]),
        least=_at(LEAST, psv, limited, np.argsort(np.abs(x))[:1]),
        greatest=_at(GREATEST, psv, limited, np.argsort(np.abs(x))[-1:]),
        rise=_rise(x, psv, limited, QUANTITIES[abscissa]),
    )  # fmt: skip


def _pulses(play: Played, abscissa: Abscissa, zero: Zero) -> tuple[Array, Array, NDArray[np.uint8]]:
    pulses, samples = play.pulses, play.samples
    x = samples.source_level if abscissa == "intensity" else play.duration
    before = samples.voltage[np.flatnonzero(pulses) - 1] if zero == "baseline" else 0.0
    psv = samples.voltage[pulses] - before
    known = np.isfinite(psv)
    return x[pulses][known], psv[known], samples.flags[pulses][known]


def _at(
    definition: Definition, psv: Array, limited: NDArray[np.bool_], chosen: NDArray[np.intp]
) -> Measure:
    if not len(chosen):
        return Measure.undefined(definition, "no pulse was read")
    note = "at the voltage limit" if limited[chosen].all() else ""
    return Measure(definition, float(psv[chosen].item()), note=note)


def _rise(x: Array, psv: Array, limited: NDArray[np.bool_], unit: Quantity) -> Measure:
    free, inside = x[~limited], psv[~limited]
    at_limit = f"{np.count_nonzero(limited)} of {len(x)} pulses reached the voltage limit"
    note = at_limit if limited.any() else ""
    if len(inside) < 2:
        why = f"{len(inside)} pulses within the voltage limit were read; at least 2 are needed"
        return Measure.undefined(RISE, why)
    steps = np.diff(inside)
    measure = Measure(RISE, float(np.mean(steps > 0)), note=note)
    falls = [unit.format(free[i + 1]) for i in np.flatnonzero(steps <= 0)]
    return measure.noted(f"the PSV does not rise up to {', '.join(falls)}") if falls else measure


def _rise_with_resistance(states: tuple[ResponseMeasures, ...]) -> Measure:
    ordered = sorted((s for s in states if len(s.x)), key=lambda s: s.state.nominal)
    steps: list[float] = []
    for lower, upper in pairwise(ordered):
        _, i, j = np.intersect1d(
            lower.x[~lower.limited], upper.x[~upper.limited], return_indices=True
        )
        change = np.abs(upper.psv[~upper.limited][j]) - np.abs(lower.psv[~lower.limited][i])
        steps += change.tolist()
    if not steps:
        return Measure.undefined(RISE_WITH_R, "no pulse was read in two states")
    rising = sum(step > 0 for step in steps)
    return Measure(RISE_WITH_R, rising / len(steps), note=f"{rising} of {len(steps)} steps")


def _said(measure: Measure) -> str:
    return f"{measure} ({measure.note})" if measure.note else str(measure)

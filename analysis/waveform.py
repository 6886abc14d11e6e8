"""Waveforms: the ohmic step at a pulse's edges, the fast time constants, what is left.

The step at an edge, from readings on both sides of it:

              ▒▒▒▒▒▒▒▒▒▒▒│
         ▒▒▒▒▒           │▒        the step: parabolas through the nearest readings,
       ▒▒                └ ▒▒▒▒▒   continued to the edge; those that the source's settling
    ▒▒▒│                           may reach are left out (`Options.settling`)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.double_exponential import CRITERION, Decay, Parameter, fit_decay
from analysis.fits import fit, systematic
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.plays import MeasuredState, Played, measured_states, remarks
from protocols.program import Instant
from protocols.quantities import CURRENT, TIME

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_PLAIN = "Plain reading of the record"
_CIRCUIT = "Resistors and capacitors: no capacitor's voltage jumps, so what jumps is ohmic"
_STEP = (
    "Change of the voltage at the {} edge of a pulse over the change of the current; both sides "
    "extrapolated to the edge by parabolas through readings within a quarter of the pulse and the "
    "gap, fewer where these leave a shape behind, readings within the option `settling` of an "
    "edge left out. The current is the median of the readings used. Mean of all pulses; "
    "95 % interval from the residuals, which counts scatter; the parabola leaves up to 0.1 % where "
    "the pulse is as long as the fastest time constant."
)
STEP_ON = Definition("step on", "ohm", _STEP.format("rising"), _CIRCUIT)
STEP_OFF = Definition("step off", "ohm", _STEP.format("falling"), _CIRCUIT)
SERIES = Definition(
    "series resistance", "ohm",
    "Resistance in series with all capacitors: mean of the steps on and off, freed of the "
    "regulating resistor R beside the device, 1/(1/step - 1/R); the step itself when open.",
    _CIRCUIT,
)  # fmt: skip
_PARAMETERS: tuple[tuple[Parameter, str], ...] = (("tau", "s"), ("C", "V"))
TERMS: dict[tuple[Parameter, int], Definition] = {
    (parameter, term): Definition(
        f"{parameter}{term}", unit,
        f"{parameter}{term} of V(t) = C1 exp(-t/tau1) + C2 exp(-t/tau2), least squares with equal "
        f"weights, to the gap after the last pulse from `settling` on, t since the pulse's end; "
        f"{CRITERION}; of more than 5000 readings every second, third and so on. 95 % interval "
        "from the residuals.",
        "Sum of exponentials as of a resistor-capacitor network",
    )
    for term in (1, 2)
    for parameter, unit in _PARAMETERS
}  # fmt: skip
PULSE_END = Definition("pulse end", "V", "Voltage at the end of the last pulse, driven.", _PLAIN)
GAP_END = Definition("gap end", "V", "Voltage at the end of the gap after the last pulse.", _PLAIN)
_FEWEST, _USUAL = 6, 12
"""Readings on one side of an edge: at least twice what a parabola has; as many where a quarter of
the pulse holds fewer."""
_MOST_FITTED = 5000
"""Readings of a gap that are fitted; of more, every second, third and so on."""


@dataclass(frozen=True)
class Options:
    """What an analysis of a waveform has to be told.

    Parameters
    ----------
    settling
        Time after an edge in which the source may still settle, in s; readings that begin
        in it are neither extrapolated nor fitted.
    """

    settling: float = 200e-6


@dataclass(frozen=True, eq=False)
class StateWaveform:
    """The waveform of one state; its measures are of the first repeat.

    Parameters
    ----------
    state
        What was played.
    time
        Middle of each reading's aperture after the start of the program, in s, shape (n,).
    voltage, current
        In V and A, shape (n,); NaN beyond the measuring range.
    decay
        The fit to the last gap; None when it was not read or not long enough.
    decay_from
        End of the last pulse, in s after the start of the program.
    """

    state: MeasuredState
    time: Array
    voltage: Array
    current: Array
    decay: Decay | None
    decay_from: float
    step_on: Measure
    step_off: Measure
    series: Measure
    tau1: Measure
    c1: Measure
    tau2: Measure
    c2: Measure
    pulse_end: Measure
    gap_end: Measure


@dataclass(frozen=True)
class WaveformResult(Result):
    """The waveforms of a run, in the order of its states."""

    provenance: Provenance
    options: Options
    stimulus: str
    states: tuple[StateWaveform, ...]

    @property
    def complete(self) -> bool:
        """Whether every state was read to its end."""
        return all(s.state.complete for s in self.states)

    def table(self) -> Table:
        """One row a state."""
        columns = ("R", *(d.name for d in _DEFINITIONS))
        rows = tuple(
            (s.state.label, *(str(m) for m in measures_of(s).values())) for s in self.states
        )
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": WaveformAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "states": [
                {
                    **s.state.as_json(), **as_json(s), "time": s.time.tolist(),
                    "voltage": _listed(s.voltage), "current": _listed(s.current),
                }
                for s in self.states
            ],
            "definitions": definitions(m for s in self.states for m in measures_of(s).values()),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield (
            f"{self.stimulus}; readings that begin within {TIME.format(self.options.settling)} of "
            "an edge are not fitted; intervals 95 %"
        )
        said: dict[str, list[str]] = {}
        for s in self.states:
            for measure in measures_of(s).values():
                if measure.note and s.state.plays:
                    said.setdefault(f"{measure.definition.name}: {measure.note}", []).append(
                        s.state.label
                    )
        yield from (f"{', '.join(labels)}: {note}" for note, labels in said.items())
        yield from remarks(tuple(s.state for s in self.states))


@dataclass(frozen=True)
class WaveformAnalysis(Analysis[WaveformResult]):
    """Ohmic steps, fast time constants and final voltages, state by state."""

    options: Options = Options()
    protocol: ClassVar[str] = "waveform"

    def analyse(self, run: Run) -> WaveformResult:
        """Measure every state as far as it was read."""
        asked = run.info.parameters
        times = (f"{TIME.format(float(asked[k]))} {what}" for k, what in _TIMES.items())
        return WaveformResult(
            provenance=Provenance.of(run), options=self.options,
            stimulus=f"{CURRENT.format(float(asked['amplitude']))}, {', '.join(times)}",
            states=tuple(_state(s, self.options.settling) for s in measured_states(run)),
        )  # fmt: skip

    def figure(self, result: WaveformResult, dark: bool = False) -> Figure:
        """Voltage and current against time, and the first edge and the last gap closely."""
        from analysis.waveform_figure import draw

        return draw(result, dark)


_TIMES = {"width": "on", "gap": "off", "interval": "from reading to reading"}
_DEFINITIONS = (STEP_ON, STEP_OFF, SERIES, *TERMS.values(), PULSE_END, GAP_END)


def _state(state: MeasuredState, settling: float) -> StateWaveform:
    played = state.plays[0] if state.plays else None
    if played is None or not len(played.samples):
        nothing = np.empty(0)
        return StateWaveform(
            state, nothing, nothing, nothing, None, math.nan,
            *(Measure.undefined(d, "nothing was read") for d in _DEFINITIONS),
        )  # fmt: skip
    s = played.samples
    time = s.time - played.started + played.program.aperture / 2
    steps = [_step(played, time, k, settling) for k in _edges(played)]
    rising = [bool(played.program.level[k]) for k in _edges(played)]
    on, off = (
        _mean(definition, [step for step, up in zip(steps, rising, strict=True) if up == wanted])
        for definition, wanted in ((STEP_ON, True), (STEP_OFF, False))
    )
    decay, zero = _decay(played, time, settling)
    tau1, c1, tau2, c2 = _terms(decay)
    return StateWaveform(
        state, time, s.voltage, s.current, decay, zero, on, off, _series(on, off, state),
        tau1, c1, tau2, c2, _last(PULSE_END, played, Instant.PULSE_END),
        _last(GAP_END, played, Instant.GAP_END),
    )  # fmt: skip


def _listed(values: Array) -> list[float | None]:
    """As JSON values; what was beyond the measuring range has none."""
    return [None if math.isnan(v) else v for v in values.tolist()]


def _edges(played: Played) -> list[int]:
    """The segments that begin with another level than the one before, as far as was read."""
    return (np.flatnonzero(np.diff(played.program.level[: len(played.samples)])) + 1).tolist()


def _step(played: Played, time: Array, k: int, settling: float) -> tuple[float, float] | str:
    """The step in ohm at the beginning of segment k and half its interval; or why there is none."""
    p, s = played.program, played.samples
    edges = [0, *(np.flatnonzero(np.diff(p.level)) + 1).tolist(), len(p)]
    place = edges.index(k)
    edge = float(p.start[k])
    # The baseline may be short: pulse and gap say how far the curve is followed.
    lengths = np.diff(np.append(p.start, p.total_duration)[edges[1:]])
    near = float(lengths.min()) / 4
    heights = []
    for first, last, since in (
        (edges[place - 1], k, edges[place - 1]), (k, edges[place + 1], k),
    ):  # fmt: skip
        rows = np.arange(first, min(last, len(s)))
        rows = rows[np.isfinite(s.voltage[rows])]
        begin = time[rows] - p.aperture / 2
        # Before the first edge nothing settles that a pulse has moved.
        rows = rows[begin >= p.start[since] + (settling if since else 0.0)]
        rows = rows[np.argsort(np.abs(time[rows] - edge))]
        count = max(int(np.count_nonzero(np.abs(time[rows] - edge) <= near)), _USUAL)
        if len(rows[:count]) < _FEWEST:
            return f"{len(rows)} readings on one side of an edge; at least {_FEWEST} are needed"
        found = _at_edge(time[rows[:count]] - edge, s.voltage[rows[:count]])
        heights.append((*found, float(np.median(s.current[rows[:count]]))))
    (v0, half0, i0), (v1, half1, i1) = heights
    if i0 == i1:
        return "the current does not change"
    return (v1 - v0) / (i1 - i0), math.hypot(half0, half1) / abs(i1 - i0)


def _at_edge(t: Array, voltage: Array) -> tuple[float, float]:
    """Voltage at t = 0 and half its interval, from readings in the order of their distance."""
    while True:
        found = fit(
            _parabola, t / np.abs(t).max(), voltage, {"v": float(voltage[0]), "a": 0.0, "b": 0.0}
        )
        fewer = max(len(t) * 2 // 3, _FEWEST)
        # Distance is monotonic in time on one side, so neighbours are neighbours in time.
        if fewer == len(t) or not systematic(found.residuals):
            ends = found.interval("v")
            return float(found.values[0]), (ends[1] - ends[0]) / 2 if ends else math.nan
        t, voltage = t[:fewer], voltage[:fewer]


def _parabola(x: Array, values: Array) -> Array:
    return np.asarray(values[0] + x * (values[1] + x * values[2]))


def _mean(definition: Definition, steps: Sequence[tuple[float, float] | str]) -> Measure:
    found = [step for step in steps if not isinstance(step, str)]
    if not found:
        why = next((step for step in steps if isinstance(step, str)), "the edge was not read")
        return Measure.undefined(definition, why)
    value = float(np.mean([step for step, _ in found]))
    half = math.hypot(*(half for _, half in found)) / len(found)
    note = f"{len(found)} of {len(steps)} edges" if len(found) < len(steps) else ""
    return _between(definition, value, half, note)


def _series(on: Measure, off: Measure, state: MeasuredState) -> Measure:
    found = [m for m in (on, off) if m.value is not None]
    if not found:
        return Measure.undefined(SERIES, "no step")
    step = float(np.mean([m.value for m in found]))
    halves = [(m.high - m.low) / 2 if m.low is not None and m.high is not None else math.nan
              for m in found]  # fmt: skip
    half = math.hypot(*halves) / len(found)
    if not 0 < step < state.resistance:
        return Measure.undefined(SERIES, "the step is not between 0 and the regulating resistance")
    series = 1 / (1 / step - 1 / state.resistance)
    return _between(SERIES, series, half * (series / step) ** 2)


def _between(definition: Definition, value: float, half: float, note: str = "") -> Measure:
    if not math.isfinite(half):
        return Measure(definition, value, note=note)
    return Measure(definition, value, value - half, value + half, note)


def _decay(played: Played, time: Array, settling: float) -> tuple[Decay | None, float]:
    """The fit to the last gap, and the end of the last pulse after the start of the program."""
    p, n = played.program, len(played.samples)
    first = int(np.flatnonzero(p.level)[-1]) + 1
    zero = float(p.start[first])
    rows = np.arange(first, n)
    rows = rows[np.isfinite(played.samples.voltage[rows])]
    rows = rows[time[rows] - p.aperture / 2 >= zero + settling]
    rows = rows[:: math.ceil(len(rows) / _MOST_FITTED) or 1]
    if len(rows) < _FEWEST:
        return None, zero
    # Decays towards 0 from either side; the amplitudes have the sign of the voltage.
    return fit_decay(time[rows] - zero, played.samples.voltage[rows]), zero


def _terms(decay: Decay | None) -> Iterator[Measure]:
    for (parameter, term), definition in TERMS.items():
        if decay is None:
            yield Measure.undefined(definition, "too little of the last gap was read")
            continue
        value = decay.value(parameter, term)
        if value is None:
            why = "not in the data" if decay.fit.converged else decay.fit.reason
            if decay.fit.converged and parameter == "tau" and decay.terms == term:
                why = "longer than the gap can tell"
            yield Measure.undefined(definition, why)
            continue
        low, high = decay.interval(parameter, term) or (None, None)
        yield Measure(definition, value, low, high)


def _last(definition: Definition, played: Played, instant: Instant) -> Measure:
    planned = int(np.count_nonzero(played.program.instant == instant))
    found = played.samples.voltage[played.samples.instant == instant]
    if len(found) < planned:
        return Measure.undefined(definition, f"{len(found)} of {planned} were read")
    if np.isnan(found[-1]):
        return Measure.undefined(definition, "beyond the measuring range")
    return Measure(definition, float(found[-1]))

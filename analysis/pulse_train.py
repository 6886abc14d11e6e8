"""Pulse trains: the postsynaptic voltage against time and pulse, train by train."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.plays import MeasuredState, Played, measured_states, remarks
from protocols.program import Instant
from protocols.quantities import CURRENT, TIME

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_PLAIN = "Plain reading of the record"
FIRST_PEAK = Definition(
    "first peak", "V", "Voltage at the end of the first pulse of the train.", _PLAIN
)
LAST_PEAK = Definition(
    "last peak", "V", "Voltage at the end of the last pulse of the train.", _PLAIN
)
FIRST_GAP = Definition(
    "first gap", "V", "Voltage at the end of the gap after the first pulse of the train.", _PLAIN
)
LAST_GAP = Definition(
    "last gap", "V", "Voltage at the end of the gap after the last pulse of the train.", _PLAIN
)


@dataclass(frozen=True)
class Shape:
    """The pulse of a train: amplitude in A, width and gap in s."""

    amplitude: float
    width: float
    gap: float

    def __str__(self) -> str:
        times = f"{TIME.format(self.width)} on, {TIME.format(self.gap)} off"
        return f"{CURRENT.format(self.amplitude)}, {times}"


@dataclass(frozen=True, eq=False)
class Train:
    """One train in one state.

    Parameters
    ----------
    state
        What was played.
    shape
        Its pulse.
    repeat
        Number of the repeat, from 1.
    planned
        Pulses that it was to have.
    pulse
        Number of the pulse in the train that each reading belongs to, from 1, shape (n,).
    time
        End of each reading's segment after the start of the train, in s, shape (n,).
    voltage
        In V, shape (n,).
    peak
        Which readings are at the end of a pulse; the others are at the end of a gap.
    """

    state: MeasuredState
    shape: Shape
    repeat: int
    planned: int
    pulse: NDArray[np.int32]
    time: Array
    voltage: Array
    peak: NDArray[np.bool_]
    first_peak: Measure
    last_peak: Measure
    first_gap: Measure
    last_gap: Measure

    @property
    def pulses(self) -> int:
        """Pulses that were read."""
        return int(np.count_nonzero(self.peak))


@dataclass(frozen=True)
class PulseTrainResult(Result):
    """The trains of a run in the order of measurement, and the states that it asks for."""

    provenance: Provenance
    states: tuple[MeasuredState, ...]
    trains: tuple[Train, ...]

    @property
    def complete(self) -> bool:
        """Whether every planned pulse was read."""
        return all(s.complete for s in self.states)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The distinct pulses, in order of first use."""
        return tuple(dict.fromkeys(t.shape for t in self.trains))

    def table(self) -> Table:
        """One row a train."""
        rows = tuple(
            (
                t.state.label, str(t.shape), str(t.repeat), f"{t.pulses} of {t.planned}",
                *(str(m) for m in measures_of(t).values()),
            )
            for t in self.trains
        )  # fmt: skip
        columns = ("R", "pulse", "repeat", "pulses", FIRST_PEAK.name, LAST_PEAK.name,
                   FIRST_GAP.name, LAST_GAP.name)  # fmt: skip
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": PulseTrainAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "complete": self.complete,
            "states": [
                {
                    **s.as_json(),
                    "trains": [_train_json(t) for t in self.trains if t.state is s],
                }
                for s in self.states
            ],
            "definitions": definitions(m for t in self.trains for m in measures_of(t).values()),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield "PSV at the end of the pulse (peak) and at the end of the gap"
        yield from remarks(self.states)


class PulseTrainAnalysis(Analysis[PulseTrainResult]):
    """PSV against time per train and state."""

    protocol: ClassVar[str] = "pulse-train"

    def analyse(self, run: Run) -> PulseTrainResult:
        """Split the readings into trains; one that was cut short as far as it went."""
        states = measured_states(run)
        trains = tuple(t for s in states for play in s.plays for t in _trains(s, play))
        return PulseTrainResult(Provenance.of(run), states, trains)

    def figure(self, result: PulseTrainResult, dark: bool = False) -> Figure:
        """PSV against time, a panel a kind of pulse."""
        from analysis.pulse_train_figure import draw

        return draw(result, dark)


def _trains(state: MeasuredState, play: Played) -> Iterator[Train]:
    """The trains of a program: each ends where the pulse or the repeat changes."""
    p = play.program
    on = np.flatnonzero(p.instant == Instant.PULSE_END)
    pulse = np.column_stack([p.level[on], p.duration[on], p.duration[on + 1], p.cycle[on]])
    edges = np.flatnonzero(np.any(np.diff(pulse, axis=0), axis=1)) + 1
    for first, last in pairwise([0, *edges.tolist(), len(on)]):
        rows = slice(int(on[first]), int(on[last - 1]) + 2)
        samples = play.samples[rows]
        if not len(samples):
            return
        peak = play.pulses[rows]
        amplitude, width, gap, repeat = pulse[first].tolist()
        peaks, gaps = samples.voltage[peak], samples.voltage[~peak]
        known = np.isfinite(samples.voltage)
        yield Train(
            state=state, shape=Shape(amplitude, width, gap), repeat=int(repeat),
            planned=last - first,
            pulse=(samples.pulse_index - samples.pulse_index[0] + 1)[known],
            time=(play.end[rows] - play.program.start[rows.start])[known],
            voltage=samples.voltage[known], peak=peak[known],
            first_peak=_pick(FIRST_PEAK, peaks, 0, 1),
            last_peak=_pick(LAST_PEAK, peaks, last - first - 1, last - first),
            first_gap=_pick(FIRST_GAP, gaps, 0, 1),
            last_gap=_pick(LAST_GAP, gaps, last - first - 1, last - first),
        )  # fmt: skip


def _pick(definition: Definition, voltages: Array, index: int, planned: int) -> Measure:
    if index >= len(voltages):
        return Measure.undefined(definition, f"{len(voltages)} of {planned} were read")
    if np.isnan(voltages[index]):
        return Measure.undefined(definition, "beyond the measuring range")
    return Measure(definition, float(voltages[index]))


def _train_json(t: Train) -> dict[str, Any]:
    return {
        **asdict(t.shape), "repeat": t.repeat, "planned": t.planned, **as_json(t),
        "pulse": t.pulse.tolist(), "time": t.time.tolist(), "voltage": t.voltage.tolist(),
        "peak": t.peak.tolist(),
    }  # fmt: skip

"""Current-voltage loops: values at a point, charge, capacitance and efficiency per cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.captions import DOT
from analysis.crossing import first_rise
from analysis.measure import Definition, Measure, as_json, definitions, measures_of
from analysis.plays import MeasuredState, Played, measured_states, remarks
from analysis.weight_change import STUDY
from protocols.quantities import CURRENT, RATE, VOLTAGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Branch = Literal["device", "terminal"]

_POINT = f"{STUDY}, Fig. 2b and its text; which cycle and branch is not stated there"
CURRENT_AT = Definition(
    "current at voltage", "A",
    "Current into the terminal where the voltage first rises through the chosen value on the "
    "way up of the cycle, by linear interpolation between readings.",
    _POINT,
)  # fmt: skip
VOLTAGE_AT = Definition(
    "voltage at current", "V",
    "Voltage where the current into the terminal first rises through the chosen value on the "
    "way up of the cycle, by linear interpolation between readings.",
    _POINT,
)  # fmt: skip
_BRANCH = (
    "the current being that into the device, measured current minus u/R of the regulating "
    "resistance (option device), or all of the terminal's (option terminal)"
)  # fmt: skip
CHARGE_UP = Definition(
    "charge up", "C",
    f"Integral of the current over the way up, up to and with the highest step, {_BRANCH}.",
    f"{STUDY}: Q, the integral of I2 over time, I2 the current into the device",
)  # fmt: skip
CHARGE_DOWN = Definition(
    "charge down", "C", "The same over the way down; negative where charge comes back.",
    CHARGE_UP.source,
)  # fmt: skip
CAPACITANCE = Definition(
    "capacitance", "F",
    "(charge up - charge down) / (2 x voltage window) of a cycle: its mean current times the "
    "time, over the voltage. A resistance in parallel cancels, whichever current is chosen.",
    "Common for cyclic voltammetry",
)  # fmt: skip
EFFICIENCY = Definition(
    "coulombic efficiency", "",
    f"-(charge down)/(charge up) of a cycle, {_BRANCH}. Below 1 where charge stays or leaks.",
    "Common for capacitors and batteries",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What the study leaves open, chosen by value or name.

    Parameters
    ----------
    cycle
        Number of the cycle that tables and figures show; the last one where there are fewer.
    at_voltage, at_current
        Where the current and the voltage are taken, in V and A.
    branch
        Current that is integrated to a charge: "device" or "terminal".
    """

    cycle: int = 3
    at_voltage: float = 0.6
    at_current: float = 0.5e-3
    branch: Branch = "device"


@dataclass(frozen=True, eq=False)
class Loop:
    """One cycle as it was read.

    Parameters
    ----------
    number
        Number of the cycle, from 1.
    voltage, current
        Mean over each step, in V and A, shape (n,).
    duration
        Of each step, in s, shape (n,).
    step
        Number of each step in the cycle, from 0, shape (n,).
    turn
        Readings of the way up: those before are up, those from it on are down.
    missing
        Why not every step of the cycle has a reading; empty when each has.
    """

    number: int
    voltage: Array
    current: Array
    duration: Array
    step: NDArray[np.intp]
    turn: int
    missing: str

    @property
    def complete(self) -> bool:
        """Whether every step of the cycle was read."""
        return not self.missing

    @property
    def line(self) -> tuple[Array, Array]:
        """Voltage and current to be drawn: NaN where steps are missing, which breaks the line."""
        gaps = np.flatnonzero(np.diff(self.step) > 1) + 1
        return np.insert(self.voltage, gaps, np.nan), np.insert(self.current, gaps, np.nan)


@dataclass(frozen=True)
class CycleMeasures:
    """The measures of one cycle; see the definition that each carries."""

    loop: Loop
    current_at: Measure
    voltage_at: Measure
    charge_up: Measure
    charge_down: Measure
    capacitance: Measure
    efficiency: Measure


@dataclass(frozen=True)
class SweepMeasures:
    """The cycles of one state at one rate; `rate` in V/s."""

    state: MeasuredState
    rate: float
    cycles: tuple[CycleMeasures, ...]
    chosen: CycleMeasures

    @property
    def label(self) -> str:
        """State and rate, as people read them."""
        return f"{self.state.label}, {RATE.format(self.rate)}"


@dataclass(frozen=True)
class IvSweepResult(Result):
    """The sweeps of a run, and the states that it asks for."""

    provenance: Provenance
    options: Options
    states: tuple[MeasuredState, ...]
    sweeps: tuple[SweepMeasures, ...]
    """One a state and rate, of those of which anything was read."""

    @property
    def complete(self) -> bool:
        """Whether every planned step was read."""
        return all(s.complete for s in self.states)

    @property
    def rates(self) -> tuple[float, ...]:
        """The sweep rates in V/s, in the order they were swept first."""
        return tuple(dict.fromkeys(s.rate for s in self.sweeps))

    @property
    def conditions(self) -> str:
        """How it was measured, for a footer."""
        shown = sorted({s.chosen.loop.number for s in self.sweeps})
        cycle = [f"cycle {', '.join(map(str, shown))}"] if shown else []
        return DOT.join([*cycle, *map(RATE.format, self.rates)])

    def table(self) -> Table:
        """One row a state and rate, of the chosen cycle."""
        columns = (
            "R", "rate", "cycle", f"I at {VOLTAGE.format(self.options.at_voltage)}",
            f"U at {CURRENT.format(self.options.at_current)}", CHARGE_UP.name,
            CAPACITANCE.name, EFFICIENCY.name,
        )  # fmt: skip
        rows = tuple(
            (
                s.state.label, RATE.format(s.rate), str(s.chosen.loop.number),
                str(s.chosen.current_at), str(s.chosen.voltage_at), str(s.chosen.charge_up),
                str(s.chosen.capacitance), str(s.chosen.efficiency),
            )
            for s in self.sweeps
        )  # fmt: skip
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": IvSweepAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "states": [
                {
                    **s.as_json(),
                    "sweeps": [_sweep_json(w) for w in self.sweeps if w.state is s],
                }
                for s in self.states
            ],
            "definitions": definitions(
                m for s in self.sweeps for c in s.cycles for m in measures_of(c).values()
            ),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield f"charge and efficiency of the current of the {self.options.branch}"
        for s in self.sweeps:
            if s.chosen.loop.number != self.options.cycle:
                n = self.options.cycle
                yield f"{s.label}: cycle {s.chosen.loop.number}, there is no cycle {n}"
            for m in measures_of(s.chosen).values():
                if m.note:
                    yield f"{s.label}: {m.definition.name}: {m.note}"
        yield from remarks(self.states)


@dataclass(frozen=True)
class IvSweepAnalysis(Analysis[IvSweepResult]):
    """Current at a voltage, voltage at a current, charge, capacitance and efficiency."""

    options: Options = Options()
    protocol: ClassVar[str] = "iv-sweep"

    def analyse(self, run: Run) -> IvSweepResult:
        """Measure every cycle; one that was cut short as far as it went."""
        states = measured_states(run)
        sweeps = tuple(
            self._sweep(s, play) for s in states for play in s.plays if len(_cycles(play))
        )
        return IvSweepResult(Provenance.of(run), self.options, states, sweeps)

    def figure(self, result: IvSweepResult, dark: bool = False) -> Figure:
        """The loops of the chosen cycle, and the values against the regulating resistance."""
        from analysis.iv_sweep_figure import draw

        return draw(result, dark)

    def _sweep(self, state: MeasuredState, play: Played) -> SweepMeasures:
        numbers = _cycles(play)
        cycles = tuple(self._cycle(_loop(play, int(n)), state.resistance) for n in numbers)
        level, duration = play.program.level, play.program.duration
        steps = np.abs(np.diff(level))
        at = next((c for c in cycles if c.loop.number == self.options.cycle), cycles[-1])
        return SweepMeasures(state, float(steps.max() / np.median(duration)), cycles, at)

    def _cycle(self, loop: Loop, resistance: float) -> CycleMeasures:
        charge = loop.duration * loop.current
        if self.options.branch == "device":
            charge = charge - loop.duration * loop.voltage / resistance
        up, down = float(charge[: loop.turn].sum()), float(charge[loop.turn :].sum())
        why = loop.missing
        window = float(np.ptp(loop.voltage))
        return CycleMeasures(
            loop=loop,
            current_at=_at(CURRENT_AT, loop, loop.current, loop.voltage, self.options.at_voltage),
            voltage_at=_at(VOLTAGE_AT, loop, loop.voltage, loop.current, self.options.at_current),
            charge_up=_whole(CHARGE_UP, up, why),
            charge_down=_whole(CHARGE_DOWN, down, why),
            capacitance=_whole(CAPACITANCE, (up - down) / (2 * window), why)
            if window
            else Measure.undefined(CAPACITANCE, why or "the voltage does not change"),
            efficiency=_whole(EFFICIENCY, -down / up, why)
            if up
            else Measure.undefined(EFFICIENCY, why or "no charge on the way up"),
        )


def _known(play: Played) -> NDArray[np.bool_]:
    """Which readings are within the measuring range."""
    return np.isfinite(play.samples.voltage) & np.isfinite(play.samples.current)


def _cycles(play: Played) -> NDArray[np.int32]:
    """Numbers of the cycles of which anything was read."""
    return np.unique(play.samples.cycle[_known(play) & (play.samples.cycle > 0)])


def _loop(play: Played, number: int) -> Loop:
    planned, read = play.program.cycle == number, play.samples.cycle == number
    known = read & _known(play)
    step = np.flatnonzero(known[read])
    over = int(np.count_nonzero(read)) - len(step)
    missing = f"cycle {number}: {over} readings are beyond the measuring range" if over else ""
    if np.count_nonzero(read) < np.count_nonzero(planned):
        missing = f"cycle {number} was cut short"
    return Loop(
        number=number,
        voltage=play.samples.voltage[known],
        current=play.samples.current[known],
        duration=play.duration[known],
        step=step,
        turn=int(np.searchsorted(step, int(np.argmax(play.program.level[planned])) + 1)),
        missing=missing,
    )


def _at(definition: Definition, loop: Loop, wanted: Array, given: Array, value: float) -> Measure:
    up = slice(0, loop.turn)
    if found := first_rise(wanted[up], given[up], value):
        place, before = found
        if loop.step[before + 1] == loop.step[before] + 1:
            return Measure(definition, place)
        return Measure.undefined(definition, f"passed where {loop.missing}")
    unit = CURRENT if definition is VOLTAGE_AT else VOLTAGE
    seen = given[up]
    if not len(seen):
        return Measure.undefined(definition, f"nothing was read on the way up; {loop.missing}")
    why = (
        f"{unit.format(value)} is not passed on the way up, which was read from "
        f"{unit.format(float(seen.min()))} to {unit.format(float(seen.max()))}"
    )
    return Measure.undefined(definition, "; ".join(filter(None, (why, loop.missing))))


def _whole(definition: Definition, value: float, why: str) -> Measure:
    return Measure.undefined(definition, why) if why else Measure(definition, value)


def _sweep_json(s: SweepMeasures) -> dict[str, Any]:
    return {
        "rate": s.rate,
        "cycles": [
            {
                "number": c.loop.number, "complete": c.loop.complete, **as_json(c),
                "voltage": c.loop.voltage.tolist(), "current": c.loop.current.tolist(),
            }
            for c in s.cycles
        ],
    }  # fmt: skip

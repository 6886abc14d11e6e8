"""Potentiation and depression: how far, how straight, how evenly and at what energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.asymmetry import Normalisation, asymmetry
from analysis.branches import PHASES, Branch, Cycle, ReadInstant, State, read_states
from analysis.captions import DOT
from analysis.cycle_to_cycle import cycle_to_cycle
from analysis.energy import PulseEnergy, pulse_energy
from analysis.measure import Measure, as_json, definitions, measures_of
from analysis.nonlinearity import Convention, Nonlinearity, fit_nonlinearity
from analysis.parts import remark
from analysis.plays import ohm
from analysis.weight_change import dynamic_range, effective_states, weight_change
from protocols.quantities import CURRENT, TIME

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Options:
    """What the study leaves open, chosen by name.

    Parameters
    ----------
    instant
        The reading that is the weight: at the end of the gap, or at the end of the pulse.
    nonlinearity
        Convention of the non-linearity, see `analysis.nonlinearity`.
    asymmetry
        Normalisation of the asymmetry, see `analysis.asymmetry`.
    """

    instant: ReadInstant = "gap-end"
    nonlinearity: Convention = "neurosim"
    asymmetry: Normalisation = "raw"


@dataclass(frozen=True)
class BranchMeasures:
    """The measures of one branch; see the definition that each carries."""

    branch: Branch
    nonlinearity: Nonlinearity
    range: Measure
    per_pulse: Measure
    states_steps: Measure
    states_resolvable: Measure
    energy: PulseEnergy


@dataclass(frozen=True)
class CycleMeasures:
    """The measures of one cycle and of its two branches."""

    number: int
    dynamic_range: Measure
    asymmetry_ratio: Measure
    asymmetric_nonlinearity: Measure
    up: BranchMeasures
    down: BranchMeasures


@dataclass(frozen=True)
class Repeatability:
    """How well one branch repeats over the cycles of a state."""

    write_noise: Measure
    range_variation: Measure


@dataclass(frozen=True)
class StateMeasures:
    """The measures of one state.

    Parameters
    ----------
    state
        What was read.
    cycles
        The measures of each cycle of which anything was read.
    up, down
        The repeatability of each branch.
    """

    state: State
    cycles: tuple[CycleMeasures, ...]
    up: Repeatability
    down: Repeatability

    @property
    def first(self) -> CycleMeasures | None:
        """The cycle that starts from the baseline: the one that tables and figures show."""
        return self.cycles[0] if self.cycles else None

    @property
    def reason(self) -> str:
        """Why it is not complete; empty when it is."""
        if self.state.complete:
            return ""
        if not self.cycles:
            return "not measured"
        last = next(
            (c for c in self.cycles if not (c.up.branch.complete and c.down.branch.complete)),
            self.cycles[-1],
        )
        return (
            f"partial: cycle {last.number} of {self.state.planned_cycles} has {_count(last.up)} "
            f"potentiating and {_count(last.down)} depressing pulses"
        )


@dataclass(frozen=True)
class LtpLtdResult(Result):
    """The measures of an LTP/LTD run, state by state in the order of measurement."""

    provenance: Provenance
    options: Options
    stimulus: tuple[float, float, float]
    """Amplitude in A, width in s, gap in s."""
    states: tuple[StateMeasures, ...]

    @property
    def complete(self) -> bool:
        """Whether every planned pulse of every state was read."""
        return all(s.state.complete for s in self.states)

    @property
    def conditions(self) -> str:
        """How it was measured, for a footer."""
        amplitude, width, gap = self.stimulus
        return DOT.join((
            f"\N{PLUS-MINUS SIGN}{CURRENT.format(amplitude)}, {TIME.format(width)} on, "
            f"{TIME.format(gap)} off",
            f"read at {self.options.instant.replace('-', ' ')}",
            f"cycle 1 of {self.states[0].state.planned_cycles}",
            "95 % intervals",
        ))  # fmt: skip

    def table(self) -> Table:
        """One row a state, of its first cycle; of several cycles how well they repeat too."""
        rows = tuple(
            (s.state.label, *(str(m) if m else "-" for m in _shown(s).values()))
            for s in self.states
        )
        names = _shown(self.states[0]) if self.states else _COLUMNS
        return Table(("R", *names), rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": LtpLtdAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "options": asdict(self.options),
            "complete": self.complete,
            "states": [_state_json(s) for s in self.states],
            "definitions": definitions(m for s in self.states for m in _measures(s)),
        }

    def _notes(self) -> Iterator[str]:
        label = "NL" if self.options.nonlinearity == "neurosim" else "NL is alpha,"
        yield (
            f"weight read at the {self.options.instant.replace('-', ' ')}; "
            f"first cycle of each state; {label} with 95 % interval, energy with bounds"
        )
        # Remark, to what it is about, to the states it is true of.
        remarks: dict[str, dict[str, list[str]]] = {}
        for s in self.states:
            found = [("", s.reason)] if s.reason else []
            found += [("", remark(name, n)) for name, n in s.state.flagged.items()]
            for column, m in _shown(s).items():
                if m and m.note and (m.value is None or column in _CAUTIOUS):
                    found.append((f"{column} at ", m.note))
            for about, text in found:
                remarks.setdefault(text, {}).setdefault(about, []).append(s.state.label)
        for text, places in remarks.items():
            where = (about + ", ".join(labels) for about, labels in places.items())
            yield f"{'; '.join(where)}: {text}"


@dataclass(frozen=True)
class LtpLtdAnalysis(Analysis[LtpLtdResult]):
    """Dynamic range, non-linearity, delta-w, asymmetry, states, energy and repeatability."""

    options: Options = Options()
    protocol: ClassVar[str] = "ltp-ltd"

    def analyse(self, run: Run) -> LtpLtdResult:
        """Measure every state; one that was cut short with what there is of it."""
        asked = run.info.parameters
        width = float(asked["width"])
        return LtpLtdResult(
            provenance=Provenance.of(run),
            options=self.options,
            stimulus=(float(asked["amplitude"]), width, float(asked["gap"])),
            states=tuple(
                self.measure(state, width) for state in read_states(run, self.options.instant)
            ),
        )

    def figure(self, result: LtpLtdResult, dark: bool = False) -> Figure:
        """Weights with fitted curves, and the measures against the regulating resistance."""
        from analysis.ltp_ltd_figure import draw

        return draw(result, dark)

    def measure(self, state: State, width: float) -> StateMeasures:
        """The measures of one state, whose pulses last `width` seconds."""
        return StateMeasures(
            state=state,
            cycles=tuple(self._cycle(cycle, width) for cycle in state.cycles),
            up=Repeatability(*cycle_to_cycle([c.up for c in state.cycles])),
            down=Repeatability(*cycle_to_cycle([c.down for c in state.cycles])),
        )

    def _cycle(self, cycle: Cycle, width: float) -> CycleMeasures:
        ratio, shape = asymmetry(cycle.up, cycle.down, self.options.asymmetry)
        return CycleMeasures(
            number=cycle.number,
            dynamic_range=dynamic_range(cycle.up.weights),
            asymmetry_ratio=ratio,
            asymmetric_nonlinearity=shape,
            up=self._branch(cycle.up, width),
            down=self._branch(cycle.down, width),
        )

    def _branch(self, branch: Branch, width: float) -> BranchMeasures:
        pulses, weights = branch.pulses, branch.weights
        span, per_pulse = weight_change(pulses, weights)
        shape = fit_nonlinearity(
            pulses, weights, mirrored=branch.mirrored, convention=self.options.nonlinearity
        )
        if not branch.complete:
            part = f"of {len(pulses)} of {branch.planned} pulses, not of the whole branch"
            shape, span = replace(shape, label=shape.label.noted(part)), span.noted(part)
        steps, resolvable = effective_states(pulses, weights)
        return BranchMeasures(
            branch=branch,
            nonlinearity=shape,
            range=span,
            per_pulse=per_pulse,
            states_steps=steps,
            states_resolvable=resolvable,
            energy=pulse_energy(branch, width),
        )


def _count(measures: BranchMeasures) -> str:
    return f"{len(measures.branch.pulses)} of {measures.branch.planned}"


_COLUMNS = (
    "Wmax/Wmin", "NL LTP", "NL LTD", "delta-w LTP", "delta-w LTD", "asymmetry",
    "energy of last LTP pulse",
)  # fmt: skip
_SEVERAL = ("write noise LTP", "write noise LTD")
"""Columns of runs of several cycles."""
_CAUTIOUS = ("NL LTP", "NL LTD")


def _shown(s: StateMeasures) -> dict[str, Measure | None]:
    """The measures of a table's row, by its columns; None where nothing was read."""
    noise = dict(zip(_SEVERAL, (s.up.write_noise, s.down.write_noise), strict=True))
    over_cycles = noise if s.state.planned_cycles > 1 else {}
    if s.first is None:
        return {**dict.fromkeys(_COLUMNS), **over_cycles}
    up, down = s.first.up, s.first.down
    shown = (
        s.first.dynamic_range, up.nonlinearity.label, down.nonlinearity.label, up.range,
        down.range, s.first.asymmetry_ratio, up.energy.last,
    )  # fmt: skip
    return {**dict(zip(_COLUMNS, shown, strict=True)), **over_cycles}


def _measures(s: StateMeasures) -> Iterator[Measure]:
    for repeatability in (s.up, s.down):
        yield from measures_of(repeatability).values()
    for cycle in s.cycles:
        yield from measures_of(cycle).values()
        for branch in (cycle.up, cycle.down):
            yield from measures_of(branch).values()
            yield from (branch.nonlinearity.label, branch.nonlinearity.a, branch.energy.first)


def _state_json(s: StateMeasures) -> dict[str, Any]:
    up, down = PHASES
    return {
        "nominal": ohm(s.state.nominal),
        "resistance": ohm(s.state.resistance),
        "complete": s.state.complete,
        "reason": s.reason,
        "flagged": s.state.flagged,
        "cycles": [
            {"number": c.number, **as_json(c), up: _branch_json(c.up), down: _branch_json(c.down)}
            for c in s.cycles
        ],
        "repeatability": {up: as_json(s.up), down: as_json(s.down)},
    }


def _branch_json(b: BranchMeasures) -> dict[str, Any]:
    return {
        "planned": b.branch.planned,
        "complete": b.branch.complete,
        "pulse": b.branch.pulses.tolist(),
        "weight": b.branch.weights.tolist(),
        **as_json(b),
        "nonlinearity": b.nonlinearity.as_json(),
        "energy": b.energy.as_json(),
    }

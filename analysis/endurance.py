"""Endurance: how the measures of a potentiation/depression cycle drift and scatter over cycles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.branches import PHASES, Branch
from analysis.cycle_to_cycle import cycle_to_cycle
from analysis.measure import Definition, Measure, definitions
from analysis.nonlinearity import fit_nonlinearity
from analysis.parts import flagged, parts_of
from analysis.plays import ohm
from analysis.weight_change import RANGE, STUDY, dynamic_range
from data.samples import Samples
from protocols.program import Instant
from protocols.quantities import RESISTANCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

MOST_FITTED = 60
"""Cycles that are fitted at most, spread over those recorded in full; bounds the time."""
_SOURCE = f"{STUDY}, Fig. S10: the variability is limited; no measure is given there"
_SHARE = 10
"""The first and the last of so many parts of the cycles are compared for the drift."""
_BASE = "the first cycle, which starts from the baseline, is left out"
_TEXTS: dict[str, tuple[str, str]] = {
    "w_max": ("V", "Weight after the last pulse of the potentiation"),
    "range_up": ("V", f"{RANGE.text} Potentiation"),
    "range_down": ("V", f"{RANGE.text} Depression"),
    "dynamic_range": ("", "Wmax/Wmin of the potentiation of cycles recorded in full"),
    "nl_up": ("", "Non-linearity NL of the potentiation of cycles recorded in full"),
    "nl_down": ("", "Non-linearity NL of the depression of cycles recorded in full"),
}
NAMES = {
    "w_max": "Wmax", "range_up": "delta-w LTP", "range_down": "delta-w LTD",
    "dynamic_range": "Wmax/Wmin", "nl_up": "NL LTP", "nl_down": "NL LTD",
}  # fmt: skip
"""Of the quantities that are followed over the cycles."""


@dataclass(frozen=True, eq=False)
class Followed:
    """One quantity over the cycles.

    Parameters
    ----------
    cycle
        Numbers of the cycles it is known for, shape (n,).
    value
        In its unit, shape (n,).
    first, last
        Of the first and of the last of these cycles.
    mean, variation, drift
        Over the cycles after the first.
    """

    name: str
    unit: str
    cycle: NDArray[np.int64]
    value: Array
    first: Measure
    last: Measure
    mean: Measure
    variation: Measure
    drift: Measure

    @property
    def measures(self) -> dict[str, Measure]:
        """By what they say of the quantity."""
        names = ("first", "last", "mean", "variation", "drift")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class EnduranceResult(Result):
    """The quantities over the cycles of a run.

    Parameters
    ----------
    nominal, resistance
        Regulating resistance that was asked for and the actual one, in ohm.
    stimulus
        Amplitude in A, width in s, gap in s.
    planned
        Cycles that were asked for.
    cycles
        Cycles of which anything was read.
    full
        The cycles recorded in full that were fitted, by number: weights of potentiation and
        depression.
    followed
        By key of `NAMES`.
    write_noise
        Of potentiation and depression.
    """

    provenance: Provenance
    nominal: float
    resistance: float
    stimulus: tuple[float, float, float]
    planned: int
    cycles: int
    full: Mapping[int, tuple[Branch, Branch]]
    followed: Mapping[str, Followed]
    write_noise: tuple[Measure, Measure]
    whole: bool
    remarks: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the last planned cycle was played to its end."""
        return self.whole and self.cycles == self.planned

    def table(self) -> Table:
        """One row a quantity."""
        rows = tuple(
            (f.name, *(str(m) for m in f.measures.values())) for f in self.followed.values()
        )
        columns = ("quantity", "first cycle", "last cycle", "mean", "std/|mean|", "drift")
        return Table(columns, rows, tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": EnduranceAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "complete": self.complete,
            "nominal": ohm(self.nominal),
            "resistance": ohm(self.resistance),
            "cycles": self.cycles,
            "planned": self.planned,
            "followed": {
                key: {
                    "unit": f.unit, "cycle": f.cycle.tolist(), "value": f.value.tolist(),
                    **{name: m.as_json() for name, m in f.measures.items()},
                }
                for key, f in self.followed.items()
            },
            "write_noise": {
                phase: m.as_json() for phase, m in zip(PHASES, self.write_noise, strict=True)
            },
            "remarks": list(self.remarks),
            "definitions": definitions((
                *(m for f in self.followed.values() for m in f.measures.values()),
                *self.write_noise,
            )),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        yield (
            f"{RESISTANCE.format(self.nominal)}, {self.cycles} cycles, {len(self.full)} of them "
            f"fitted; weight read at the gap end; mean, std and drift: {_BASE}"
        )
        for phase, m in zip(PHASES, self.write_noise, strict=True):
            yield f"{m.definition.name} of the {phase}: {m if m.value is not None else m.note}"
        for f in self.followed.values():
            notes = {m.note for m in f.measures.values() if m.value is None}
            yield from (f"{f.name}: {note}" for note in sorted(notes))
        if not self.complete:
            yield f"partial: {self.cycles} of {self.planned} cycles were begun"
        yield from self.remarks


@dataclass(frozen=True)
class EnduranceAnalysis(Analysis[EnduranceResult]):
    """Drift and scatter of range, dynamic range, NL and Wmax over the cycles."""

    protocol: ClassVar[str] = "endurance"

    def analyse(self, run: Run) -> EnduranceResult:
        """Follow the cycles as far as they were played; thinned ones by what was kept of them."""
        asked, samples = run.info.parameters, _samples(run)
        gaps = samples[samples.instant == Instant.GAP_END]
        planned = (int(asked["up"]), int(asked["down"]))
        codes = [run.info.phases.index(phase) for phase in PHASES]
        branches = [_ends(gaps[gaps.phase == c], n) for c, n in zip(codes, planned, strict=True)]
        full = cycles_in_full(run)
        cycles = int(samples.cycle.max(initial=0))
        return EnduranceResult(
            provenance=Provenance.of(run), nominal=nominal_of(run),
            resistance=resistance_of(run),
            stimulus=(float(asked["amplitude"]), float(asked["width"]), float(asked["gap"])),
            planned=int(asked["cycles"]), cycles=cycles, full=full,
            followed=_followed(branches, full),
            write_noise=_write_noise(full),
            whole=bool(len(branches[1][0]) and branches[1][0][-1] == cycles),
            remarks=tuple(flagged(run.samples.flags)),
        )  # fmt: skip

    def figure(self, result: EnduranceResult, dark: bool = False) -> Figure:
        """Weights of some cycles, and range, Wmax and NL against the cycle."""
        from analysis.endurance_figure import draw

        return draw(result, dark)


def cycles_in_full(run: Run) -> dict[int, tuple[Branch, Branch]]:
    """Potentiation and depression of the cycles recorded in full, by number; `MOST_FITTED`."""
    planned = int(run.info.parameters["up"]), int(run.info.parameters["down"])
    codes = [run.info.phases.index(phase) for phase in PHASES]
    return _full(_samples(run), codes, planned)


def nominal_of(run: Run) -> float:
    """The regulating resistance that was asked for, in ohm; `inf` when open."""
    return RESISTANCE.parse(run.info.parameters["resistance"])


def resistance_of(run: Run) -> float:
    """The actual one, in ohm; NaN when it was not reached."""
    first = next(parts_of(run), None)
    return math.nan if first is None else first.resistance


def _samples(run: Run) -> Samples:
    return Samples.concatenate([part.samples for part in parts_of(run)])


_Ends = tuple[NDArray[np.int64], Array, Array]
"""Cycles whose branch has its last pulse read; the weights after the first (NaN when it was not
recorded) and the last one; NaN for one beyond the measuring range."""


_OVER = "a reading is beyond the measuring range"
_NO_FIRST = f"the first pulse of the branch is not kept, or {_OVER}"


def _ends(s: Samples, planned: int) -> _Ends:
    last = s[s.pulse_index == planned]
    first = s[s.pulse_index == 1]
    weights = np.full(len(last), np.nan)
    _, i, j = np.intersect1d(last.cycle, first.cycle, return_indices=True)
    weights[i] = first.voltage[j]
    return last.cycle.astype(np.int64), weights, last.voltage


def _full(
    s: Samples, codes: list[int], planned: tuple[int, int]
) -> dict[int, tuple[Branch, Branch]]:
    """The branches of cycles that were recorded in full and in range, at most `MOST_FITTED`."""
    numbers, starts, counts = np.unique(s.cycle, return_index=True, return_counts=True)
    over = np.isin(numbers, s.cycle[s.over_range])
    whole = np.flatnonzero((counts == 2 * sum(planned)) & ~over)
    if len(whole) > MOST_FITTED:
        whole = whole[np.unique(np.rint(np.geomspace(1, len(whole), MOST_FITTED)).astype(int)) - 1]
    found = {}
    for k in whole:
        # A cycle is played in one go, so its readings stand together.
        rows = s[starts[k] : starts[k] + counts[k]]
        up, down = (
            _branch(rows[rows.phase == c], phase) for c, phase in zip(codes, PHASES, strict=True)
        )
        found[int(numbers[k])] = (up, down)
    return found


def _branch(s: Samples, phase: str) -> Branch:
    driven = s.instant == Instant.PULSE_END
    return Branch(
        phase=phase, pulse_end=s.voltage[driven], gap_end=s.voltage[~driven],
        current=s.current[driven], before=math.nan, instant="gap-end",
    )  # fmt: skip


def _followed(
    branches: list[_Ends], full: Mapping[int, tuple[Branch, Branch]]
) -> dict[str, Followed]:
    (up, up_first, up_last), (down, down_first, down_last) = branches
    numbers = np.array(list(full), dtype=np.int64)
    label = [
        [fit_nonlinearity(b.pulses, b.weights, mirrored=b.mirrored).label.value for b in pair]
        for pair in full.values()
    ]
    ratio = [dynamic_range(pair[0].weights).value for pair in full.values()]
    shapes = np.array(label, dtype=np.float64).reshape(-1, 2)
    columns: dict[str, tuple[NDArray[np.int64], Array, str]] = {
        "w_max": (up, up_last, _OVER),
        "range_up": (up, up_last - up_first, _NO_FIRST),
        "range_down": (down, down_last - down_first, _NO_FIRST),
        "dynamic_range": (
            numbers, np.array(ratio, dtype=np.float64),
            "a cycle that starts below 0 V has no ratio Wmax/Wmin",
        ),
        "nl_up": (numbers, shapes[:, 0], "no fit converged"),
        "nl_down": (numbers, shapes[:, 1], "no fit converged"),
    }  # fmt: skip
    return {key: _follow(key, *column) for key, column in columns.items()}


def _follow(key: str, cycle: NDArray[np.int64], value: Array, why: str) -> Followed:
    unit, text = _TEXTS[key]
    known = np.isfinite(value)
    missing = why if len(cycle) and not known.all() else ""
    cycle, value = cycle[known], value[known]

    def define(suffix: str, unit: str, more: str) -> Definition:
        return Definition(f"{NAMES[key]} {suffix}", unit, f"{text}: {more}", _SOURCE)

    first, last = (
        define(which, unit, f"in the {which} cycle it is known for") for which in ("first", "last")
    )
    mean = define("mean", unit, f"mean over the cycles; {_BASE}.")
    variation = define(
        "variation", "", f"standard deviation over the cycles over the magnitude of the mean; "
        f"{_BASE}. It contains the drift.",
    )  # fmt: skip
    drift = define(
        "drift", "", f"mean over the last tenth of the cycles minus mean over the first tenth, "
        f"over the magnitude of the mean over all; {_BASE}.",
    )  # fmt: skip
    later = value[cycle > 1]
    if len(later) < 3:
        note = missing or f"{len(later)} cycles after the first; at least 3 are needed"
        over = tuple(Measure.undefined(d, note) for d in (mean, variation, drift))
    else:
        # Of few cycles a tenth is one.
        tenth = max(1, len(later) // _SHARE)
        centre = float(later.mean())
        moved = float(later[-tenth:].mean() - later[:tenth].mean())
        over = (
            Measure(mean, centre, note=missing),
            *(
                Measure(d, v / abs(centre), note=missing)
                if centre
                else Measure.undefined(d, "the mean is 0")
                for d, v in ((variation, float(later.std(ddof=1))), (drift, moved))
            ),
        )
    if len(value):
        ends = Measure(first, float(value[0])), Measure(last, float(value[-1]))
    else:
        none = missing or "no cycle was read to its end"
        ends = Measure.undefined(first, none), Measure.undefined(last, none)
    return Followed(NAMES[key], unit, cycle, value, *ends, *over)


def _write_noise(full: Mapping[int, tuple[Branch, Branch]]) -> tuple[Measure, Measure]:
    later = [pair for number, pair in full.items() if number > 1]
    up, down = (cycle_to_cycle([pair[k] for pair in later])[0] for k in (0, 1))
    return up, down

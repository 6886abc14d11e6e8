"""From the readings of an LTP/LTD run to its states, cycles and branches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Run
from analysis.parts import counts
from data.samples import Samples
from protocols.program import Instant
from protocols.quantities import RESISTANCE

Array = NDArray[np.float64]
ReadInstant = Literal["gap-end", "pulse-end"]
PHASES = ("potentiation", "depression")


@dataclass(frozen=True, eq=False)
class Branch:
    """The pulses of one direction in one cycle; what was not read, or not in range, is NaN.

    Parameters
    ----------
    phase
        "potentiation" or "depression".
    pulse_end, gap_end
        Voltage at the two read instants, in V, shape (pulses planned,).
    current
        Measured current at the end of each pulse, in A, same shape.
    before
        Voltage at the end of the gap before the first pulse, in V: 0 at the start of a state,
        where the device is at its baseline; NaN when it was not read.
    instant
        At which of the two the weight is read.
    """

    phase: str
    pulse_end: Array
    gap_end: Array
    current: Array
    before: float
    instant: ReadInstant

    @property
    def mirrored(self) -> bool:
        """Whether shape measures read it backwards: depression."""
        return self.phase == "depression"

    @property
    def planned(self) -> int:
        """Number of pulses that the protocol asks for."""
        return len(self.gap_end)

    @property
    def pulses(self) -> NDArray[np.int64]:
        """Numbers of the pulses after which a weight was read, shape (n,)."""
        return np.flatnonzero(np.isfinite(self._weights)) + 1

    @property
    def weights(self) -> Array:
        """The weights read, in V, shape (n,)."""
        return self._weights[np.isfinite(self._weights)]

    @property
    def complete(self) -> bool:
        """Whether every planned pulse was read."""
        return bool(np.all(np.isfinite(self._weights)))

    @property
    def _weights(self) -> Array:
        return self.gap_end if self.instant == "gap-end" else self.pulse_end


@dataclass(frozen=True)
class Cycle:
    """One potentiation and the depression that follows it; `number` counts from 1."""

    number: int
    up: Branch
    down: Branch


@dataclass(frozen=True)
class State:
    """What was read in one state.

    Parameters
    ----------
    nominal
        Regulating resistance that was asked for, in ohm; `inf` when open.
    resistance
        Actual one, in ohm; NaN when the state was not reached.
    cycles
        Those of which anything was read.
    planned
        Pulses up and down that the protocol asks for in a cycle.
    planned_cycles
        How many cycles it asks for.
    flagged
        Readings at the limit, out of range or late, by the name of the flag.
    """

    nominal: float
    resistance: float
    cycles: tuple[Cycle, ...]
    planned: tuple[int, int]
    planned_cycles: int
    flagged: dict[str, int]

    @property
    def label(self) -> str:
        """As people read it: ``"8 kohm"``, ``"open"``."""
        return RESISTANCE.format(self.nominal)

    @property
    def complete(self) -> bool:
        """Whether every planned pulse of every planned cycle was read."""
        return len(self.cycles) == self.planned_cycles and all(
            c.up.complete and c.down.complete for c in self.cycles
        )


def read_states(run: Run, instant: ReadInstant = "gap-end") -> tuple[State, ...]:
    """The states of an LTP/LTD run in the order of measurement, those not reached included.

    Parameters
    ----------
    run
        Complete or not.
    instant
        At which reading the weight is taken.
    """
    asked, codes = run.info.parameters, [run.info.phases.index(name) for name in PHASES]
    nominal = list(map(RESISTANCE.parse, asked["states"]))
    planned = (int(asked["up"]), int(asked["down"]))
    s = run.samples.blanked()
    rows = np.isin(s.phase, codes) & np.isin(s.instant, (Instant.PULSE_END, Instant.GAP_END))
    blocks = _split(s[rows])
    nominal += [float(b.resistance[0]) for b in blocks[len(nominal) :]]
    return tuple(
        _state(r, block, codes[0], planned, int(asked["cycles"]), instant)
        for r, block in zip_longest(nominal, blocks)
    )


def _state(
    nominal: float,
    s: Samples | None,
    first_code: int,
    planned: tuple[int, int],
    planned_cycles: int,
    instant: ReadInstant,
) -> State:
    if s is None:
        return State(nominal, math.nan, (), planned, planned_cycles, {})
    return State(
        nominal=nominal,
        resistance=float(s.resistance[0]),
        cycles=_cycles(s, first_code, planned, instant),
        planned=planned,
        planned_cycles=planned_cycles,
        flagged=counts(s.flags),
    )


def _split(s: Samples) -> list[Samples]:
    """One block a state: it ends where the resistance changes or the count starts again."""
    if not len(s):
        return []
    columns = (s.cycle, s.phase, s.pulse_index, s.instant)
    order = np.zeros(len(s), dtype=np.int64)
    for column in columns:
        order = order * (int(column.max()) + 1) + column
    again = (np.diff(order) <= 0) | (s.resistance[1:] != s.resistance[:-1])
    edges = [0, *(np.flatnonzero(again) + 1).tolist(), len(s)]
    return [s[a:b] for a, b in pairwise(edges)]


def _cycles(
    s: Samples, first_code: int, planned: tuple[int, int], instant: ReadInstant
) -> tuple[Cycle, ...]:
    n_cycles = int(s.cycle.max())
    longest = max(*planned, int(s.pulse_index.max()))
    # Axes: cycle, branch, pulse, read instant.
    voltage = np.full((n_cycles, 2, longest, 2), np.nan)
    current = voltage.copy()
    where: Any = (s.cycle - 1, (s.phase != first_code).astype(int), s.pulse_index - 1, s.instant)
    voltage[where], current[where] = s.voltage, s.current
    cycles, before = [], 0.0
    for k in range(n_cycles):
        pair = []
        for b, phase in enumerate(PHASES):
            n = planned[b]
            branch = Branch(
                phase=phase,
                pulse_end=voltage[k, b, :n, Instant.PULSE_END],
                gap_end=voltage[k, b, :n, Instant.GAP_END],
                current=current[k, b, :n, Instant.PULSE_END],
                before=before,
                instant=instant,
            )
            before = float(branch.gap_end[-1]) if n else before
            pair.append(branch)
        cycles.append(Cycle(k + 1, *pair))
    return tuple(cycles)

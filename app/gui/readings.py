"""What a window knows of the readings of a run that it draws: bounded, in the order of rows.

No Qt here. Rows come in blocks from the station, and for a window that attached in the
middle of a run the rows before them from the run's file, in any order and perhaps twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.gui.pyramid import FINEST, Pyramid
from data.samples import Flag
from protocols.program import Instant

Array = NDArray[np.float64]
Block = Mapping[str, NDArray[Any]]
"""Columns of readings by name, as `data.samples.Samples` has them."""

FLAG_TEXTS = {
    Flag.LIMIT: "in compliance", Flag.OVERRANGE: "out of range", Flag.LATE: "late",
    Flag.OVERRUN: "with a trigger overrun",
}  # fmt: skip

_OVERFLOW = 1e30
"""Voltage from which on a number stands for none, in V."""
_FEWER = 1 << 19
"""Points of the finest level of what has at most one point in two readings."""


class Stretches:
    """Where along x which resistance was selected."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.resistances: list[float] = []
        self.known: set[float] = set()
        """Every resistance that occurs."""

    def add(self, x: Array, resistance: Array) -> None:
        """Go on with readings at `x`, of which the resistance (ohm) is known."""
        before = np.concatenate((self.resistances[-1:] or [np.nan], resistance[:-1]))
        for k in np.flatnonzero(resistance != before):
            self.starts.append(float(x[k]))
            self.resistances.append(float(resistance[k]))
            self.known.add(float(resistance[k]))

    def at(self, x: float) -> float | None:
        """The resistance at a place, in ohm; None before the first."""
        k = bisect_right(self.starts, x) - 1
        return self.resistances[k] if k >= 0 else None


class Curve:
    """A curve, and which of its points are flagged."""

    def __init__(self, finest: int) -> None:
        self.points = Pyramid(finest=finest)
        self.marks: dict[Flag, Pyramid] = {}

    def add(self, x: Array, y: Array, flags: NDArray[np.uint8]) -> None:
        """Add points; x never falls."""
        self.points.append(x, y)
        for flag in FLAG_TEXTS:
            if (chosen := (flags & flag) > 0).any():
                marked = self.marks.setdefault(flag, Pyramid(finest=_FEWER))
                marked.append(x[chosen], y[chosen])


class Sight:
    """One way to see a run: its curves by resistance (ohm), and the stretches of each.

    Memory is that of a pyramid a curve and one a flag that occurs; see `app.gui.pyramid`.
    """

    def __init__(self) -> None:
        self.curves: dict[float | None, Curve] = {}
        """None is the curve of what is not told apart by resistance."""
        self.stretches = Stretches()

    @property
    def span(self) -> tuple[float, float] | None:
        """First and last x of all curves; None without points."""
        spans = [s for curve in self.curves.values() if (s := curve.points.span)]
        return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


class Readings:
    """The readings of one run, as they arrive.

    Parameters
    ----------
    rows_in_file
        So many rows come from the run's file; later ones wait for them.
    """

    def __init__(self, rows_in_file: int = 0) -> None:
        self.rows_in_file = rows_in_file
        self.trace = Sight()
        """Voltage (V) over the time (s) after the start of the run."""
        self.in_order = Sight()
        """PSV (V), one a pulse, over the count of pulses read."""
        self.in_state = Sight()
        """The same over the count of pulses read in the same state."""
        self.rows = 0
        """Number of the row that comes next."""
        self.pulses = 0
        """Pulses read, in all states."""
        self.flagged = dict.fromkeys(FLAG_TEXTS, 0)
        """Readings by flag."""
        self.missing = 0
        """Rows that never came."""
        self.turned_back = 0
        """Readings with a time before that of an earlier one; they are not drawn."""
        self._ahead: dict[int, Block] = {}
        self._of_state: dict[float, int] = {}
        self._time = -np.inf

    @property
    def waiting(self) -> bool:
        """Whether rows are due from the file."""
        return self.rows < self.rows_in_file

    @property
    def without_value(self) -> int:
        """Readings whose voltage is an overflow or not a number."""
        return sum(curve.points.missing for curve in self.trace.curves.values())

    def add(self, first_row: int, block: Block) -> None:
        """Take a block; rows that are known already are passed over."""
        known = self._ahead.get(first_row)
        if known is None or len(known["time"]) < len(block["time"]):
            self._ahead[first_row] = block
        self._go_on()

    def give_up_recorded(self) -> None:
        """Go on without the rows of the file that did not come."""
        self.rows_in_file = 0
        self._go_on()

    def _go_on(self) -> None:
        while self._ahead:
            first = min(self._ahead)
            if first > self.rows:
                if self.waiting:
                    return
                self.missing += first - self.rows
                self.rows = first
            block = self._ahead.pop(first)
            new = slice(self.rows - first, None)
            if first + len(block["time"]) > self.rows:
                self.rows = first + len(block["time"])
                self._take({name: column[new] for name, column in block.items()})

    def _take(self, block: Block) -> None:
        latest = np.fmax.accumulate(np.concatenate(([self._time], block["time"])))
        forward = ~(block["time"] < latest[:-1])
        if not forward.all():
            self.turned_back += int(np.count_nonzero(~forward))
            block = {name: column[forward] for name, column in block.items()}
        self._time = float(latest[-1])
        flags = block["flags"]
        for flag in self.flagged:
            self.flagged[flag] += int(np.count_nonzero(flags & flag))
        time, resistance = block["time"], block["resistance"]
        # An instrument says "overflow" with a huge number; that is no place on an axis.
        voltage = np.where(np.abs(block["voltage"]) < _OVERFLOW, block["voltage"], np.nan)
        self._curve(self.trace, None).add(time, voltage, flags)
        self.trace.stretches.add(time, resistance)
        # The synaptic weight is what is left at the end of the gap.
        psv = (block["pulse_index"] > 0) & (block["instant"] == Instant.GAP_END)
        if psv.any():
            self._take_pulses(voltage[psv], resistance[psv], flags[psv])

    def _take_pulses(self, psv: Array, resistance: Array, flags: NDArray[np.uint8]) -> None:
        number = self.pulses + np.arange(1.0, len(psv) + 1)
        self.pulses += len(psv)
        self.in_order.stretches.add(number, resistance)
        for state in map(float, np.unique(resistance)):
            chosen = resistance == state
            count = self._of_state.get(state, 0)
            of_state = count + np.arange(1.0, np.count_nonzero(chosen) + 1)
            self._of_state[state] = count + len(of_state)
            for sight, x in ((self.in_order, number[chosen]), (self.in_state, of_state)):
                self._curve(sight, state).add(x, psv[chosen], flags[chosen])

    def _curve(self, sight: Sight, state: float | None) -> Curve:
        if state not in sight.curves:
            sight.curves[state] = Curve(FINEST if sight is self.trace else _FEWER)
        return sight.curves[state]

"""Energy of a pulse, as far as two readings a pulse bound it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.branches import Branch
from analysis.measure import Definition, Measure

Array = NDArray[np.float64]

ENERGY = Definition(
    "energy per pulse", "J",
    "Energy that the source delivers to the device and the resistance across it during the "
    "pulse, the integral of u I. Between the readings u is not measured. Under a constant "
    "current the magnitude of a passive capacitive device's voltage rises at a falling rate, "
    "so that I w (before + end)/2 <= E <= I w end, with w the width, before the voltage at "
    "the end of the preceding gap (taken as 0 V before a state's first pulse, at the "
    "baseline) and end that at the end of the pulse. The value is the "
    "middle of these bounds, I w (before + 3 end)/4; the interval is the bounds. Negative "
    "where a pulse discharges the device.",
    "Bracket derived here; the study gives no energy",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PulseEnergy:
    """`ENERGY` of the pulses of a branch.

    Parameters
    ----------
    per_pulse, low, high
        Estimate and bounds, in J, shape (pulses planned,); NaN where a reading is missing.
    first, last, total
        Of the first and of the last planned pulse, and of all of them.
    """

    per_pulse: Array
    low: Array
    high: Array
    first: Measure
    last: Measure
    total: Measure

    def as_json(self) -> dict[str, Any]:
        """Measures and the column as JSON values."""
        column = [None if np.isnan(e) else float(e) for e in self.per_pulse]
        measures = {"first": self.first, "last": self.last, "total": self.total}
        return {name: m.as_json() for name, m in measures.items()} | {"per_pulse": column}


def pulse_energy(branch: Branch, width: float) -> PulseEnergy:
    """The energies of a branch whose pulses are `width` seconds long."""
    before = np.concatenate(([branch.before], branch.gap_end))[: branch.planned]
    charge = branch.current * width
    one, other = charge * (before + branch.pulse_end) / 2, charge * branch.pulse_end
    low, high = np.minimum(one, other), np.maximum(one, other)
    middle = (low + high) / 2
    if branch.planned:
        chosen = [slice(0, 1), slice(-1, None), slice(None)]
        first, last, total = (_measure(middle[c], low[c], high[c]) for c in chosen)
    else:
        first = last = total = Measure.undefined(ENERGY, "the protocol has no such pulses")
    return PulseEnergy(middle, low, high, first, last, total)


def _measure(middle: Array, low: Array, high: Array) -> Measure:
    if missing := int(np.count_nonzero(np.isnan(middle))):
        return Measure.undefined(ENERGY, f"{missing} of {len(middle)} pulses lack a reading")
    return Measure(ENERGY, float(middle.sum()), float(low.sum()), float(high.sum()))

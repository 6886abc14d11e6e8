"""How far and in how many steps a branch moves the weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.measure import Definition, Measure

Array = NDArray[np.float64]

STUDY = "Zhao et al., Natl Sci Rev 2022, nwac158"
CRITERION = 6.0
"""Dynamic range that pattern recognition needs at least, after the study."""
THRESHOLD = 0.005
"""Least step, as a fraction of the range, that counts as a state of its own."""

DYNAMIC_RANGE = Definition(
    "dynamic range", "",
    "Wmax/Wmin: greatest over least weight of the potentiation; the least is, as a rule, the "
    "weight after the first pulse. Undefined unless all weights are above 0, so taken where "
    "the potentiation starts from the baseline.",
    f"{STUDY}: above 6 in every state; the read instant is not stated there",
)  # fmt: skip
RANGE = Definition(
    "delta-w range", "V",
    "Weight after the last pulse of the branch minus weight after its first pulse; negative "
    "for depression.",
    f"{STUDY}, Fig. 3h and 3i; no definition is given there",
)  # fmt: skip
PER_PULSE = Definition(
    "delta-w per pulse", "V",
    "Mean change of the weight from pulse to pulse: delta-w range over the pulses between.",
    RANGE.source,
)  # fmt: skip
STEPS_ABOVE = Definition(
    "effective states (steps)", "",
    f"Count of steps from pulse to pulse, in the branch's direction, above {THRESHOLD:.1%} of "
    "the range of the branch.",
    "Option; the study names effective states and does not define them",
)  # fmt: skip
RESOLVABLE = Definition(
    "effective states (resolvable)", "",
    "Range of the branch over (mean step + 2 sigma), sigma the standard deviation of its steps.",
    STEPS_ABOVE.source,
)  # fmt: skip


def dynamic_range(weights: Array) -> Measure:
    """`DYNAMIC_RANGE` of potentiation weights, shape (n,), in V."""
    if len(weights) < 2:
        return Measure.undefined(DYNAMIC_RANGE, _too_few(weights))
    least = float(weights.min())
    if least <= 0:
        return Measure.undefined(
            DYNAMIC_RANGE, f"the least weight is {least:.4g} V; a ratio needs weights above 0"
        )
    return Measure(DYNAMIC_RANGE, float(weights.max()) / least)


def weight_change(pulses: NDArray[np.integer], weights: Array) -> tuple[Measure, Measure]:
    """`RANGE` and `PER_PULSE` of a branch: pulse numbers and weights (V), shape (n,)."""
    if len(weights) < 2:
        why = _too_few(weights)
        return Measure.undefined(RANGE, why), Measure.undefined(PER_PULSE, why)
    moved = float(weights[-1] - weights[0])
    return Measure(RANGE, moved), Measure(PER_PULSE, moved / int(pulses[-1] - pulses[0]))


def effective_states(pulses: NDArray[np.integer], weights: Array) -> tuple[Measure, Measure]:
    """`STEPS_ABOVE` and `RESOLVABLE` of a branch: pulse numbers and weights (V), shape (n,)."""
    if len(weights) < 3 or weights[-1] == weights[0]:
        why = _too_few(weights, 3) if len(weights) < 3 else "the branch ends where it begins"
        return Measure.undefined(STEPS_ABOVE, why), Measure.undefined(RESOLVABLE, why)
    moved = float(weights[-1] - weights[0])
    # In the branch's direction, as fractions of its range; only between adjacent pulses.
    steps = (np.diff(weights) / moved)[np.diff(pulses) == 1]
    if len(steps) < 2:
        why = "fewer than 2 steps between adjacent pulses were read"
        return Measure.undefined(STEPS_ABOVE, why), Measure.undefined(RESOLVABLE, why)
    return (
        Measure(STEPS_ABOVE, float(np.count_nonzero(steps > THRESHOLD))),
        Measure(RESOLVABLE, 1 / float(steps.mean() + 2 * steps.std(ddof=1))),
    )


def _too_few(weights: Array, least: int = 2) -> str:
    return f"{len(weights)} weights were read; at least {least} are needed"

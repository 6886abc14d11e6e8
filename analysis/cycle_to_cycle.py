"""How well a branch repeats from cycle to cycle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.branches import Branch
from analysis.measure import Definition, Measure

WRITE_NOISE = Definition(
    "write noise", "",
    "Standard deviation over the cycles of the step at the same pulse, root mean square over "
    "the pulses, over the mean range of the branch.",
    "Cycle-to-cycle variation as used for weight-update curves",
)  # fmt: skip
RANGE_VARIATION = Definition(
    "range variation", "",
    "Standard deviation of the range of the branch over the cycles, over its mean.",
    WRITE_NOISE.source,
)  # fmt: skip

_START = "the first cycle starts from the baseline, the others where a depression ended"


def cycle_to_cycle(branches: Sequence[Branch]) -> tuple[Measure, Measure]:
    """`WRITE_NOISE` and `RANGE_VARIATION` of the same branch in several cycles.

    Incomplete cycles are left out.
    """
    whole = [b.weights for b in branches if b.planned > 1 and b.complete]
    if len(whole) < 2:
        why = f"{len(whole)} complete cycles; at least 2 are needed"
        return Measure.undefined(WRITE_NOISE, why), Measure.undefined(RANGE_VARIATION, why)
    weights = np.array(whole)
    ranges = weights[:, -1] - weights[:, 0]
    mean = abs(float(ranges.mean()))
    if mean == 0:
        why = "the branches end where they begin"
        return Measure.undefined(WRITE_NOISE, why), Measure.undefined(RANGE_VARIATION, why)
    noise = float(np.sqrt(np.diff(weights, axis=1).var(axis=0, ddof=1).mean()))
    note = f"{len(whole)} cycles; {_START}"
    return (
        Measure(WRITE_NOISE, noise / mean, note=note),
        Measure(RANGE_VARIATION, float(ranges.std(ddof=1)) / mean, note=note),
    )

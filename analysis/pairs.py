"""From the readings of a state to its pairs of pulses."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.plays import MeasuredState
from data.samples import Samples
from protocols.program import Instant

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trace:
    """A pair as it was read, from the baseline before it to the reading after it.

    Parameters
    ----------
    time
        Of each reading, in s; the reading at the end of the first pulse counts as one width.
    voltage
        In V.
    """

    time: Array
    voltage: Array


@dataclass(frozen=True)
class Pair:
    """Two pulses and the time between them.

    Parameters
    ----------
    interval, achieved
        From the end of the first to the start of the second, in s: as asked for, and by the
        instrument's clock.
    first, second
        A1 and A2, the voltages at the end of the pulses, in V.
    idle
        Current measured at 0 A just before the second pulse, in A.
    trace
        All that was read of it.
    """

    interval: float
    achieved: float
    first: float
    second: float
    idle: float
    trace: Trace


def read_pairs(state: MeasuredState, asked: Array, width: float) -> list[Pair]:
    """The pairs of a state, shortest interval first; one may stretch over several plays.

    A pair of which a reading was beyond the measuring range is left out.
    """
    if not state.plays:
        return []
    s = Samples.concatenate([p.samples for p in state.plays])
    ends = np.flatnonzero(s.instant == Instant.PULSE_END)
    pairs = []
    for one, two in pairwise(ends.tolist()):
        if (s.pulse_index[one], s.pulse_index[two]) != (1, 2):
            continue
        # Both readings stand at the same place in their pulse.
        interval = float(s.time[two] - s.time[one]) - width
        nearest = asked[np.argmin(np.abs(np.log(asked / interval)))]
        rows = slice(max(one - 1, 0), two + 2)
        if not np.isfinite(s.voltage[rows]).all():
            continue
        trace = Trace(s.time[rows] - s.time[one] + width, s.voltage[rows])
        first, second = float(s.voltage[one]), float(s.voltage[two])
        idle = float(s.current[two - 1])
        pairs.append(Pair(float(nearest), interval, first, second, idle, trace))
    return sorted(pairs, key=lambda pair: pair.interval)

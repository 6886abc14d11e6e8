"""A run as the parts it was played in: stretches of readings of one phase in one state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Run
from data.samples import Flag, Samples


@dataclass(frozen=True)
class Part:
    """One program as it was played.

    Parameters
    ----------
    phase
        What it did to the device, a phase of the protocol.
    resistance
        Actual regulating resistance, in ohm; `inf` when open.
    device
        Name of the device; "" where the rig has but one.
    samples
        What was read, at least one reading; NaN where it was beyond the measuring range.
    """

    phase: str
    resistance: float
    device: str
    samples: Samples


def parts_of(run: Run) -> Iterator[Part]:
    """The parts of a run in the order of time, resets left out."""
    for play in run.plays:
        samples = run.samples[play.rows].blanked()
        # Phase 0 is the reset in every protocol.
        if len(samples) and samples.phase[0]:
            phase = run.info.phases[int(samples.phase[0])]
            yield Part(phase, play.resistance, play.device, samples)


def flagged(flags: NDArray[np.uint8]) -> list[str]:
    """How many readings have which flag, one line a flag that occurs."""
    return [remark(name, n) for name, n in counts(flags).items()]


def counts(flags: NDArray[np.uint8]) -> dict[str, int]:
    """How many readings have which flag, by its name; those that occur."""
    found = {str(f.name).lower(): int(np.count_nonzero(flags & f)) for f in Flag}
    return {name: n for name, n in found.items() if n}


def remark(name: str, count: int) -> str:
    """What is said of readings with a flag."""
    more = (
        ": beyond the measuring range, left out" if name == str(Flag.OVERRANGE.name).lower() else ""
    )
    return f"{count} readings flagged {name}{more}"

"""A rehearsal: the experiment on a simulated bench, at full speed and without noise.

The very runner and the rig's own drivers play it, against their emulated instruments; so what
it tells (time with all resets, voltages) is what the simulated device does under the rig's
resistors and limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.rigs.opening import make_bench, open_rig
from app.running.experiment import Experiment
from app.running.runner import Result, Runner
from app.running.sinks import RunState, Sink
from data.samples import Samples
from protocols.plan import Plan
from protocols.steps import Play


class _Collect(Sink):
    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.resume: Callable[[], None] = lambda: None

    def state(self, state: RunState, reason: str) -> None:  # noqa: ARG002 (a sink's)
        if state is RunState.PAUSED:
            self.resume()

    def block(self, samples: Samples) -> None:
        self.blocks.append(samples)


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal showed.

    Parameters
    ----------
    result
        How it ended.
    samples
        All readings.
    duration
        Time on the instruments, resets included, in s.
    """

    result: Result
    samples: Samples
    duration: float

    @property
    def largest_voltage(self) -> float:
        """Greatest absolute voltage read across the device, in V."""
        return float(np.abs(self.samples.voltage).max(initial=0.0))


_MOST_PLAYS, _MOST_SEGMENTS = 5000, 500_000
"""Programs that are played, and segments of them, beyond which nothing is rehearsed."""


def is_short(plan: Plan) -> bool:
    """Whether a rehearsal takes seconds, not minutes."""
    plays = [step.program for step in plan.steps if isinstance(step, Play)]
    segments = sum(map(len, plays))
    return len(plays) + len(plan.resets) <= _MOST_PLAYS and segments <= _MOST_SEGMENTS


def rehearse(experiment: Experiment) -> Rehearsal:
    """Play an experiment on a nominal device, with the rig's own instruments emulated."""
    rig_file = experiment.rig.emulated()
    bench = make_bench(rig_file, noise=False)
    rig = open_rig(rig_file, bench)
    collect = _Collect()
    runner = Runner(rig, [collect])
    # Nobody is there to connect devices by hand.
    collect.resume = runner.resume
    try:
        result = runner.run(
            experiment.stimulus, experiment.plan, experiment.info(rig, sample="", notes="")
        )
    finally:
        rig.close()
    return Rehearsal(result, Samples.concatenate(collect.blocks), bench.clock.now)

"""The main job: LTP/LTD under four resistor states on the simulated rig.

    python benchmarks/main_job.py

As fast as possible: wall time of the whole run (drivers, Lua, emulators, HDF5) against the
time it takes on the device. At real-time speed, one state without a reset: wall time against the
stimulus.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from app.running.sinks import Sink
from data.run import PlayInfo
from data.samples import Samples


class Stopwatch(Sink):
    """Wall time from the last program's start to its last reading, in s."""

    def __init__(self) -> None:
        self._started = self._latest = 0.0

    @property
    def elapsed(self) -> float:
        """Time between the two marks."""
        return self._latest - self._started

    def play(self, play: PlayInfo) -> None:
        """Note the start of a program."""
        self._started = time.perf_counter()

    def block(self, samples: Samples) -> None:
        """Note the arrival of a block."""
        self._latest = time.perf_counter()


def run(
    folder: Path, values: dict[str, str], speed: float
) -> tuple[float, float, Stopwatch, float]:
    """Wall time, bench time, stopwatch and stimulus time of one run."""
    experiment = Experiment.prepare("ltp-ltd", preset=None, values=values, rig=None)
    watch = Stopwatch()
    start = time.perf_counter()
    bench = make_bench(RigFile(), speed=speed)
    rig = open_rig(experiment.rig, bench)
    result = Runner(rig, [FileSink(folder / f"{time.time_ns()}.h5"), watch]).run(
        experiment.protocol, experiment.plan, experiment.info(rig, sample="bench", notes="")
    )
    rig.close()
    if result.reason:
        raise SystemExit(result.reason)
    return time.perf_counter() - start, bench.clock.now, watch, experiment.plan.stimulus_duration


def main() -> None:
    """Print both figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        walls = []
        for _ in range(5):
            wall, bench, _, _ = run(folder, {}, float("inf"))
            walls.append(wall)
        wall = sorted(walls)[2]
        print(f"4 states, as fast as possible: {wall:.2f} s wall (median of 5, {min(walls):.2f} to "
              f"{max(walls):.2f}), {bench:.0f} s device time, {bench / wall:.0f} times faster "
              "(targets: 2 s, 500 times)")  # fmt: skip
        values = {"states": "8k", "reset_watch": "0.5s", "reset_tolerance": "10mV"}
        _, _, watch, stimulus = run(folder, values, 1.0)
        print(f"1 state at real-time speed: {watch.elapsed:.3f} s wall for {stimulus:.3f} s of "
              f"stimulus, ratio {watch.elapsed / stimulus:.4f} (target 1.05)")  # fmt: skip


if __name__ == "__main__":
    main()

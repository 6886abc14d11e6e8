"""Endurance over many cycles on the simulated rig, as fast as possible: does anything grow?

    python benchmarks/long_run.py [CYCLES] [HOURS]

Plays and records as `fmes run endurance` does, first `CYCLES` cycles of the preset `hundred`,
then cycles of 20 slow pulses for `HOURS` of device time. After each program the processor time,
the memory of the process and the size of the file are noted; printed is how they grow from the
second tenth of the run to its last.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from app.rigs.opening import open_rig
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from app.running.sinks import Sink
from data.run import PlayInfo

CYCLES, HOURS = 300, 1.0
PAGE = 4096


class Watch(Sink):
    """Notes what the process needs whenever a program begins."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self.rows: list[tuple[float, float, float, float]] = []

    def play(self, play: PlayInfo) -> None:
        """Device time, processor time, memory, size on the disk."""
        memory = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
        disk = sum(file.stat().st_size for file in self._folder.iterdir())
        self.rows.append((play.started, time.process_time(), memory, disk))


def measure(title: str, **values: str | int) -> None:
    """Play one endurance and print how it grew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        texts = {name: str(value) for name, value in values.items()}
        experiment = Experiment.prepare("endurance", preset=None, values=texts, rig=None)
        rig, watch = open_rig(experiment.rig), Watch(path)
        runner = Runner(rig, [FileSink(path), watch])
        info = experiment.info(rig, sample="", notes="")
        result = runner.run(experiment.stimulus, experiment.plan, info)
        rig.close()
        assert not result.reason, result
        size = path.stat().st_size
    device, cpu, memory, disk = np.array(watch.rows).T
    n = len(device)
    early, late = slice(n // 10, n // 5), slice(-n // 10, None)
    cycles = int(values["cycles"])
    # Of the usual program, which plays ten cycles.
    per_cycle = [float(np.median(np.diff(cpu[part]))) / 10 for part in (early, late)]
    grown = memory[late].mean() - memory[early].mean()
    hours = (device[late].mean() - device[early].mean()) / 3600
    print(
        f"{title}: {cycles} cycles, {device[-1] / 3600:.1f} h on the device\n"
        f"    processor time a cycle: {per_cycle[0] * 1e3:.2f} ms in the second tenth, "
        f"{per_cycle[1] * 1e3:.2f} ms in the last\n"
        f"    memory {memory[early].mean() / 1e6:.1f} MB in the second tenth, "
        f"{memory[late].mean() / 1e6:.1f} MB in the last: {grown / hours / 1e3:+.1f} kB an hour, "
        f"{grown / (0.8 * cycles) / 1e3:+.2f} kB a cycle\n"
        f"    disk {disk[early].mean() / 1e6:.1f} to {disk[late].mean() / 1e6:.1f} MB while it "
        f"runs; file {size / 1e6:.2f} MB when finished, {size / cycles:.0f} bytes a cycle",
        flush=True,
    )


def main(cycles: int, hours: float) -> None:
    """Both runs."""
    measure("cycles of 50 and 50 pulses", cycles=cycles)
    slow = {"up": 10, "down": 10, "width": "200 ms", "gap": "200 ms"}
    measure("cycles of 10 and 10 pulses", cycles=round(hours * 3600 / 8), **slow)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES,
        float(sys.argv[2]) if len(sys.argv) > 2 else HOURS,
    )

"""Kills runs at random instants and cuts the power of their recorder; nothing may be lost.

    python benchmarks/crash.py [--kills 500] [--cuts 200] [--seed 1]
        [--folder FOLDER] [--without-sync]

A killed run is a real process that plays a protocol on the simulated rig and gets `kill -9` at a
random instant: after a random one of its blocks, or of its first or last steps, a random time that
is up to twice as long as a block takes. So the making of the file, the recorder's writes and the
rewriting at the end are hit, however fast the machine is. Then

- every name that ends in .h5 is a file that h5py reads in full, and h5dump where there is one;
- every reading that the run knew to be on the disk is read back with the value it has in a run
  that nobody killed; at most the block under way is missing;
- the outcome is "interrupted" unless the run had set one, and `fmes recover` makes a file of it
  that `fmes verify` proves whole.

Power cuts: see `power_cuts.py`. The exit code is 1 when a trial failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
from power_cuts import cut_power

from app.rigs.opening import open_rig
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from app.running.sinks import Sink
from data.errors import DataError
from data.reader import Run, open_run
from data.recovery import recover
from data.run import Outcome, RunInfo
from data.samples import COLUMNS, Samples
from data.verification import verify
from protocols.plan import Plan

SETTINGS = {"up": "40", "down": "40", "cycles": "3", "states": "500, 8k, open"}


class _Reports(Sink):
    """Writes to a pipe how many readings are on the disk, after each block, and the end."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._rows = pipe, 0

    def begin(self, info: RunInfo, plan: Plan) -> None:
        os.write(self._pipe, b"begin\n")

    def block(self, samples: Samples) -> None:
        self._rows += len(samples)
        os.write(self._pipe, b"%d\n" % self._rows)

    def end(self, outcome: Outcome, reason: str) -> None:
        os.write(self._pipe, b"end\n")


def play(path: Path, reports: int) -> None:
    """A run in this process."""
    experiment = Experiment.prepare("ltp-ltd", preset=None, values=SETTINGS, rig=None)
    rig = open_rig(experiment.rig)
    info = experiment.info(rig, sample="crash", notes="")
    told = _Reports(reports)
    told.begin(info, experiment.plan)  # once before the file is made, and once when it is there
    runner = Runner(rig, [FileSink(path), told])
    runner.run(experiment.stimulus, experiment.plan, info)


def killed(path: Path, reports: int | None, wait: float = 0.0) -> list[str]:
    """A run in a process of its own, killed some s after so many reports; all its reports."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            play(path, writing)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "r") as pipe:
        lines = []
        if reports is not None:
            lines = [pipe.readline() for _ in range(reports)]
            time.sleep(wait)
            os.kill(child, signal.SIGKILL)
        lines += pipe.readlines()
    os.waitpid(child, 0)
    return [line.strip() for line in lines if line.endswith("\n")]


def judge(folder: Path, lines: list[str], whole: Run) -> tuple[str, list[str]]:
    """What a trial left, and what is wrong with it."""
    path, ended = folder / "run.h5", "end" in lines
    counts = [int(line.split()[0]) for line in lines if line[0].isdigit()]
    known = counts[-1] if counts else 0
    if not path.exists():
        return "no file yet", ["the file is gone"] if lines.count("begin") > 1 else []
    problems = unreadable(path)
    try:
        run = open_run(path)
        problems += differing(run, whole, known, ended=ended)
        if run.working:
            made = recover(path)
            problems += [f"recovered file: {text}" for text in verify(made.path).problems]
            if len(made.run.samples) < len(run.samples) or made.lost[1:]:
                problems.append(f"recover lost: {made.lost}")
        else:
            problems += verify(path).problems
    except DataError as error:
        return "unreadable", [*problems, str(error)]
    left = sorted({p.suffix for p in folder.iterdir()} - {".h5"})
    return " and ".join(
        [f"{run.outcome}{', working file' if run.working else ''}", *left]
    ), problems


def unreadable(path: Path) -> list[str]:
    """What other readers of HDF5 say against a file."""
    problems = []
    try:
        with h5py.File(path, "r") as file:
            for column in COLUMNS:
                file["entry/data"][column][()]
    except OSError as error:
        problems.append(f"h5py: {error}")
    if h5dump := shutil.which("h5dump"):
        done = subprocess.run(
            [h5dump, "-y", "-o", os.devnull, str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode or done.stderr:
            problems.append(f"h5dump: {done.returncode} {done.stderr[:200]}")
    return problems


def differing(run: Run, whole: Run, known: int, *, ended: bool) -> list[str]:
    """What a run has otherwise than it must."""
    problems, count = [], len(run.samples)
    # Blocks are as long as it happens; the next one of any run is no longer than a play.
    if not known <= count <= len(whole.samples):
        problems.append(f"{count} readings, {known} were known to be safe")
    if count > known and int(run.blocks["n_rows"][-1]) < count - known:
        problems.append(f"{count - known} readings came in more than one block")
    problems += [
        f"{name} differs"
        for name in ("voltage", "current", "resistance", "pulse_index")
        if not np.array_equal(getattr(run.samples, name), getattr(whole.samples, name)[:count])
    ]
    if run.outcome not in (Outcome.INTERRUPTED, Outcome.FINISHED):
        problems.append(f"the outcome is {run.outcome}")
    if run.outcome is Outcome.FINISHED and count != len(whole.samples):
        problems.append("finished without all readings")
    if ended and run.outcome is not Outcome.FINISHED:
        problems.append(f"ended, and the outcome is {run.outcome}")
    return problems


def kill_runs(trials: int, seed: int, base: Path) -> bool:
    """Kill many runs; whether nothing was wrong."""
    rng, found, wrong = np.random.default_rng(seed), Counter[str](), 0
    (base / "whole").mkdir()
    reports = len(killed(base / "whole/run.h5", None))
    whole = open_run(base / "whole/run.h5")
    span = float(np.diff(whole.blocks["host_time"]).mean())
    blocks = len(whole.blocks)
    print(f"{len(whole.samples)} readings in {blocks} blocks, one each {span * 1e3:.1f} ms")
    for number in range(trials):
        folder = base / str(number)
        folder.mkdir()
        # Each step as likely as any, and the making and the end of the file as likely as ten.
        step = int(rng.choice([*range(1, reports + 1), *[1] * 9, *[reports - 1] * 9]))
        lines = killed(folder / "run.h5", step, rng.uniform(0.0, 2 * span))
        left, problems = judge(folder, lines, whole)
        found[left] += 1
        if problems:
            wrong += 1
            print(f"kill {number}: {left}: {'; '.join(problems)}")
        else:
            shutil.rmtree(folder)
    for left, count in found.most_common():
        print(f"  {count:5d} left: {left}")
    print(f"{trials} kills, {wrong} with something wrong")
    return wrong == 0


def main() -> int:
    """Both, and the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--without-sync", action="store_true", help="a disk that ignores syncs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="on the disk to be used")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        good = kill_runs(asked.kills, asked.seed, Path(folder)) if asked.kills else True
        if asked.cuts:
            synced = not asked.without_sync
            good = cut_power(asked.cuts, asked.seed, Path(folder), synced=synced) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

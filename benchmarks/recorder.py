"""Time to record one block: this recorder against plain h5py and pymeasure.

The three do not promise the same: after each block our rows survive a power cut,
pymeasure's survive a kill of the program, plain h5py's survive neither.

    python benchmarks/recorder.py [folder on the disk to be measured]
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import ClassVar

import h5py
import numpy as np
import pymeasure
from pymeasure.experiment import Procedure, Results
from pymeasure.experiment.listeners import Recorder as CsvRecorder
from pymeasure.experiment.workers import Worker

from data.reader import open_run
from data.recorder import Recorder
from data.run import Outcome, RunInfo
from data.samples import COLUMNS, Samples

BLOCKS = {1: 200, 300: 60, 10_000: 12}
"""Rows a block, and blocks in each of the rounds."""
ROUNDS = 3

Append = Callable[[Samples], object]
Writer = tuple[Append, Callable[[], object]]
"""Records one block; ends the file."""


def block(rows: int) -> Samples:
    """Readings with full mantissas, which compression and text are slowest at."""
    values = np.random.default_rng(rows).random((len(COLUMNS), rows)) * 100
    columns = {
        name: v.astype(dtype) for (name, dtype), v in zip(COLUMNS.items(), values, strict=True)
    }
    return Samples(**{**columns, "resistance": np.full(rows, 500.0)})


def ours(folder: Path, capacity: int) -> Writer:
    """This project's recorder."""
    info = RunInfo(
        run_id="", protocol="benchmark", preset="", parameters={}, phases=("reset",), programs=(),
        start=datetime.now(UTC), sample="", notes="", user="", simulated=True, instruments={},
        rig={}, resistors=(),
    )  # fmt: skip
    recorder = Recorder.begin(folder / "ours.h5", info, capacity, plays=1)
    return recorder.append, lambda: recorder.end(Outcome.FINISHED, "", datetime.now(UTC))


def plain(folder: Path, _: int) -> Writer:
    """One resizable, chunked dataset a column, never flushed."""
    file = h5py.File(folder / "plain.h5", "w")
    columns = {
        name: file.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=(4096,))
        for name, dtype in COLUMNS.items()
    }

    def append(samples: Samples) -> None:
        for name, column in columns.items():
            rows = len(column)
            column.resize((rows + len(samples),))
            column[rows:] = getattr(samples, name)

    return append, file.close


class Readings(Procedure):  # type: ignore[misc]
    """The same columns for pymeasure."""

    DATA_COLUMNS: ClassVar = list(COLUMNS)


def with_pymeasure(folder: Path, _: int) -> Writer:
    """Results as CSV, through the worker and its recorder as in a pymeasure experiment."""
    worker = Worker(Results(Readings(), str(folder / "pymeasure.csv")))
    worker.recorder = CsvRecorder(worker.results, Queue())
    worker.recorder.start()

    def append(samples: Samples) -> None:
        if len(samples) == 1:
            worker.emit("results", {name: getattr(samples, name)[0] for name in COLUMNS})
        else:
            worker.emit("batch results", {name: getattr(samples, name) for name in COLUMNS})

    return append, worker.recorder.stop


WRITERS: dict[str, tuple[Callable[[Path, int], Writer], str]] = {
    "fmes-lab": (ours, "power cut"),
    "h5py, no flush": (plain, "nothing"),
    "pymeasure CSV": (with_pymeasure, "kill"),
}


def two_syncs(folder: Path) -> float:
    """Seconds that the disk takes for two small writes in place, each brought to it."""
    sync, times = getattr(os, "fdatasync", os.fsync), []
    with (folder / "floor").open("wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
        for position in range(200):
            start = time.perf_counter()
            for offset in (position * 4096, 0):
                file.seek(offset)
                file.write(bytes(8))
                sync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(folder: Path, rows: int) -> dict[str, list[float]]:
    """Seconds of each block, the writers taking turns round by round."""
    samples, times = block(rows), {name: list[float]() for name in WRITERS}
    for number in range(ROUNDS):
        for name, (begin, _) in WRITERS.items():
            target = folder / f"{rows}-{number}-{name}"
            target.mkdir()
            append, end = begin(target, rows * BLOCKS[rows])
            for _ in range(BLOCKS[rows]):
                start = time.perf_counter()
                append(samples)
                times[name].append(time.perf_counter() - start)
            end()
            if hasattr(os, "sync"):
                os.sync()  # what one leaves to the system is not charged to the next
    return times


def whole_run(folder: Path, rows: int) -> None:
    """What a run costs besides its blocks."""
    marks = [time.perf_counter()]
    append, end = ours(folder, rows)
    marks.append(time.perf_counter())
    append(block(rows))
    path = folder / "ours.h5"
    sizes = [path.stat().st_size]
    marks.append(time.perf_counter())
    end()
    marks.append(time.perf_counter())
    sizes.append(path.stat().st_size)
    open_run(path)
    marks.append(time.perf_counter())
    begin, _, finish, read = np.diff(marks) * 1e3
    print(
        f"a run of {rows} readings: begin {begin:.0f} ms, end {finish:.0f} ms "
        f"({sizes[0] / 1e6:.1f} MB to {sizes[1] / 1e6:.1f} MB), read {read:.0f} ms"
    )


def main() -> None:
    logging.disable(logging.WARNING)  # pymeasure remarks that no network is set up
    place = sys.argv[1] if len(sys.argv) > 1 else None
    print(
        f"h5py {h5py.version.version} (HDF5 {h5py.version.hdf5_version}), "
        f"pymeasure {pymeasure.__version__}, Python {sys.version.split()[0]}, "
        f"{os.cpu_count()} CPUs; {len(COLUMNS)} columns"
    )
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        print(f"two syncs of this disk: {two_syncs(folder) * 1e3:.3f} ms")
        heading = f"{'rows':>6} {'writer':<15} {'ms':>8} {'95 %':>8} {'rows/s':>11} {'ratio':>7}"
        print(f"{heading}  survives")
        for rows in BLOCKS:
            times = measure(folder, rows)
            own = statistics.median(times["fmes-lab"])
            for writer, values in times.items():
                median, late = statistics.median(values), float(np.quantile(values, 0.95))
                print(
                    f"{rows:>6} {writer:<15} {median * 1e3:>8.3f} {late * 1e3:>8.3f} "
                    f"{rows / median:>11,.0f} {median / own:>7.2f}  {WRITERS[writer][1]}"
                )
        whole_run(folder, 300_000)


if __name__ == "__main__":
    main()

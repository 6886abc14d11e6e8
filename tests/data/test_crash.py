"""A run survives the death of the program that records it, and may be read meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from data.reader import open_run
from data.run import Outcome
from data.samples import COLUMNS, Samples

Ramp = Callable[[int, int], Samples]


@pytest.mark.parametrize("batch", range(5))
def test_a_kill_takes_at_most_the_block_under_way(
    tmp_path: Path, start_writer: Callable[..., Any], ramp: Ramp, batch: int
) -> None:
    rng, rows = np.random.default_rng(batch), 100
    writers = [
        start_writer(tmp_path / f"run{number}.h5", blocks=1_000, rows=rows) for number in range(4)
    ]
    for writer in writers:
        assert writer.first_block() == rows
        time.sleep(rng.uniform(0.0, 0.03))
        known = max(rows, writer.kill())
        run = open_run(writer.path)
        assert run.outcome is Outcome.RUNNING
        assert run.writer[1] == writer.process.pid
        n = len(run.samples)
        # The last block may be safe without the writer having learned of it.
        assert n in (known, known + rows)
        for name in COLUMNS:
            expected = getattr(ramp(0, n), name)
            np.testing.assert_array_equal(getattr(run.samples, name), expected)


def test_a_run_is_read_while_it_is_recorded(
    tmp_path: Path, start_writer: Callable[..., Any], ramp: Ramp
) -> None:
    blocks, rows = 300, 10
    writer = start_writer(tmp_path / "run.h5", blocks=blocks, rows=rows)
    assert writer.first_block() == rows
    seen: list[int] = []
    run = open_run(writer.path)
    while run.outcome is Outcome.RUNNING:
        seen.append(len(run.samples))
        np.testing.assert_array_equal(run.samples.current, ramp(0, seen[-1]).current)
        with h5py.File(writer.path) as file:
            assert file["entry/data/n_valid"][()] >= seen[-1] if run.working else True
        run = open_run(writer.path)
    assert writer.finish() == len(run.samples) == blocks * rows
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert all(n % rows == 0 for n in seen)

"""A run survives the death of the program that records it, and may be read meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from data.partial import read_summary
from data.reader import open_run
from data.run import Outcome
from data.samples import COLUMNS, Samples
from data.writer import Writer

Ramp = Callable[[int, int], Samples]


@pytest.mark.parametrize("batch", range(5))
def test_a_kill_takes_at_most_the_block_under_way(
    tmp_path: Path, start_writer: Callable[..., Any], ramp: Ramp, batch: int
) -> None:
    rng, rows = np.random.default_rng(batch), 100
    writers = [
        start_writer(tmp_path / f"run{number}.h5", blocks=1_000, rows=rows) for number in range(4)
    ]
    safe = []
    for writer in writers:
        assert writer.first_block() == rows
        time.sleep(rng.uniform(0.0, 0.03))
        safe.append(max(rows, writer.kill()))
    for writer, known in zip(writers, safe, strict=True):
        run = open_run(writer.path)
        assert run.outcome is Outcome.INTERRUPTED
        assert run.writer.process == writer.process.pid
        n = len(run.samples)
        # The last block may be safe without the writer having learned of it.
        assert n in (known, known + rows)
        for name in COLUMNS:
            expected = getattr(ramp(0, n), name)
            np.testing.assert_array_equal(getattr(run.samples, name), expected)


def test_a_run_is_read_while_it_is_recorded(
    tmp_path: Path, start_writer: Callable[..., Any], ramp: Ramp
) -> None:
    blocks, rows = 3_000, 10
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


def test_a_kill_while_a_file_is_made_leaves_no_name_without_a_run(
    tmp_path: Path, start_writer: Callable[..., Any]
) -> None:
    rng = np.random.default_rng(0)
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        writer = start_writer(folder / "run.h5", blocks=20_000, rows=10)
        while not list(folder.iterdir()):
            assert writer.process.poll() is None
        time.sleep(rng.uniform(0.0, 0.02))
        known = writer.kill()
        for path in folder.glob("*.h5"):
            assert len(open_run(path).samples) in (known, known + 10)
        assert (folder / "run.h5").exists() or known == 0


def test_an_interrupted_run_says_what_its_last_good_reading_is(working: Path) -> None:
    run, summary = open_run(working), read_summary(working)
    assert run.outcome is summary.outcome is Outcome.INTERRUPTED
    assert run.reason == summary.reason
    assert "gone; its 30 readings are safe, the last good one 29 s after the start" in run.reason
    assert run.end == summary.end
    assert run.end is not None
    assert run.end.timestamp() == pytest.approx(run.blocks["host_time"][-1], abs=1e-3)
    with h5py.File(working) as file:
        assert file["entry/outcome"][()] == b"running", "the file itself is not changed"


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    this = Writer.this()
    assert not this.gone
    assert not this._replace(birth="").gone
    assert not this._replace(host="another computer", process=1 << 30).gone
    assert this._replace(process=1 << 22).gone  # greater than any number of Linux
    for damaged in ("x", "a b", "a b c d", "\ufffd\ufffd"):
        assert not this._replace(birth=damaged).gone
    if not this.birth:
        pytest.skip("the system does not tell when a process began")
    boot, space, start = this.birth.split()
    assert this._replace(birth=f"{boot} {space} {int(start) - 1}").gone
    assert this._replace(birth=f"another-start {space} {start}").gone
    assert not this._replace(birth=f"{boot} 1 {start}", process=1 << 22).gone


def test_a_killed_process_that_nobody_asked_after_is_gone(
    tmp_path: Path, start_writer: Callable[..., Any]
) -> None:
    writer = start_writer(tmp_path / "run.h5", blocks=1_000, rows=10)
    writer.first_block()
    recorder = open_run(writer.path).writer
    assert not recorder.gone
    writer.process.kill()
    while not recorder.gone:
        time.sleep(0.001)
    writer.finish()

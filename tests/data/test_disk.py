"""A disk that is full or fails is told at once, and what was recorded stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from data.errors import DataError
from data.reader import open_run
from data.recorder import Recorder
from data.run import Outcome, RunInfo
from data.samples import Samples

resource = pytest.importorskip("resource", reason="needs a system that limits file sizes")

Ramp = Callable[[int, int], Samples]
END = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Have the system refuse to write beyond a size, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_without_room_is_told_at_the_beginning(
    tmp_path: Path, info: RunInfo, ramp: Ramp
) -> None:
    path = tmp_path / "run.h5"
    with largest_file(1_000_000), pytest.raises(DataError, match="room for 100000 readings"):
        Recorder.begin(path, info, capacity=100_000, plays=1)
    assert list(tmp_path.iterdir()) == []
    recorder = Recorder.begin(path, info, capacity=10, plays=1)
    recorder.append(ramp(0, 10))
    assert len(open_run(recorder.end(Outcome.FINISHED, "", END)).samples) == 10


def test_a_disk_that_is_too_small_for_the_run_is_told_before_a_file_is_made(
    tmp_path: Path, info: RunInfo
) -> None:
    with pytest.raises(DataError, match=r"room for 1000000000000 readings: it needs .* MB left"):
        Recorder.begin(tmp_path / "run.h5", info, capacity=10**12, plays=1)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_leaves_what_was_recorded(
    tmp_path: Path, info: RunInfo, ramp: Ramp
) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=20, plays=1)
    recorder.append(ramp(0, 10))
    with largest_file(1000), pytest.raises(DataError, match=r"run\.h5 cannot be written"):
        recorder.append(ramp(10, 20))
    assert recorder.rows == 10
    np.testing.assert_array_equal(open_run(recorder.path).samples.voltage, ramp(0, 10).voltage)
    recorder.append(ramp(10, 20))
    run = open_run(recorder.end(Outcome.FINISHED, "", END))
    np.testing.assert_array_equal(run.samples.voltage, ramp(0, 20).voltage)

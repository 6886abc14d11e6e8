"""What can be had from a file that is not whole comes into a new one, which says what is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from data.errors import DataError
from data.reader import Run, open_run
from data.recovery import Recovered, recover
from data.run import Outcome
from data.samples import COLUMNS, Samples
from data.verification import verify

Ramp = Callable[[int, int], Samples]


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Nothing but new files may come of it."""
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before


def recovered(path: Path) -> Recovered:
    with unchanged(path):
        made = recover(path)
    assert made.path == path.with_name(f"{path.stem}.recovered.h5")
    assert verify(made.path).whole
    return made


def rows_of(run: Run) -> list[int]:
    """Which rows of the ramp a run has; each row must be whole."""
    rows = run.samples.time.astype(int)
    for name, dtype in COLUMNS.items():
        np.testing.assert_array_equal(getattr(run.samples, name), rows.astype(dtype))
    return [int(row) for row in rows]


def place(path: Path, name: str) -> int:
    with h5py.File(path) as file:
        dataset = file[f"entry/{name}"]
        if dataset.chunks:
            return int(dataset.id.get_chunk_info(0).byte_offset)
        return int(dataset.id.get_offset())


def change(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def test_an_interrupted_run_loses_nothing(working: Path, ramp: Ramp) -> None:
    before = open_run(working)
    made = recovered(working)
    run = open_run(made.path)
    assert rows_of(run) == list(range(30))
    assert made.lost == ()
    assert (run.outcome, run.working) == (Outcome.INTERRUPTED, False)
    assert run.reason == f"the program that recorded it ({before.writer}) is gone"
    assert (run.end, run.writer, run.plays) == (before.end, before.writer, before.plays)
    assert replace(run.info, programs=()) == replace(before.info, programs=())
    np.testing.assert_array_equal(run.blocks, before.blocks)
    assert "recovered from working.h5, a working file of schema version 2" in {
        event.message for event in run.events
    }


def test_a_block_that_was_not_yet_counted_is_kept(working: Path) -> None:
    change(working, place(working, "data/n_valid"), np.int64(20).tobytes())
    assert len(open_run(working).samples) == 20
    made = recovered(working)
    assert rows_of(made.run) == list(range(30))
    assert made.lost == ()
    assert "10 readings were on the disk and not yet counted" in made.remarks[0]


def test_a_block_that_was_half_written_is_lost_and_said_to_be(working: Path) -> None:
    change(working, place(working, "data/n_valid"), np.int64(20).tobytes())
    change(working, place(working, "data/current") + 25 * 8, b"\xff" * 8)
    made = recovered(working)
    assert rows_of(open_run(made.path)) == list(range(20))
    assert made.lost == ("the block that was being written at the end, of 10 readings",)


def test_rows_that_do_not_match_are_left_out_and_named(working: Path) -> None:
    change(working, place(working, "data/voltage") + 15 * 8, b"\xff")
    made = recovered(working)
    run = open_run(made.path)
    assert rows_of(run) == [*range(10), *range(20, 30)]
    assert [(play.first_row, play.n_rows) for play in run.plays] == [(0, 20)]
    lost = "rows 10 to 19 (10 readings): they do not match their checksum"
    assert made.lost == (lost,)
    assert f"lost: {lost}" in {event.message for event in run.events if event.level == "warning"}
    assert run.reason.endswith("recovered with losses, see the log")


@pytest.mark.parametrize("value", [0, 7, 1000, -1])
@pytest.mark.parametrize("counter", ["data/n_valid", "blocks/n_rows", "blocks/first_row"])
def test_a_wrong_counter_costs_no_reading_that_is_proved(
    working: Path, counter: str, value: int
) -> None:
    row = 0 if counter.endswith("n_valid") else 1
    change(working, place(working, counter) + 8 * row, np.int64(value).tobytes())
    assert rows_of(recovered(working).run) == list(range(30))


def test_a_finished_file_with_a_bad_piece_says_that_the_run_ended_and_is_not_whole(
    finished: Path,
) -> None:
    change(finished, place(finished, "data/voltage") + 8, b"\xff\xff\xff")
    run = open_run(recovered(finished).path)
    assert len(run.samples) == 0
    assert run.outcome is Outcome.INTERRUPTED
    assert run.reason.startswith("the run itself finished all steps done; recovered with losses")


def test_damaged_parameters_are_lost_and_the_readings_are_not(working: Path) -> None:
    change(working, place(working, "protocol/data") + 3, b"?")
    with pytest.raises(DataError, match="does not match its SHA-256"):
        open_run(working)
    made = recovered(working)
    assert rows_of(made.run) == list(range(30))
    assert made.run.info.parameters == {}
    assert any("/entry/protocol" in text for text in made.lost)


def test_a_file_that_was_cut_short_gives_the_rows_that_are_left(working: Path) -> None:
    whole, seen = working.read_bytes(), set()
    for part in np.linspace(0.05, 0.9999, 25):
        working.write_bytes(whole[: int(part * len(whole))])
        try:
            made = recovered(working)
        except DataError:
            continue
        seen.add(len(rows_of(made.run)))
        assert made.lost or len(made.run.samples) == 30
        made.path.unlink()
    assert 30 in seen


def test_a_file_that_is_whole_is_refused(finished: Path) -> None:
    with unchanged(finished), pytest.raises(DataError, match="is whole; there is nothing"):
        recover(finished)
    assert [path.name for path in finished.parent.iterdir()] == [finished.name]


def test_a_file_that_is_being_written_is_refused(
    tmp_path: Path, start_writer: Callable[..., Any]
) -> None:
    writer = start_writer(tmp_path / "run.h5", blocks=20_000, rows=10)
    writer.first_block()
    with pytest.raises(DataError, match=rf"being recorded by process {writer.process.pid} on "):
        recover(writer.path, writer_gone=True)
    writer.kill()
    run = open_run(recover(writer.path).path)
    assert rows_of(replace(run, samples=run.samples[:10])) == list(range(10))


def test_nothing_is_replaced(working: Path) -> None:
    taken = working.with_name("working.recovered.h5")
    taken.write_bytes(b"somebody's data")
    with pytest.raises(DataError, match="exists and is never replaced"):
        recover(working)
    assert taken.read_bytes() == b"somebody's data"

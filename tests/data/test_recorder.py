"""What is recorded is read back, nothing is overwritten, and limits are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.errors import DataError
from data.finish import NotCompressedError
from data.reader import open_run
from data.recorder import EVENTS, Recorder
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from data.writer import Writer

END = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
Ramp = Callable[[int, int], Samples]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)


@st.composite
def blocks_of_samples(draw: st.DrawFn) -> list[Samples]:
    """Any readings (nan and inf too), cut into blocks anyhow."""
    return [
        Samples(
            **{
                name: np.roll(floats if dtype is np.float64 else integers, shift).astype(dtype)
                for shift, (name, dtype) in enumerate(COLUMNS.items())
            }
        )
        for n in draw(st.lists(st.integers(0, 12), max_size=4))
        for floats, integers in [(draw(arrays(np.float64, n)), draw(arrays(np.int32, n)))]
    ]


def assert_same(read: Samples, written: Samples) -> None:
    for name, dtype in COLUMNS.items():
        values = getattr(read, name)
        assert values.dtype == dtype
        np.testing.assert_array_equal(values, getattr(written, name), err_msg=name)


def assert_same_info(read: RunInfo, written: RunInfo) -> None:
    assert [p.digest for p in read.programs] == [p.digest for p in written.programs]
    assert replace(read, programs=()) == replace(written, programs=())


@settings(max_examples=20, deadline=None)
@given(
    blocks=blocks_of_samples(),
    sample=TEXT,
    message=TEXT,
    readback=st.dictionaries(TEXT, TEXT | st.integers() | st.none(), max_size=5),
    resistance=st.sampled_from([500.0, np.inf]),
)
def test_a_run_is_read_back_as_it_was_given(
    info: RunInfo,
    blocks: list[Samples],
    sample: str,
    message: str,
    readback: dict[str, Any],
    resistance: float,
) -> None:
    info = replace(info, sample=sample, notes=message)
    events = (Event(0.5, "info", message), Event(1.5, "warning", sample))
    play = PlayInfo(message, info.programs[0].digest, 0.25, resistance, readback)
    rows = sum(map(len, blocks))
    with TemporaryDirectory() as folder:
        recorder = Recorder.begin(Path(folder) / "µ.h5", info, capacity=rows, plays=1)
        recorder.play(play)
        for block in blocks:
            recorder.append(block)
        recorder.event(events[0])
        recorder.event(events[1])
        going_on = open_run(recorder.path)
        path = recorder.end(Outcome.ABORTED, message, END)
        run = open_run(path)
        assert os.listdir(folder) == ["µ.h5"]
    for read in (going_on, run):
        assert_same(read.samples, Samples.concatenate(blocks))
        assert_same_info(read.info, info)
        assert [int(n) for n in read.blocks["n_rows"]] == [len(b) for b in blocks if len(b)]
    assert (going_on.outcome, going_on.end, going_on.working) == (Outcome.RUNNING, None, True)
    assert (run.outcome, run.end, run.working) == (Outcome.ABORTED, END, False)
    assert (run.events, run.reason) == (events, message)
    (read_play,) = run.plays
    assert {name: getattr(read_play, name) for name in vars(play)} == vars(play)
    assert run.samples[read_play.rows].time.shape == (rows,)
    assert run.writer == going_on.writer == Writer.this()


def test_readings_belong_to_the_program_played_before_them(
    tmp_path: Path, info: RunInfo, ramp: Ramp
) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=100, plays=3)
    for label, first, last in (("a", 0, 4), ("nothing", 4, 4), ("b", 4, 10)):
        recorder.play(PlayInfo(label, "", float(first), 500.0, {}))
        recorder.append(ramp(first, last))
    for run in (open_run(recorder.path), open_run(recorder.end(Outcome.FINISHED, "", END))):
        rows = {p.label: run.samples[p.rows].time.tolist() for p in run.plays}
        assert rows == {"a": [0, 1, 2, 3], "nothing": [], "b": [4, 5, 6, 7, 8, 9]}


def test_a_program_that_begins_while_rows_are_read_has_none_of_them(
    tmp_path: Path, info: RunInfo, ramp: Ramp
) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=30, plays=2)
    for first in (0, 20):
        recorder.play(PlayInfo("up", info.programs[0].digest, 0.0, 500.0, {}))
        for begin in (first, first + 5):
            recorder.append(ramp(begin, begin + 5))
    with h5py.File(recorder.path, "r+") as file:
        file["entry/data/n_valid"][()] = 5  # as it stood when the rows were read
    assert [play.n_rows for play in open_run(recorder.path).plays] == [5, 0]
    recorder.end(Outcome.FINISHED, "", END)


def test_an_existing_file_is_never_replaced(tmp_path: Path, info: RunInfo) -> None:
    path = tmp_path / "run.h5"
    path.write_bytes(b"somebody's data")
    with pytest.raises(DataError, match=r"run\.h5 exists"):
        Recorder.begin(path, info, capacity=1, plays=1)
    assert path.read_bytes() == b"somebody's data"


def test_a_name_is_taken_from_the_beginning(tmp_path: Path, info: RunInfo) -> None:
    first = Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)
    with pytest.raises(DataError, match="exists"):
        Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)
    assert open_run(first.end(Outcome.FINISHED, "", END)).outcome is Outcome.FINISHED


def test_a_missing_folder_is_named(tmp_path: Path, info: RunInfo) -> None:
    with pytest.raises(DataError, match="nowhere does not exist"):
        Recorder.begin(tmp_path / "nowhere" / "run.h5", info, capacity=1, plays=1)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_permission_is_named(tmp_path: Path, info: RunInfo) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="choose a folder you can write to"):
        Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)


def test_metadata_that_cannot_be_written_leaves_no_file(tmp_path: Path, info: RunInfo) -> None:
    with pytest.raises(DataError, match="rig cannot be written as JSON"):
        Recorder.begin(tmp_path / "run.h5", replace(info, rig={"bank": object()}), 1, 1)
    assert list(tmp_path.iterdir()) == []


def test_more_readings_than_announced_are_refused(
    tmp_path: Path, info: RunInfo, ramp: Ramp
) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=15, plays=1)
    recorder.append(ramp(0, 10))
    with pytest.raises(DataError, match="room for 15 readings; 10 are recorded and safe"):
        recorder.append(ramp(10, 20))
    recorder.append(ramp(10, 15))
    assert recorder.rows == 15
    assert_same(open_run(recorder.end(Outcome.FINISHED, "", END)).samples, ramp(0, 15))


def test_more_programs_than_announced_are_refused(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)
    recorder.play(PlayInfo("first", "", 0.0, 500.0, {}))
    with pytest.raises(DataError, match="room for 1 programs"):
        recorder.play(PlayInfo("second", "", 1.0, 500.0, {}))
    run = open_run(recorder.end(Outcome.FAILED, "too many programs", END))
    assert [play.label for play in run.plays] == ["first"]


def test_columns_of_unequal_length_are_refused(tmp_path: Path, info: RunInfo, ramp: Ramp) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=10, plays=1)
    with pytest.raises(DataError, match="'voltage': 2"):
        recorder.append(replace(ramp(0, 5), voltage=np.zeros(2)))
    assert len(open_run(recorder.end(Outcome.FAILED, "", END)).samples) == 0


def test_long_texts_are_cut_while_working_and_whole_when_finished(
    tmp_path: Path, info: RunInfo
) -> None:
    message, reason, label = "ä" * 500, "because " * 500, "step " * 100
    settings = {"script": "x" * 5000}
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)
    recorder.event(Event(0.0, "info", message))
    recorder.play(PlayInfo(label, "", 0.0, 500.0, settings))
    cut = open_run(recorder.path)
    (event,), (play,) = cut.events, cut.plays
    assert event.message.endswith("...")
    assert message.startswith(event.message.removesuffix("..."))
    assert play.label.endswith("...")
    assert play.settings["cut"].endswith("...")
    run = open_run(recorder.end(Outcome.FAILED, reason, END))
    assert (run.events[0].message, run.plays[0].label, run.reason) == (message, label, reason)
    assert run.plays[0].settings == settings


def test_text_that_no_file_can_hold_does_not_stop_a_run(tmp_path: Path, info: RunInfo) -> None:
    garbage = "reply \0\ud800 from a bus"
    recorder = Recorder.begin(tmp_path / "run.h5", replace(info, notes=garbage), 1, plays=1)
    recorder.event(Event(0.0, "error", garbage))
    run = open_run(recorder.end(Outcome.FAILED, garbage, END))
    for text in (run.reason, run.info.notes, run.events[0].message):
        assert text == "reply \ufffd? from a bus"


def test_a_full_log_says_how_many_were_dropped(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)
    events = tuple(Event(float(i), "info", f"event {i}") for i in range(EVENTS + 10))
    for event in events:
        recorder.event(event)
    log = open_run(recorder.path).events
    assert log[:-1] == events[: EVENTS - 1]
    assert "log full, 11 dropped" in log[-1].message
    assert open_run(recorder.end(Outcome.FINISHED, "", END)).events == events


def test_nothing_is_added_after_the_end(tmp_path: Path, info: RunInfo, ramp: Ramp) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=10, plays=1)
    path = recorder.end(Outcome.FINISHED, "", END)
    before = path.read_bytes()
    for add in (
        lambda: recorder.append(ramp(0, 1)),
        lambda: recorder.play(PlayInfo("late", "", 0.0, 500.0, {})),
        lambda: recorder.event(Event(0.0, "info", "late")),
        lambda: recorder.end(Outcome.ABORTED, "", END),
    ):
        with pytest.raises(DataError, match="has been ended"):
            add()
    assert path.read_bytes() == before


def test_running_is_not_an_end(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=1, plays=1)
    with pytest.raises(DataError, match="not as running"):
        recorder.end(Outcome.RUNNING, "", END)
    recorder.end(Outcome.FAILED, "", END)


def test_a_run_that_cannot_be_compressed_is_complete(
    tmp_path: Path, info: RunInfo, ramp: Ramp
) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=10, plays=1)
    recorder.append(ramp(0, 10))
    (tmp_path / "run.h5.rewriting").mkdir()
    with pytest.raises(NotCompressedError, match="complete but not compressed"):
        recorder.end(Outcome.FINISHED, "all done", END)
    run = open_run(recorder.path)
    assert (run.outcome, run.reason, run.end) == (Outcome.FINISHED, "all done", END)
    assert run.working
    assert_same(run.samples, ramp(0, 10))

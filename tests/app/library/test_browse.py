"""A folder of runs, and of all else that may lie there."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import h5py
import pytest

from app.errors import InputError
from app.library.browse import Browser
from data.reader import open_run
from data.recorder import Recorder
from data.run import Outcome


def listed(folder):
    rows, unread = Browser().rows(folder)
    assert not unread
    return {os.path.relpath(row["file"], folder): row for row in rows}


def test_a_row_says_what_a_run_is(runs):
    rows = listed(runs["ppf"].parent)
    assert len(rows) == len(runs)
    row, run = rows["ppf.h5"], open_run(runs["ppf"])
    assert row["protocol"] == "ppf"
    assert row["preset"] == run.info.preset
    assert row["sample"] == "Gerät ppf"
    assert row["start"] == run.info.start.isoformat()
    assert row["duration"] == (run.end - run.info.start).total_seconds()
    assert row["readings"] == len(run.samples)
    assert row["states"] == [500.0, 7000.0, "open"]
    assert (row["outcome"], row["simulated"], row["problem"]) == ("finished", True, "")
    assert (row["notes"], row["tags"]) == ("im Dunkeln", [])
    assert rows["ppf-cut.h5"]["outcome"] == "aborted"
    assert rows["ppf-cut.h5"]["reason"] == open_run(runs["ppf cut"]).reason
    assert rows["real.h5"]["simulated"] is False
    assert rows["retention.h5"]["states"] == ["open"]


def test_sub_folders_are_looked_into_and_other_files_passed_over(runs, tmp_path):
    for place in ("a.h5", "campaign/b.h5", "campaign/deep/c.HDF5", ".trash/d.h5"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(runs["ppf"], path)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "a.h5.rewriting").write_bytes(b"x")
    (tmp_path / "again").symlink_to(tmp_path / "campaign")
    assert set(listed(tmp_path)) == {"a.h5", "campaign/b.h5", "campaign/deep/c.HDF5"}


def test_files_that_are_no_runs_say_why(runs, tmp_path):
    whole = runs["ppf"].read_bytes()
    (tmp_path / "empty.h5").write_bytes(b"")
    (tmp_path / "text.h5").write_text("time,voltage\n")
    (tmp_path / "short.h5").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "head.h5").write_bytes(whole[:8] + b"\0" * 2000)
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = [1, 2]
    with h5py.File(tmp_path / "newer.h5", "w") as file:
        file.attrs["creator"] = "fmes-lab"
        file.attrs["schema_version"] = 99
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "gone.h5").symlink_to(tmp_path / "nowhere.h5")
    rows = listed(tmp_path)
    problems = {name: row["problem"] for name, row in rows.items()}
    assert problems["empty.h5"].startswith("is not an HDF5 file")
    assert problems["text.h5"].startswith("is not an HDF5 file")
    assert problems["short.h5"].startswith("is damaged or was cut short")
    assert problems["head.h5"].startswith("is damaged or was cut short")
    assert problems["foreign.h5"].startswith("was not recorded by fmes-lab")
    assert "version 99" in problems["newer.h5"]
    assert problems["pipe.h5"] == "is not a regular file"
    assert problems["gone.h5"] == "is not a regular file"
    assert {row["outcome"] for row in rows.values()} == {"unreadable"}
    assert {tuple(row) for row in rows.values()} == {tuple(listed(runs["ppf"].parent)["ppf.h5"])}


def test_a_damaged_file_inside_a_run_is_told_from_the_others(runs, tmp_path):
    shutil.copy(runs["ppf"], tmp_path / "good.h5")
    shutil.copy(runs["ppf"], tmp_path / "bad.h5")
    with h5py.File(tmp_path / "bad.h5", "r+") as file:
        del file["entry/protocol/data"]
    rows = listed(tmp_path)
    assert rows["good.h5"]["outcome"] == "finished"
    assert rows["bad.h5"]["problem"].startswith("is damaged")


def test_a_run_that_goes_on_is_running_and_grows(runs, tmp_path):
    run, browser = open_run(runs["ltp-ltd"]), Browser()
    recorder = Recorder.begin(tmp_path / "now.h5", run.info, len(run.samples), len(run.plays))
    recorder.play(run.plays[0])
    seen = []
    for rows in (slice(0, 10), slice(10, 25)):
        recorder.append(run.samples[rows])
        (row,), _ = browser.rows(tmp_path)
        seen.append((row["outcome"], row["readings"], row["duration"]))
    recorder.end(Outcome.FINISHED, "done", datetime.now(UTC))
    assert seen == [("running", 10, None), ("running", 25, None)]
    (row,), _ = browser.rows(tmp_path)
    assert (row["outcome"], row["readings"]) == ("finished", 25)


def test_a_run_whose_program_is_gone_is_interrupted(runs, tmp_path):
    script = f"""
import os
from data.reader import open_run
from data.recorder import Recorder
run = open_run({str(runs["ltp-ltd"])!r})
recorder = Recorder.begin({str(tmp_path / "dead.h5")!r}, run.info, 100, 10)
recorder.play(run.plays[0])
recorder.append(run.samples[:20])
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    row = listed(tmp_path)["dead.h5"]
    assert row["outcome"] == "interrupted"
    assert row["readings"] == 20
    assert "its 20 readings are safe" in row["reason"]


def test_what_is_known_needs_no_time_until_it_changes(runs, tmp_path):
    browser, path = Browser(), tmp_path / "a.h5"
    shutil.copy(runs["ppf"], path)
    assert browser.rows(tmp_path, within=0.0) == ([], 1)
    assert browser.rows(tmp_path)[1] == 0
    (row,), unread = browser.rows(tmp_path, within=0.0)
    assert (row["protocol"], unread) == ("ppf", 0)
    shutil.copy(runs["iv-sweep"], path)
    (row,), _ = browser.rows(tmp_path)
    assert row["protocol"] == "iv-sweep"


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="nowhere: the folder cannot be read"):
        Browser().rows(tmp_path / "nowhere")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read")
def test_a_folder_that_is_shut_is_shown(runs, tmp_path):
    shutil.copy(runs["ppf"], tmp_path / "a.h5")
    (tmp_path / "shut").mkdir(mode=0)
    rows = listed(tmp_path)
    assert rows["a.h5"]["outcome"] == "finished"
    assert "may not read" in rows["shut"]["problem"]

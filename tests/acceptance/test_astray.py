"""A run's file is moved, removed or replaced while it is recorded."""

import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from watched_run import LONG, SAFE, end_of, until_pulses

from data.reader import open_run
from data.run import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file keeps its name there")


@pytest.fixture
def recording(start, served, tmp_path, monkeypatch):
    """A run whose first pulse has been read, and what ends it."""
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))
    (tmp_path / "runs").mkdir()
    bench = served(1.0)
    process = start(*LONG, "--rig", str(bench.rig), "--out", "runs/run.h5")
    until_pulses(process)

    def end():
        process.send_signal(signal.SIGTERM)
        code, reason = end_of(process)
        assert code == 1
        assert bench.safe() == SAFE
        return reason

    return tmp_path / "runs" / "run.h5", end


def whole(path):
    """A working file of an aborted run, with its pulses."""
    run = open_run(path)
    assert run.working
    assert run.outcome is Outcome.ABORTED
    assert (run.samples.pulse_index > 0).any()


def test_a_file_that_is_moved(recording):
    path, end = recording
    path.rename(path.with_name("moved.h5"))
    assert f"{path} was renamed or moved while the run was recorded" in end()
    assert not path.exists()
    whole(path.with_name("moved.h5"))


def test_a_file_that_is_replaced_by_another_run(recording, fmes):
    path, end = recording
    path.rename(path.with_name("moved.h5"))
    assert fmes("run", "ltp-ltd", "--set", "states=500", "--set", "up=10", "--set", "down=10",
                "--no-figure", "--out", str(path)).returncode == 0  # fmt: skip
    other = path.read_bytes()
    assert "was renamed or moved" in end()
    assert path.read_bytes() == other, "what is not of this run is never replaced"
    whole(path.with_name("moved.h5"))


def test_a_folder_that_is_removed(recording, fmes):
    path, end = recording
    shutil.rmtree(path.parent)
    reason = end()
    assert f"{path} was removed while the run was recorded; a copy" in reason
    copy = Path(re.search(r"is (\S+\.rescued\.h5);", reason).group(1))
    assert copy.parent == path.parent.parent
    whole(copy)
    done = fmes("recover", str(copy))
    assert done.returncode == 0, done.stderr
    assert "lost    nothing" in done.stdout

"""The computer's clock is set, or the computer sleeps, while a run goes on."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from watched_run import LONG, SAFE, SHORT, end_of, until_pulses, until_said

from app.guard.record import Record, state_folder
from data.reader import open_run
from data.run import Outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="preloads a library into programs")

SHIM = Path(__file__).parents[1] / "support" / "other_clock.c"
HOUR, TWO_DAYS = 3600, 172_800


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))


@pytest.fixture
def set_clocks(tmp_path, monkeypatch):
    """Set what programs see that are started from now on: time of day, and time since boot."""
    if (compiler := shutil.which("cc") or shutil.which("gcc")) is None:
        pytest.skip("no C compiler, with which another clock is made")
    library, file = tmp_path / "clock.so", tmp_path / "clock"
    file.write_bytes(bytes(16))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SHIM], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("FMES_TEST_CLOCK", str(file))

    def change(time_of_day, since_boot):
        with file.open("r+b") as out:
            out.write(struct.pack("=qq", time_of_day, since_boot))

    return change


@pytest.mark.parametrize(
    ("changes", "says", "passed"),
    [
        ((-HOUR, 0), "the computer's clock was set back by 1:00:00", 0),
        ((TWO_DAYS, 0), "the computer's clock was set forward by 2 days, 0:00:00", 0),
        ((HOUR, HOUR), "the computer slept for 1:00:00", HOUR),
    ],
    ids=["set back", "set forward", "slept"],
)
def test_a_clock_that_jumps_mid_run(start, served, tmp_path, set_clocks, changes, says, passed):
    bench = served(1.0)
    began = time.monotonic()
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    set_clocks(*changes)
    until_said(process, says)
    process.send_signal(signal.SIGTERM)
    assert end_of(process)[0] == 3
    took = time.monotonic() - began
    assert bench.safe() == SAFE
    run = open_run(tmp_path / "run.h5")
    assert run.outcome is Outcome.ABORTED
    assert any(says in event.message for event in run.events)
    # By the file the run took as long as it did, whatever the clock on the wall showed.
    lasted = run.end - run.info.start
    assert timedelta(seconds=passed) <= lasted <= timedelta(seconds=passed + took + 2)
    arrived = run.blocks["host_time"]
    assert (arrived[1:] >= arrived[:-1]).all()
    assert (run.samples.time[1:] > run.samples.time[:-1]).all()


def test_all_processes_sleep(start, served, tmp_path):
    bench = served(1.0)
    process = start(*SHORT, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    guard = next(Record.read(path) for path in state_folder().glob("*.json")).guard
    for each in (guard, process.pid):
        os.kill(each, signal.SIGSTOP)
    time.sleep(4.0)
    for each in (guard, process.pid):
        os.kill(each, signal.SIGCONT)
    assert end_of(process) == (0, "")
    assert open_run(tmp_path / "run.h5").samples.pulse_index.max() == 100
    assert not (tmp_path / "run.h5.guard.json").exists(), "the guard took sleep for death"
    assert bench.safe() == SAFE


def test_a_run_that_is_killed_while_all_sleep(start, served, tmp_path):
    bench = served(1.0)
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    guard = next(Record.read(path) for path in state_folder().glob("*.json")).guard
    for each in (guard, process.pid):
        os.kill(each, signal.SIGSTOP)
    process.kill()
    process.wait()
    time.sleep(1.0)
    assert bench.safe() != SAFE, "nobody is awake"
    os.kill(guard, signal.SIGCONT)
    report = tmp_path / "run.h5.guard.json"
    deadline = time.monotonic() + 60
    while not report.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert json.loads(report.read_text())["safe"]
    assert bench.safe() == SAFE

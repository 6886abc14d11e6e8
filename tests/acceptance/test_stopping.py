"""Ctrl-C, SIGTERM, `abort`, `pause`: the command on a served bench at real-time speed."""

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data.reader import open_run
from data.run import Outcome

RESET = ["--set", "reset_watch=0.2", "--set", "reset_tolerance=10mV"]
SETTINGS = ["--set", "states=500", *RESET]


def events_until(process, wanted):
    """Read events until one of that kind with pulses in it has come."""
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == wanted and (wanted != "block" or any(event["pulse_index"])):
            return event
    raise AssertionError(f"no {wanted}: {process.stderr.read()}")


def assert_safe(bench):
    assert bench.safe()["mode"] == "high_z"
    assert bench.safe()["current"] == 0
    assert math.isinf(bench.safe()["resistance"])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_aborts_safely_and_keeps_what_was_read(start, served, tmp_path, number):
    bench, out = served(1.0), tmp_path / "run.h5"
    process = start(
        "run", "ltp-ltd", "--events", "--rig", str(bench.rig), "--out", str(out), *SETTINGS
    )
    events_until(process, "block")
    process.send_signal(number)
    assert process.wait(timeout=10) == 3, process.stderr.read()
    assert_safe(bench)
    run = open_run(out)
    assert run.outcome is Outcome.ABORTED
    assert signal.Signals(number).name in run.reason
    assert 0 < (run.samples.pulse_index > 0).sum() < 600


def test_abort_over_standard_input(start, served, tmp_path):
    bench, out = served(1.0), tmp_path / "run.h5"
    process = start(
        "run", "ltp-ltd", "--events", "--rig", str(bench.rig), "--out", str(out), *SETTINGS
    )
    events_until(process, "block")
    process.stdin.write("abort\n")
    process.stdin.flush()
    end = events_until(process, "end")
    assert end["outcome"] == "aborted"
    assert process.wait(timeout=10) == 3
    assert_safe(bench)
    assert open_run(out).outcome is Outcome.ABORTED


def test_pause_falls_between_programs_and_resume_carries_on(start, served, tmp_path):
    bench, out = served(20.0), tmp_path / "run.h5"
    process = start(
        "run", "ltp-ltd", "--events", "--rig", str(bench.rig), "--out", str(out), *RESET,
        "--set", "states=500,open",
    )  # fmt: skip
    events_until(process, "block")
    process.stdin.write("pause\n")
    process.stdin.flush()
    while (state := events_until(process, "state"))["state"] != "paused":
        assert state["state"] in ("pausing", "running")
    assert bench.safe()["mode"] == "high_z"
    process.stdin.write("resume\n")
    process.stdin.flush()
    assert events_until(process, "end")["outcome"] == "finished"
    assert process.wait(timeout=30) == 0
    run = open_run(out)
    messages = [e.message for e in run.events]
    assert any("paused" in m for m in messages)
    assert any("resumed" in m for m in messages)
    assert (run.samples.pulse_index > 0).sum() == 1200
    assert_safe(bench)


BEHIND = """
import os, pty, subprocess, sys
pid, terminal = pty.fork()
if pid:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
# In front of a new terminal; the command goes into a group behind, as `command &` does.
behind = subprocess.Popen(sys.argv[1:], process_group=0, stdout=subprocess.DEVNULL)
status = os.waitpid(behind.pid, os.WUNTRACED)[1]
behind.kill()
os._exit(0 if status == 0 else 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")
def test_a_run_in_the_background_of_a_terminal_is_not_stopped(tmp_path):
    fmes, out = Path(sys.executable).with_name("fmes"), tmp_path / "run.h5"
    done = subprocess.run(
        [sys.executable, "-c", BEHIND, fmes, "run", "ltp-ltd", "--set", "up=3", "--out", out],
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, "stopped or failed"
    assert open_run(out).outcome is Outcome.FINISHED


def test_the_run_goes_on_when_nobody_reads_its_events(start, tmp_path):
    out = tmp_path / "run.h5"
    process = start("run", "ltp-ltd", "--events", "--out", str(out))
    events_until(process, "begin")
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert open_run(out).outcome is Outcome.FINISHED


def test_the_events_tell_the_whole_run(fmes):
    done = fmes("run", "ltp-ltd", "--events", "--set", "states=open", "--out", "run.h5")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [e["event"] for e in events]
    assert kinds[0] == "begin"
    assert kinds[-1] in ("end", "state")
    blocks = [e for e in events if e["event"] == "block"]
    assert sum(len([p for p in b["pulse_index"] if p]) for b in blocks) == 600
    fractions = [e["fraction"] for e in events if e["event"] == "progress"]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] <= 1
    assert {"running", "finished"} <= {e["state"] for e in events if e["event"] == "state"}

"""Another program holds a run's file while it is written, and when the finished one replaces it."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from watched_run import LONG, SAFE, end_of, until_pulses

from data.reader import open_run
from data.run import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")

FMES = Path(sys.executable).with_name("fmes")
HOLD = """
import fcntl, sys, h5py
how, path = sys.argv[1:]
if how == "HDF5":
    held = h5py.File(path, "r+", locking=True)
else:
    held = open(path, "r+b")
    getattr(fcntl, how)(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))


@pytest.mark.parametrize("how", ["flock", "lockf", "HDF5"])
def test_a_file_that_another_program_has_locked(start, fmes, served, tmp_path, monkeypatch, how):
    # A site may order HDF5 to lock files; then, too, nothing waits for the other program.
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "TRUE")
    bench = served(1.0)
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, how, "run.h5"], cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout.readline() == "held\n"
        assert open_run(tmp_path / "run.h5").outcome is Outcome.RUNNING, "read beside both"
        process.send_signal(signal.SIGTERM)
        assert end_of(process)[0] == 3
        assert bench.safe() == SAFE
        # The finished file has its name although the other program still holds what had it.
        done = fmes("verify", "run.h5")
        assert done.returncode == 0, done.stdout + done.stderr
        holder.communicate("")
    run = open_run(tmp_path / "run.h5")
    assert not run.working
    assert run.outcome is Outcome.ABORTED


# What has something mounted on it cannot be replaced, as on Windows what a program has open.
HELD = """
{command} > events & pid=$!
until grep -q '"pulse_index": .[^]]*[1-9]' events; do sleep 0.05; done
mount --bind run.h5 run.h5
kill -TERM $pid; wait $pid; echo $? > code
umount run.h5
"""


def test_a_file_that_cannot_be_replaced(fmes, served, tmp_path):
    bench = served(1.0)
    command = shlex.join([str(FMES), *LONG, "--rig", str(bench.rig), "--out", "run.h5"])
    apart = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    try:
        tried = subprocess.run(
            [*apart, "touch a && mount --bind a a"], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no unshare")
    if tried.returncode:
        pytest.skip(f"no mount of one's own: {tried.stderr}")
    subprocess.run(
        [*apart, HELD.format(command=command)], cwd=tmp_path, timeout=120, check=True,
        capture_output=True,
    )  # fmt: skip
    assert (tmp_path / "code").read_text().strip() == "3"
    assert bench.safe() == SAFE
    told = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    warning = next(e["message"] for e in told if e["event"] == "warning")
    assert "run.h5 stays a working file, complete but not compressed: " in warning
    assert "Nothing is missing; 'fmes recover' makes a compressed copy" in warning
    assert not list(tmp_path.glob("*.rewriting"))
    run = open_run(tmp_path / "run.h5")
    assert run.working
    assert run.outcome is Outcome.ABORTED
    assert (run.samples.pulse_index > 0).any()
    # The other program has let go.
    assert fmes("verify", "run.h5").returncode == 4
    done = fmes("recover", "run.h5")
    assert done.returncode == 0, done.stderr
    assert "lost    nothing" in done.stdout
    again = open_run(tmp_path / "run.recovered.h5")
    assert not again.working
    assert (again.outcome, again.reason) == (run.outcome, run.reason)
    assert len(again.samples) == len(run.samples)
    assert fmes("verify", "run.recovered.h5").returncode == 0

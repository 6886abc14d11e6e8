"""Nobody reads what a command shows, and it does what it was told to all the same."""

import math
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from watched_run import SAFE, SHORT

from data.reader import open_run
from data.run import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell's redirections")

FMES = str(Path(sys.executable).with_name("fmes"))
RUN = [word for word in SHORT if word != "--events"]
WAYS = {
    "a reader that goes": "{} | head -1",
    "a reader that is gone": "{} | true",
    "a full disk": "{} > /dev/full",
    "all streams closed": "{} <&- >&- 2>&-",
}


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))

    def run(way, *arguments):
        command = WAYS[way].format(shlex.join([FMES, *arguments]))
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("way", WAYS)
def test_a_run_goes_on(shell, served, tmp_path, way):
    bench = served(math.inf)
    done = shell(way, *RUN, "--rig", str(bench.rig), "--out", "run.h5")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    run = open_run(tmp_path / "run.h5")
    assert run.outcome is Outcome.FINISHED
    assert run.samples.pulse_index.max() == 100
    assert bench.safe() == SAFE


@pytest.mark.parametrize("way", WAYS)
def test_both_instruments_are_made_safe(shell, served, way):
    bench = served(math.inf)
    with bench.bench.lock:
        bench.bank.write(b"ROUT:CLOS (@101)\n")
    assert bench.safe() != SAFE
    assert shell(way, "safe", str(bench.rig)).returncode == 0
    assert bench.safe() == SAFE

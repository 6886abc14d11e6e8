"""A quota: the system refuses to let this program write more, although the disk has room.

It is the limit that the system keeps for the files of one process, whose refusal has another
number than that of a quota of a disk (EFBIG, not EDQUOT) and comes at the same calls.
"""

import json
import math
import sys

import pytest
from watched_run import LONG, SAFE, SHORT, end_of, until_pulses

from data.reader import open_run
from data.run import Outcome

resource = pytest.importorskip("resource", reason="needs a system that limits file sizes")
pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit")


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))


def limit(process, size):
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_a_quota_that_is_too_small_for_a_run(start, served, tmp_path):
    bench = served(math.inf)
    process = start(*SHORT, "--rig", str(bench.rig), "--out", "run.h5")
    limit(process, 20_000)
    code, reason = end_of(process)
    assert code == 1
    assert "run.h5 cannot be created with room for" in reason
    assert not any("output on" in entry.what for entry in bench.bench.journal)
    assert not list(tmp_path.glob("*.h5")) + list(tmp_path.glob(".*.creating"))


def test_a_quota_that_is_used_up_mid_run(start, served, tmp_path):
    bench = served(1.0)
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    limit(process, 4096)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    ends = [e for e in map(json.loads, out.splitlines()) if e["event"] == "end"]
    assert ends[0]["outcome"] == "failed"
    assert "run.h5 cannot be written: " in ends[0]["reason"]
    assert "what was recorded before is safe" in ends[0]["reason"]
    assert bench.safe() == SAFE
    run = open_run(tmp_path / "run.h5")
    # Not even the outcome could be written any more; the file then says what is known.
    assert run.outcome in (Outcome.FAILED, Outcome.INTERRUPTED)
    assert (run.samples.pulse_index > 0).any()
    assert sys.platform != "linux" or run.working

"""`fmes safe` and `fmes rig`: what is done to a rig before and after it is used."""

import json
import math
import os
import signal
import sys

import pytest

from app.guard.record import Record, state_folder
from app.rig_check import check
from app.rig_file import RigFile
from app.rigs import make_bench, open_rig

RELAYS = "[resistor_bank]\ndevices = [{ name = 'A', channel = 110 }]\n"
RESET = ["--set", "reset_watch=0.2", "--set", "reset_tolerance=10mV"]


def result(folder):
    (path,) = folder.glob("*-check-*.json")
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_rig_with_nothing_across_its_resistors_passes(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(RELAYS)
    done = fmes("rig", "check", "rig.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "13 checks, 0 failed" in done.stdout
    found = result(tmp_path)
    assert found["passed"]
    measured = [f["values"] for f in found["findings"] if "measured" in f["values"]]
    expected = [values["expected"] for values in measured]
    assert expected == pytest.approx([500, 1000, 2000, 4000, 7000, 8000])
    for values in measured:
        assert values["measured"] == pytest.approx(values["expected"], rel=0.01)
        assert values["current"] * values["expected"] <= 0.08, "a safe level"


def test_a_device_across_the_resistors_is_noticed(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text("")
    done = fmes("rig", "check", "rig.toml")
    assert done.returncode == 1
    assert "disconnect the device" in done.stdout
    assert not result(tmp_path)["passed"]


def test_a_resistor_that_is_another_than_the_table_says_is_named():
    devices = [{"name": "A", "channel": 110}]
    true = RigFile(resistor_bank={"devices": devices})
    table = [{"channel": 101, "nominal": "900 ohm"}]
    stated = RigFile(resistor_bank={"devices": devices, "resistors": table})
    bench = make_bench(true, noise=False)
    rig = open_rig(stated, bench)
    failed = [finding for finding in check(rig) if not finding.passed]
    rig.close()
    assert [finding.what for finding in failed] == ["R = 900 ohm"]
    assert failed[0].values["measured"] == pytest.approx(500, rel=1e-3)
    assert bench.stage("a").mode == "high_z"
    assert math.isinf(bench.device.resistance)


def test_a_result_never_replaces_a_file(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(RELAYS)
    (tmp_path / "mine.json").write_text("mine")
    done = fmes("rig", "check", "rig.toml", "--to", "mine.json")
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert (tmp_path / "mine.json").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_rig_that_a_killed_run_left_energised_is_made_safe(fmes, start, served):
    bench = served(1.0)
    process = start(
        "run", "ltp-ltd", "--events", "--rig", str(bench.rig), "--set", "states=500", *RESET
    )
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "block" and any(event["pulse_index"]):
            break
    # Its guard too, which would have made the rig safe.
    records = [Record.read(path) for path in state_folder().glob("*.json")]
    guard = next(r.guard for r in records if r.pid == process.pid)
    for number in (guard, process.pid):
        os.kill(number, signal.SIGKILL)
    process.wait()
    assert bench.safe()["mode"] != "high_z", "nothing to do"
    done = fmes("safe", str(bench.rig))
    assert done.returncode == 0, done.stdout + done.stderr
    assert bench.safe() == {"current": 0, "resistance": math.inf, "mode": "high_z"}


def test_a_bank_is_opened_although_the_source_cannot_be_reached(fmes, served):
    bench = served(math.inf)
    bench.servers[0].close()
    done = fmes("safe", str(bench.rig))
    assert done.returncode == 1
    assert "source_meter: state UNKNOWN" in done.stdout
    assert "all relays open" in done.stdout
    assert "by hand" in done.stdout


def test_scan_says_who_is_there_or_that_nobody_is(fmes):
    done = fmes("rig", "scan")
    assert done.returncode == 0, done.stderr
    assert "resource" in done.stdout or "no instrument found" in done.stdout

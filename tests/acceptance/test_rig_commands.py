"""`fmes safe` and `fmes rig`: what is done to a rig before and after it is used."""

import json
import math
import os
import signal
import sys
from dataclasses import replace

import pytest

from app.guard.record import Record, state_folder
from app.rigs.check import check
from app.rigs.opening import links, make_bench, open_bank, open_meter, open_rig
from app.rigs.rig_file import RigFile

RELAYS = "[resistor_bank]\ndevices = [{ name = 'A', channel = 110 }]\n"
RESET = ["--set", "reset_watch=0.2", "--set", "reset_tolerance=10mV"]


def result(folder):
    (path,) = folder.glob("*-check-*.json")
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_rig_with_nothing_across_its_resistors_passes(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(RELAYS)
    done = fmes("rig", "check", "rig.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 checks, 0 failed" in done.stdout
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


def test_what_was_done_and_found_is_told_step_by_step(fmes, served, tmp_path):
    bench = served(math.inf)
    rows = "resistors = [{ channel = 101, nominal = '500 ohm' }]\n"
    bench.rig.write_text(bench.rig.read_text().replace("[visa]", f"{rows}[visa]"))
    done = fmes("rig", "check", str(bench.rig), "--to", "result.json")
    found = {f["what"]: f for f in json.loads((tmp_path / "result.json").read_text())["findings"]}
    assert list(found) == [
        "safe state", "source-measure unit", "resistor bank", "device limits", "R = open",
        "R = 500 ohm", "timing", "error queue",
    ]  # fmt: skip
    serial = bench.meter.serial_number
    for identity in (f"Keithley Instruments Inc. 2602B (serial {serial}, 3.4.2)",
                     "HEWLETT-PACKARD 34970A (serial 0, 13-2-2)"):  # fmt: skip
        assert identity in done.stdout, "with the firmware"
    assert found["device limits"]["text"] == "at most 800 mV and 20 mA"
    assert found["error queue"]["text"] == "that of the 2602B is empty, that of the 34970A is empty"
    # The device is connected on this bench.
    failed = [what for what, finding in found.items() if not finding["passed"]]
    assert failed == ["R = open", "R = 500 ohm"]
    assert "but something conducts" in found["R = open"]["text"]


def test_which_instrument_cannot_be_reached_is_told(fmes, served, tmp_path):
    bench = served(math.inf)
    bench.servers[1].close()
    done = fmes("rig", "check", str(bench.rig), "--to", "result.json")
    assert done.returncode == 1
    found = {f["what"]: f for f in json.loads((tmp_path / "result.json").read_text())["findings"]}
    assert found["source-measure unit"]["passed"]
    assert bench.servers[0].resource_name in found["source-measure unit"]["text"]
    assert not found["resistor bank"]["passed"]
    assert bench.servers[1].resource_name in found["resistor bank"]["text"]


def test_a_device_whose_relay_does_not_close_is_told():
    devices = [{"name": "A", "channel": 110}, {"name": "B", "channel": 111}]
    file = RigFile(resistor_bank={"devices": devices})
    bench = make_bench(file, noise=False)
    meter, bank = links(file, bench)
    bank.instrument.stuck.add(111)
    rig = open_rig(file, bench)
    rig = replace(rig, meter=open_meter(file, meter), bank=open_bank(file, bank))
    failed = [finding for finding in check(rig) if not finding.passed]
    rig.close()
    assert [finding.what for finding in failed] == ["device B"]
    assert "relays none read back closed where 111 should be" in failed[0].text


def test_an_entry_of_the_error_queue_is_told():
    file = RigFile(resistor_bank={"devices": [{"name": "A", "channel": 110}]})
    rig = open_rig(file, make_bench(file, noise=False))
    findings = []
    for finding in check(rig):
        findings.append(finding)
        if finding.what == "timing":
            rig.meter._tsp.write("smua.source.nonsense = 1")
    rig.close()
    (failed,) = [finding for finding in findings if not finding.passed]
    assert failed.what == "error queue"
    assert "the 2602B reports -286" in failed.text
    assert "nonsense" in failed.text


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
    assert "device" not in failed[0].text, "nothing conducts when all is open"
    assert "correct the table: fmes rig calibrate measures it" in failed[0].text
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
    assert "ask there by the address: fmes rig scan ADDRESS" in done.stdout
    assert "INTFC" not in done.stdout, "an interface is no instrument"
    assert "Warning" not in done.stderr


def test_scan_asks_at_addresses_that_no_list_has(fmes, served):
    bench = served(math.inf)
    bench.servers[1].close()
    meter, bank = (server.resource_name for server in bench.servers)
    done = fmes("rig", "scan", "--library", "@py", meter, bank, "nonsense")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[1:]
    assert lines[0].split() == [
        meter, "Keithley", "Instruments", "Inc.,", "Model", "2602B,",
        f"{bench.meter.serial_number},", "3.4.2", "keithley-2600b",
    ]  # fmt: skip
    assert lines[1].startswith(bank)
    assert "no answer" in lines[1]
    assert "not a VISA resource name" in lines[2]


def test_a_rig_that_was_left_safe_has_nothing_to_be_told_of_it(fmes, served):
    bench = served(math.inf)
    fmes("rig", "check", str(bench.rig), "--to", "first.json")
    assert fmes("safe", str(bench.rig)).returncode == 0
    assert fmes("safe", str(bench.rig), "--by-hand").returncode == 0
    done = fmes("rig", "check", str(bench.rig), "--to", "second.json")
    assert "how it was left" not in done.stdout

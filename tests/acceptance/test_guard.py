"""One run at a time on a rig, and a rig that is safe although its run was killed."""

import json
import math
import os
import signal
import sys
import time

import pytest

from app.guard.lock import name_of
from app.guard.record import Record, state_folder
from app.rigs.rig_file import RigFile
from data.reader import open_run
from drivers.instrument import Identity
from drivers.simulated.serving import serve_others
from drivers.transcript import What, read_transcript

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

RUN = ["run", "ltp-ltd", "--events", "--set", "states=500", "--set", "reset_watch=0.2",
       "--set", "reset_tolerance=10mV"]  # fmt: skip
SLOW = ["--set", "width=200ms", "--set", "gap=200ms", "--set", "amplitude=0.1mA"]
SAFE = {"current": 0, "resistance": math.inf, "mode": "high_z"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def until_pulses(process):
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "block" and any(event["pulse_index"]):
            return
    raise AssertionError(process.stderr.read())


def records():
    return [Record.read(path) for path in state_folder().glob("*.json")]


def until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def kill(*numbers):
    for number in numbers:
        os.kill(number, signal.SIGKILL)


def test_a_second_run_on_a_rig_is_refused_and_told_who_has_it(start, fmes, served, tmp_path):
    bench = served(1.0)
    first = start(*RUN, *SLOW, "--rig", str(bench.rig), "--out", "first.h5")
    until_pulses(first)
    for command in (
        [*RUN, "--rig", str(bench.rig), "--out", "second.h5"],
        ["rig", "check", str(bench.rig)],
    ):
        done = fmes(*command)
        assert done.returncode == 2
        assert f"is in use by process {first.pid} on " in done.stderr
        assert "fmes run ltp-ltd" in done.stderr
        assert "first.h5" in done.stderr
    assert not (tmp_path / "second.h5").exists()
    # The socket has one place, so `fmes safe` cannot get through, but says what will help.
    done = fmes("safe", str(bench.rig))
    assert done.returncode == 1
    assert f"in use by process {first.pid} on " in done.stdout
    assert "to end that makes the rig safe" in done.stdout
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode == 3
    done = fmes("rig", "check", str(bench.rig))
    assert "ok      safe state" in done.stdout
    assert "how it was left" not in done.stdout


@pytest.fixture
def renamed(tmp_path):
    """Serve the instruments of a bench under other addresses too; the rig file with those."""
    servers = []

    def serve(bench):
        text = bench.rig.read_text()
        for server, instrument in zip(bench.servers, (bench.meter, bench.bank), strict=True):
            servers.extend(serve_others(bench.bench, instrument))
            text = text.replace(server.resource_name, servers[-1].resource_name)
        path = tmp_path / "renamed.toml"
        path.write_text(text)
        return path

    yield serve
    for server in servers:
        server.close()


def test_an_instrument_under_another_address_is_the_same(start, fmes, served, renamed, tmp_path):
    bench = served(1.0)
    other = renamed(bench)
    first = start(*RUN, *SLOW, "--rig", str(bench.rig), "--out", "first.h5")
    until_pulses(first)
    done = fmes(*RUN, "--rig", str(other), "--out", "second.h5", "--transcript")
    assert done.returncode == 2
    here, there = (RigFile.read(path).source_meter.address for path in (other, bench.rig))
    who = f"is in use by process {first.pid} on "
    serial = bench.meter.serial_number
    assert f"{here} is a Keithley Instruments Inc. 2602B (serial {serial}, 3.4.2)" in done.stderr
    assert f"which under the address {there} {who}" in done.stderr
    messages = read_transcript(tmp_path / "second.transcript.jsonl")
    assert [m.data for m in messages if m.what is What.SENT] == [b"*IDN?\n"]
    assert messages[-1].what is What.CLOSED
    assert not (tmp_path / "second.h5").exists()
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert open_run(tmp_path / "first.h5").outcome == "aborted"
    done = fmes("rig", "check", str(other), "--to", "result.json")
    assert "ok      safe state" in done.stdout
    assert "how it was left" not in done.stdout


def test_who_has_an_instrument_under_another_address_is_told_by_safe(start, fmes, served, renamed):
    bench = served(1.0)
    other = renamed(bench)
    first = start(*RUN, *SLOW, "--rig", str(bench.rig))
    until_pulses(first)
    done = fmes("safe", str(other))
    assert done.returncode == 0, done.stderr
    assert f"in use by process {first.pid} on " in done.stdout


def test_an_instrument_left_unsafe_under_another_address_is_made_safe_first(
    start, fmes, served, renamed
):
    bench = served(1.0)
    other = renamed(bench)
    process = start(*RUN, "--set", "up=100", "--set", "down=0", "--rig", str(bench.rig))
    until_pulses(process)
    kill(next(iter(records())).guard, process.pid)
    process.wait()
    assert bench.safe()["mode"] != "high_z"
    done = fmes("rig", "check", str(other), "--to", "first.json")
    said = f"process {process.pid} on "
    assert f"how it was left: {said}" in done.stdout
    assert "did not leave this rig safe; it was made safe now" in done.stdout
    assert bench.safe() == SAFE
    assert said not in fmes("rig", "check", str(other), "--to", "second.json").stdout


@pytest.mark.parametrize(
    ("serial", "tells"), [("4000001", True), ("MY44000001", True), ("0", False), ("", False),
                          ("00000000", False)],
)  # fmt: skip
def test_a_serial_number_of_zeros_tells_nobody_from_others(serial, tells):
    identity = Identity("HEWLETT-PACKARD", "34970A", serial, "13-2-2")
    assert identity.unmistakable is tells
    assert bool(name_of(identity)) is tells


def test_a_killed_run_leaves_a_safe_rig_by_its_guard(start, fmes, served, tmp_path):
    bench = served(1.0)
    process = start(*RUN, "--rig", str(bench.rig), "--out", "killed.h5")
    until_pulses(process)
    assert bench.safe()["mode"] != "high_z"
    kill(process.pid)
    report = tmp_path / "killed.h5.guard.json"
    until(report.exists, "no report of the guard")
    assert bench.safe() == SAFE
    said = json.loads(report.read_text())
    assert said["safe"]
    assert "high-impedance" in said["source_meter"]
    assert said["resistor_bank"].endswith("all relays open")
    assert {r.state for r in records()} == {"safe"}
    # Whoever uses the rig next is told.
    done = fmes("rig", "check", str(bench.rig))
    assert f"how it was left: process {process.pid} on " in done.stdout
    assert "died; made safe by its guard" in done.stdout


@pytest.mark.parametrize(
    ("driver", "left"), [("keithley-2600b", "current"), ("keithley-2400", "high_z")]
)
def test_a_program_ends_at_0_by_itself_when_all_are_killed(
    start, fmes, served, tmp_path, driver, left
):
    bench = served(1.0, driver=driver)
    pulses = ["--set", "up=120", "--set", "down=0", "--set", "width=40ms", "--set", "gap=10ms"]
    process = start(*RUN, *pulses, "--rig", str(bench.rig))
    until(lambda: abs(bench.safe()["current"]) > 0.5e-3, "no pulse")
    kill(next(iter(records())).guard, process.pid)
    killed = bench.bench.clock.now

    def idle():
        with bench.bench.lock:
            bench.bench.run_to(bench.bench.clock.now)
            return not bench.meter.busy

    until(idle, "the program goes on")
    state = bench.safe()
    assert abs(state["current"]) < 1e-6
    assert state["mode"] == left, "nobody is there who could switch it off"
    said = [e.what for e in bench.bench.journal if e.time > killed and "output off" in e.what]
    assert bool(said) == (left == "high_z")
    # The next command finds it and makes it safe first.
    done = fmes("rig", "check", str(bench.rig))
    assert f"process {process.pid} on " in done.stdout
    assert "did not leave this rig safe; it was made safe now" in done.stdout
    assert bench.safe() == SAFE


def test_a_run_goes_on_when_its_guard_is_killed_and_gets_another(start, served, tmp_path):
    bench = served(1.0)
    process = start(*RUN, "--set", "up=100", "--set", "down=0", "--rig", str(bench.rig),
                    "--out", "run.h5")  # fmt: skip
    until_pulses(process)
    first = next(iter(records())).guard
    kill(first)
    said = f"the guard (process {first}) ended with status -9; process "
    assert any(said in line for line in process.stdout)
    second = next(iter(records())).guard
    assert second != first
    kill(process.pid)
    until((tmp_path / "run.h5.guard.json").exists, "the second guard did nothing")
    assert bench.safe() == SAFE


def test_a_rig_that_was_left_unsafe_and_cannot_be_reached_is_refused(start, fmes, served, tmp_path):
    bench = served(1.0)
    process = start(*RUN, "--rig", str(bench.rig))
    until_pulses(process)
    kill(next(iter(records())).guard, process.pid)
    bench.servers[0].close()
    done = fmes(*RUN, "--rig", str(bench.rig), "--out", "x.h5")
    assert done.returncode == 1
    assert f"process {process.pid} on " in done.stderr
    assert "cannot be made safe now: source_meter: state UNKNOWN" in done.stderr
    assert "fmes safe RIG --by-hand" in done.stderr
    done = fmes("safe", "--by-hand", str(bench.rig))
    assert done.returncode == 0
    done = fmes(*RUN, "--rig", str(bench.rig), "--out", "x.h5")
    assert "did not leave" not in done.stderr
    assert "check power and cable" in done.stderr


def test_a_run_ends_safely_when_no_guard_can_be_kept(start, served):
    bench = served(1.0)
    process = start(*RUN, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    for others in (3, 2, 1, 0):
        guard = next(iter(records())).guard
        kill(guard)
        if others:
            until(lambda guard=guard: all(r.guard != guard for r in records()), "no other guard")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a rig without a guard must not be energised" in out
    assert bench.safe() == SAFE
    assert {r.state for r in records()} == {"safe"}

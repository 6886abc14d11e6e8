"""Faults made as they come: processes that stop, lines that garble, disks that are full.

Nothing of the program is replaced; what is broken is what the program meets.
"""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from proxy import Proxy, garbled, lost, partial
from watched_run import LONG, SAFE, SHORT, end_of, until_pulses

from data.reader import open_run
from data.run import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

FMES = Path(sys.executable).with_name("fmes")


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))


def test_instruments_that_stop_answering(start, fmes, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text('[simulation]\nspeed = "real time"\n')
    emulator = start("emulate", "rig.toml")
    meter, bank = (emulator.stdout.readline().split(": ", 1)[1].strip() for _ in range(2))
    rig.write_text(
        f"source_meter.address = '{meter}'\nresistor_bank.address = '{bank}'\n"
        "visa = { library = '@py', timeout = '1 s' }\n"
    )
    process = start(*LONG, "--rig", "rig.toml", "--out", "run.h5")
    until_pulses(process)
    emulator.send_signal(signal.SIGSTOP)
    code, reason = end_of(process)
    emulator.send_signal(signal.SIGCONT)
    assert code == 1
    assert f"no reply from {meter}" in reason
    assert "state UNKNOWN of source_meter" in reason
    assert "Switch it off by hand" in reason
    run = open_run(tmp_path / "run.h5")
    assert run.outcome is Outcome.FAILED
    assert (run.samples.pulse_index > 0).any()
    # They answer again: whoever comes next makes the rig safe before anything else.
    done = fmes("rig", "check", "rig.toml")
    assert f"how it was left: process {process.pid} on " in done.stdout
    assert "did not leave this rig safe; it was made safe now" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(garbled, "sent what cannot be understood"), (partial, "no reply from"),
     (lost, "no reply from")],
    ids=["garbled", "partial", "lost"],
)  # fmt: skip
def test_a_line_that_spoils_replies(start, served, tmp_path, spoil, says):
    bench = served(1.0)
    proxy = Proxy(bench.servers[0].port)
    rig = bench.rig.read_text().replace(bench.servers[0].resource_name, proxy.address)
    bench.rig.write_text(rig.replace("2 s", "500 ms"))
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    proxy.spoil = spoil
    while not proxy.spoiled:
        time.sleep(0.01)
    code, reason = end_of(process)
    proxy.close()
    assert code == 1
    assert f"{proxy.address} {says}" in reason or f"{says} {proxy.address}" in reason
    # Commands arrive although nothing that comes back can be read: it is off, and not known to be.
    assert "state UNKNOWN of source_meter" in reason
    assert bench.safe() == SAFE
    run = open_run(tmp_path / "run.h5")
    assert run.outcome is Outcome.FAILED
    assert (run.samples.pulse_index > 0).any()


def test_a_computer_that_sleeps_mid_train(start, served, tmp_path):
    bench = served(1.0)
    process = start(*SHORT, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2.0)
    process.send_signal(signal.SIGCONT)
    assert end_of(process) == (0, "")
    samples = open_run(tmp_path / "run.h5").samples
    assert samples.pulse_index.max() == 100, "the instrument went on and kept what it read"
    assert not samples.flags.any()
    assert bench.safe() == SAFE


def test_a_change_to_summer_time_mid_run(start, served, tmp_path, monkeypatch):
    change = time.time() + 10
    now = time.gmtime(change)
    # Days count from 0.
    moment = f"{now.tm_yday - 1}/{now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d}"
    monkeypatch.setenv("TZ", f"AAA0BBB-1,{moment},{(now.tm_yday + 100) % 360}/12")
    bench = served(1.0)
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    until_pulses(process)
    while time.time() < change + 1:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert end_of(process)[0] == 3
    run = open_run(tmp_path / "run.h5")
    begun, ended = (datetime.fromisoformat(str(t)) for t in (run.info.start, run.end))
    assert begun.utcoffset() != ended.utcoffset(), "no change happened"
    assert 0 < (ended - begun).total_seconds() < 60
    assert (run.samples.time[1:] > run.samples.time[:-1]).all()
    assert bench.safe() == SAFE


MOUNT = "mkdir small && mount -t tmpfs -o size={size} tmpfs small && {before} {command}; "
KEEP = "code=$?; cp small/*.h5 .; exit $code"
FILL = "(until [ -e small/run.h5 ]; do sleep 0.02; done; cat /dev/zero > small/fill) 2>&- &"


@pytest.fixture
def on_a_small_disk(tmp_path):
    """Run the command on a file system of its own of some size, which may be filled meanwhile."""

    def run(size, before, *arguments):
        command = shlex.join([str(FMES), *arguments])
        script = MOUNT.format(size=size, before=before, command=command) + KEEP
        return subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script], cwd=tmp_path,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    try:
        tried = run("8k", "true;", "--help")
    except FileNotFoundError:
        pytest.skip("no unshare")
    if "Usage" not in tried.stdout:
        pytest.skip(f"no file system of one's own: {tried.stderr}")
    (tmp_path / "small").rmdir()
    return run


def test_a_disk_without_room(on_a_small_disk, served):
    bench = served(math.inf)
    done = on_a_small_disk("64k", "", *SHORT, "--rig", str(bench.rig), "--out", "small/run.h5")
    assert done.returncode == 1, done.stderr
    end = next(e for e in map(json.loads, done.stdout.splitlines()) if e["event"] == "end")
    assert "room for" in end["reason"]
    assert bench.safe() == SAFE
    assert not any("output on" in entry.what for entry in bench.bench.journal)


def test_a_disk_that_fills_up_mid_run(on_a_small_disk, served, tmp_path):
    bench = served(1.0)
    done = on_a_small_disk("4m", FILL, *SHORT, "--rig", str(bench.rig), "--out", "small/run.h5")
    assert done.returncode == 0, done.stderr
    run = open_run(tmp_path / "run.h5")
    assert run.outcome is Outcome.FINISHED
    assert run.samples.pulse_index.max() == 100, "the room was taken before the first reading"
    assert "complete but not compressed" in done.stdout
    assert bench.safe() == SAFE


def test_no_room_for_the_record_of_who_uses_the_rig(on_a_small_disk, served):
    bench = served(math.inf)
    before = "export FMES_LAB_STATE=$PWD/small;"
    done = on_a_small_disk("4k", before, *SHORT, "--rig", str(bench.rig), "--out", "run.h5")
    assert done.returncode == 1
    assert "who uses the rig cannot be written into" in done.stderr
    assert "No space left on device" in done.stderr
    assert not any("output on" in entry.what for entry in bench.bench.journal)


FILL_AND_KILL = """
export FMES_LAB_STATE=$PWD/small
{command} > events & pid=$!
until grep -q '"block"' events; do sleep 0.05; done
cat /dev/zero > small/fill
kill -9 $pid; wait $pid
until [ -e run.h5.guard.json ]; do sleep 0.05; done
"""


@pytest.mark.usefixtures("on_a_small_disk")
def test_a_guard_acts_although_its_own_disk_is_full(served, tmp_path):
    bench = served(1.0)
    command = shlex.join([str(FMES), *LONG, "--rig", str(bench.rig), "--out", "run.h5"])
    script = MOUNT.format(size="64k", before=FILL_AND_KILL.format(command=command), command="true")
    subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script], cwd=tmp_path, timeout=120,
        check=True, capture_output=True,
    )  # fmt: skip
    assert bench.safe() == SAFE
    assert json.loads((tmp_path / "run.h5.guard.json").read_text())["safe"]


def test_a_limit_that_somebody_raises_on_the_front_panel(start, served, tmp_path):
    bench = served(math.inf)
    take = bench.meter.write

    def write(received):
        if b"trigger.initiate" in received:
            bench.meter._execute("smua.source.limitv = 5", direct=True)
        take(received)

    bench.meter.write = write
    bench.rig.write_text(bench.rig.read_text() + "[device]\nmax_voltage = '150 mV'\n")
    process = start(*LONG, "--set", "voltage_limit=150 mV", "--rig", str(bench.rig),
                    "--out", "run.h5")  # fmt: skip
    code, reason = end_of(process)
    assert code == 1
    assert "was read across the device at pulse" in reason
    assert "its max_voltage is 150 mV" in reason
    assert bench.safe() == SAFE
    assert open_run(tmp_path / "run.h5").outcome is Outcome.FAILED


def test_a_reader_of_events_that_stops_reading(start, served, tmp_path):
    bench = served(1.0)
    process = start(*LONG, "--rig", str(bench.rig), "--out", "run.h5")
    # 64 kB of events fill the pipe long before the run would end.
    while not (tmp_path / "run.h5").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    while bench.safe() != SAFE:
        time.sleep(0.05)
    while open_run(tmp_path / "run.h5").outcome is not Outcome.ABORTED:
        time.sleep(0.1)
    assert process.wait(timeout=60) == 3


def test_names_of_any_language(fmes, served, tmp_path):
    bench = served(math.inf)
    rig = bench.rig.rename(tmp_path / "Gerät Ω.toml")
    out = tmp_path / "Messung µ 测量" / "länge.h5"
    done = fmes(*SHORT, "--rig", rig.name, "--out", str(out), "--sample", "Probe „ß“ 器件")
    assert done.returncode == 0, done.stderr
    assert open_run(out).info.sample == "Probe „ß“ 器件"
    assert bench.safe() == SAFE


@pytest.mark.parametrize("length", [300, 5000])
def test_a_path_that_is_too_long(fmes, served, tmp_path, length):
    bench = served(math.inf)
    done = fmes(*SHORT, "--rig", str(bench.rig), "--out", "x/" * (length // 300) + "y" * length)
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not any("output on" in entry.what for entry in bench.bench.journal)


def test_a_state_folder_that_cannot_be_made(fmes, served, monkeypatch):
    bench = served(math.inf)
    monkeypatch.setenv("FMES_LAB_STATE", os.devnull)
    done = fmes(*SHORT, "--rig", str(bench.rig), "--out", "x.h5")
    assert done.returncode == 2
    assert "set FMES_LAB_STATE to a folder" in done.stderr

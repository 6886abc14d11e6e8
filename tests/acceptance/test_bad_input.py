"""What cannot be used is refused with one clear message, before anything is energised."""

import os
from pathlib import Path

import pytest

CASES = [
    ("unknown protocol", ["run", "ltp-lt"], "no protocol 'ltp-lt'; there are: "),
    ("unknown parameter", ["run", "ltp-ltd", "--set", "widht=3 ms"], "no parameter 'widht'"),
    ("unit mismatch", ["run", "ltp-ltd", "--set", "width=3 V"], "width: '3 V' has the unit of"),
    (
        "a parameter given twice", ["run", "ltp-ltd", "--set", "up=3", "--set", "up=4"],
        "up is given already, as '3'",
    ),
    ("no value", ["run", "ltp-ltd", "--set", "width"], "write parameter=value"),
    ("unknown preset", ["run", "ltp-ltd", "--preset", "fast"], "paper-20ms, text-500Hz"),
    (
        "beyond the instrument", ["run", "ltp-ltd", "--set", "amplitude=4 A"],
        "level 4 A is beyond the 2602B; at most 3 A",
    ),
    (
        "beyond the device", ["run", "ltp-ltd", "--set", "amplitude=50 mA"],
        "current level 50 mA is beyond the device's max_current of 20 mA",
    ),
    (
        "voltage beyond the device", ["run", "ltp-ltd", "--set", "voltage_limit=1 V"],
        "voltage limit 1 V is beyond the device's max_voltage of 800 mV",
    ),
    (
        "width longer than the period",
        ["run", "ltp-ltd", "--set", "width=30 ms", "--set", "period=20 ms"],
        "width 30 ms does not fit into the period of 20 ms",
    ),
    (
        "a period that cannot be timed",
        ["run", "ltp-ltd", "--set", "width=0.3 ms", "--set", "period=0.6 ms"],
        "at least 360 us",
    ),
    (
        "a resistance that the bank cannot make", ["run", "ltp-ltd", "--set", "states=300k"],
        "cannot make 300 kohm within 0.02 of it; the nearest is 8 kohm",
    ),
    ("a rig file with a wrong key", ["run", "ltp-ltd", "--rig", "bad.toml"], "source_meter.adress"),
    ("a rig file that is not there", ["run", "ltp-ltd", "--rig", "none.toml"], "cannot be read"),
    ("a file that exists", ["run", "ltp-ltd", "--out", "there.h5"], "never replaces a file"),
    ("a figure that exists", ["run", "ltp-ltd", "--out", "new.h5"], "new.png: exists already"),
    (
        "a name that no file can have", ["run", "ltp-ltd", "--sample", "x" * 300],
        "give a shorter --sample",
    ),
    ("a folder that is a file", ["run", "ltp-ltd", "--out", "there.h5/runs"], "cannot be made"),
    ("a file that is no run", ["analyse", "bad.toml"], "bad.toml"),
    ("a file that is missing", ["figure", "missing.h5"], "missing.h5"),
    ("an unknown instrument", ["emulate", "2603x"], "no emulated instrument '2603x'"),
    ("no rig file to emulate", ["emulate", "missing.toml"], "missing.toml cannot be read"),
    ("describe", ["describe", "nothing"], "no protocol 'nothing'"),
    ("check", ["check", "ltp-ltd", "--set", "up=0"], "up: '0' is not accepted; >= 1"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "says"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_bad_input(fmes, tmp_path, arguments, says):
    (tmp_path / "bad.toml").write_text("[source_meter]\nadress = 'x'\n")
    (tmp_path / "there.h5").write_bytes(b"mine")
    (tmp_path / "new.png").write_bytes(b"mine")
    done = fmes(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    for there in ("there.h5", "new.png"):
        assert (tmp_path / there).read_bytes() == b"mine"
    assert not list(tmp_path.glob("runs/*"))


def test_nothing_is_sent_to_an_instrument_when_the_input_is_bad(fmes, served, tmp_path):
    bench = served(float("inf"))
    before = list(bench.bench.journal)
    done = fmes("run", "ltp-ltd", "--rig", str(bench.rig), "--set", "amplitude=50 mA")
    assert done.returncode == 2
    assert list(bench.bench.journal) == before


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_that_is_not_writable(fmes, tmp_path):
    folder: Path = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    done = fmes("run", "ltp-ltd", "--out", str(folder))
    assert done.returncode == 2
    assert "not writable" in done.stderr


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder closed to all")
def test_a_folder_in_which_nobody_can_write(fmes):
    done = fmes("run", "ltp-ltd", "--out", "/proc/self/runs")
    assert done.returncode == 2
    assert "cannot be made" in done.stderr


@pytest.mark.skipif(not Path("/sys/kernel").exists(), reason="needs a folder closed to root too")
def test_a_folder_that_refuses_files_whatever_its_permissions_say(fmes):
    done = fmes("run", "ltp-ltd", "--out", "/sys/kernel/run.h5")
    assert done.returncode == 2
    assert "/sys/kernel: the folder is not writable" in done.stderr

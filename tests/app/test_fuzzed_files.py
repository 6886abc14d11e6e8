"""Damaged rig and campaign files: a few of those of `benchmarks/fuzz.py`, and what it found."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import InputError
from app.rigs.rig_file import RigFile

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX alarms")
def test_a_damaged_file_is_read_or_refused_in_words():
    done = subprocess.run(
        [sys.executable, SCRIPT, "300", "2"], capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 damaged files" in done.stdout


FOUND = {
    "an integer of many digits": (f"device = {'9' * 5000}", "is not TOML: Exceeds the limit"),
    "a key of many parts": (f"device.{'a.' * 20_000}a = 1", "is nested too deeply"),
    "deep nesting": (f"device = {'[' * 5000}", "is not TOML"),
    "a long value": (f"source_meter.address = [{'0,' * 50_000}]", "..."),
    "many problems": (f"resistor_bank.resistors = [{'0,' * 50_000}]", "more problems"),
}


@pytest.mark.parametrize(("text", "says"), FOUND.values(), ids=FOUND)
def test_what_broke_once(tmp_path, text, says):
    path = tmp_path / "rig.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as refused:
        RigFile.read(path)
    assert len(str(refused.value)) < 50_000


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX file")
def test_a_file_without_end():
    with pytest.raises(InputError, match="/dev/zero is too large; at most 4000000 bytes"):
        RigFile.read(Path("/dev/zero"))

"""A few of the kills of `benchmarks/kills.py`, one of each kind."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kills.py"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_rig_is_safe_whatever_is_killed():
    done = subprocess.run(
        [sys.executable, SCRIPT, "6", "1"], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kills, 0 not as it should be" in done.stdout

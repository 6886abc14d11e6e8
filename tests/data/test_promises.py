"""The trials of the benchmarks that kill, cut the power and damage files, in small numbers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def trials(script: str, *words: str) -> str:
    """What a script prints whose trials all must be as promised."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_runs_lose_nothing_that_was_safe() -> None:
    assert "8 kills, 0 with something wrong" in trials("crash.py", "--kills=8", "--cuts=0")


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_power_cuts_lose_nothing_that_was_safe() -> None:
    assert "15 power cuts, 0 with something wrong" in trials("crash.py", "--kills=0", "--cuts=15")


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_power_cuts_of_a_recorder_that_does_not_sync_do_lose_readings() -> None:
    """The simulated cuts are able to find what they look for."""
    words = ("--kills=0", "--cuts=15", "--without-sync")
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "crash.py", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "15 power cuts, 0 with" not in done.stdout
    assert "15 power cuts, " in done.stdout


def test_bad_files_give_clear_errors() -> None:
    assert "150 bad files, 0 with something wrong" in trials("bad_files.py", "--files=150")

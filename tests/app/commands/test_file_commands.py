"""What `fmes verify` and `fmes recover` print, and their exit codes."""

import subprocess
import sys

import h5py
import pytest
from typer.testing import CliRunner

from app import lab
from app.cli import app


def fmes(*words):
    done = CliRunner().invoke(app, list(map(str, words)))
    return done.exit_code, done.output


@pytest.fixture
def run(tmp_path):
    return lab.run("ltp-ltd", up=5, down=5, states="open", out=tmp_path / "run.h5").path


@pytest.fixture
def crashed(run):
    """The working file of a program that was killed."""
    path = run.with_name("crashed.h5")
    script = f"""
import os
from data.reader import open_run
from data.recorder import Recorder
run = open_run({str(run)!r})
recorder = Recorder.begin({str(path)!r}, run.info, 1000, 10)
recorder.play(run.plays[0])
recorder.append(run.samples[:8])
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    return path


def test_a_run_is_verified(run):
    code, output = fmes("verify", run)
    assert code == 0
    assert "run.h5: whole; the run: finished" in output
    assert "proved  everything but analyses: SHA-256 " in output


def test_of_several_files_the_worst_counts(run, crashed, tmp_path):
    code, output = fmes("verify", run, crashed)
    assert code == 4
    assert "crashed.h5: whole so far; the run: interrupted" in output
    with h5py.File(run, "r+") as file:
        file["entry/data/voltage"][0] = 7.0
    code, output = fmes("verify", run, crashed)
    assert code == 1
    assert "run.h5: DAMAGED" in output
    assert "rows 0 to 7 do not match their checksum" in output
    code, output = fmes("verify", tmp_path / "none.h5", run, crashed)
    assert code == 2
    assert "none.h5 cannot be read" in output


def test_a_crashed_run_is_recovered_and_a_whole_one_refused(run, crashed):
    code, output = fmes("recover", crashed, run)
    assert code == 2
    assert "crashed.h5: 8 readings, interrupted\n  lost    nothing\n" in output
    assert "run.h5 is whole; there is nothing to recover" in output
    code, output = fmes("verify", crashed.with_name("crashed.recovered.h5"))
    assert code == 0
    assert "whole; the run: interrupted" in output


def test_new_files_go_where_they_are_wanted(crashed, tmp_path):
    folder = tmp_path / "elsewhere"
    code, output = fmes("recover", crashed, "--out", folder)
    assert code == 2
    assert "elsewhere does not exist" in output
    folder.mkdir()
    assert fmes("recover", crashed, "--out", folder)[0] == 0
    assert [path.name for path in folder.iterdir()] == ["crashed.recovered.h5"]

"""What `fmes analyse` prints of a run."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from app import lab
from app.cli import app


def analyse(path, *options, width=80):
    done = CliRunner().invoke(app, ["analyse", str(path), *options], env={"COLUMNS": str(width)})
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run.h5"
    return lab.run("ltp-ltd", up=20, down=20, cycles=3, states="500, open", out=path).path


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_heading_and_no_value_is_cut_in_a_narrow_terminal(run, width):
    output = analyse(run, width=width)
    table = lab.analyse(lab.open_run(run)).table()
    for text in (*table.columns, *(cell for row in table.rows for cell in row)):
        assert text in output


def test_what_tells_rows_apart_is_repeated_where_a_table_goes_on(tmp_path):
    settings = {"widths": "1 ms, 20 ms", "amplitudes": "0.5 mA, 1 mA", "states": "500, open"}
    path = lab.run("pulse-train", count=2, out=tmp_path / "run.h5", **settings).path
    blocks = analyse(path, width=60).split("\n\n")
    assert len(blocks) > 1
    for block in blocks:
        heading, *rows = block.splitlines()
        assert heading.split()[:2] == ["R", "pulse"]
        # Up to the notes below the last block there is a row a train.
        assert len({row[:40] for row in rows[:8]}) == 8


def test_several_cycles_have_their_repeatability_and_one_has_not(run, tmp_path):
    assert "write noise LTP" in analyse(run)
    (first, *_) = json.loads(analyse(run, "--json"))["states"]
    noise = first["repeatability"]["potentiation"]["write_noise"]["value"]
    assert f"{noise:.3g}" in analyse(run)
    once = lab.run("ltp-ltd", up=5, down=5, states="open", out=tmp_path / "once.h5")
    assert "write noise" not in analyse(once.path)


def test_a_run_whose_program_is_gone_is_analysed_and_said_to_be_interrupted(run, tmp_path):
    script = f"""
import os
from data.reader import open_run
from data.recorder import Recorder
run = open_run({str(run)!r})
recorder = Recorder.begin({str(tmp_path / "dead.h5")!r}, run.info, 1000, 10)
recorder.play(run.plays[0])
recorder.append(run.samples[:20])
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    output = analyse(tmp_path / "dead.h5")
    assert "interrupted: the program that recorded it (process " in output
    assert "its 20 readings are safe, the last good one " in output
    assert (
        json.loads(analyse(tmp_path / "dead.h5", "--json"))["provenance"]["outcome"]
        == "interrupted"
    )

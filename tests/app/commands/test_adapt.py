"""`fmes adapt`: from LTP/LTD runs and a folder of digits to a file and a figure."""

import h5py
import pytest
from strokes import write_strokes
from typer.testing import CliRunner

from app import lab
from app.cli import app
from app.commands.exit_codes import BAD_INPUT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    write_strokes(folder)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return lab.run("ltp-ltd", out=out / "open.h5", states="8k, open").path


def adapt(*arguments):
    done = CliRunner().invoke(app, ["adapt", *map(str, arguments)])
    assert not isinstance(done.exception, (OSError, ValueError, KeyError)), done.exception
    return done


def test_a_run_and_digits_give_a_file_and_a_figure(folder, run, tmp_path):
    to = tmp_path / "a.h5"
    done = adapt(run, "--data", folder, "--images", 20, "--epochs", 2, "--seed", 5, "--out", to)
    assert done.exit_code == 0, done.output
    with h5py.File(to) as file:
        assert file.attrs["seed"] == 5
        assert file["courses/0/images"][-1] == 20
    assert to.with_suffix(".png").stat().st_size > 10_000
    assert "ours" in done.output
    again = adapt(run, "--data", folder, "--out", to)
    assert again.exit_code == BAD_INPUT
    assert "exists already" in again.output


def test_without_a_run_the_simulated_rig_is_measured_and_that_is_said(folder, tmp_path):
    done = adapt("--data", folder, "--images", 4, "--epochs", 1, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "SIMULATED" in done.output
    assert len(list(tmp_path.glob("*ltp-ltd.h5"))) == 1
    assert len(list(tmp_path.glob("*_adaptation.h5"))) == 1


def test_bad_input_is_named_and_nothing_is_written(folder, run, tmp_path):
    closed = lab.run("ltp-ltd", out=tmp_path / "8k.h5", states="8k").path
    other = lab.run("pulse-train", out=tmp_path / "train.h5", count=3).path
    for arguments, says in (
        (["--data", tmp_path, run], "put the four files"),
        (["--data", folder, closed], "the run is of 8 kohm; measure the open state"),
        (["--data", folder, other], "a run of pulse-train"),
        (["--data", folder, run, "--images", 121], "hold 30 of 9; map 120 or fewer"),
        (["--data", folder, run, "--images", 0], "greater than"),
        (["--data", folder, run, "--law", "cubic"], "'cubic': give one of conductance, resistance"),
        (
            ["--data", folder, run, "--pairing", "8-9,6-5"],
            "pair each of 8, 6, 2, 4 with one of 9, 5, 7, 1, as in 8-9,6-5,2-7,4-1",
        ),
        (["--data", folder, run, "--pairing", "8-9,6-5,2-7,2-1"], "pair each of 8, 6, 2, 4"),
        (["--data", folder, run, "--pairing", "8-9,6-5,2-7,4-7"], "pair each of 8, 6, 2, 4"),
        (["--data", folder, run, "--pairing", "8-9;6-5,2-7,4-1"], "pair each of 8, 6, 2, 4"),
        (["--data", folder, run, "--noise", "2"], "--noise 2: give measured, or a number from 0"),
        (["--data", folder, run, "--noise", "measured"], "the noise was not measured: nothing was"),
        (["--data", folder, run, "--spread", "nan"], "--spread nan: give measured, or a number"),
        (["--data", folder, run, "--amplitude", "1 V"], "unit of another quantity"),
        (["--data", folder, run, "--amplitude", "0 A"], "above 0 A"),
    ):
        out = tmp_path / "out"
        done = adapt(*arguments, "--epochs", 1, "--out", out)
        assert done.exit_code == BAD_INPUT, (arguments, done.output)
        assert says in " ".join(done.output.split()).replace("│ ", ""), (arguments, done.output)
        assert not list(out.glob("*")), arguments

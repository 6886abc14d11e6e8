"""Runs laid over each other, and readings handed to other programs."""

import csv
import json
import math

import numpy as np
import pytest
import xarray

from analysis.curves import curves
from app import lab
from app.commands.analyse import draw_file
from app.commands.compare import compare_files
from app.commands.export import export_file
from app.errors import InputError


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    quick = {"up": 10, "down": 10, "states": "500, open"}
    made = [
        lab.run("ltp-ltd", out=folder / f"{sample}.h5", sample=sample, **quick)
        for sample in ("Gerät A", "B")
    ]
    other = lab.run("intensity", out=folder / "other.h5", states="500", amplitudes="0.5 mA, 1 mA")
    return [*made, other]


def test_csv_holds_every_reading_with_units_and_provenance(runs, tmp_path):
    export_file(runs[0].path, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    assert runs[0].info.run_id in head[0]
    assert "SIMULATED" in head[1]
    assert "Gerät A" in head[1]
    assert any("4 late, 8 overrun" in line for line in head), "each flag has its name"
    table = list(csv.DictReader(lines[len(head) :]))
    assert len(table) == len(runs[0].samples)
    assert [float(row["voltage (V)"]) for row in table] == runs[0].samples.voltage.tolist()
    ohms = [
        math.inf if r["resistance (ohm)"] == "open" else float(r["resistance (ohm)"]) for r in table
    ]
    assert ohms == runs[0].samples.resistance.tolist()


def test_netcdf_holds_every_reading_with_units(runs, tmp_path):
    export_file(runs[0].path, tmp_path / "a.nc")
    with xarray.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as dataset:
        assert np.array_equal(dataset.voltage, runs[0].samples.voltage)
        assert dataset.voltage.attrs["units"] == "V"
        assert dataset.attrs["simulated"] == 1


def test_an_export_says_which_device_each_reading_is_of_and_how_it_was_made(tmp_path):
    rig = tmp_path / "rig.toml"
    wired = '{name="D1", channel=111}, {name="Gerät 2", channel=112}'
    rig.write_text(f"[resistor_bank]\ndevices = [{wired}]\n", encoding="utf-8")
    run = lab.run(
        "array", rig=rig, out=tmp_path / "a.h5", devices=["D1", "Gerät 2"],
        settings="up=3; down=2; states=500",
    )  # fmt: skip
    expected = [play.device for play in run.plays for _ in range(play.n_rows)]
    assert set(expected) == {"D1", "Gerät 2"}
    export_file(run.path, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    (told,) = [line for line in lines if line.startswith("# parameters: ")]
    assert json.loads(told.removeprefix("# parameters: ")) == run.info.parameters
    table = csv.DictReader(line for line in lines if not line.startswith("#"))
    assert [row["device"] for row in table] == expected
    export_file(run.path, tmp_path / "a.nc")
    with xarray.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as dataset:
        assert dataset.device.values.tolist() == expected
        assert json.loads(dataset.attrs["parameters"]) == run.info.parameters
        assert dataset.attrs["preset"] == run.info.preset


def test_a_name_in_brackets_is_told_as_it_is(runs, tmp_path, capsys):
    folder = tmp_path / "[" / "] [bold]"
    folder.mkdir(parents=True)
    export_file(runs[0].path, folder / "a.csv")
    draw_file(runs[0].path, folder / "a.png", dark=False)
    told = capsys.readouterr().out
    assert f"export  {folder / 'a.csv'}" in told
    assert f"figure  {folder / 'a.png'}" in told


@pytest.mark.parametrize("name", ["a.csv", "a.nc"])
def test_an_export_never_replaces_a_file(runs, tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(InputError, match="cannot be written"):
        export_file(runs[0].path, tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"mine"


def test_an_unknown_format_is_named(runs, tmp_path):
    with pytest.raises(InputError, match=r"\.csv or \.nc"):
        export_file(runs[0].path, tmp_path / "a.xlsx")


def test_runs_of_one_protocol_are_laid_over(runs, tmp_path):
    compare_files([runs[0].path, runs[1].path], tmp_path / "c.svg", dark=True)
    picture = (tmp_path / "c.svg").read_text(encoding="utf-8")
    assert picture.startswith("<?xml")


@pytest.mark.parametrize(
    ("chosen", "says"),
    [((0,), "at least two runs"), ((0, 2), "these are of intensity, ltp-ltd")],
)
def test_what_cannot_be_compared_is_refused(runs, tmp_path, chosen, says):
    with pytest.raises(InputError, match=says):
        compare_files([runs[k].path for k in chosen], tmp_path / "c.png", dark=False)
    assert not list(tmp_path.iterdir())


CURVES = {
    "iv-sweep": ({"states": "500, 8k", "cycles": 1, "step": 0.05}, ["R = 500 ohm, 50 mV/s",
                 "R = 8 kohm, 50 mV/s"]),
    "ppf": ({"states": "500", "intervals": "10 ms, 0.1 s"}, ["R = 500 ohm"]),
    "width": ({"states": "500, open", "widths": "1 ms, 20 ms"}, ["R = 500 ohm", "R = open"]),
    "retention": ({"pulses": 50, "rest": "2 s"}, ["rest at open circuit"]),
    "waveform": ({"states": "500, open", "interval": "1 ms"}, ["R = 500 ohm", "R = open"]),
    "endurance": ({"cycles": 3, "up": 8, "down": 8}, ["LTP, R = open", "LTD, R = open"]),
    "write-verify": ({"target": 0.1}, ["write and verify"]),
    "learning": ({"dwell": 0.1, "forget_time": 0}, ["R = 500 ohm", "R = 1 kohm", "R = open"]),
}  # fmt: skip


@pytest.mark.parametrize("protocol", CURVES)
def test_each_protocol_is_compared_by_the_curve_that_it_is_made_for(tmp_path, protocol):
    values, panels = CURVES[protocol]
    made = [lab.run(protocol, out=tmp_path / f"{k}.h5", sample=str(k), **values) for k in (1, 2)]
    found = [curves(run) for run in made]
    assert [list(c.panels) for c in found] == [panels, panels]
    assert all(np.all(np.isfinite(xy)) for c in found for xy in c.panels.values())
    compare_files([run.path for run in made], tmp_path / "c.png", dark=False)
    assert (tmp_path / "c.png").stat().st_size > 10_000


def test_a_curve_of_pairs_is_the_index_against_the_interval(tmp_path):
    run = lab.run("ppf", out=tmp_path / "p.h5", states="7k", intervals="10 ms, 1 s")
    found = curves(run)
    (interval, index) = found.panels["R = 7 kohm"]
    assert found.axes.log_x
    assert interval.tolist() == [0.01, 1.0]
    assert index[0] == pytest.approx(122, abs=1)


def test_runs_without_a_curve_in_common_are_told_what_each_has(tmp_path):
    made = [
        lab.run("ltp-ltd", out=tmp_path / f"{r}.h5", states=r, up=3, down=3) for r in ("500", "8k")
    ]
    with pytest.raises(InputError, match=r"500.h5: R = 500 ohm; .*8k.h5: R = 8 kohm"):
        compare_files([run.path for run in made], tmp_path / "c.png", dark=False)

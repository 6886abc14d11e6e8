"""Networks become sections of the reproduction's report, or say why they are not there."""

import json

import pytest
from strokes import write_strokes

from analysis.study import compare
from app import lab
from app.reproduction.report import all_rows, write_report
from app.reproduction.reproduce import Reproduction
from app.reproduction.reproduce_networks import ADAPTATION, make_networks, networks
from network.drawn_digits import write_drawn_digits
from network.idx import read_digits

NOTHING = Reproduction((), compare({}, simulated=True), simulated=True)


def quiet(study):
    return lambda stage, share: None


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return lab.run("ltp-ltd", states="8k, open", out=folder / "ltp-ltd.h5").path


def test_a_network_brings_its_section_figure_rows_and_file(run, tmp_path):
    write_strokes(tmp_path, train=250)
    made = make_networks([ADAPTATION], run, read_digits(tmp_path), tmp_path, quiet)
    page, data = write_report(NOTHING, made, tmp_path)
    report = json.loads(data.read_text(encoding="utf-8"))
    (network,) = report["networks"]
    assert network["reason"] == ""
    assert (tmp_path / network["file"]).stat().st_size > 0
    assert [r["panel"] for r in report["rows"]].count("5f") == 2
    assert len(all_rows(NOTHING, made)) == len(NOTHING.rows) + 3
    text = page.read_text(encoding="utf-8")
    assert "A network that adapts to other digits" in text
    assert text.count("data:image/png;base64,") == 1
    assert "mapping and pairing are ours" in text


def test_a_network_that_cannot_be_made_says_why_and_stops_nothing(run, tmp_path):
    write_strokes(tmp_path, train=20)
    digits = read_digits(tmp_path)
    for ltp_ltd, given, says in (
        (run, None, "give --data FOLDER"),
        (None, digits, "ltp-ltd was not measured"),
        (run, digits, "hold 20 of 9"),
    ):
        (made,) = make_networks([ADAPTATION], ltp_ltd, given, tmp_path, quiet)
        assert made.made is None
        assert says in made.reason
        assert not (tmp_path / "adaptation.h5").exists()
    page, _ = write_report(NOTHING, [made], tmp_path)
    assert "hold 20 of 9" in page.read_text(encoding="utf-8")


def test_recognition_brings_a_folder_of_trainings_three_figures_and_rows(run, tmp_path):
    digits = read_digits(write_drawn_digits(tmp_path / "drawn", 600, 200))
    (made,) = make_networks([networks(full=False)[0]], run, digits, tmp_path, quiet)
    page, data = write_report(NOTHING, [made], tmp_path)
    report = json.loads(data.read_text(encoding="utf-8"))
    assert report["networks"][0]["reason"] == ""
    assert len(list((tmp_path / report["networks"][0]["file"]).glob("*.h5"))) == 3
    rows = {(r["panel"], r["quantity"]): r for r in report["rows"]}
    assert rows["4b", "learning rate that the resistor sets"]["verdict"] == "agrees"
    # These digits are not the study's, so no accuracy stands beside its own.
    assert not any(panel == "4d" for panel, _ in rows)
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 3

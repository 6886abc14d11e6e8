"""`fmes reproduce`: every electrical row filled, from files, in one command."""

import json

import pytest

from data.reader import open_run


@pytest.fixture(scope="module")
def reproduction(tmp_path_factory, command):
    folder = tmp_path_factory.mktemp("study")
    done = command(folder, "reproduce", "--out", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("reproduction-*")
    assert "skipped: give --data FOLDER" in done.stdout
    return made, json.loads((made / "report.json").read_text(encoding="utf-8"))


def test_every_row_is_filled_and_the_calibrated_numbers_agree(reproduction):
    _, report = reproduction
    rows = report["rows"]
    assert [r for r in rows if r["verdict"] == "not measured"] == []
    calibrated = [r for r in rows if r["basis"] == "calibrated"]
    assert len(calibrated) == 6
    assert {r["verdict"] for r in calibrated} == {"agrees"}


def test_what_disagrees_is_shown_as_such(reproduction):
    folder, report = reproduction
    disagreeing = [r for r in report["rows"] if r["verdict"] == "disagrees"]
    assert [r["quantity"] for r in disagreeing] == [
        "linearity of LTP with pulses of 1 ms at 500 Hz"
    ]
    assert "disagrees" in (folder / "report.html").read_text(encoding="utf-8")


def test_without_digits_networks_are_skipped_and_the_page_says_so(reproduction):
    folder, report = reproduction
    assert report["networks"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    for network in report["networks"]:
        assert "skipped: give --data" in network["reason"]
        assert network["reason"] in page


def test_digits_that_cannot_be_read_are_told_before_anything_is_measured(command, tmp_path):
    done = command(tmp_path, "reproduce", "--out", ".", "--data", "nowhere")
    assert done.returncode == 2
    assert "--data: nowhere has no file train-images" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_page_holds_everything_itself(reproduction):
    folder, report = reproduction
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") >= len(report["measurements"])
    assert "http" not in page.replace("http-equiv", "")
    assert "SIMULATED" in page
    for row in report["rows"]:
        assert row["panel"] in page


def test_every_measurement_left_its_file(reproduction):
    folder, report = reproduction
    for measurement in report["measurements"]:
        assert open_run(folder / measurement["file"]).outcome == "finished", measurement["name"]

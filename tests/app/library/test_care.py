"""What the window asks of a recorded file: is it whole, what can be had from it, once more."""

import shutil

import h5py
import pytest

from app import lab
from app.errors import InputError
from app.library.library import Library
from app.library.requests import parse
from data.errors import DataError
from data.reader import open_run

OWN = """
from typing import ClassVar
from protocols.program import PulseProgram, PulseTrain
from protocols.protocol import Preset, Protocol
from protocols.steps import Play

class Mine(Protocol):
    name: ClassVar[str] = "mine"
    title: ClassVar[str] = "Three pulses"
    phases: ClassVar[tuple[str, ...]] = ("mine",)
    presets: ClassVar = {"only": Preset("There is but one.")}

    def steps(self):
        train = PulseTrain(1e-3, 5e-3, 5e-3, 3, "mine")
        yield Play(PulseProgram.compile(
            [train], phases=self.phase_names(), limit=0.5, aperture=1e-3), "mine")
"""


def answer(ask, file, **content):
    message, _ = Library().answer(parse({"ask": ask, "file": str(file), **content}))
    return message


def test_a_whole_file_is_proved_and_there_is_nothing_to_recover(runs):
    found = answer("verify", runs["ppf"])
    assert (found["problems"], found["outcome"], found["working"]) == ([], "finished", False)
    assert any("CRC-32" in line for line in found["proved"])
    with pytest.raises(DataError, match="whole; there is nothing to recover"):
        answer("recover", runs["ppf"])


def test_a_damaged_file_says_so_and_a_new_one_is_made_of_it(runs, tmp_path):
    path = tmp_path / "hit.h5"
    shutil.copy(runs["ppf"], path)
    with h5py.File(path, "r+") as file:
        file.attrs["sample"] = "another"
    content = path.read_bytes()
    assert any("sample is 'another'" in line for line in answer("verify", path)["problems"])
    made = answer("recover", path)
    assert made["file"] == str(tmp_path / "hit.recovered.h5")
    assert len(open_run(made["file"]).samples) == made["readings"] > 0
    assert path.read_bytes() == content


def test_a_run_is_asked_for_once_more_as_it_was(runs):
    asked = answer("repeat", runs["ppf"])
    assert asked["protocol"] == "ppf"
    assert asked["values"] == open_run(runs["ppf"]).info.parameters
    assert (asked["sample"], asked["differences"]) == ("Gerät ppf", [])


def test_what_differs_on_another_rig_is_told(runs, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text("[device]\nmax_voltage = '0.9 V'\n")
    (line,) = answer("repeat", runs["ppf"], rig=str(rig))["differences"]
    assert "device.max_voltage: was 0.8, is 0.9" in line


def test_a_protocol_of_ones_own_that_has_changed_is_not_repeated(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(OWN, encoding="utf-8")
    run = lab.run(f"{mine}:Mine", out=tmp_path / "run.h5").path
    assert answer("repeat", run)["protocol"] == f"{mine}:Mine"
    mine.write_text(OWN + "# another\n", encoding="utf-8")
    with pytest.raises(InputError, match="is not the file that the run was recorded with"):
        answer("repeat", run)

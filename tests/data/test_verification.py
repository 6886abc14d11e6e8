"""A whole file is proved whole, and any change of what it says is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.errors import DataError
from data.run import Outcome
from data.verification import verify


@pytest.fixture(params=["working", "finished"])
def recorded(request: pytest.FixtureRequest) -> Path:
    """A file of 30 rows, as a crash leaves it and as a run does that came to its end."""
    path: Path = request.getfixturevalue(request.param)
    return path


def test_a_whole_file_is_proved(recorded: Path) -> None:
    before = recorded.read_bytes()
    found = verify(recorded)
    assert found.problems == ()
    assert "30 readings in 3 blocks: CRC-32" in found.proved
    assert "/entry/protocol: SHA-256" in found.proved
    assert "2 programs as commanded: SHA-256" in found.proved
    ended = recorded.name == "finished.h5"
    assert found.outcome is (Outcome.FINISHED if ended else Outcome.INTERRUPTED)
    assert bool(found.digest) == ended
    assert recorded.read_bytes() == before


def test_an_analysis_added_later_leaves_the_recorded_content_proved(finished: Path) -> None:
    before = verify(finished).digest
    with h5py.File(finished, "r+") as file:
        file["entry/analysis_1/psv"] = [1.0, 2.0]
    found = verify(finished)
    assert found.whole
    assert found.digest == before


def _value(file: h5py.File) -> None:
    file["entry/data/voltage"][3] = 7.0


def _programs(file: h5py.File) -> None:
    file["entry/protocol/programs/000000/level"][0] = 7.0


def _parameters(file: h5py.File) -> None:
    name = "entry/protocol/data"
    text = file[name][()].replace(b"0.001", b"0.002")
    file[name][()] = np.array(text, file[name].dtype)


def _name_of_sample(file: h5py.File) -> None:
    file.attrs["sample"] = "another"


def _text(file: h5py.File) -> None:
    file["entry/sample/notes"][()] = "another note"


def _unit(file: h5py.File) -> None:
    file["entry/data/voltage"].attrs["units"] = "mV"


def _event(file: h5py.File) -> None:
    del file["entry/resistor_log" if "entry/resistor_log" in file else "entry/title"]


@pytest.mark.parametrize(
    "change", [_value, _programs, _parameters, _name_of_sample, _text, _unit, _event]
)
def test_a_change_by_another_program_is_found(
    finished: Path, change: Callable[[h5py.File], None]
) -> None:
    with h5py.File(finished, "r+") as file:
        change(file)
    found = verify(finished)
    assert not found.whole
    assert found.problems


@pytest.mark.parametrize("name", ["outcome", "data/voltage", "process/pid", "blocks", "rig"])
def test_what_every_file_must_have_is_missed(recorded: Path, name: str) -> None:
    with h5py.File(recorded, "r+") as file:
        del file["entry"][name]
    assert any(name.split("/")[-1] in text for text in verify(recorded).problems)


def test_no_flipped_bit_of_a_finished_file_is_overlooked(finished: Path, tmp_path: Path) -> None:
    """What is not found says the same as before: bytes that HDF5 does not use."""
    said = verify(finished)
    copy, rng, found = tmp_path / "copy.h5", np.random.default_rng(1), 0
    for offset in rng.integers(0, finished.stat().st_size, 30):
        shutil.copy(finished, copy)
        with copy.open("r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ (1 << rng.integers(8))]))
        try:
            result = verify(copy)
        except DataError:
            found += 1
            continue
        found += not result.whole
        assert not result.whole or result.digest == said.digest
    assert found > 1


def test_what_is_no_run_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    path.write_bytes(b"time,voltage")
    with pytest.raises(DataError, match="not an HDF5 file"):
        verify(path)

"""A file that is not a whole run of ours is told apart, and damaged rows are named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.errors import DataError
from data.partial import read_summary
from data.reader import open_run
from data.samples import COLUMNS, Samples

Ramp = Callable[[int, int], Samples]


@pytest.fixture(params=["working", "finished"])
def recorded(request: pytest.FixtureRequest) -> Path:
    """A file of 30 rows, as a crash leaves it and as a run does that came to its end."""
    path: Path = request.getfixturevalue(request.param)
    return path


def flip(path: Path, offset: int) -> None:
    """Change one byte of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.h5 cannot be read: No such file"):
        open_run(tmp_path / "gone.h5")


@pytest.mark.parametrize("content", [b"", b"time,voltage\n0,1\n"], ids=["empty", "csv"])
def test_a_file_of_another_format_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.h5"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not an HDF5 file"):
        open_run(path)


def test_a_file_of_another_program_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["voltage"] = [1.0]
    with pytest.raises(DataError, match="was not recorded by fmes-lab"):
        open_run(path)


def test_a_count_of_readings_that_no_blocks_add_up_to_is_told(working: Path) -> None:
    with h5py.File(working, "r+") as file:
        file["entry/data/n_valid"][()] = 15
    with pytest.raises(DataError, match="does not add up to 15 rows"):
        open_run(working, verify=False)


def test_a_newer_file_asks_for_an_update(recorded: Path) -> None:
    with h5py.File(recorded, "r+") as file:
        file.attrs["schema_version"] = 1000
    with pytest.raises(DataError, match=r"version 1000 of the file format.*update"):
        open_run(recorded)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
def test_a_file_that_was_cut_short_is_told(recorded: Path, part: float) -> None:
    with recorded.open("r+b") as file:
        file.truncate(int(part * recorded.stat().st_size))
    with pytest.raises(DataError, match="damaged or was cut short"):
        open_run(recorded)


def test_a_changed_byte_in_a_working_file_names_its_rows(working: Path, ramp: Ramp) -> None:
    with h5py.File(working) as file:
        offset = file["entry/data/voltage"].id.get_offset()
    flip(working, offset + 15 * 8)
    with pytest.raises(DataError, match="rows 10 to 19 do not match their checksum"):
        open_run(working)
    as_it_stands = open_run(working, verify=False).samples
    (changed,) = np.flatnonzero(as_it_stands.voltage != ramp(0, 30).voltage)
    assert changed == 15


def test_a_changed_byte_in_a_finished_file_names_its_column(finished: Path) -> None:
    flip(finished, place_of(finished, "voltage"))
    with pytest.raises(DataError, match="/entry/data/voltage, rows 0 to 29"):
        open_run(finished)


def place_of(path: Path, column: str) -> int:
    """Where a column stands in a file, a few bytes after its beginning."""
    with h5py.File(path) as file:
        dataset = file["entry/data"][column]
        if dataset.chunks:
            return int(dataset.id.get_chunk_info(0).byte_offset) + 6
        return int(dataset.id.get_offset()) + 6


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_is_held_against_a_checksum(recorded: Path, column: str) -> None:
    flip(recorded, place_of(recorded, column))
    with pytest.raises(DataError, match=r"rows 0 to \d"):
        open_run(recorded)


def test_no_changed_byte_changes_readings_unnoticed(
    recorded: Path, tmp_path: Path, ramp: Ramp
) -> None:
    copy, rng = tmp_path / "copy.h5", np.random.default_rng(0)
    for offset in rng.integers(0, recorded.stat().st_size, 40):
        shutil.copy(recorded, copy)
        flip(copy, int(offset))
        try:
            samples = open_run(copy).samples
        except DataError:
            continue
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(samples, name), getattr(ramp(0, 30), name))


def test_xarray_knows_units_codes_and_the_run(recorded: Path) -> None:
    run = open_run(recorded)
    dataset = run.to_xarray()
    assert dataset.sizes == {"time": 30}
    assert dataset.time.attrs["units"] == "s"
    assert dataset.voltage.attrs["units"] == "V"
    assert dataset.phase.attrs["names"] == ["reset", "potentiation"]
    assert dataset.flags.attrs["meanings"] == ["limit", "overrange", "late", "overrun"]
    assert dataset.attrs["run_id"] == run.info.run_id
    np.testing.assert_array_equal(dataset.current, run.samples.current)
    np.testing.assert_array_equal(dataset.time, run.samples.time)


def test_any_hdf5_program_reads_readings_with_units(recorded: Path) -> None:
    with h5py.File(recorded) as file:
        assert file.attrs["schema_version"] == 2
        data = file[file.attrs["default"]]["data"]
        assert data[data.attrs["signal"]].attrs["units"] == "V"
        axis = data[data.attrs["axes"][0].decode()]
        assert axis[:30].tolist() == list(range(30))
        assert {len(data[name]) for name in COLUMNS} == {30}
        sensor = file["entry/instrument/environment/voltage/value"]
        np.testing.assert_array_equal(sensor[:30], data["voltage"][:30])
    assert recorded.read_bytes()[8] == 0, "superblock 0 is what most programs read"


def test_a_table_without_columns_is_told(recorded: Path) -> None:
    with h5py.File(recorded, "r+") as file:
        del file["entry/data"]
        file.create_group("entry/data")
    for reader in (open_run, read_summary):
        with pytest.raises(DataError, match="/entry/data is empty"):
            reader(recorded)

"""Files of older versions are read as if this version had written them, and are never changed."""

from __future__ import annotations

import gzip
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.errors import DataError
from data.partial import read_rows, read_summary
from data.reader import open_run
from data.run import Outcome
from data.samples import COLUMNS

OLDER = Path(__file__).parent / "older"


@pytest.fixture(params=["finished", "crashed"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of schema version 1, as its own program wrote it."""
    path = tmp_path / f"{request.param}.h5"
    path.write_bytes(gzip.decompress((OLDER / f"{path.name}.gz").read_bytes()))
    return path


def test_an_older_file_is_read_and_not_changed(older: Path) -> None:
    before = older.read_bytes()
    older.chmod(0o444)
    with h5py.File(older, "r", locking=False) as file:
        assert file.attrs["schema_version"] == 1
        assert "birth" not in file["entry/process"]
    run, summary, (rows, n) = open_run(older), read_summary(older), read_rows(older, 10, 20)
    assert older.read_bytes() == before
    for name, dtype in COLUMNS.items():
        np.testing.assert_array_equal(getattr(run.samples, name), np.arange(30).astype(dtype))
    assert run.writer == ("lab", 4242, "")
    assert [play.device for play in run.plays] == [""]
    assert n == summary.readings == 30
    assert rows.time.tolist() == list(range(10, 20))
    # Nobody can know from here whether the program on the computer "lab" is still there.
    ended = Outcome.FINISHED if older.name == "finished.h5" else Outcome.RUNNING
    assert run.outcome is summary.outcome is ended
    assert summary.writer == (None if ended is Outcome.FINISHED else run.writer)


def test_the_first_files_had_neither_devices_nor_readings_left_out(older: Path) -> None:
    with h5py.File(older, "r+", locking=False) as file:
        del file["entry/plays/device"]
        for program in file["entry/protocol/programs"].values():
            del program["keep"]
    run = open_run(older)
    assert [play.device for play in run.plays] == [""]
    assert all(program.keep.all() for program in run.info.programs)


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_told(older: Path, version: int) -> None:
    with h5py.File(older, "r+", locking=False) as file:
        file.attrs["schema_version"] = version
    with pytest.raises(DataError, match=f"version {version} of the file format, which never was"):
        open_run(older)

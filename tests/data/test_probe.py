"""A file that HDF5 never comes to an end with, or crashes on, is told and harms nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data import probe
from data.errors import DataError
from data.partial import read_summary
from data.reader import open_run
from data.recovery import recover
from data.verification import verify


@pytest.mark.parametrize("reader", [open_run, read_summary, verify, recover])
def test_a_file_that_is_endless_to_hdf5_is_told(
    finished: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[[Path], object]
) -> None:
    content = bytearray(finished.read_bytes())
    # A place in the heap of texts that is free and as long as nothing.
    at = content.index(b"GCOL") + 16
    content[at : at + 16] = bytes(16)
    other = finished.with_name("endless.h5")
    other.write_bytes(content)
    monkeypatch.setattr(probe, "time_limit", 1.0)
    for _ in range(2):
        with pytest.raises(DataError, match=r"endless\.h5 is damaged: reading it, HDF5 does not"):
            reader(other)
    monkeypatch.undo()
    assert len(open_run(finished).samples) == 30

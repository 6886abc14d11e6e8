"""Values in a file whose structure is complete: overwritten in place, without HDF5.

HDF5 tells where it put the values of a contiguous dataset. Once the file is closed, bytes
written there are values that any HDF5 program reads, and nothing else in the file moves.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

_sync_values = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True)
class Slot:
    """Where a dataset's first value stands in the file, in bytes, and what a value is."""

    offset: int
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, dataset: h5py.Dataset) -> Slot:
        """The place of a contiguous dataset that is allocated."""
        return cls(dataset.id.get_offset(), dataset.dtype)


class Slots:
    """The values of a closed HDF5 file that may still change."""

    def __init__(self, path: Path, slots: dict[str, Slot]) -> None:
        self._path = path
        self._slots = slots
        self._file = path.open("r+b", buffering=0)

    def write(self, name: str, row: int, values: NDArray[Any]) -> None:
        """Overwrite values from a row on; the caller keeps within what is allocated.

        Raises
        ------
        DataError
            The operating system refused.
        """
        slot = self._slots[name]
        with self._told():
            self._file.seek(slot.offset + row * slot.dtype.itemsize)
            rest = np.ascontiguousarray(values, slot.dtype).tobytes()
            while rest:
                rest = rest[self._file.write(rest) :]

    def sync(self) -> None:
        """Return when everything written is on the disk.

        Raises
        ------
        DataError
            The operating system refused.
        """
        with self._told():
            _sync_values(self._file.fileno())

    def is_at(self, path: Path) -> bool:
        """Whether the file still has that name."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), path.lstat())
        except OSError:
            return False

    @property
    def nameless(self) -> bool:
        """Whether the file was removed, so that it is gone once it is closed."""
        return os.fstat(self._file.fileno()).st_nlink == 0

    def copy_to(self, path: Path) -> None:
        """Copy the whole file, whatever has become of its name.

        Raises
        ------
        OSError
            The operating system refused.
        """
        self._file.seek(0)
        with path.open("xb") as out:
            shutil.copyfileobj(self._file, out)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{self._path} cannot be written: {error}; what was recorded before is safe"
            ) from error

"""Opens files that may be anything: damaged, cut short, older, or not of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import h5py

from data.errors import DataError, ForeignError
from data.layout import CREATOR, SCHEMA_VERSION
from data.migration import migrate
from data.overlay import Overlay
from data.probe import Reading, probe

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextmanager
def opened(path: Path, reading: Reading | None, *, cut_short: bool = False) -> Iterator[h5py.File]:
    """Open a file of ours to read, as one of the newest version.

    Parameters
    ----------
    path
        Of the file; only read.
    reading
        What is going to be read, which a child process tries first; None in that process, and for
        a file that this process has written itself.
    cut_short
        Read zeros where the end of the file is missing, instead of refusing it.

    Raises
    ------
    DataError
        Whatever goes wrong with it in the block.
    """
    _check_signature(path)
    if reading:
        probe(path, reading)
    with told(path), ExitStack() as stack:
        size = max(path.stat().st_size, _stated_size(path)) if cut_short else None
        if cut_short:
            view = stack.enter_context(Overlay(path, size))
            file = stack.enter_context(h5py.File(view, "r"))
        else:
            file = stack.enter_context(unlocked(path))
        if (version := version_of(path, file)) < SCHEMA_VERSION:
            view = stack.enter_context(Overlay(path, size))
            file = stack.enter_context(h5py.File(view, "r+"))
            migrate(file, version)
        yield file


@contextmanager
def unlocked(path: Path) -> Iterator[h5py.File]:
    """Open a file to read whoever has locked it, and hold up nobody; locks are for writers."""
    # This variable overrules what a program asks HDF5 for, unless another reads the file for it.
    if os.environ.get("HDF5_USE_FILE_LOCKING", "").upper() in ("TRUE", "1", "BEST_EFFORT"):
        with path.open("rb") as source, h5py.File(source, "r") as file:
            yield file
    else:
        with h5py.File(path, "r", locking=False) as file:
            yield file


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn whatever HDF5 makes of a file that is not whole into one clear error."""
    try:
        yield
    except DataError as error:
        if str(path) in str(error):
            raise
        raise DataError(
            f"{path} is damaged or was changed by another program: {error}; use a backup of it"
        ) from error
    except (OSError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(
            f"{path} is damaged or was cut short ({error}); use a backup of it"
        ) from error


def _check_signature(path: Path) -> None:
    try:
        # Of a pipe or a device nobody knows when it ends, or begins.
        if not (path.is_file() or path.is_dir()) and path.exists():
            raise DataError(f"{path} is a pipe or a device; give a file recorded by {CREATOR}")
        with path.open("rb") as file:
            start = file.read(len(_SIGNATURE))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if start != _SIGNATURE:
        raise DataError(f"{path} is not an HDF5 file; give a file recorded by {CREATOR}")


def _stated_size(path: Path) -> int:
    """Length that the file says it has, at the place where files of our kind say it."""
    with path.open("rb") as file:
        head = file.read(48)
    return int.from_bytes(head[40:48], "little") if len(head) == 48 and head[8] == 0 else 0


def version_of(path: Path, file: h5py.File) -> int:
    """Version of the schema that a file of ours is of, as it was opened.

    Raises
    ------
    ForeignError
        Not ours.
    DataError
        Of a version that this program does not know.
    """
    creator = file.attrs.get("creator")
    if creator != CREATOR or "schema_version" not in file.attrs:
        raise ForeignError(f"{path} was not recorded by {CREATOR}; its creator is {creator!r}")
    version = int(file.attrs["schema_version"])
    if version < 1:
        raise DataError(f"{path} has version {version} of the file format, which never was")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"{path} has version {version} of the file format, this program reads up to "
            f"{SCHEMA_VERSION}; update {CREATOR}"
        )
    return version

"""Names of files: given to what is whole, never taken from another file."""

from __future__ import annotations

import os
from pathlib import Path

from data.errors import DataError


def take_name(new: Path, path: Path) -> None:
    """Give a file that is whole its name; content and name are on the disk when this returns.

    Raises
    ------
    DataError
        Another file has got that name.
    OSError
        The system refused.
    """
    sync_file(new)
    try:
        os.link(new, path)
    except FileExistsError:
        raise exists(path) from None
    except OSError:  # a file system without links, as on many memory sticks
        if os.path.lexists(path):
            raise exists(path) from None
        os.rename(new, path)
    else:
        new.unlink()
    sync_folder(path.parent)


def exists(path: Path) -> DataError:
    """What is said of a name that is taken."""
    return DataError(f"{path} exists and is never replaced; choose another name")


def sync_file(path: Path) -> None:
    """Return when what is written in a file is on the disk."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk, where the system can tell that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

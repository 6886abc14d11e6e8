"""Where a run's file goes: found to be free and writable before an instrument is touched."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Self

from app.errors import InputError
from app.file_lock import lock
from data.names import take_name

ENDINGS = (".h5", ".hdf5")
"""What the name of a run's file may end in."""


def output_file(out: Path, protocol: str, sample: str) -> Path:
    """Where a run goes: `out` itself when it ends in .h5, else a new name in that folder.

    Raises
    ------
    InputError
        The file exists, its name is not possible, or the folder cannot be made or written to.
    """
    if out.suffix not in ENDINGS:
        writable_folder(out)
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        return new_file(out, file_words(stamp, protocol, sample))
    writable_folder(out.parent)
    free((out,))
    return out


def free(paths: Iterable[Path]) -> None:
    """Make sure that none of these files is there.

    Raises
    ------
    InputError
        One is, or its name is not possible.
    """
    for path in paths:
        if _exists(path):
            raise InputError(f"--out {path}: exists already, and a run never replaces a file")


def new_file(folder: Path, name: str) -> Path:
    """A run's file of that name, or of that name with the next number that no file has.

    Raises
    ------
    InputError
        The name is not possible.
    """
    attempt = 1
    while _exists(path := folder / f"{name}{f'_{attempt}' if attempt > 1 else ''}.h5"):
        attempt += 1
    return path


@contextmanager
def whole_or_none(path: Path) -> Iterator[Path]:
    """Where to write a new file, which gets its name when it is whole; else nothing is left.

    Raises
    ------
    OSError
        The name is taken, or the system refused.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    new = path.with_name(f".{uuid.uuid4().hex}.creating{path.suffix}")
    try:
        yield new
        take_name(new, path)
    finally:
        new.unlink(missing_ok=True)


def file_words(*words: str) -> str:
    """A file's name, without its ending, from words of any kind."""
    return "_".join(re.sub(r"[^\w.-]+", "-", word) for word in words if word)


def writable_folder(folder: Path) -> None:
    """Make a folder unless it is there, and try that a file can be made in it.

    Raises
    ------
    InputError
        It cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {folder}: the folder cannot be made: {error}") from error
    try:
        # Asking for permission is not enough: file systems and Windows refuse in other ways.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"--out {folder}: the folder is not writable ({error.strerror}); give one that is"
        ) from error


class OwnFolder:
    """A folder that this process alone writes into; `hold` opens it.

    Parameters
    ----------
    path
        Of the folder.
    """

    lock_name: ClassVar[str]
    """Of the file in it that is locked."""
    busy: ClassVar[str]
    """What the other does, where one has it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @contextmanager
    def hold(cls, path: Path) -> Iterator[Self]:
        """Make the folder unless it is there, and keep others out of it until the block ends.

        Raises
        ------
        InputError
            Not a folder one can write to, or another has it.
        """
        writable_folder(path)
        with (path / cls.lock_name).open("ab") as file:
            try:
                lock(file)
            except OSError as error:
                raise InputError(
                    f"--out {path}: {cls.busy} in this folder ({error.strerror}); wait for its end "
                    "or give another folder"
                ) from error
            yield cls(path)


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InputError(
            f"{path}: no file can have that name ({error.strerror}); give a shorter --sample, or "
            "--out NAME.h5"
        ) from error
    return True

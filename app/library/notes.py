"""Notes and tags of a run, in a file of their own beside it: raw data are never touched."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from app.errors import InputError
from data.errors import DataError
from data.names import sync_folder

SUFFIX = ".notes.json"
"""What is added to the name of a run's file for that of its notes."""

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Notes(BaseModel):
    """What a person has written about a run since it was recorded.

    Attributes
    ----------
    notes
        Free text.
    tags
        Words to find runs by.
    changed
        When, in ISO 8601 with time zone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    notes: str
    tags: tuple[Tag, ...]
    changed: str


def sidecar(path: Path) -> Path:
    """The file of the notes of the run in that file."""
    return path.with_name(path.name + SUFFIX)


def read_notes(path: Path) -> Notes | None:
    """The notes beside a run's file; None when there are none.

    Raises
    ------
    DataError
        There is something else in their place.
    """
    beside = sidecar(path)
    try:
        return Notes.model_validate_json(beside.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise DataError(
            f"{beside} cannot be read as notes ({_short(error)}); move it away to begin anew"
        ) from error


def write_notes(path: Path, notes: str, tags: tuple[str, ...]) -> Notes:
    """Write the notes of the run in a file, in place of those that were there.

    Raises
    ------
    InputError
        There is no such file, or no file can be written beside it.
    DataError
        There is something else in the place of the notes.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file to write notes about")
    read_notes(path)
    beside = sidecar(path)
    written = Notes(
        notes=notes,
        tags=tuple(dict.fromkeys(tags)),
        changed=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    new = beside.with_name(beside.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(written.model_dump_json(indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, beside)
        sync_folder(beside.parent)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise InputError(f"{beside}: the notes cannot be written: {error}") from error
    return written


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else first["msg"]
    return str(error)

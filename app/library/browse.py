"""The runs in a folder, one row a file: what each is, or why it cannot be read.

Results of networks have rows, too: their `kind` says what they are.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.library import networks
from app.library.notes import SUFFIX, read_notes
from app.plain_json import plain
from data.errors import DataError, ForeignError
from data.partial import read_summary
from data.run import Outcome
from protocols.quantities import RESISTANCE

ENDINGS = (".h5", ".hdf5")
"""How the files of runs end."""
UNREADABLE = "unreadable"
"""Outcome of a row besides those of a run: no run can be read from the file."""
_BLANK: dict[str, Any] = {
    "kind": "", "protocol": "", "preset": "", "sample": "", "start": None, "outcome": UNREADABLE,
    "reason": "", "readings": 0, "duration": None, "simulated": None, "user": "", "states": [],
    "recorded_notes": "", "problem": "",
}  # fmt: skip
_Version = tuple[int, int]
"""Time of the last change in ns, size in bytes."""


class Browser:
    """Lists runs; what a file says is kept until the file changes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Version, dict[str, Any]]] = {}

    def rows(self, folder: Path, within: float = math.inf) -> tuple[list[dict[str, Any]], int]:
        """The runs in a folder and in all folders below it, by path.

        Parameters
        ----------
        folder
            Folders below it whose names begin with a dot, and links to folders, are left out.
        within
            Time in s after which files that are not known yet are left for the next time.

        Returns
        -------
        rows : list of dict
            JSON values, the same keys in each row.
        unread : int
            Files that were left for the next time.

        Raises
        ------
        InputError
            Not a folder, or it cannot be read.
        """
        end = time.monotonic() + within
        rows, unread = [], 0
        for entry, noted in _files(folder):
            content = self._content(entry, known_only=time.monotonic() > end)
            if content is None:
                unread += 1
            else:
                rows.append(_with_notes(entry.path, content, noted=noted))
        return rows, unread

    def row(self, path: Path) -> dict[str, Any]:
        """What is listed of one file; `path` as the row had it."""
        try:
            status = path.stat()
        except OSError as error:
            return {**_BLANK, "problem": f"cannot be read: {error.strerror}"}
        known = self._known.get(str(path))
        if known and known[0] == (status.st_mtime_ns, status.st_size):
            return known[1]
        return _read(path)

    def _content(self, entry: os.DirEntry[str], *, known_only: bool) -> dict[str, Any] | None:
        try:
            if entry.is_dir():
                return {**_BLANK, "problem": "is a folder that you may not read"}
            if not entry.is_file():
                return {**_BLANK, "problem": "is not a regular file"}
            status = entry.stat()
        except OSError as error:
            return {**_BLANK, "problem": f"cannot be read: {error.strerror}"}
        version = (status.st_mtime_ns, status.st_size)
        known = self._known.get(entry.path)
        if known and known[0] == version:
            return known[1]
        if known_only:
            return None
        content = _read(Path(entry.path))
        # A working file grows inside its size, and its writer may go at any time.
        if content["outcome"] != Outcome.RUNNING:
            self._known[entry.path] = (version, content)
        return content


def _files(folder: Path) -> Iterator[tuple[os.DirEntry[str], bool]]:
    """The files of runs, and whether there are notes beside them; folders that are shut."""
    entries = _entries(folder)
    names = {entry.name for entry in entries}
    for entry in entries:
        if entry.is_dir():
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if os.access(entry.path, os.R_OK | os.X_OK):
                yield from _files(Path(entry.path))
            else:
                yield entry, False
        elif entry.name.lower().endswith(ENDINGS):
            yield entry, entry.name + SUFFIX in names


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be read: {error.strerror}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        try:
            summary = read_summary(path)
        except ForeignError:
            # The child process that reads first has opened it without harm.
            if (row := networks.row_of(path)) is None:
                raise
            return {**_BLANK, **row}
    except DataError as error:
        return {**_BLANK, "problem": str(error).removeprefix(f"{path} ")}
    return {
        **_BLANK, "kind": "run", "protocol": summary.protocol, "preset": summary.preset,
        "sample": summary.sample, "start": summary.start.isoformat(),
        "outcome": str(summary.outcome), "reason": summary.reason,
        "readings": summary.readings, "simulated": summary.simulated,
        "duration": (summary.end - summary.start).total_seconds() if summary.end else None,
        "user": summary.user, "states": plain(asked_states(summary.parameters)),
        "recorded_notes": summary.notes,
    }  # fmt: skip


def asked_states(parameters: Mapping[str, Any]) -> list[float]:
    """The regulating resistances (ohm) that a run was asked for, as far as they can be told."""
    one = [parameters["resistance"]] if "resistance" in parameters else []
    asked = parameters.get("states", one)
    try:
        return [RESISTANCE.parse(r) for r in asked] if isinstance(asked, list) else []
    except ValueError:  # a user's protocol may mean something else by the word
        return []


def _with_notes(path: str, content: dict[str, Any], *, noted: bool) -> dict[str, Any]:
    row = {
        "file": path, **content, "notes": content["recorded_notes"], "tags": [],
        "notes_problem": "",
    }  # fmt: skip
    try:
        found = read_notes(Path(path)) if noted else None
    except DataError as error:
        return {**row, "notes_problem": str(error)}
    return {**row, "notes": found.notes, "tags": list(found.tags)} if found else row

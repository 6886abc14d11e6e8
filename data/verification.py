"""Holds a run's file against everything that it says of itself: `fmes verify`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py

from data.access import opened
from data.description import read_info, read_note
from data.digest import NAME, content_digest
from data.errors import DataError
from data.layout import STATUS, TABLES, get_text
from data.part import part
from data.reader import Run, open_run
from data.run import Outcome

_NOTES = ("protocol", "rig", "software_environment", "instrument/settings")
_MUST_HAVE = (
    "definition", "title", "identifier_experiment", "repeats", "start_time", "user/name",
    "sample/name", "sample/notes", "process/program", "process/host", "process/pid",
    "process/birth",
    "protocol/name", "protocol/preset", "protocol/phases", "protocol/programs",
    "instrument/resistor_table", *_NOTES, *STATUS,
    *(f"{table}/{column}" for table in TABLES for column in TABLES[table]),
)  # fmt: skip
"""What every run's file has below its entry."""
_MIRRORED = {
    "run_id": "identifier_experiment", "sample": "sample/name", "protocol": "protocol/name",
    "preset": "protocol/preset", "user": "user/name", "start": "start_time",
}  # fmt: skip
"""Attributes of the root, and what of the entry they repeat."""


@dataclass(frozen=True)
class Verification:
    """What was found.

    Parameters
    ----------
    path
        Of the file.
    outcome
        How the run ended; None when no run can be read.
    problems
        What is wrong, a line each; empty when nothing is.
    proved
        What was held against a checksum and agreed, a line each.
    working
        Whether it is a working file: the run goes on, or was never finished.
    digest
        SHA-256 of what a finished file says, apart from analyses; "" when it has none.
    """

    path: Path
    outcome: Outcome | None
    problems: tuple[str, ...]
    proved: tuple[str, ...]
    working: bool
    digest: str

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems


def verify(path: Path) -> Verification:
    """Look at everything; what is wrong is told, not raised.

    Raises
    ------
    DataError
        It cannot be read, is not HDF5, or not a run of ours; or it is so damaged or cut short
        that HDF5 cannot open it.
    """
    path = path.absolute()
    with opened(path, "all") as file:
        found = _Findings()
        digest = str(file.attrs.get(NAME, ""))
        with found.noting():
            entry = part(file, "entry")
            for name in _MUST_HAVE:
                with found.noting():
                    part(entry, name)
            for name in _NOTES:
                with found.noting():
                    read_note(part(entry, name))
                    found.proved.append(f"/entry/{name}: SHA-256")
            with found.noting():
                found.proved.append(_programs(entry))
            with found.noting():
                found.problems += _unlike(file, entry)
            if digest:
                with found.noting():
                    found.proved.append(_content(file, digest))
    outcome, working = None, False
    with found.noting():
        run = open_run(path)
        outcome, working = run.outcome, run.working
        found.proved.append(f"{len(run.samples)} readings in {len(run.blocks)} blocks: CRC-32")
        found.problems += _inconsistent(run)
    problems = (text.removeprefix(f"{path} ") for text in found.problems)
    return Verification(
        path, outcome, tuple(dict.fromkeys(problems)), tuple(found.proved), working, digest
    )


class _Findings:
    """What is wrong, and what was proved."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.proved: list[str] = []

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is raised in the block, and go on after it."""
        try:
            yield
        except (DataError, OSError, LookupError, ValueError, TypeError, RuntimeError) as error:
            self.problems.append(str(error).strip("'\""))


def _programs(entry: h5py.Group) -> str:
    """Hold each commanded program against its own SHA-256."""
    programs = part(entry, "protocol/programs")
    found = [program.digest for program in read_info(entry).programs]
    recorded = [str(part(programs, name).attrs["digest"]) for name in sorted(programs)]
    for number, (said, is_) in enumerate(zip(recorded, found, strict=True)):
        if said != is_:
            raise DataError(f"/entry/protocol/programs/{number:06d} does not match its SHA-256")
    return f"{len(found)} programs as commanded: SHA-256"


def _unlike(file: h5py.File, entry: h5py.Group) -> Iterator[str]:
    """Where the root says another thing than the entry."""
    for attribute, name in _MIRRORED.items():
        said, is_ = str(file.attrs[attribute]), get_text(entry, name)
        if said != is_:
            yield f"the attribute {attribute} is {said!r}, and /entry/{name} is {is_!r}"
    if "n_valid" in part(entry, "data"):
        return
    if (said := str(file.attrs["outcome"])) != (is_ := get_text(entry, "outcome")):
        yield f"the attribute outcome is {said!r}, and /entry/outcome is {is_!r}"
    rows = len(part(entry, "data/time"))
    if (count := int(file.attrs["rows"])) != rows:
        yield f"the attribute rows is {count}, and there are {rows} readings"


def _content(file: h5py.File, digest: str) -> str:
    if (found := content_digest(file)) != digest:
        raise DataError(
            f"the content has changed since the end of the run: its SHA-256 is {found}, recorded "
            f"was {digest}"
        )
    return f"everything but analyses: SHA-256 {digest}"


def _inconsistent(run: Run) -> Iterator[str]:
    """Where parts of a run do not fit each other."""
    known = {program.digest for program in run.info.programs}
    # A working file has no room for the programs that a closed loop made.
    if not run.working and run.outcome is not Outcome.INTERRUPTED:
        for number, play in enumerate(run.plays):
            if play.digest not in known:
                yield f"program {number} that was played, {play.label!r}, is not in the file"
    covered = sum(play.n_rows for play in run.plays)
    if covered != len(run.samples):
        yield f"the programs played have {covered} readings, and there are {len(run.samples)}"

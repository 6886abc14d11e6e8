"""Makes a finished file from one that is not: `fmes recover`. The file itself is never changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import h5py

from data.access import opened, version_of
from data.errors import DataError
from data.finish import write_finished
from data.layout import SCHEMA_VERSION
from data.names import exists, take_name
from data.reader import Run, open_run
from data.run import Event, Outcome
from data.salvage import Salvage, arrival, salvage
from data.verification import verify
from data.writer import Writer


@dataclass(frozen=True)
class Recovered:
    """A new file, what it holds, and what it does not.

    Parameters
    ----------
    path
        Of the new file.
    run
        What it holds.
    lost
        What is missing, a line each; empty when nothing is.
    remarks
        What a person should know besides.
    """

    path: Path
    run: Run
    lost: tuple[str, ...]
    remarks: tuple[str, ...]


def recover(path: Path, out: Path | None = None, *, writer_gone: bool = False) -> Recovered:
    """Write all that can be had from a file to a new one, which says what is missing.

    Parameters
    ----------
    path
        A working file, one that is damaged or cut short, or one of an older version.
    out
        Name of the new file; beside the old one as NAME.recovered.h5 unless given.
    writer_gone
        The word of a person that the program which records it is gone, where that cannot be
        known from here.

    Raises
    ------
    DataError
        Nothing needs to be recovered, or nothing can be; a program is still writing it; or the
        new file exists or cannot be written.
    """
    path = path.absolute()
    out = (out or path.with_name(f"{path.stem}.recovered.h5")).absolute()
    if out.exists():
        raise exists(out)
    if not out.parent.is_dir():
        raise DataError(f"the folder {out.parent} does not exist; create it first")
    found = salvage(path)
    version = _version(path)
    if found.run.outcome is Outcome.RUNNING:
        _check_gone(path, found.run.writer, assured=writer_gone)
    elif version == SCHEMA_VERSION and not found.run.working and verify(path).whole:
        raise DataError(f"{path} is whole; there is nothing to recover")
    run = _told(found, version)
    new = out.with_name(f".{uuid.uuid4().hex}.creating")
    try:
        write_finished(new, run)
        open_run(new, own=True)  # holds every row on the disk against its checksum
        take_name(new, out)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{out} cannot be written: {error}") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return Recovered(out, run, found.lost, found.remarks)


def _version(path: Path) -> int:
    with opened(path, "all", cut_short=True) as file:
        first: h5py.File = file
        return version_of(path, first)


def _check_gone(path: Path, writer: Writer, *, assured: bool) -> None:
    if writer.gone:
        return
    if writer.host == Writer.this().host:
        raise DataError(
            f"{path} is being recorded by {writer}; wait for its end, or end that program"
        )
    if not assured:
        raise DataError(
            f"{path} was recorded by {writer}, and whether that still goes on cannot be known "
            "from here; make sure that it does not, and say so with --writer-gone"
        )


def _told(found: Salvage, version: int) -> Run:
    """The run with how it ended and what is missing in its own log."""
    run = found.run
    time = max((event.time for event in run.events), default=0.0)
    lines = [("warning", f"lost: {text}") for text in found.lost]
    lines += [("info", text) for text in _origin(run, version, found)]
    outcome, reason = run.outcome, run.reason
    if outcome is Outcome.RUNNING:
        outcome = Outcome.INTERRUPTED
        reason = f"the program that recorded it ({run.writer}) is gone"
    elif found.lost:
        reason = f"the run itself {' '.join(filter(None, (outcome, reason)))}"
        outcome = Outcome.INTERRUPTED
    if found.lost:
        reason += "; recovered with losses, see the log"
    return replace(
        run,
        outcome=outcome,
        reason=reason,
        end=run.end or arrival(run),
        events=(*run.events, *(Event(time, level, text) for level, text in lines)),
    )


def _origin(run: Run, version: int, found: Salvage) -> Iterator[str]:
    kind = "working file" if run.working else "finished file"
    yield f"recovered from {run.path.name}, a {kind} of schema version {version}"
    yield from found.remarks

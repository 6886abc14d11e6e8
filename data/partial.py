"""A part of what a file holds, without reading all of it: what run it is, or some of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from data import probe
from data.access import opened
from data.description import read_note, read_writer
from data.layout import get_text
from data.part import part
from data.reader import column_of, interruption, length_of
from data.run import Outcome
from data.samples import COLUMNS, Samples
from data.writer import Writer


@dataclass(frozen=True)
class Summary:
    """What a run is and how it ended, as `data.run.RunInfo` and `data.reader.Run` say it.

    Parameters
    ----------
    readings
        How many are recorded.
    working
        Whether it is a working file: the run goes on, or was never finished.
    writer
        The process that recorded it; None once the run has ended.
    """

    path: Path
    run_id: str
    protocol: str
    preset: str
    parameters: Mapping[str, Any]
    sample: str
    notes: str
    user: str
    simulated: bool
    start: datetime
    end: datetime | None
    outcome: Outcome
    reason: str
    readings: int
    working: bool
    writer: Writer | None


def read_summary(path: Path) -> Summary:
    """Read what a run is; the readings are neither read nor held against their checksums.

    Raises
    ------
    DataError
        As `data.reader.open_run`.
    """
    path = path.absolute()
    if not probe.in_child:
        return _from_json(probe.summary_of(path))
    summary = _read(path)
    if summary.writer and summary.writer.gone:
        # It may have ended after the outcome was read, and before it was gone.
        summary = _read(path)
        if summary.writer:
            return _interrupted(summary, summary.writer)
    return summary


def read_rows(path: Path, first: int, last: int) -> tuple[Samples, int]:
    """Rows `first` to `last` - 1 as far as they are recorded, and how many there are in all.

    They are not held against the checksums of the blocks as they arrived.

    Raises
    ------
    DataError
        As `data.reader.open_run`.
    """
    path = path.absolute()
    with opened(path, "run") as file:
        data = part(file, "entry/data")
        n_rows = length_of(data)
        end = min(last, n_rows)
        begin = min(first, end)
        columns = {
            name: column_of(data, name, end, begin).astype(dtype) for name, dtype in COLUMNS.items()
        }
    return Samples(**columns), n_rows


def as_json(summary: Summary) -> dict[str, Any]:
    """A summary as JSON values."""
    return {
        **vars(summary),
        "path": str(summary.path),
        "start": summary.start.isoformat(),
        "end": summary.end and summary.end.isoformat(),
    }


def _from_json(content: dict[str, Any]) -> Summary:
    return Summary(**{
        **content,
        "path": Path(content["path"]),
        "start": datetime.fromisoformat(content["start"]),
        "end": content["end"] and datetime.fromisoformat(content["end"]),
        "outcome": Outcome(content["outcome"]),
        "writer": content["writer"] and Writer(*content["writer"]),
    })  # fmt: skip


def _read(path: Path) -> Summary:
    with opened(path, None) as file:
        return _summary(path, file, part(file, "entry"))


def _interrupted(summary: Summary, writer: Writer) -> Summary:
    n, last, arrival = summary.readings, None, None
    with opened(summary.path, None) as file:
        if n:
            last = float(column_of(part(file, "entry/data"), "time", n, n - 1)[0])
            blocks = part(file, "entry/blocks")
            number = int(np.searchsorted(np.cumsum(part(blocks, "n_rows")[()]), n))
            arrival = float(column_of(blocks, "host_time", number + 1, number)[0])
    return replace(
        summary,
        outcome=Outcome.INTERRUPTED,
        reason=interruption(writer, n, last, arrival),
        end=None if arrival is None else datetime.fromtimestamp(arrival, UTC).astimezone(),
    )


def _summary(path: Path, file: h5py.File, entry: h5py.Group) -> Summary:
    attributes = file.attrs
    # The outcome first, as in `data.reader`: a run that ends meanwhile is still running.
    outcome = Outcome(get_text(entry, "outcome"))
    ended = outcome is not Outcome.RUNNING
    end = get_text(entry, "end_time") if ended else ""
    return Summary(
        path=path,
        run_id=str(attributes["run_id"]),
        protocol=str(attributes["protocol"]),
        preset=str(attributes["preset"]),
        parameters=read_note(part(entry, "protocol")),
        sample=str(attributes["sample"]),
        notes=get_text(entry, "sample/notes"),
        user=str(attributes["user"]),
        simulated=bool(attributes["simulated"]),
        start=datetime.fromisoformat(attributes["start"]),
        end=datetime.fromisoformat(end) if end else None,
        outcome=outcome,
        reason=get_text(entry, "reason") if ended else "",
        readings=length_of(part(entry, "data")),
        working="n_valid" in part(entry, "data"),
        writer=None if ended else read_writer(entry),
    )

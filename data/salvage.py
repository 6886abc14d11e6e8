"""What can be had from a file that is not whole, and what cannot.

Readings count when the checksum of their block proves them, wherever the counters stand: also a
block that was written and not yet counted when the program was killed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from data.access import opened
from data.description import read_info, read_note, read_writer
from data.errors import DataError
from data.layout import ROWS_A_CHUNK, TABLES, checksum, get_text
from data.part import part
from data.reader import Run, length_of
from data.run import Event, Outcome, RecordedPlay
from data.samples import COLUMNS, Samples

_BROKEN = (DataError, OSError, LookupError, ValueError, TypeError, RuntimeError)
T = TypeVar("T")


@dataclass(frozen=True)
class Salvage:
    """A run as far as it can be had.

    Parameters
    ----------
    run
        Its readings are those whose checksums prove them. Its outcome is as recorded, "running"
        when that cannot be read.
    lost
        What is missing, a line each; empty when nothing is.
    remarks
        What a person should know besides.
    """

    run: Run
    lost: tuple[str, ...]
    remarks: tuple[str, ...]


def salvage(path: Path) -> Salvage:
    """Read all that can be read; the file is not changed.

    Raises
    ------
    DataError
        Nothing can be had: not a run of ours, or its description cannot be read.
    """
    path = path.absolute()
    with opened(path, "all", cut_short=True) as file:
        return _Salvage(path, part(file, "entry")).whole()


class _Salvage:
    """Takes a file apart piece by piece; a piece that is broken is noted."""

    def __init__(self, path: Path, entry: h5py.Group) -> None:
        self._path, self._entry = path, entry
        self._lost: list[str] = []
        self._remarks: list[str] = []

    def whole(self) -> Salvage:
        entry = self._entry
        info = read_info(entry, self._note)
        outcome = self._try("the outcome", Outcome.RUNNING, lambda: Outcome(self._text("outcome")))
        end = self._text("end_time") if outcome is not Outcome.RUNNING else ""
        blocks, starts = self._blocks()
        columns, good = self._readings(blocks, starts)
        samples = Samples(**{name: columns[name][good] for name in COLUMNS})
        found = [b for b in blocks if good[b["first_row"] : b["first_row"] + b["n_rows"]].all()]
        dtype = [(name, column.dtype) for name, column in TABLES["blocks"].items()]
        kept = np.array([tuple(b[name] for name, _ in dtype) for b in found], dtype)
        kept["first_row"] = np.concatenate([[0], np.cumsum(kept["n_rows"])])[:-1]
        run = Run(
            path=self._path,
            info=info,
            samples=samples,
            outcome=outcome,
            reason=self._text("reason") if outcome is not Outcome.RUNNING else "",
            end=self._try(
                "the time of the end", None, lambda: datetime.fromisoformat(end) if end else None
            ),
            events=tuple(self._try("the log", [], self._events)),
            plays=tuple(self._try("the table of programs played", [], lambda: self._plays(good))),
            blocks=kept.view(np.recarray),
            working="n_valid" in part(entry, "data"),
            writer=read_writer(entry),
        )
        unknown = {play.digest for play in run.plays} - {p.digest for p in info.programs}
        if unknown:
            self._lost.append(
                f"what {len(unknown)} programs commanded that were made while the run went on; "
                "their readings are there"
            )
        return Salvage(run, tuple(self._lost), tuple(self._remarks))

    def _try(self, what: str, otherwise: T, read: Callable[[], T]) -> T:
        try:
            return read()
        except _BROKEN as error:
            self._lost.append(f"{what}: {error}")
            return otherwise

    def _text(self, name: str) -> str:
        return self._try(f"the text {name}", "", lambda: get_text(self._entry, name))

    def _note(self, note: h5py.Group) -> dict[str, Any]:
        return self._try(f"{note.name}", {}, lambda: read_note(note))

    def _column(self, table: str, name: str, count: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The first values of a column, and which of them could be read."""
        values = np.zeros(count, TABLES[table][name].dtype)
        read = np.zeros(count, np.bool_)
        try:
            dataset = part(part(self._entry, table), name)
            if values.dtype.kind == "S":
                values = np.zeros(count, dataset.dtype)
        except _BROKEN:
            return values, read
        count = min(count, len(dataset))
        for first in range(0, count, ROWS_A_CHUNK):
            last = min(first + ROWS_A_CHUNK, count)
            try:
                values[first:last] = dataset[first:last]
                read[first:last] = True
            except _BROKEN:
                continue
        return values, read

    def _length(self, table: str) -> int:
        """Rows that a table has room for; 0 when that cannot be known."""

        def read() -> int:
            group = part(self._entry, table)
            return max((len(part(group, n)) for n in TABLES[table] if n in group), default=0)

        return self._try(f"the table {table}", 0, read)

    def _blocks(self) -> tuple[list[dict[str, Any]], list[int]]:
        """Blocks as the table has them, and where each begins."""
        count = self._length("blocks")
        columns = {name: self._column("blocks", name, count)[0] for name in TABLES["blocks"]}
        used = np.flatnonzero((columns["n_rows"] != 0) | (columns["first_row"] != 0))
        count = int(used[-1]) + 1 if len(used) else 0
        rows = [{n: c[k].item() for n, c in columns.items()} for k in range(count)]
        return rows, [row["first_row"] for row in rows]

    def _readings(
        self, blocks: list[dict[str, Any]], starts: list[int]
    ) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
        """The columns, and which rows are proved; sets the blocks where they were found."""
        room = self._length("data")
        counted = self._try(
            "the number of readings", 0, lambda: length_of(part(self._entry, "data"))
        )
        working = "n_valid" in part(self._entry, "data")
        ends = [b["first_row"] + b["n_rows"] for b in blocks]
        used = min(room, max([counted, *(e for e in ends if e <= room)]))
        columns = {name: self._column("data", name, used)[0] for name in COLUMNS}
        good = np.zeros(used, np.bool_)
        at, known = 0, 0
        for number, block in enumerate(blocks):
            after = starts[number + 1] if number + 1 < len(blocks) else at + block["n_rows"]
            for first, count in ((at, block["n_rows"]), (at, after - at)):
                rows = slice(first, first + count)
                if 0 < count <= used - first and block["crc32"] == checksum(
                    {name: values[rows] for name, values in columns.items()}
                ):
                    good[rows] = True
                    block.update(first_row=first, n_rows=count)
                    known, at = first + count, first + count
                    break
            else:
                last = after if at < after <= used else at + max(0, block["n_rows"])
                self._tell_lost(at, min(last, used), counted, working=working)
                block.update(first_row=at, n_rows=max(0, min(last, used) - at))
                at = min(last, used)
        blocks[:] = [block for block in blocks if block["n_rows"] > 0]
        if at < counted:
            self._lost.append(f"{counted - at} readings from row {at} on: no block has them")
        if working and known > counted:
            self._remarks.append(
                f"{known - counted} readings were on the disk and not yet counted; their checksum "
                "proves them"
            )
        return columns, good

    def _tell_lost(self, first: int, last: int, counted: int, *, working: bool) -> None:
        if working and first >= counted:
            self._lost.append(
                f"the block that was being written at the end, of {last - first} readings"
            )
        elif last > first:
            self._lost.append(
                f"rows {first} to {last - 1} ({last - first} readings): they do not match their "
                "checksum"
            )

    def _events(self) -> list[Event]:
        n = length_of(part(self._entry, "events"))
        columns = [self._column("events", name, n) for name in ("time", "level", "message")]
        read = np.logical_and.reduce([mask for _, mask in columns])
        if missing := n - int(read.sum()):
            self._lost.append(f"{missing} lines of the log")
        times, levels, messages = (values[read] for values, _ in columns)
        return list(map(Event, times.tolist(), map(_decoded, levels), map(_decoded, messages)))

    def _plays(self, good: NDArray[np.bool_]) -> list[RecordedPlay]:
        n = length_of(part(self._entry, "plays"))
        columns = {name: self._column("plays", name, n) for name in TABLES["plays"]}
        read = np.logical_and.reduce([mask for _, mask in columns.values()])
        if missing := n - int(read.sum()):
            self._lost.append(f"{missing} lines of the table of programs played")
        before = np.concatenate([[0], np.cumsum(good)])
        values = {name: column[read] for name, (column, _) in columns.items()}
        first = before[np.clip(values["first_row"], 0, len(good))]
        counts = np.maximum(0, np.diff([*first, before[-1]]))
        return [
            RecordedPlay(
                label=_decoded(values["label"][k]),
                digest=_decoded(values["digest"][k]),
                started=float(values["started"][k]),
                resistance=float(values["resistance"][k]),
                settings=self._settings(_decoded(values["settings"][k])),
                device=_decoded(values["device"][k]),
                first_row=int(first[k]),
                n_rows=int(counts[k]),
            )
            for k in range(len(first))
        ]

    def _settings(self, text: str) -> dict[str, Any]:
        settings: dict[str, Any] = self._try("settings", {}, lambda: json.loads(text))
        return settings


def arrival(run: Run) -> datetime | None:
    """When the last readings of a run arrived."""
    times = [t for t in run.blocks["host_time"].tolist() if math.isfinite(t)]
    return datetime.fromtimestamp(times[-1], UTC).astimezone() if times else None


def _decoded(text: Any) -> str:
    return bytes(text).decode("utf-8", "replace")

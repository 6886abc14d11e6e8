"""Reads a run back: a finished file, or the working file of a run that goes on or crashed.

Everything is in memory and the file is closed when `open_run` returns.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data.access import opened
from data.description import read_info, read_writer
from data.errors import DataError
from data.layout import ROWS_A_CHUNK, TABLES, checksum, codes, get_text
from data.part import part
from data.run import Event, Outcome, RecordedPlay, RunInfo
from data.samples import COLUMNS, Samples
from data.writer import Writer
from protocols.quantities import TIME

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A recorded run.

    Parameters
    ----------
    path
        The file it was read from.
    info
        What was known when it began.
    samples
        The readings.
    outcome
        As recorded; "interrupted" when none is and the program that recorded it is gone.
    reason
        Why it ended.
    end
        Time of day, with time zone; of an interrupted run, when its last readings arrived.
        None when it did not end.
    events
        The log.
    plays
        The programs as they were played, with their rows.
    blocks
        Rows as they arrived, a record array: first_row, n_rows, crc32, and host_time, the
        arrival in s after 1970-01-01 UTC.
    working
        Whether it is a working file: the run goes on, or was never finished.
    writer
        The process that recorded it.
    """

    path: Path
    info: RunInfo
    samples: Samples
    outcome: Outcome
    reason: str
    end: datetime | None
    events: tuple[Event, ...]
    plays: tuple[RecordedPlay, ...]
    blocks: NDArray[np.void]
    working: bool
    writer: Writer

    def __repr__(self) -> str:
        rig = "SIMULATED" if self.info.simulated else "real rig"
        words = (self.info.protocol, self.info.sample, self.outcome.value)
        return (
            f"<Run {' '.join(filter(None, words))}, {len(self.samples)} readings, {rig}, "
            f"{self.path}>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows of a run."""
        info = self.info
        rows = {
            "protocol": f"{info.protocol} ({info.preset})",
            "sample": info.sample or "-",
            "outcome": " ".join(filter(None, (self.outcome.value, self.reason))),
            "start": info.start.isoformat(timespec="seconds"),
            "readings": f"{len(self.samples)}",
            "rig": "SIMULATED" if info.simulated else "real",
            "file": str(self.path),
        }
        cells = "".join(
            f"<tr><th style='text-align:left'>{name}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in rows.items()
        )
        return f"<table>{cells}</table>"

    @property
    def devices(self) -> NDArray[np.object_]:
        """The device that each reading is of, "" where the rig has but one, shape (n,)."""
        names = np.full(len(self.samples), "", dtype=object)
        for play in self.plays:
            names[play.rows] = play.device
        return names

    def to_xarray(self) -> xarray.Dataset:
        """The readings along `time`, with units, codes and how the run was made."""
        import xarray

        meanings = codes(self.info.phases)
        variables = {
            name: (
                "time",
                getattr(self.samples, name),
                {
                    "long_name": column.long_name,
                    "units": column.units,
                    **{key: list(value) for key, value in meanings.get(name, {}).items()},
                },
            )
            for name, column in TABLES["data"].items()
        }
        if any(play.device for play in self.plays):
            variables["device"] = ("time", self.devices, {"long_name": "Name of the device"})
        return xarray.Dataset(
            {name: variable for name, variable in variables.items() if name != "time"},
            coords={"time": variables["time"]},
            attrs={
                "run_id": self.info.run_id,
                "protocol": self.info.protocol,
                "preset": self.info.preset,
                "parameters": json.dumps(self.info.parameters),
                "sample": self.info.sample,
                "start": self.info.start.isoformat(),
                "outcome": str(self.outcome),
                "simulated": int(self.info.simulated),
                # Their values are as the instrument gave them, for example 9.91e37.
                "readings_over_range": int(self.samples.over_range.sum()),
            },
        )


def open_run(path: Path | str, *, verify: bool = True, own: bool = False) -> Run:
    """Read a run; only rows that were committed, when it goes on.

    Parameters
    ----------
    path
        A file that a `Recorder` wrote.
    verify
        Hold every block of rows against its checksum; without, rows that differ are read
        as they stand.
    own
        Whether this process has written the file; others are tried in a child process first.

    Raises
    ------
    DataError
        Not readable, not HDF5, not a run of ours, cut short, of a newer version, damaged,
        or rows that do not match their checksum.
    """
    path = Path(path).absolute()
    run = _read(path, own=own)
    if run.outcome is Outcome.RUNNING and run.writer.gone:
        # It may have ended after the outcome was read, and before it was gone.
        run = _read(path, own=own)
    if verify:
        _verify(run)
    return _interrupted(run) if run.outcome is Outcome.RUNNING and run.writer.gone else run


def _read(path: Path, *, own: bool) -> Run:
    with opened(path, None if own else "run") as file:
        return _content(path, part(file, "entry"))


def _interrupted(run: Run) -> Run:
    arrival = float(run.blocks["host_time"][-1]) if len(run.blocks) else None
    last = float(run.samples.time[-1]) if len(run.samples) else None
    return replace(
        run,
        outcome=Outcome.INTERRUPTED,
        reason=interruption(run.writer, len(run.samples), last, arrival),
        end=None if arrival is None else datetime.fromtimestamp(arrival, UTC).astimezone(),
    )


def interruption(writer: Writer, readings: int, last: float | None, arrival: float | None) -> str:
    """What is said of a run whose program is gone.

    Parameters
    ----------
    readings
        How many are safe.
    last
        Time of the last of them in s after the start of the run; None when there is none.
    arrival
        When it arrived, in s after 1970-01-01 UTC.
    """
    text = f"the program that recorded it ({writer}) is gone; "
    if last is None or arrival is None:
        return f"{text}it recorded no reading"
    when = datetime.fromtimestamp(arrival, UTC).astimezone().isoformat(timespec="seconds")
    return (
        f"{text}its {readings} readings are safe, the last good one {TIME.format(last)} after the "
        f"start, recorded {when}"
    )


def _content(path: Path, entry: h5py.Group) -> Run:
    # The outcome first: a run that ends meanwhile is then read as running, never as one
    # that finished with fewer rows than it has.
    outcome = Outcome(get_text(entry, "outcome"))
    data = part(entry, "data")
    n_rows = length_of(data)
    samples = Samples(
        **{name: column_of(data, name, n_rows).astype(COLUMNS[name]) for name in COLUMNS}
    )
    end = get_text(entry, "end_time") if outcome is not Outcome.RUNNING else ""
    return Run(
        path=path,
        info=read_info(entry),
        samples=samples,
        outcome=outcome,
        reason=get_text(entry, "reason") if end else "",
        end=datetime.fromisoformat(end) if end else None,
        events=_read_events(part(entry, "events")),
        plays=_read_plays(part(entry, "plays"), n_rows),
        blocks=_read_blocks(part(entry, "blocks"), n_rows),
        working="n_valid" in data,
        writer=read_writer(entry),
    )


def length_of(group: h5py.Group) -> int:
    """Rows that count: all of a finished table, the committed ones of a working one."""
    if "n_valid" in group:
        return int(part(group, "n_valid")[()])
    for name in group:
        return len(part(group, name))
    raise DataError(f"{group.name} is empty")


def column_of(group: h5py.Group, name: str, n_rows: int, first: int = 0) -> NDArray[Any]:
    """Rows `first` to `n_rows` - 1 of a column of a table.

    Raises
    ------
    DataError
        They cannot be read; the message names the first rows that cannot.
    """
    dataset = part(group, name)
    try:
        values = dataset[first:n_rows]
    except OSError as error:
        raise DataError(f"{dataset.name}, {_bad_chunk(dataset)}: {error}") from error
    if len(values) != n_rows - first:
        raise DataError(f"{dataset.name} has {len(values)} rows instead of {n_rows - first}")
    return np.asarray(values)


def _bad_chunk(dataset: h5py.Dataset) -> str:
    for first in range(0, len(dataset), ROWS_A_CHUNK):
        last = min(first + ROWS_A_CHUNK, len(dataset)) - 1
        try:
            dataset[first : last + 1]
        except OSError:
            return f"rows {first} to {last}"
    return "all rows"


def _read_events(group: h5py.Group) -> tuple[Event, ...]:
    n = length_of(group)
    times = column_of(group, "time", n).tolist()
    return tuple(map(Event, times, _texts(group, "level", n), _texts(group, "message", n)))


def _read_plays(group: h5py.Group, n_rows: int) -> tuple[RecordedPlay, ...]:
    n = length_of(group)
    first = column_of(group, "first_row", n)
    # A play that was committed after the rows were read has none of them.
    counts = np.diff(np.minimum([*first, n_rows], n_rows))
    return tuple(
        RecordedPlay(
            label, digest, started, resistance, json.loads(settings), row, count, device=device
        )
        for label, digest, started, resistance, settings, row, count, device in zip(
            _texts(group, "label", n),
            _texts(group, "digest", n),
            column_of(group, "started", n).tolist(),
            column_of(group, "resistance", n).tolist(),
            _texts(group, "settings", n),
            first.tolist(),
            counts.tolist(),
            _texts(group, "device", n),
            strict=True,
        )
    )


def _read_blocks(group: h5py.Group, n_rows: int) -> NDArray[np.void]:
    """The blocks that make up the rows; a block that is not committed is left out."""
    ends = np.cumsum(part(group, "n_rows")[()])
    n = int(np.searchsorted(ends, n_rows)) + 1 if n_rows else 0
    if n_rows and (n > len(ends) or ends[n - 1] != n_rows):
        raise DataError(f"{group.name} does not add up to {n_rows} rows; the file is damaged")
    columns = [column_of(group, name, n) for name in TABLES["blocks"]]
    dtype = [(name, column.dtype) for name, column in TABLES["blocks"].items()]
    return np.rec.fromarrays(columns, dtype=dtype)


def _texts(group: h5py.Group, name: str, n_rows: int) -> list[str]:
    return [bytes(text).decode("utf-8", "replace") for text in column_of(group, name, n_rows)]


def _verify(run: Run) -> None:
    bad = [
        f"{first} to {first + count - 1}"
        for first, count, crc, _ in run.blocks.tolist()
        if checksum(vars(run.samples[first : first + count])) != crc
    ]
    if bad:
        raise DataError(
            f"{run.path} is damaged: rows {', '.join(bad)} do not match their checksum; "
            "open_run(path, verify=False) reads them as they stand"
        )

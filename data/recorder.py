"""Writes a run to disk as it arrives, so that a kill or a power cut takes at most one block.

The whole tree of the file exists, with room for every row, before the first reading; then
HDF5 closes it. From there on only values are overwritten, at the places HDF5 has told, so
the file is a valid HDF5 file at any instant and anyone may read it. Rows reach the disk
before the counter `n_valid` that makes them count:

    begin ─► (play ─► append ─► append ...) ─► end ─► rewritten, compressed, in its place
                      │
                      └─ rows ─► disk ─► n_valid ─► disk
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from data.clock import EvenClock
from data.description import to_json, write_info
from data.errors import DataError
from data.finish import finish
from data.layout import (
    STATUS,
    TABLES,
    add_bytes,
    add_table,
    blank,
    checksum,
    describe_data,
    fit,
    set_attribute,
)
from data.names import exists, sync_file, take_name
from data.reader import Run
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from data.slots import Slot, Slots
from protocols.program import PulseProgram

EVENTS = 1000
"""Events that a working file has room for; a finished one holds them all."""
_DESCRIPTION = 1_000_000
"""Room for what a file holds besides its tables, in bytes."""


class Recorder:
    """One run's file while the run goes on; `begin` makes it, `end` finishes it."""

    def __init__(self, path: Path, slots: Slots, room: Mapping[str, int]) -> None:
        self._path = path
        self._slots: Slots | None = slots
        self._room = room
        self._rows = 0
        self._blocks = 0
        self._plays: list[PlayInfo] = []
        self._programs: list[PulseProgram] = []
        self._events: list[Event] = []
        self.clock = EvenClock()
        """Of the times of day in the file."""

    @classmethod
    def begin(cls, path: Path | str, info: RunInfo, capacity: int, plays: int) -> Self:
        """Create the file; nothing that exists is ever replaced.

        Parameters
        ----------
        path
            Name that the file has from now on.
        info
            What is known of the run.
        capacity
            Upper bound of the readings.
        plays
            Upper bound of the programs played.

        Raises
        ------
        DataError
            The folder is missing or not writable, the file exists, the disk has no room for
            the whole run, or `info` cannot be written.
        """
        path = Path(path).absolute()
        room = {"data": capacity, "plays": plays, "events": EVENTS, "blocks": capacity}
        needed = _check_disk(path, room)
        # The file takes its name when it is whole: a kill until then leaves no file of a run.
        new = path.with_name(f".{uuid.uuid4().hex}.creating")
        _claim(path, new)
        try:
            _try_room(new, needed)
            places = _create(new, info, room)
            take_name(new, path)
            slots = Slots(path, places)
        except BaseException as error:
            new.unlink(missing_ok=True)
            if isinstance(error, (OSError, RuntimeError, ValueError, MemoryError)):
                raise DataError(
                    f"{path} cannot be created with room for {capacity} readings: {error}"
                ) from error
            raise
        return cls(path, slots, room)

    @property
    def path(self) -> Path:
        """The file, from the beginning under its final name."""
        return self._path

    @property
    def rows(self) -> int:
        """Readings that are safe on the disk."""
        return self._rows

    def program(self, program: PulseProgram) -> None:
        """Keep a program that the plan did not hold; the finished file has it with the others."""
        self._programs.append(program)

    def play(self, play: PlayInfo) -> None:
        """Say which program the readings that follow belong to.

        Raises
        ------
        DataError
            More plays than `begin` was told, or the file cannot be written.
        """
        settings = to_json(play.settings, f"the settings of {play.label!r}")
        if len(settings) > int(TABLES["plays"]["settings"].dtype[1:]):
            settings = to_json({"cut": settings[:800] + "..."}, "settings")
        self._check_room("plays", len(self._plays), 1)
        row = {**vars(play), "first_row": self._rows, "settings": settings}
        self._commit("plays", len(self._plays), _one_row("plays", row))
        self._plays.append(play)

    def append(self, samples: Samples) -> None:
        """Add readings; they are on the disk when this returns.

        Raises
        ------
        DataError
            More rows than `begin` was told (recorded rows stay), columns of unequal
            length, or the file cannot be written.
        """
        count = len(samples)
        columns = {name: getattr(samples, name) for name in COLUMNS}
        if odd := {name: len(v) for name, v in columns.items() if len(v) != count}:
            raise DataError(f"columns of a block differ in length: time has {count}, not {odd}")
        self._check_room("data", self._rows, count)
        block = {
            "first_row": self._rows, "n_rows": count, "crc32": checksum(columns),
            "host_time": self.clock.seconds(),
        }  # fmt: skip
        if count:
            self._put("blocks", self._blocks, _one_row("blocks", block))
            self._commit("data", self._rows, columns)
            self._rows += count
            self._blocks += 1

    def event(self, event: Event) -> None:
        """Add a line to the log.

        In the working file a long message ends in "..." and the last line counts the
        events that found no room; the finished file holds every event in full.

        Raises
        ------
        DataError
            The file cannot be written.
        """
        number, last, line = len(self._events), EVENTS - 1, event
        if number >= last:
            text = f"log full, {number - last + 1} dropped until the end; now: {event.message}"
            line = replace(event, message=text)
        self._commit("events", min(number, last), _one_row("events", vars(line)))
        self._events.append(event)

    def end(self, outcome: Outcome, reason: str, end: datetime) -> Path:
        """Set the outcome, then put a compressed and checksummed file in place of this one.

        Raises
        ------
        NotCompressedError
            The run is complete on the disk with its outcome, but could not be rewritten;
            the working file stays.
        DataError
            Ended already, the outcome cannot be written, or the file has been moved, removed or
            replaced meanwhile; of one that was removed a copy is made.
        """
        if outcome in (Outcome.RUNNING, Outcome.INTERRUPTED):
            raise DataError(f"a run ends as finished, aborted or failed, not as {outcome}")
        slots = self._open()
        for status in ({"reason": reason, "end_time": end.isoformat()}, {"outcome": outcome}):
            for name, text in status.items():
                slots.write(name, 0, np.array([fit(text, STATUS[name])], np.bytes_))
            slots.sync()
        try:
            if not slots.is_at(self._path):
                raise DataError(_astray(self._path, slots))
        finally:
            slots.close()
            self._slots = None
        finish(self._path, lambda run: self._in_full(replace(run, reason=reason)))
        return self._path

    def _in_full(self, run: Run) -> Run:
        """What the working file had to cut, as it was given."""
        plays = tuple(
            replace(recorded, **vars(given))
            for recorded, given in zip(run.plays, self._plays, strict=True)
        )
        info = replace(run.info, programs=(*run.info.programs, *self._programs))
        return replace(run, info=info, plays=plays, events=tuple(self._events))

    def _open(self) -> Slots:
        if self._slots is None:
            raise DataError(f"{self._path} has been ended; a new run needs a new recorder")
        return self._slots

    def _check_room(self, table: str, used: int, more: int) -> None:
        if used + more > self._room[table]:
            what = {"data": "readings", "plays": "programs"}[table]
            raise DataError(
                f"{self._path} has room for {self._room[table]} {what}; {used} are recorded and "
                f"safe, {more} more came than fit; begin with a greater upper bound"
            )

    def _put(self, table: str, row: int, columns: Mapping[str, NDArray[Any]]) -> None:
        slots = self._open()
        for name, values in columns.items():
            slots.write(f"{table}/{name}", row, values)

    def _commit(self, table: str, row: int, columns: Mapping[str, NDArray[Any]]) -> None:
        """Write rows, then count them; each is on the disk before the next."""
        self._put(table, row, columns)
        slots = self._open()
        slots.sync()
        count = row + len(next(iter(columns.values())))
        slots.write(f"{table}/n_valid", 0, np.array([count]))
        slots.sync()


def _astray(path: Path, slots: Slots) -> str:
    """What has become of a working file that has not got its name any more."""
    if not slots.nameless:
        return (
            f"{path} was renamed or moved while the run was recorded, so it is not at that place. "
            "Where it is now it is complete, with its outcome, and not compressed; 'fmes recover' "
            "makes a compressed copy"
        )
    folder = next(above for above in path.parents if above.is_dir())
    copy = folder / f"{path.stem}.{uuid.uuid4().hex[:8]}.rescued.h5"
    try:
        slots.copy_to(copy)
        sync_file(copy)
    except OSError as error:
        return f"{path} was removed while the run was recorded, and LOST: {copy}: {error}"
    return (
        f"{path} was removed while the run was recorded; a copy that is complete, with its "
        f"outcome, and not compressed, is {copy}; 'fmes recover' makes a compressed one"
    )


def _check_disk(path: Path, room: Mapping[str, int]) -> int:
    """Refuse a disk that is too full, on which HDF5 would fail half way and may crash.

    Returns
    -------
    int
        What is needed, in bytes.
    """
    row_sizes = {t: sum(np.dtype(c.dtype).itemsize for c in TABLES[t].values()) for t in room}
    needed = sum(rows * row_sizes[table] for table, rows in room.items()) + _DESCRIPTION
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return needed  # what is wrong with the folder is told when the file is made
    if needed > free:
        raise DataError(
            f"{path} cannot be created with room for {room['data']} readings: it needs "
            f"{needed / 1e6:.1f} MB and the disk has {free / 1e6:.1f} MB left; make room or choose "
            "a folder on another disk"
        )
    return needed


def _try_room(new: Path, size: int) -> None:
    """Take the room once and give it back: a quota, too, is met before HDF5 meets it.

    Raises
    ------
    OSError
        The system refuses.
    """
    if hasattr(os, "posix_fallocate"):
        with new.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                # A file system that cannot reserve says so in these ways.
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV):
                    raise
            file.truncate(0)


def _claim(path: Path, new: Path) -> None:
    """Create an empty file that is to have a name which nobody has yet."""
    if os.path.lexists(path):
        raise exists(path)
    try:
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"the folder {path.parent} does not exist; create it first") from None
    except OSError as error:
        raise DataError(
            f"{path} cannot be created: {error.strerror}; choose a folder you can write to"
        ) from error


def _create(path: Path, info: RunInfo, room: Mapping[str, int]) -> dict[str, Slot]:
    """Write the whole tree with room for every row; tells where each value will go."""
    # Superblock 0 ("earliest") is what most programs read. Aligned counters cannot tear.
    with h5py.File(
        path, "w", libver="earliest", locking=False, alignment_threshold=0, alignment_interval=8
    ) as file:
        entry = write_info(file, info, compressed=False)
        set_attribute(file, "outcome", Outcome.RUNNING)
        for table, rows in room.items():
            add_table(entry, table, blank(table, rows), compressed=False)
        describe_data(entry, info.phases)
        changing = [f"{table}/{name}" for table in TABLES for name in TABLES[table]]
        for table in ("data", "plays", "events"):
            entry[table]["n_valid"] = np.array(0, "<i8")
            changing.append(f"{table}/n_valid")
        for name, size in STATUS.items():
            add_bytes(entry, name, Outcome.RUNNING if name == "outcome" else "", size)
            changing.append(name)
        return {name: Slot.of(entry[name]) for name in changing}


def _one_row(table: str, values: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    columns = {}
    for name, column in TABLES[table].items():
        value = values[name]
        if isinstance(value, str):
            value = fit(value, int(column.dtype[1:]))
        columns[name] = np.array([value], column.dtype)
    return columns

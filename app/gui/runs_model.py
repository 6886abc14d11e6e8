"""The rows of the table of runs: what the station queues and plays, and what is recorded."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

from app.gui.binding import QtCore, QtGui, Signal
from app.gui.station_view import QueuedRun

Qt = QtCore.Qt
STATUS_WORDS = {
    "waiting": "Waiting", "running": "Running", "finished": "Finished", "aborted": "Aborted",
    "failed": "Failed", "pausing": "Pausing", "paused": "Paused", "aborting": "Stopping",
    "unreadable": "Unreadable", "interrupted": "Interrupted",
}  # fmt: skip

_WIDE = 90
"""Letters in a line of a tooltip."""
UNDER_WAY = ("running", "pausing", "paused", "aborting")
"""Statuses of a run that plays."""


class Column(IntEnum):
    """The columns, from the left."""

    SHOWN = 0
    PROTOCOL = 1
    STATES = 2
    SAMPLE = 3
    START = 4
    PROGRESS = 5
    STATUS = 6
    TAGS = 7
    NOTES = 8


_TITLES = ("", "Protocol", "R", "Sample", "Start", "Progress", "Status", "Tags", "Notes")
_TIPS = {
    Column.SHOWN: "Tick to lay the run over others in the tab Compare",
    Column.TAGS: "Double-click to edit; words with commas between them",
    Column.NOTES: "Double-click to edit; kept beside the run, its file never changes. In italics "
    "while there are none: what is known of the run or of what is wrong with the file",
}


@dataclass(frozen=True)
class Row:
    """One run.

    Parameters
    ----------
    number
        In the station's queue; None for a run of an earlier time.
    file
        Of the recorded run, "" before it begins.
    problem
        Why a file cannot be read, or why the run ended early; what came of a network.
    kind
        "run", or which result of networks the file is; "" when that cannot be told.
    """

    number: int | None
    file: str
    protocol: str
    states: str
    sample: str
    start: str
    fraction: float
    status: str
    problem: str
    tags: tuple[str, ...] = ()
    notes: str = ""
    kind: str = "run"

    @property
    def repeatable(self) -> bool:
        """Whether it says with which parameters it was or will be done."""
        return self.number is not None or _readable(self)

    @property
    def recorded_and_ended(self) -> bool:
        """Whether there is a file that nobody writes to any more, as far as is known."""
        return bool(self.file) and self.status not in ("waiting", *UNDER_WAY)

    @property
    def under_way(self) -> bool:
        """Whether it is being played."""
        return self.status in UNDER_WAY

    @property
    def recoverable(self) -> bool:
        """Whether it is a file from which `fmes recover` may make a better one."""
        damaged = self.status == "unreadable" and "damaged" in self.problem
        return bool(self.file) and (self.status == "interrupted" or damaged)

    @property
    def key(self) -> str:
        """The file, or the number of a run that has none yet."""
        return self.file or f"run {self.number}"

    @classmethod
    def queued(cls, run: QueuedRun) -> Row:
        """A run of the station's queue."""
        values = ", ".join(f"{k} = {v}" for k, v in run.values.items() if k != "states")
        return cls(
            number=run.number, file=run.file, protocol=run.protocol,
            states=_states(run.values.get("states")), sample=run.sample, start="",
            fraction=1.0 if run.status == "finished" else run.fraction, status=run.status,
            problem=run.reason or values, notes=run.note,
        )  # fmt: skip

    @classmethod
    def recorded(cls, row: Mapping[str, Any]) -> Row:
        """A file as the library told of it."""
        problem = row.get("problem") or row.get("reason") or ""
        status = "unreadable" if row.get("problem") else str(row.get("outcome") or "")
        return cls(
            number=None, file=row["file"], protocol=row.get("protocol") or "",
            states=_states(row.get("states")), sample=row.get("sample") or "",
            start=str(row.get("start") or "")[:16].replace("T", " "),
            fraction=1.0 if status == "finished" else 0.0, status=status, problem=problem,
            tags=tuple(row.get("tags") or ()), notes=row.get("notes") or "",
            kind=str(row.get("kind") or ""),
        )  # fmt: skip


def _states(values: Any) -> str:
    if values is None or values == "":
        return ""
    if isinstance(values, str):
        return values
    listed = values if isinstance(values, (list, tuple)) else [values]
    return ", ".join(v if isinstance(v, str) else _short(float(v)) for v in listed)


def _short(ohms: float) -> str:
    if math.isinf(ohms):
        return "open"
    return f"{ohms / 1e3:g}k" if ohms >= 1e3 else f"{ohms:g}"


def joined(queue: Iterable[QueuedRun], recorded: Iterable[Mapping[str, Any]]) -> list[Row]:
    """One row a run: those that wait or play first, then what is recorded, latest first."""
    files = {row["file"]: Row.recorded(row) for row in recorded}
    ahead: list[Row] = []
    ended: list[Row] = []
    for run in queue:
        row = Row.queued(run)
        on_disk = files.pop(run.file, None) if run.file else None
        if on_disk is not None:
            # The station knows how it goes; the file knows what was measured and noted.
            row = replace(
                on_disk, number=row.number, fraction=row.fraction, status=row.status,
                problem=row.problem if run.reason else on_disk.problem,
            )  # fmt: skip
        (ahead if run.status in ("waiting", "running") else ended).append(row)
    rest = sorted(files.values(), key=lambda row: (row.start, row.file), reverse=True)
    return [*ahead, *reversed(ended), *rest]


class RunsModel(QtCore.QAbstractTableModel):
    """The table of runs.

    Signals
    -------
    shown_changed
        Files that are ticked, in the order of ticking.
    noted
        File, notes, tags: what the operator wrote.
    """

    shown_changed = Signal(list)
    noted = Signal(str, str, list)

    def __init__(self, colours: Sequence[str], parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._shown: list[str] = []
        self._colours = tuple(colours)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is listed, from the top."""
        return tuple(self._rows)

    @property
    def shown(self) -> tuple[str, ...]:
        """Files that are ticked, in the order of ticking."""
        return tuple(self._shown)

    def set_colours(self, colours: Sequence[str]) -> None:
        """Take the colours of another theme."""
        self._colours = tuple(colours)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))

    def update_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; only what differs is drawn again, so a selection stays."""
        if [r.key for r in rows] == [r.key for r in self._rows]:
            for k, (new, old) in enumerate(zip(rows, self._rows, strict=True)):
                if new != old:
                    self._rows[k] = new
                    self.dataChanged.emit(self.index(k, 0), self.index(k, len(Column) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()
        present = {r.file for r in rows}
        if any(file not in present for file in self._shown):
            self._shown = [file for file in self._shown if file in present]
            self.shown_changed.emit(list(self._shown))

    def show_progress(self, number: int, fraction: float) -> None:
        """Say how far a run has come."""
        for k, row in enumerate(self._rows):
            if row.number == number and row.fraction != fraction:
                self._rows[k] = replace(row, fraction=fraction)
                cell = self.index(k, Column.PROGRESS)
                self.dataChanged.emit(cell, cell)

    def rowCount(self, parent: QtCore.QModelIndex = QtCore.QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QtCore.QModelIndex = QtCore.QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(Column(section))
        return None

    def data(self, index: QtCore.QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole if column is Column.NOTES and not row.notes:
                return row.problem.partition("\n")[0]
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                lines = filter(None, (row.problem, row.file, row.notes))
                return "\n".join(textwrap.fill(line, _WIDE) for line in lines) or None
            case Qt.ItemDataRole.FontRole if column is Column.NOTES and not row.notes:
                font = QtGui.QFont()
                font.setItalic(True)
                return font
            case Qt.ItemDataRole.CheckStateRole if column is Column.SHOWN and _readable(row):
                ticked = row.file in self._shown
                return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DecorationRole if column is Column.SHOWN:
                return self._colour(row)
            case Qt.ItemDataRole.UserRole:
                return row
        return None

    def setData(  # noqa: N802
        self, index: QtCore.QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        row, column = self._rows[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.CheckStateRole and column is Column.SHOWN:
            self._tick(row.file, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and column is Column.NOTES:
            self.noted.emit(row.file, str(value).strip(), list(row.tags))
            return True
        if role == Qt.ItemDataRole.EditRole and column is Column.TAGS:
            tags = [word.strip() for word in str(value).split(",") if word.strip()]
            self.noted.emit(row.file, row.notes, tags)
            return True
        return False

    def flags(self, index: QtCore.QModelIndex) -> Qt.ItemFlags:
        row, column = self._rows[index.row()], Column(index.column())
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if column is Column.SHOWN and _readable(row):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        if column in (Column.TAGS, Column.NOTES) and row.file and not row.under_way:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def _tick(self, file: str, ticked: bool) -> None:
        if file in self._shown:
            self._shown.remove(file)
        if ticked:
            self._shown.append(file)
        self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))
        self.shown_changed.emit(list(self._shown))

    def _colour(self, row: Row) -> QtGui.QColor | None:
        if row.file not in self._shown:
            return None
        return QtGui.QColor(self._colours[self._shown.index(row.file) % len(self._colours)])

    @staticmethod
    def _text(row: Row, column: Column) -> str:
        return {
            Column.SHOWN: "",
            Column.PROTOCOL: row.protocol or Path(row.file).name,
            Column.STATES: row.states,
            Column.SAMPLE: row.sample,
            Column.START: row.start,
            Column.PROGRESS: f"{row.fraction:.0%}" if row.fraction else "",
            Column.STATUS: STATUS_WORDS.get(row.status, row.status),
            Column.TAGS: ", ".join(row.tags),
            Column.NOTES: row.notes,
        }[column]


def _readable(row: Row) -> bool:
    return row.kind == "run" and bool(row.file) and row.status not in ("unreadable", "waiting")


class Filter(QtCore.QSortFilterProxyModel):
    """Rows in which every word is found: of protocol, sample, date, tags, status, notes, file."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()

    def set_text(self, text: str) -> None:
        """Look for these words; runs that wait or play are always listed."""
        self._words = tuple(text.lower().split())
        self.invalidateFilter()

    def filterAcceptsRow(self, source_row: int, source_parent: QtCore.QModelIndex) -> bool:  # noqa: N802, ARG002
        model = self.sourceModel()
        row: Row = model.index(source_row, 0).data(Qt.ItemDataRole.UserRole)
        if row.status == "waiting" or row.under_way:
            return True
        text = " ".join((
            row.protocol, row.sample, row.start, *row.tags, row.notes, row.states,
            STATUS_WORDS.get(row.status, row.status), Path(row.file).name,
        )).lower()  # fmt: skip
        return all(word in text for word in self._words)

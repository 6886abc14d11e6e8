"""The table of runs with its filter, the order of what waits, and notes."""

from __future__ import annotations

from collections.abc import Callable

from app.gui.binding import QtCore, QtWidgets, Signal
from app.gui.runs_model import Column, Filter, Row, RunsModel

Qt = QtCore.Qt
_WIDTHS = {
    Column.SHOWN: 48, Column.PROTOCOL: 100, Column.STATES: 130, Column.SAMPLE: 80,
    Column.START: 150, Column.PROGRESS: 78, Column.STATUS: 80, Column.TAGS: 80,
}  # fmt: skip
_LETTER = 7
"""Width of a letter in pixels for which the widths are; they grow with the font."""


class RunsTable(QtWidgets.QWidget):
    """Lists the runs of a `RunsModel` and says what the operator wants with them.

    Signals
    -------
    selected
        The row that is current now.
    opened
        A row that was double-clicked or entered.
    moved
        Number of a waiting run, and its new place among those that wait.
    removed
        Number of a waiting run.
    load_wanted, again_wanted
        A row whose parameters are to go into the form; one that is to be queued once more.
    verify_wanted, recover_wanted, folder_wanted
        A row whose file is to be verified; recovered; shown in its folder.
    """

    selected = Signal(object)
    opened = Signal(object)
    moved = Signal(int, int)
    removed = Signal(int)
    load_wanted = Signal(object)
    again_wanted = Signal(object)
    verify_wanted = Signal(object)
    recover_wanted = Signal(object)
    folder_wanted = Signal(object)

    def __init__(self, model: RunsModel, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._filter = Filter(self)
        self._filter.setSourceModel(model)
        self._words = QtWidgets.QLineEdit(clearButtonEnabled=True)
        self._words.setObjectName("runs_filter")
        self._words.setPlaceholderText("Filter: protocol, sample, date, tag, e.g. ppf D7 2026-11")
        self._words.textChanged.connect(self._filter.set_text)
        self._words.returnPressed.connect(self._go_to_table)
        self._table = table = QtWidgets.QTableView()
        table.setObjectName("runs_table")
        table.setModel(self._filter)
        table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setHighlightSections(False)
        table.setTabKeyNavigation(False)
        letter = table.fontMetrics().averageCharWidth() / _LETTER
        for column, width in _WIDTHS.items():
            table.setColumnWidth(column, round(width * letter))
        table.selectionModel().currentRowChanged.connect(self._current_changed)
        table.activated.connect(self._activated)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        model.modelReset.connect(self._changed)
        model.dataChanged.connect(self._data_changed)
        self._buttons = {
            "up": self._button("&Up", "Play the waiting run earlier", lambda: self._move(-1)),
            "down": self._button("D&own", "Play the waiting run later", lambda: self._move(1)),
            "remove": self._button("Re&move", "Take the waiting run out of the queue",
                                   self._remove),
            "load": self._button("&Into form", "Put the parameters of the run into the form",
                                 self._load),
        }  # fmt: skip
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._words, 1)
        for button in self._buttons.values():
            line.addWidget(button)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(line)
        whole.addWidget(table)
        self._changed()

    @property
    def current(self) -> Row | None:
        """The row that is selected."""
        index = self._table.currentIndex()
        return index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None

    def go_to_filter(self) -> None:
        """Put the keyboard's focus on the filter."""
        self._words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._words.selectAll()

    def _go_to_table(self) -> None:
        self._table.setFocus(Qt.FocusReason.TabFocusReason)

    def _current_changed(self, current: QtCore.QModelIndex) -> None:
        # The keyboard's focus makes a row the current one without its being seen.
        if current.isValid() and not self._table.selectionModel().isSelected(current):
            self._table.selectRow(current.row())
        self._changed()

    def select(self, key: str) -> None:
        """Make the row of that key the current one, if it is listed."""
        for k in range(self._filter.rowCount()):
            if self._filter.index(k, 0).data(Qt.ItemDataRole.UserRole).key == key:
                self._table.selectRow(k)
                return

    def _button(self, text: str, tip: str, act: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(act)
        return button

    def _changed(self) -> None:
        row = self.current
        waiting = [r.number for r in self._model.rows if r.status == "waiting"]
        is_waiting = row is not None and row.status == "waiting"
        place = waiting.index(row.number) if row is not None and is_waiting else -1
        self._buttons["up"].setEnabled(place > 0)
        self._buttons["down"].setEnabled(0 <= place < len(waiting) - 1)
        self._buttons["remove"].setEnabled(is_waiting)
        self._buttons["load"].setEnabled(row is not None and row.repeatable)
        self.selected.emit(row)

    def menu(self) -> QtWidgets.QMenu:
        """What can be done with the current row; it is the menu of the right button."""
        menu, row = QtWidgets.QMenu(self), self.current
        if row is None:
            return menu
        for text, able, wanted in (
            ("&Show", bool(row.file), self.opened),
            ("&Into form", row.repeatable, self.load_wanted),
            ("&Queue once more", row.repeatable, self.again_wanted),
            ("", True, None),
            ("&Verify", row.recorded_and_ended and row.kind in ("run", ""), self.verify_wanted),
            ("Make a &recovered file", row.recoverable, self.recover_wanted),
            ("Show in &folder", bool(row.file), self.folder_wanted),
        ):
            if wanted is None:
                menu.addSeparator()
                continue
            action = menu.addAction(text)
            action.setEnabled(able)
            action.triggered.connect(lambda _checked, wanted=wanted: wanted.emit(row))
        return menu

    def _show_menu(self, at: QtCore.QPoint) -> None:
        if (index := self._table.indexAt(at)).isValid():
            self._table.setCurrentIndex(index)
        if (menu := self.menu()).actions():
            menu.exec(self._table.viewport().mapToGlobal(at))
        menu.deleteLater()

    def _data_changed(self, first: QtCore.QModelIndex, last: QtCore.QModelIndex) -> None:
        # Progress alone, many times a second, allows and forbids nothing.
        if not first.column() == last.column() == Column.PROGRESS:
            self._changed()

    def _activated(self, index: QtCore.QModelIndex) -> None:
        if Column(index.column()) not in (Column.TAGS, Column.NOTES):
            self.opened.emit(index.data(Qt.ItemDataRole.UserRole))

    def _move(self, by: int) -> None:
        if (row := self.current) is None or row.number is None:
            return
        waiting = [r.number for r in self._model.rows if r.status == "waiting"]
        if row.number in waiting:
            self.moved.emit(row.number, waiting.index(row.number) + by)

    def _remove(self) -> None:
        if (row := self.current) is not None and row.number is not None:
            self.removed.emit(row.number)

    def _load(self) -> None:
        if (row := self.current) is not None:
            self.load_wanted.emit(row)

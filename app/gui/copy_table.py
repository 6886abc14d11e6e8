"""A table to look at and to copy from."""

from __future__ import annotations

from collections.abc import Sequence

from app.gui.binding import QtCore, QtGui, QtWidgets

_ROWS = 8
"""Rows that are seen without scrolling."""


class CopyTable(QtWidgets.QTableWidget):
    """Texts that are copied, with their headings, as lines of values between tabs."""

    def __init__(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]],
        parent: QtWidgets.QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(len(rows), len(columns), parent)
        self._columns = list(columns)
        self.setHorizontalHeaderLabels(self._columns)
        self.verticalHeader().setVisible(False)
        self.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setToolTip("Ctrl+C copies what is selected, or all of it.")
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                self.setItem(r, c, QtWidgets.QTableWidgetItem(text))
        self.resizeColumnsToContents()
        heights = [self.rowHeight(r) for r in range(min(len(rows), _ROWS))]
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + sum(heights) + bar + 4)
        copy = QtWidgets.QAction("&Copy", self)
        copy.setShortcut(QtGui.QKeySequence(QtGui.QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.addAction(copy)
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.ActionsContextMenu)

    def copy(self) -> None:
        """Put the selection on the clipboard; everything when not more than a cell is chosen."""
        chosen = {(i.row(), i.column()) for i in self.selectedIndexes()}
        if len(chosen) <= 1:
            chosen = {(r, c) for r in range(self.rowCount()) for c in range(self.columnCount())}
        columns = sorted({c for _, c in chosen})
        lines = ["\t".join(self._columns[c] for c in columns)]
        for r in sorted({r for r, _ in chosen}):
            texts = [self._text(r, c) if (r, c) in chosen else "" for c in columns]
            lines.append("\t".join(texts))
        QtWidgets.QApplication.clipboard().setText("\n".join(lines))

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text() if item else ""

"""A legend beside a plot: never over a curve, wrapped to the width there is."""

from __future__ import annotations

import html
from collections.abc import Sequence

from app.gui.binding import QtCore, QtWidgets


class Legend(QtWidgets.QLabel):
    """Entries of a coloured sign and a text each; hidden while there is none."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self._entries: list[tuple[str, str, str]] = []
        self.setVisible(False)

    def show_entries(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """Show these: sign, colour as ``#rrggbb``, text."""
        if list(entries) == self._entries:
            return
        self._entries = list(entries)
        # A space that does not break holds each sign to its text.
        self.setText("&ensp; ".join(
            f"<span style='color:{colour}; font-weight:bold'>{sign}</span>&nbsp;"
            + html.escape(text).replace(" ", "&nbsp;")
            for sign, colour, text in self._entries
        ))  # fmt: skip
        self.setVisible(bool(self._entries))

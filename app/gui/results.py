"""The tabs that show recorded runs: each drawn by the library from the run's analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.gui.binding import QtCore, QtGui, QtWidgets, Signal
from app.gui.chart_view import ChartView
from app.gui.library_link import Arrays, LibraryLink
from app.library.chart import decode

Qt = QtCore.Qt
CHARTED = {"ppf": "PPF", "ltp-ltd": "LTP/LTD", "iv-sweep": "I-V", "retention": "Retention"}
"""Protocols whose charts have a tab of their own, and its title."""
OTHER = "Other"
"""The tab of every other protocol."""
_WHATS = {"psv": "PSV per pulse", "trace": "Voltage over time", "iv": "Current over voltage"}


class ChartTab(QtWidgets.QWidget):
    """One chart of the library, or why there is none.

    Signals
    -------
    failed
        Why the chart could not be made.
    """

    failed = Signal(str)

    def __init__(self, library: LibraryLink, empty: str) -> None:
        super().__init__()
        self._library, self._empty = library, empty
        self.view = ChartView()
        self._request: dict[str, Any] = {}
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.view.show_chart(None, empty)

    @property
    def source(self) -> dict[str, Any] | None:
        """The request that what is shown came from; None when the tab is empty."""
        return dict(self._request) or None

    def show_run(self, file: str) -> None:
        """Show a recorded run."""
        self.request("chart", file=file)

    def request(self, question: str, **content: Any) -> None:
        """Show what the library answers; an earlier answer that comes late is left alone."""
        request = self._request = {"ask": question, **content}

        def answered(reply: Mapping[str, Any], arrays: Arrays) -> None:
            if request is not self._request:
                return
            if not reply.get("ok"):
                self._request = {}
                self.view.show_chart(None, f"cannot be shown: {reply.get('error')}")
                self.failed.emit(str(reply.get("error")))
                return
            self.view.show_chart(decode(reply, arrays), self._empty)

        self._library.ask(question, answered, **content)

    def clear(self) -> None:
        """Show nothing."""
        self._request = {}
        self.view.show_chart(None, self._empty)


class PictureTab(QtWidgets.QLabel):
    """The figure of a protocol that has no chart of its own, drawn by its analysis."""

    failed = Signal(str)

    def __init__(self, library: LibraryLink, empty: str) -> None:
        super().__init__(empty)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(200, 150)
        self._library, self._empty, self._dark = library, empty, False
        self._file = ""
        self._drawn = QtGui.QPixmap()
        self._later = QtCore.QTimer(self, interval=200, singleShot=True)
        self._later.timeout.connect(self._ask)

    @property
    def source(self) -> dict[str, Any] | None:
        """The request that what is shown came from; None when the tab is empty."""
        return {"ask": "picture", "file": self._file} if self._file else None

    def show_run(self, file: str) -> None:
        """Show a recorded run; that of another goes at once, for it does not say whose it is."""
        if file != self._file:
            self._drawn = QtGui.QPixmap()
            self.setText(f"{Path(file).name} is being drawn...")
        self._file = file
        self._ask()

    def set_dark(self, dark: bool) -> None:
        """Take the look of a theme."""
        self._dark = dark
        if self._file:
            self._later.start()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if self._file:
            self._fit()  # until it is drawn anew
            self._later.start()

    def _fit(self) -> None:
        """Show what was drawn, whole."""
        if self._drawn.isNull():
            return
        room = self.size() * self.devicePixelRatioF()
        shown, mode = self._drawn, Qt.TransformationMode.SmoothTransformation
        if shown.width() > room.width() or shown.height() > room.height():
            shown = shown.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, mode)
        shown.setDevicePixelRatio(self.devicePixelRatioF())
        self.setPixmap(shown)

    def _ask(self) -> None:
        file, ratio = self._file, self.devicePixelRatioF()

        def answered(reply: Mapping[str, Any], arrays: Arrays) -> None:
            if file != self._file:
                return
            if not reply.get("ok"):
                self._file, self._drawn = "", QtGui.QPixmap()
                self.setText(f"cannot be shown: {reply.get('error')}")
                self.failed.emit(str(reply.get("error")))
                return
            self._drawn = QtGui.QPixmap()
            self._drawn.loadFromData(arrays["png"].tobytes())
            self._fit()
            self.setToolTip(str(reply.get("words") or ""))

        self._library.ask(
            "picture", answered, file=file, dark=self._dark,
            width=int(self.width() * ratio), height=int(self.height() * ratio),
        )  # fmt: skip


class CompareTab(QtWidgets.QWidget):
    """Ticked runs over each other."""

    failed = Signal(str)

    def __init__(self, library: LibraryLink) -> None:
        super().__init__()
        self._files: list[str] = []
        self._what = QtWidgets.QComboBox()
        self._what.setObjectName("compare_what")
        for key, text in _WHATS.items():
            self._what.addItem(text, key)
        self._what.activated.connect(lambda _: self._ask())
        self._tab = ChartTab(library, "Tick runs in the table below to lay them over each other.")
        self._tab.failed.connect(self.failed)
        line = QtWidgets.QHBoxLayout()
        label = QtWidgets.QLabel("&Show")
        label.setBuddy(self._what)
        line.addWidget(label)
        line.addWidget(self._what)
        line.addStretch(1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 0)
        layout.addLayout(line)
        layout.addWidget(self._tab, 1)

    @property
    def source(self) -> dict[str, Any] | None:
        """The request that what is shown came from; None when the tab is empty."""
        return self._tab.source

    @property
    def view(self) -> ChartView:
        """What draws."""
        return self._tab.view

    def show_files(self, files: Sequence[str]) -> None:
        """Compare these runs."""
        self._files = list(files)
        self._ask()

    def _ask(self) -> None:
        if self._files:
            self._tab.request("compare", files=self._files, what=self._what.currentData())
        else:
            self._tab.clear()


def export(
    library: LibraryLink, source: Mapping[str, Any], path: str, dark: bool,
    then: Callable[[str], None],
) -> None:  # fmt: skip
    """Write what a tab shows; `then` gets the problem, "" for none."""

    def answered(reply: Mapping[str, Any], _arrays: Arrays) -> None:
        then("" if reply.get("ok") else str(reply.get("error")))

    library.ask("export", answered, to=str(Path(path).absolute()), source=dict(source), dark=dark)

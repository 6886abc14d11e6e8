"""Where everything stands in the window: tool bar, banner, panels, tabs, table, status bar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.gui.banner import Banner
from app.gui.binding import QtCore, QtGui, QtWidgets
from app.gui.library_link import LibraryLink
from app.gui.live_view import LiveView, Mode
from app.gui.preferences import Preferences
from app.gui.protocol_panel import ProtocolPanel
from app.gui.results import CHARTED, OTHER, ChartTab, CompareTab, PictureTab
from app.gui.rig_panel import RigPanel
from app.gui.runs_model import RunsModel
from app.gui.runs_table import RunsTable
from app.gui.station_view import Allowed, StationView
from app.gui.status_bar import StatusBar

Qt = QtCore.Qt
LEAST_SIZE = (960, 560)
"""Least size of the window, in pixels; with its frame it is whole on a screen of 1024 x 640."""
_FIRST_SIZE = (1280, 800)
_NEWS = "  \N{BULLET}"
_EMPTY = {
    "PPF": "A finished PPF run draws its curve and its map here; or select one below.",
    "LTP/LTD": "A finished LTP/LTD run draws its curves, fit and residuals here.",
    "I-V": "A finished I-V sweep draws its cycles here; or select one below.",
    "Retention": "A finished retention run draws its decay and fits here.",
    OTHER: "A finished run of any other protocol draws the figure of its analysis here.",
}


class Layout:
    """The widgets of the window and its actions, in place.

    Parameters
    ----------
    window
        What they stand in.
    model
        Rows of the table of runs.
    library
        Draws what the tabs show.
    """

    def __init__(
        self, window: QtWidgets.QMainWindow, model: RunsModel, library: LibraryLink
    ) -> None:
        self._window = window
        self._actions(window)
        self.banner = Banner()
        self.rig = RigPanel()
        self.form = ProtocolPanel()
        self.live = LiveView()
        self.log = QtWidgets.QPlainTextEdit(readOnly=True)
        self.log.setObjectName("log")
        self.compare = CompareTab(library)
        self._results: dict[str, ChartTab | PictureTab] = {
            title: ChartTab(library, _EMPTY[title]) for title in CHARTED.values()
        }
        self._results[OTHER] = PictureTab(library, _EMPTY[OTHER])
        self.tabs = self._make_tabs()
        self.table = RunsTable(model)
        self._place(window)
        self.find.triggered.connect(self.table.go_to_filter)
        self.kind.triggered.connect(self.form.choose_kind)
        self.status = StatusBar()
        window.setStatusBar(self.status)
        self._tool_bar(window)
        self._menus(window)

    # Tabs

    def _make_tabs(self) -> QtWidgets.QTabWidget:
        tabs = QtWidgets.QTabWidget(documentMode=True)
        tabs.setObjectName("tabs")
        tabs.addTab(self.live, "Live")
        for title, tab in self._results.items():
            tabs.addTab(tab, title)
        tabs.addTab(self.compare, "Compare")
        tabs.addTab(self.log, "Log")
        tabs.currentChanged.connect(lambda k: tabs.setTabText(k, _plain(tabs.tabText(k))))
        for k in range(tabs.count()):
            tabs.setTabToolTip(k, f"Ctrl+{k + 1}")
        return tabs

    def result_tab(self, protocol: str) -> ChartTab | PictureTab:
        """The tab that shows runs of a protocol."""
        return self._results[CHARTED.get(protocol, OTHER)]

    def show_tab(self, title: str) -> None:
        """Bring a tab to the front."""
        self.tabs.setCurrentIndex(self._index(title))

    def mark_news(self, title: str) -> None:
        """Say at a tab that is not in front that it shows something new."""
        index = self._index(title)
        if index != self.tabs.currentIndex():
            self.tabs.setTabText(index, title + _NEWS)

    def _index(self, title: str) -> int:
        titles = [_plain(self.tabs.tabText(k)) for k in range(self.tabs.count())]
        return titles.index(title)

    def shown_source(self, live_file: str) -> dict[str, Any] | None:
        """What the library is asked for to draw what the tab in front shows."""
        tab = self.tabs.currentWidget()
        if isinstance(tab, (ChartTab, PictureTab, CompareTab)):
            return tab.source
        if tab is self.live and live_file:
            what = "trace" if self.live.mode is Mode.TRACE else "psv"
            return {"ask": "compare", "files": [live_file], "what": what}
        return None

    # State

    def show_state(self, view: StationView, allowed: Allowed, folder: Path) -> None:
        """Follow the station."""
        why = why_not(view, self.form.verdict)
        mark = " - SIMULATED" if view.connected and view.simulated else ""
        self._window.setWindowTitle(f"fmes-lab - {view.activity.value}{mark}")
        self.run.setEnabled(allowed.run)
        self._why_not.setEnabled(not allowed.run)
        self.queue.setEnabled(allowed.queue)
        for act, tip in self._tips.items():
            act.setToolTip(tip if act.isEnabled() or not why else f"{tip}\n{why}")
        self.live.set_empty_text(
            why or f"Press Ctrl+Enter to run {self.form.protocol} on {_rig(view)}."
        )
        self.start.setEnabled(allowed.start)
        self.start.setText(allowed.start_text)
        self.clear.setEnabled(bool(view.waiting))
        self.pause.setEnabled(allowed.pause)
        self.pause.setText(allowed.pause_text)
        self.abort.setEnabled(allowed.abort)
        self.campaign.setEnabled(view.connected)
        self.rig.show_state(view, allowed)
        self.status.show_state(view, folder)

    def point_out(self) -> None:
        """Say why Run cannot be used, and bring it into view."""
        self.form.point_out()
        self.status.say(self.run.toolTip().partition("\n")[2].partition("\n")[0])

    def set_dark(self, dark: bool) -> None:
        """Tell what draws itself."""
        self.dark.setChecked(dark)
        self.form.set_dark(dark)
        for tab in self._results.values():
            if isinstance(tab, PictureTab):
                tab.set_dark(dark)

    # Places

    def _place(self, window: QtWidgets.QMainWindow) -> None:
        panel = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(panel)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.rig)
        column.addWidget(self.form, 1)
        scroll = _Column(widgetResizable=True)
        scroll.setObjectName("left")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(panel)
        self._right = QtWidgets.QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._right.addWidget(self.tabs)
        self._right.addWidget(self.table)
        self._right.setStretchFactor(0, 3)
        self._right.setStretchFactor(1, 1)
        self._whole = QtWidgets.QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self._whole.addWidget(scroll)
        self._whole.addWidget(self._right)
        self._whole.setStretchFactor(1, 1)
        self._whole.setSizes([350, 900])
        middle = QtWidgets.QWidget()
        rows = QtWidgets.QVBoxLayout(middle)
        rows.setContentsMargins(4, 4, 4, 0)
        rows.addWidget(self.banner)
        rows.addWidget(self._whole, 1)
        window.setCentralWidget(middle)
        window.setMinimumSize(*LEAST_SIZE)

    def restore(self, preferences: Preferences) -> None:
        """Put the window and its splitters where they were."""
        for name, widget in (("right", self._right), ("whole", self._whole)):
            if (state := preferences.geometry(name)) is not None:
                widget.restoreState(state)
        if (state := preferences.geometry("window")) is not None:
            self._window.restoreGeometry(state)
        else:
            self._window.resize(self._first_size())

    def _first_size(self) -> QtCore.QSize:
        """A size that leaves room for the frame on the screen: the status bar must be seen."""
        room = self._window.screen().availableSize() - QtCore.QSize(8, 48)
        return QtCore.QSize(*_FIRST_SIZE).boundedTo(room).expandedTo(QtCore.QSize(*LEAST_SIZE))

    def save(self, preferences: Preferences) -> None:
        """Remember where the window and its splitters are."""
        preferences.keep_geometry("right", self._right.saveState())
        preferences.keep_geometry("whole", self._whole.saveState())
        preferences.keep_geometry("window", self._window.saveGeometry())

    # Actions

    def _actions(self, window: QtWidgets.QMainWindow) -> None:
        def action(text: str, keys: str, tip: str, name: str) -> QtWidgets.QAction:
            made = QtWidgets.QAction(text, window)
            made.setObjectName(name)
            if keys:
                made.setShortcut(QtGui.QKeySequence(keys))
            made.setToolTip(f"{tip} ({keys})" if keys else tip)
            window.addAction(made)
            return made

        self.run = action("Run", "Ctrl+Return", "Run what the form describes now", "run")
        self.run.setShortcuts([QtGui.QKeySequence("Ctrl+Return"), QtGui.QKeySequence("Ctrl+Enter")])
        self.queue = action(
            "Queue", "Ctrl+Shift+Return", "Put what the form describes behind what waits", "queue"
        )
        self.queue.setShortcuts(
            [QtGui.QKeySequence("Ctrl+Shift+Return"), QtGui.QKeySequence("Ctrl+Shift+Enter")]
        )
        self._tips = {act: act.toolTip() for act in (self.run, self.queue)}
        # The keys of an action that cannot be used do nothing; they shall say why.
        self._why_not = QtWidgets.QShortcut(QtGui.QKeySequence("Ctrl+Return"), window)
        self._why_not.activated.connect(self.point_out)
        self.clear = action("&Clear queue...", "", "Take out all that waits", "clear")
        self.start = action("Start queue", "Ctrl+Shift+P", "Play what waits", "start")
        self.pause = action("Pause", "Ctrl+P", "Pause between programs, or carry on", "pause")
        # F12 is seen by `abort_key` before any widget, so the action has no shortcut of its own.
        self.abort = action(
            "ABORT, output off (F12)", "", "End the run; source to 0, relays open (F12)", "abort"
        )
        self.open_folder = action("&Open folder of runs...", "Ctrl+O", "List and record there",
                                  "open_folder")  # fmt: skip
        self.campaign = action("Load &campaign file...", "", "Queue its runs", "campaign")
        self.own_protocol = action("Own &protocol...", "", "A class in a Python file of yours",
                                   "own_protocol")  # fmt: skip
        self.export = action("&Export what is shown...", "Ctrl+E", "PNG, SVG, PDF or CSV", "export")
        self.find = action("&Find a run", "Ctrl+F", "Go to the filter of the runs", "find")
        self.kind = action("Choose a &protocol", "Ctrl+K", "Go to the list of protocols", "kind")
        self.quit = action("&Quit", "Ctrl+Q", "Close the window", "quit")
        self.dark = action("&Dark theme", "", "Light on dark", "dark")
        self.dark.setCheckable(True)
        self.rehearse = action(
            "Re&hearse what the form describes", "", "Say which voltage to expect", "rehearse"
        )
        self.rehearse.setCheckable(True)

    def _tool_bar(self, window: QtWidgets.QMainWindow) -> None:
        bar = QtWidgets.QToolBar("Run", movable=False)
        bar.setObjectName("tool_bar")
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addActions([self.run, self.queue, self.start, self.pause])
        gap = QtWidgets.QWidget()
        gap.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Preferred
        )
        bar.addWidget(gap)
        bar.addAction(self.abort)
        bar.widgetForAction(self.abort).setObjectName("abort_button")
        for act in (self.run, self.queue, self.start, self.pause, self.abort):
            bar.widgetForAction(act).setFocusPolicy(Qt.FocusPolicy.TabFocus)
        window.addToolBar(bar)

    def _menus(self, window: QtWidgets.QMainWindow) -> None:
        bar = window.menuBar()
        file = bar.addMenu("&File")
        file.addActions([self.open_folder, self.campaign, self.own_protocol, self.export])
        file.addSeparator()
        file.addAction(self.quit)
        run = bar.addMenu("&Run")
        run.addActions([self.run, self.queue, self.start, self.pause, self.abort])
        run.addSeparator()
        run.addAction(self.clear)
        run.addAction(self.rehearse)
        view = bar.addMenu("&View")
        for k in range(self.tabs.count()):
            act = QtWidgets.QAction(self.tabs.tabText(k), window)
            act.setShortcut(QtGui.QKeySequence(f"Ctrl+{k + 1}"))
            act.triggered.connect(lambda _checked, k=k: self.tabs.setCurrentIndex(k))
            view.addAction(act)
        view.addSeparator()
        view.addActions([self.kind, self.find, self.dark])


class _Column(QtWidgets.QScrollArea):
    """Scrolls up and down, and is never too narrow for what is in it, whatever the font."""

    def minimumSizeHint(self) -> QtCore.QSize:  # noqa: N802 (Qt's name)
        inside = self.widget().minimumSizeHint().width()
        bar = self.verticalScrollBar().sizeHint().width()
        return QtCore.QSize(max(310, inside + bar + 2 * self.frameWidth()), 100)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:  # noqa: N802
        if watched is self.widget() and event.type() == QtCore.QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


def why_not(view: StationView, verdict: str) -> str:
    """Why what the form describes cannot be run now; "" when it can."""
    if view.playing:
        return "a run is going on; Queue puts this one behind it"
    if not view.connected:
        return "no rig is connected; Connect is in the panel Rig"
    return verdict


def _rig(view: StationView) -> str:
    return "the simulated rig" if view.simulated else str(view.rig.get("meter"))


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix(_NEWS)

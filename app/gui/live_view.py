"""The run that goes on, as curves: PSV pulse by pulse, and every reading over time.

Blocks go into a queue. A timer takes what has come and draws once, 30 times a second at
most and not at all while nothing changes, however fast blocks come.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from app.gui import live_texts, theme
from app.gui.binding import QtCore, QtGui, QtWidgets
from app.gui.cursor import Place
from app.gui.inbox import Inbox
from app.gui.legend import Legend
from app.gui.live_plot import LivePlot
from app.gui.readings import Block, Readings, Sight
from app.gui.state_colours import name, palette
from protocols.quantities import RESISTANCE

EMPTY_TEXT = "A run that is played draws its curve here."
INTERVAL = 33
"""Least time between two frames, in ms."""
ROWS_A_FRAME = 50_000
"""Rows that are taken before a frame; more wait for the next, so that none is late."""


class Mode(StrEnum):
    """What is drawn."""

    PULSES = "PSV per pulse"
    STATES = "PSV, states overlaid"
    TRACE = "Raw trace"


_PSV = ("PSV", "V")
_AXES = {
    Mode.PULSES: (("Pulses read", ""), _PSV),
    Mode.STATES: (("Pulses read in the state", ""), _PSV),
    Mode.TRACE: (("Time", "s"), ("Voltage", "V")),
}


class LiveView(QtWidgets.QWidget):
    """Shows one run while it is measured, and after.

    All methods belong to the thread of the window. What is told of another run than the one
    that was begun last, or after the view is gone, changes nothing.
    """

    _built = False

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._inbox = Inbox()
        self.destroyed.connect(self._inbox.close)
        self._readings = Readings()
        self._run: int | None = None
        self._asked: list[float] = []
        self._palette: tuple[tuple[object, ...], dict[float, str]] = (), {}
        self._headline = self._outcome = self._problem = ""
        self._empty_text = EMPTY_TEXT
        self._shown = Mode.PULSES
        self._ranges: dict[Mode, list[list[float]]] = {}
        self._stale = self._drawing = False
        self._timer = QtCore.QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self._tick)
        self._build()
        self._built = True
        self._show_mode()

    def begin(self, header: Mapping[str, Any], rows_in_file: int = 0) -> None:
        """Show another run from its first row on.

        Parameters
        ----------
        header
            Of the event "begin": run, protocol, parameters, sample, simulated.
        rows_in_file
            As `expect_recorded` takes it.
        """
        self.clear()
        if self._inbox.closed:
            return
        self._run = int(header["run"])
        self._readings = Readings(rows_in_file)
        states = header.get("parameters", {}).get("states", ())
        self._asked = [RESISTANCE.parse(r) for r in states]
        sample = header.get("sample") or "sample not named"
        self._headline = f"Run {self._run}: {header.get('protocol', '')}, {sample}"
        self._simulated.setVisible(bool(header.get("simulated")))
        self._say()

    def expect_recorded(self, run: int, rows: int) -> None:
        """Rows before `rows` are in the run's file and will be appended from there."""
        if self._takes(run):
            self._readings.rows_in_file = rows
            self._wake()

    def give_up_recorded(self, run: int, reason: str) -> None:
        """Rows of the file did not come, for a reason; go on with what the station sends."""
        if self._takes(run):
            self._drain_all()
            self._problem = f"Earlier readings are not shown: {reason}"
            self._readings.give_up_recorded()
            self._wake()

    def append(self, run: int, first_row: int, block: Block) -> None:
        """Take readings of a run, from the station or from its file, in any order.

        Parameters
        ----------
        run
            Number of the run.
        first_row
            Number of the first of these rows.
        block
            Columns as `data.samples.Samples` has them: at least time, voltage, resistance,
            pulse_index, instant and flags.
        """
        if self._takes(run):
            self._inbox.put(first_row, block)
            self._wake()

    def end(self, run: int, outcome: str, reason: str = "") -> None:
        """Say how a run ended; what was drawn stays."""
        if self._takes(run):
            self._outcome = f"{outcome}: {reason}" if reason else outcome
            self._wake()

    def clear(self) -> None:
        """Forget the run."""
        if self._inbox.closed:
            return
        self._run = None
        self._inbox.empty()
        self._readings = Readings()
        self._asked, self._ranges = [], {}
        self._palette = (), {}
        self._headline = self._outcome = self._problem = ""
        self._simulated.setVisible(False)
        self.follow.setChecked(True)
        self._plot.forget()
        self._reading.clear()
        self._say()

    def set_empty_text(self, text: str) -> None:
        """What stands in the place of a curve before the first run."""
        self._empty_text = text
        self._say()

    @property
    def mode(self) -> Mode:
        """What is drawn; the readings of all modes are kept."""
        return list(Mode)[self.modes.currentIndex()]

    def set_mode(self, mode: Mode) -> None:
        """Draw something else of the same readings."""
        self.modes.setCurrentIndex(list(Mode).index(mode))

    def refresh(self) -> None:
        """Take all that has come and draw it, without waiting for the timer."""
        self._drain_all()
        self._draw()

    def changeEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        super().changeEvent(event)
        if self._built and event.type() == QtCore.QEvent.Type.PaletteChange:
            self._wake()

    def showEvent(self, event: QtGui.QShowEvent) -> None:  # noqa: N802 (Qt's name)
        super().showEvent(event)
        self._wake()

    def _build(self) -> None:
        self.modes = QtWidgets.QComboBox(objectName="live_mode")
        self.modes.addItems([mode.value for mode in Mode])
        self.modes.setToolTip(
            "PSV: the voltage at the end of each pulse's gap. Raw trace: every reading. "
            "All readings are kept when you switch."
        )
        self.modes.currentIndexChanged.connect(self._show_mode)
        show = QtWidgets.QLabel("&Show")
        show.setBuddy(self.modes)
        self.follow = QtWidgets.QCheckBox("&Follow", objectName="live_follow", checked=True)
        self.follow.setToolTip("Keep the whole run in view. Panning or zooming turns it off.")
        self.follow.toggled.connect(self._wake)
        self._simulated = QtWidgets.QLabel("SIMULATED", objectName="live_simulated", visible=False)
        self._simulated.setProperty("kind", "simulated")
        self._headline_label = QtWidgets.QLabel(objectName="live_headline")
        # A long name of a sample never makes the window wider.
        self._headline_label.setMinimumWidth(1)
        top = QtWidgets.QHBoxLayout()
        for widget in (show, self.modes, self.follow, self._simulated):
            top.addWidget(widget)
        top.addWidget(self._headline_label, 1)

        self._plot = LivePlot()
        self._plot.setObjectName("live_plot")
        self._plot.setAccessibleName("Plot of the run that goes on")
        self._plot.moved_by_hand.connect(lambda: self.follow.setChecked(False))
        self._plot.whole_asked.connect(lambda: self.follow.setChecked(True))
        self._plot.box.sigRangeChanged.connect(self._range_changed)
        self._plot.box.sigResized.connect(self._wake)
        self._plot.cursor_moved.connect(self._read_out)
        self._hint = QtWidgets.QLabel(wordWrap=True, objectName="live_hint")
        self._hint.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._pages = QtWidgets.QStackedWidget()
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self._plot)

        self._legend = Legend()
        self._reading = QtWidgets.QLabel(objectName="live_reading")
        self._counts = QtWidgets.QLabel(objectName="live_counts")
        self._alarms = QtWidgets.QLabel(objectName="live_alarms", wordWrap=True, visible=False)
        self._alarms.setProperty("kind", "warning")
        bottom = QtWidgets.QHBoxLayout()
        bottom.addWidget(self._reading, 1)
        bottom.addWidget(self._counts)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._legend)
        layout.addWidget(self._alarms)
        layout.addLayout(bottom)

    @property
    def _sight(self) -> Sight:
        readings = self._readings
        return {
            Mode.PULSES: readings.in_order, Mode.STATES: readings.in_state,
            Mode.TRACE: readings.trace,
        }[self._shown]  # fmt: skip

    def _takes(self, run: int) -> bool:
        return not self._inbox.closed and run == self._run

    def _wake(self) -> None:
        self._stale = True
        if not self._timer.isActive():
            self._timer.start()

    def _tick(self) -> None:
        start = time.perf_counter()
        self._drain(ROWS_A_FRAME)
        if self._stale and self.isVisible():
            self._draw()
            # Painted now, so that it counts: a slow machine draws less often, and half of the
            # time is left for the person's keys and mouse.
            self._plot.viewport().repaint()
            spent = time.perf_counter() - start
            self._timer.setInterval(max(INTERVAL, round(2e3 * spent)))
        elif not self._inbox.rows:
            # Nothing to do until something comes, or until the view is seen again.
            self._timer.stop()

    def _drain(self, rows: int) -> None:
        for first_row, block in self._inbox.take(rows):
            self._readings.add(first_row, block)
            self._stale = True

    def _drain_all(self) -> None:
        while self._inbox.rows:
            self._drain(ROWS_A_FRAME)

    def _draw(self) -> None:
        self._stale = False
        colours = self._colours()
        self._say()
        if self._sight.span:
            self._drawing = True
            self._plot.draw(
                self._sight, colours, whole=self.follow.isChecked(), growing=not self._outcome
            )
            self._drawing = False
        self._legend.show_entries(self._entries(colours))

    def _colours(self) -> dict[float, str]:
        """Colours of the states, made anew only for others than before."""
        measured = self._readings.in_order.stretches.known
        seen = self._readings.trace.stretches.known
        key = (theme.current().dark, tuple(self._asked), len(measured), len(seen))
        if key != self._palette[0]:
            self._palette = key, palette(theme.current(), self._asked, measured, seen)
        return self._palette[1]

    def _entries(self, colours: Mapping[float, str]) -> list[tuple[str, str, str]]:
        """Signs, colours and texts of the legend."""
        known = {r for r in self._sight.curves if r is not None} or self._sight.stretches.known
        return [("\N{BLACK SQUARE}", colours[r], f"R = {name(r)}") for r in sorted(known)]

    def _say(self) -> None:
        """Put all texts right."""
        headline = " \N{EN DASH} ".join(filter(None, (self._headline, self._outcome)))
        self._headline_label.setText(headline)
        self._headline_label.setToolTip(headline)
        alarms = live_texts.alarms(self._readings, self._problem)
        self._alarms.setText(alarms)
        self._alarms.setVisible(bool(alarms))
        self._counts.setText("" if self._run is None else live_texts.counts(self._readings))
        seen = self._sight.span is not None
        if not seen:
            self._hint.setText(self._hint_text())
        self._pages.setCurrentWidget(self._plot if seen else self._hint)

    def _hint_text(self) -> str:
        if self._run is None:
            return self._empty_text
        pulses = self._shown is not Mode.TRACE
        return live_texts.hint(self._readings, ended=bool(self._outcome), pulses=pulses)

    def _read_out(self, place: Place) -> None:
        state = self._sight.stretches.at(place.x)
        if isinstance(place.curve, float):
            state = place.curve
        flags = self._plot.flags_at(place)
        timed = self._shown is Mode.TRACE
        self._reading.setText(live_texts.reading(place.x, place.y, state, flags, timed))

    def _range_changed(self) -> None:
        if not self._drawing:
            self._wake()

    def _show_mode(self) -> None:
        """Draw in another mode, with the range that the person left it with."""
        if self.follow.isChecked():
            self._ranges.pop(self._shown, None)
        else:
            self._ranges[self._shown] = self._plot.box.viewRange()
        self._shown = self.mode
        self._plot.forget()
        self._reading.clear()
        (x, x_unit), (y, y_unit) = _AXES[self._shown]
        self._plot.bottom.describe(x, x_unit)
        self._plot.left.describe(y, y_unit)
        kept = self._ranges.get(self._shown)
        self.follow.setChecked(kept is None)
        if kept is not None:
            self._plot.show_range((kept[0][0], kept[0][1]), (kept[1][0], kept[1][1]))
        self._wake()

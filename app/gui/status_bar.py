"""The line at the bottom: what the rig does, what is real, what is on, and how long it takes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.gui import theme
from app.gui.binding import QtCore, QtWidgets
from app.gui.station_view import Activity, StationView

_NAMES = ("state", "simulated", "resistance", "output")
_AT_THE_RIGHT = ("folder", "time")


class StatusBar(QtWidgets.QStatusBar):
    """Follows the station; its labels are named ``status_state`` and so on."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setContentsMargins(4, 0, 4, 2)
        self._started: float | None = None
        self._paused_by: float | None = None
        self._counting = QtCore.QTimer(self, interval=250)
        self._counting.timeout.connect(self._count_down)
        self._labels: dict[str, QtWidgets.QLabel] = {}
        for name in (*_NAMES, *_AT_THE_RIGHT):
            label = self._labels[name] = QtWidgets.QLabel()
            label.setObjectName(f"status_{name}")
            if name in _NAMES:
                self.addWidget(label)
            else:
                self.addPermanentWidget(label)
        self._labels["simulated"].setText("SIMULATED")
        # Qt's own messages would cover what the rig does and whether the output is on.
        self._message = QtWidgets.QLabel()
        self._message.setObjectName("status_message")
        self._message.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred
        )
        self.addWidget(self._message, 1)
        self._forget = QtCore.QTimer(self, interval=8000, singleShot=True)
        self._forget.timeout.connect(self._message.clear)
        self._labels["folder"].setMaximumWidth(420)

    def say(self, text: str) -> None:
        """Say something for a while, beside the state."""
        self._message.setText(text)
        self._message.setToolTip(text)
        self._forget.start()

    def show_state(self, view: StationView, folder: Path) -> None:
        """Say how things stand.

        Parameters
        ----------
        folder
            Where runs are recorded.
        """
        if view.activity is Activity.PAUSING:
            self._say("state", "", "pausing")
            self._count_down()
        else:
            self._counting.stop()
            self._paused_by = None
            self._say("state", view.activity.value, view.activity.name.lower())
        self._labels["simulated"].setVisible(view.connected and view.simulated)
        self._say("resistance", view.resistance_text)
        self._say("output", view.output_words, view.output)
        self._labels["output"].setToolTip(view.output_text or "not read back yet")
        self._say("folder", f"Folder: {folder.name}")
        self._labels["folder"].setToolTip(f"Runs are recorded in {folder}")
        if not view.playing:
            self._started = None
            self._say("time", "")

    def expect_pause(self, seconds: float) -> None:
        """Count down the time after which the program that plays has ended and the run pauses."""
        self._paused_by = time.monotonic() + seconds
        self._counting.start()
        self._count_down()

    def _count_down(self) -> None:
        words = f"{Activity.PAUSING.value} after this program"
        if self._paused_by is not None:
            left = math.ceil(self._paused_by - time.monotonic())
            words += f", at most {left} s" if left > 0 else ", any moment"
        self._say("state", words)

    def show_progress(self, progress: Mapping[str, Any]) -> None:
        """Say how far the run is, and when it will have ended at the pace so far."""
        if self._started is None:
            self._started = time.monotonic()
        elapsed, done = time.monotonic() - self._started, float(progress["fraction"])
        left = _clock(elapsed * (1 - done) / done) if done > 0.02 else "-"
        self._say("time", f"{done:.0%}  {_clock(elapsed)} / ETA {left}")

    def _say(self, name: str, text: str, kind: str = "") -> None:
        label = self._labels[name]
        label.setText(text)
        if kind:
            theme.set_kind(label, kind)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"

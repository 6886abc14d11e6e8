"""The line at the bottom: what the rig does, what is real, what is on, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.gui import theme
from app.gui.binding import QtWidgets
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
        self._labels: dict[str, QtWidgets.QLabel] = {}
        for name in (*_NAMES, *_AT_THE_RIGHT):
            label = self._labels[name] = QtWidgets.QLabel()
            label.setObjectName(f"status_{name}")
            if name in _NAMES:
                self.addWidget(label)
            else:
                self.addPermanentWidget(label)
        self._labels["simulated"].setText("SIMULATED")
        self._labels["folder"].setMaximumWidth(420)

    def show_state(self, view: StationView, folder: Path) -> None:
        """Say how things stand.

        Parameters
        ----------
        folder
            Where runs are recorded.
        """
        words = view.activity.value
        if view.activity is Activity.PAUSING:
            words += " (waiting for the instrument)"
        self._say("state", words, view.activity.name.lower())
        self._labels["simulated"].setVisible(view.connected and view.simulated)
        self._say("resistance", view.resistance_text)
        self._say("output", view.output_words, view.output)
        self._labels["output"].setToolTip(view.output_text or "not read back yet")
        self._say("folder", f"Folder: {folder.name}")
        self._labels["folder"].setToolTip(f"Runs are recorded in {folder}")
        if not view.playing:
            self._started = None
            self._say("time", "")

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

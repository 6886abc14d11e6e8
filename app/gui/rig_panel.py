"""The rig: which one, who its instruments are, and the few things done to it by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from app.gui import theme
from app.gui.binding import QtWidgets, Signal
from app.gui.station_view import Activity, Allowed, StationView
from protocols.quantities import CURRENT, RESISTANCE, VOLTAGE

SPEEDS = {"real time": 1.0, "10 times": 10.0, "20 times": 20.0, "100 times": 100.0,
          "as fast as possible": None}  # fmt: skip
"""How fast the embedded simulated rig goes; None is without any wait."""
FIRST_SPEED = "20 times"
"""Fast enough not to be waited for, slow enough for a curve that is seen to move."""


class RigPanel(QtWidgets.QGroupBox):
    """Shows the rig as the station last told of it, and asks for what the operator wants.

    Signals
    -------
    connect_wanted
        Path of a rig file, "" for the simulated rig; and the speed of that (0: no wait).
    disconnect_wanted, safe_wanted
        No content.
    resistance_wanted
        In ohm, `inf` for open.
    """

    connect_wanted = Signal(str, float)
    disconnect_wanted = Signal()
    safe_wanted = Signal()
    resistance_wanted = Signal(float)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__("Rig", parent)
        self._chip = QtWidgets.QLabel()
        self._chip.setObjectName("rig_chip")
        self._rig = QtWidgets.QComboBox()
        self._rig.setObjectName("rig_choice")
        self._rig.setToolTip(
            "The simulated rig needs no hardware. A rig file names real instruments, their "
            "wiring and the limits of the device."
        )
        self._rig.addItem("Simulated rig", "")
        self._rig.activated.connect(self._chosen)
        browse = QtWidgets.QPushButton("Rig &file...")
        browse.setToolTip("Choose a rig file (TOML) of real instruments")
        browse.clicked.connect(self._browse)
        self._speed = QtWidgets.QComboBox()
        self._speed.setObjectName("rig_speed")
        self._speed.addItems(SPEEDS)
        self._speed.setCurrentText(FIRST_SPEED)
        self._speed.setToolTip("How fast the simulated rig goes, against real time")
        self._speed.activated.connect(self._speed_chosen)
        self._connect = QtWidgets.QPushButton("&Connect")
        self._connect.setObjectName("rig_connect")
        self._connect.clicked.connect(self._toggle)
        self._identity = QtWidgets.QLabel(wordWrap=True)
        self._identity.setObjectName("rig_identity")
        self._resistance = QtWidgets.QComboBox()
        self._resistance.setObjectName("rig_resistance")
        self._resistance.setToolTip(
            "Put a regulating resistance in parallel with the device by hand, with the output "
            "off; relays break before they make. A run selects its own states."
        )
        self._resistance.activated.connect(self._resistance_chosen)
        self._output = QtWidgets.QLabel()
        self._output.setObjectName("rig_output")
        self._safe = QtWidgets.QPushButton("&Safe: output off")
        self._safe.setObjectName("rig_safe")
        self._safe.setToolTip("Source to 0 and high-impedance, all relays open")
        self._safe.clicked.connect(self.safe_wanted)
        self._lay_out(browse)
        self._view = StationView()
        self.show_state(self._view, Allowed.in_state(self._view, False))

    def _lay_out(self, browse: QtWidgets.QPushButton) -> None:
        choice = QtWidgets.QHBoxLayout()
        choice.addWidget(self._rig, 1)
        choice.addWidget(browse)
        state = QtWidgets.QHBoxLayout()
        state.addWidget(self._chip)
        state.addStretch(1)
        state.addWidget(self._connect)
        form = QtWidgets.QFormLayout()
        self._speed_label = QtWidgets.QLabel("Speed")
        form.addRow(self._speed_label, self._speed)
        form.addRow("R in parallel", self._resistance)
        output = QtWidgets.QHBoxLayout()
        output.addWidget(self._output, 1)
        output.addWidget(self._safe)
        whole = QtWidgets.QVBoxLayout(self)
        whole.addLayout(choice)
        whole.addLayout(state)
        whole.addWidget(self._identity)
        whole.addLayout(form)
        whole.addLayout(output)

    @property
    def path(self) -> str:
        """The rig file that is chosen; "" for the simulated rig."""
        return str(self._rig.currentData() or "")

    @property
    def speed(self) -> float:
        """Speed of the simulated rig; 0 for no wait."""
        return SPEEDS[self._speed.currentText()] or 0.0

    def set_speed(self, name: str) -> None:
        """Choose one of `SPEEDS` for the simulated rig."""
        self._speed.setCurrentText(name)

    def choose(self, path: str) -> None:
        """Show a rig as the chosen one."""
        index = self._rig.findData(path)
        if index < 0:
            self._rig.addItem(Path(path).name, path)
            index = self._rig.count() - 1
            self._rig.setItemData(index, path, 3)  # as a tooltip
        self._rig.setCurrentIndex(index)
        for widget in (self._speed, self._speed_label):
            widget.setVisible(not path)

    def show_state(self, view: StationView, allowed: Allowed) -> None:
        """Follow the station."""
        self._view = view
        for widget in (self._rig, self._speed, self._connect):
            widget.setEnabled(allowed.rig)
        self._resistance.setEnabled(allowed.rig and view.connected)
        self._safe.setEnabled(allowed.abort)
        self._connect.setText("Dis&connect" if view.connected else "&Connect")
        chip = {
            Activity.AWAY: "no station", Activity.CONNECTING: "connecting",
            Activity.DISCONNECTED: "disconnected",
        }.get(view.activity, "SIMULATED" if view.simulated else "connected")  # fmt: skip
        if view.connected and view.output == "unknown":
            chip = "no answer"
        self._chip.setText(chip)
        theme.set_kind(self._chip, chip.split()[-1].lower())
        self._identity.setText(_identity(view))
        self._output.setText(view.output_words)
        theme.set_kind(self._output, view.output)
        self._output.setToolTip(view.output_text or "as read back from the instruments")
        self._show_states(view)

    def _show_states(self, view: StationView) -> None:
        states = [math.inf if s == "open" else float(s) for s in view.rig.get("states") or ()]
        shown = [self._resistance.itemData(k) for k in range(self._resistance.count())]
        if shown != states:
            self._resistance.clear()
            for state in states:
                text = "open" if math.isinf(state) else RESISTANCE.format(state)
                self._resistance.addItem(text, state)
        index = -1
        if view.resistance is not None:
            index = next((k for k, s in enumerate(states) if s == view.resistance), -1)
        self._resistance.setCurrentIndex(index)

    def _toggle(self) -> None:
        if self._view.connected:
            self.disconnect_wanted.emit()
        else:
            self._want()

    def _want(self) -> None:
        self.connect_wanted.emit(self.path, 0.0 if self.path else self.speed)

    def _chosen(self) -> None:
        self.choose(self.path)
        if self._view.connected:
            self.disconnect_wanted.emit()

    def _speed_chosen(self) -> None:
        if self._view.connected and self._view.simulated and not self.path:
            self._want()

    def _resistance_chosen(self) -> None:
        wanted: Any = self._resistance.currentData()
        if wanted is not None and wanted != self._view.resistance:
            self.resistance_wanted.emit(float(wanted))

    def _browse(self) -> None:
        path, _ = QtWidgets.QFileDialog.getOpenFileName(
            self, "Rig file", "", "Rig files (*.toml);;All files (*)"
        )
        if path:
            self.choose(path)
            self._chosen()


def _identity(view: StationView) -> str:
    if not view.connected:
        return "No instruments are connected."
    rig = view.rig
    limits = (
        f"device: at most {VOLTAGE.format(rig['max_voltage'])}, "
        f"{CURRENT.format(rig['max_current'])}"
    )
    return f"{rig['meter']}\n{rig['bank']}\n{limits}"

"""The source: what it is set to, and what it therefore forces on the device."""

from __future__ import annotations

from drivers.simulated.keithley_2450.models import HEADROOM, UNIT, Model, Quantity
from drivers.simulated.keithley_2450.smu_table import (
    GUARD,
    HIGHZ,
    NORMAL,
    OFF,
    ON,
    source_kinds,
)
from drivers.simulated.stage import Mode, OutputStage
from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.errors import conflict
from drivers.simulated.tsp.values import Kind, Value

_MODE: dict[Quantity, Mode] = {"v": "voltage", "i": "current"}


class Source:
    """Settings of both source functions, the selected one, and the output.

    Parameters
    ----------
    stage
        The analogue side.
    """

    def __init__(self, core: Core, stage: OutputStage, model: Model) -> None:
        self.core, self.stage, self.model = core, stage, model
        self.kinds: dict[Quantity, dict[str, Kind]] = {
            "v": source_kinds(model, "v"), "i": source_kinds(model, "i"),
        }  # fmt: skip
        self.reset()

    def reset(self) -> None:
        """Defaults, output off in the normal way."""
        self.settings: dict[Quantity, dict[str, Value]] = {
            "v": {name: kind.default for name, kind in self.kinds["v"].items()},
            "i": {name: kind.default for name, kind in self.kinds["i"].items()},
        }
        self.quantity: Quantity = "v"
        self.on = False
        self.settled = self.core.now
        """Bench time up to which a measurement waits for the source."""
        self._rest()

    @property
    def level(self) -> float:
        """What is sourced while the output is on, in V or A."""
        return float(self._own["level"])

    @property
    def range(self) -> float:
        """Full scale of the source, in V or A."""
        own = self._own
        if own["autorange"] == OFF:
            return float(own["range"])
        return self.model.lowest(self.quantity, self.level)

    @property
    def _own(self) -> dict[str, Value]:
        return self.settings[self.quantity]

    def select(self, quantity: Quantity) -> None:
        """Source the other quantity; the output goes off, its off state is the function's own."""
        if quantity == self.quantity:
            return
        self.on = False
        self.quantity = quantity
        self._rest()

    def switch(self, on: bool) -> None:
        """Turn the output on or off."""
        if not on:
            self.on = False
            self._rest()
            return
        self._check(self.level, self.range)
        self.on = True
        self._drive()
        unit = UNIT[self.quantity]
        self.core.log(f"output on, {self.level:.9g} {unit}, limit {self._own['limit']:.9g}")

    def write(self, quantity: Quantity, name: str, value: object) -> None:
        """Write an attribute of one function.

        Raises
        ------
        Fault
            The value is not acceptable, now or at all; nothing changed.
        """
        settings = self.settings[quantity]
        accepted = self.kinds[quantity][name].accept(f"smu.source.{name}", value)
        fixed = settings["autorange"] == OFF
        if name == "level":
            level = float(accepted)
            if fixed:
                self._check(level, float(settings["range"]))
        elif name == "range":
            accepted = self.model.lowest(quantity, float(accepted))
            self._check(float(settings["level"]), accepted)
            settings["autorange"] = OFF
        elif name == "autorange" and accepted == OFF and not fixed:
            settings["range"] = self.model.lowest(quantity, float(settings["level"]))
        elif name == "delay":
            settings["autodelay"] = OFF
        self._store(quantity, {name: accepted})

    def recall(self, quantity: Quantity, stored: dict[str, Value]) -> None:
        """Take over the settings of a configuration index."""
        if quantity != self.quantity:
            self.select(quantity)
        self._store(quantity, stored)

    def _store(self, quantity: Quantity, changes: dict[str, Value]) -> None:
        settings = self.settings[quantity]
        before = (settings["level"], settings["limit"], settings["range"], settings["offmode"])
        settings.update(changes)
        if quantity != self.quantity:
            return
        after = (settings["level"], settings["limit"], settings["range"], settings["offmode"])
        if self.on and before[:3] != after[:3]:
            self._drive()
            if before[0] != after[0]:
                self.core.log(f"level {settings['level']:.9g} {UNIT[quantity]}")
        elif not self.on and before[3] != after[3]:
            self._rest()

    def _check(self, level: float, full_scale: float) -> None:
        if abs(level) > full_scale * HEADROOM * (1 + 1e-9):
            unit = UNIT[self.quantity]
            raise conflict(f"{level:.9g} {unit} on the source range {full_scale:.9g} {unit}")

    def _drive(self) -> None:
        own, quantity = self._own, self.quantity
        self.stage.drive(
            self.core.now, _MODE[quantity], self.level, float(own["limit"]), self.range
        )
        self.settled = self.core.now + self._delay()

    def _delay(self) -> float:
        own = self._own
        if own["autodelay"] != ON:
            return float(own["delay"])
        amps = self.range if self.quantity == "i" else abs(float(own["limit"]))
        return self.model.autodelay[self.model.lowest("i", amps)]

    def _rest(self) -> None:
        """Leave the device to the off state of the present function."""
        own, now, mode = self._own, self.core.now, self._own["offmode"]
        lowest = self.model.ranges["v"][0]
        amps = self.range if self.quantity == "i" else abs(float(own["limit"]))
        if mode == HIGHZ:
            self.stage.drive(now, "high_z", 0.0, 0.0, lowest)
            what = "open"
        elif mode == GUARD:
            volts = self.range if self.quantity == "v" else abs(float(own["limit"]))
            self.stage.drive(now, "current", 0.0, 0.1 * volts, self.model.ranges["i"][0])
            what = "0 A"
        else:
            limit = 0.1 * self.model.lowest("i", amps) if mode == NORMAL else amps
            self.stage.drive(now, "zero", 0.0, limit, lowest)
            what = "0 V"
        self.core.log(f"output off, {what}")

"""The source of a channel: what it is set to, and what it therefore forces on the device."""

from __future__ import annotations

from drivers.simulated.keithley_2600b.models import (
    LIMIT_FLOOR,
    SOURCE_HEADROOM,
    UNIT,
    Quantity,
)
from drivers.simulated.keithley_2600b.settings import Settings
from drivers.simulated.keithley_2600b.smu_table import (
    DCVOLTS,
    DELAY_AUTO,
    HIGH_Z,
    LIMIT_AUTO,
    NORMAL,
    OFF,
    ON,
)
from drivers.simulated.stage import Mode, OutputStage
from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.errors import Fault

_MODE: dict[Quantity, Mode] = {"v": "voltage", "i": "current"}


class Source:
    """Turns settings and sweep actions into what the output stage is driven with.

    Parameters
    ----------
    name
        `smua` or `smub`.
    stage
        The analogue side.
    """

    def __init__(self, core: Core, name: str, stage: OutputStage, settings: Settings) -> None:
        self.core, self.name, self.stage, self.settings = core, name, stage, settings
        self.on = False
        self.level = 0.0
        """The level in effect, in A or V: the programmed one or that of a sweep step."""
        self._pulse_limit: float | None = None
        self._turn_off(HIGH_Z if settings.choice("source.offmode") == HIGH_Z else NORMAL)

    @property
    def quantity(self) -> Quantity:
        """What is sourced."""
        return self.settings.derived("quantity", self._quantity)

    def _quantity(self) -> Quantity:
        return "v" if self.settings.choice("source.func") == DCVOLTS else "i"

    @property
    def programmed(self) -> float:
        """The level that is sourced outside sweep steps, in A or V."""
        return self.settings.number(f"source.level{self.quantity}")

    def range(self, quantity: Quantity, level: float | None = None) -> float:
        """The source range, for the level when it follows that."""
        if self.settings.choice(f"source.autorange{quantity}") == OFF:
            return self.settings.number(f"source.range{quantity}")
        if level is None:
            own = quantity == self.quantity
            level = self.level if own else self.settings.number(f"source.level{quantity}")
        floor = self.settings.number(f"source.lowrange{quantity}")
        return self.settings.model.lowest(quantity, level, floor)

    def delay(self) -> float:
        """Time to wait after a step, in s."""
        delay = self.settings.number("source.delay")
        quantity = self.quantity
        if delay != DELAY_AUTO:
            return delay
        return self.settings.model.settling_time(quantity, self.range(quantity))

    def switch(self, output: int) -> None:
        """Turn the output on, off in the chosen way, or off with the relay open."""
        if output != ON:
            self._turn_off(HIGH_Z if output == HIGH_Z else self.settings.choice("source.offmode"))
            return
        self.check(self.programmed)
        self.check_safe()
        self.on = True
        self.force(self.programmed)
        unit = UNIT[self.quantity]
        self.core.log(f"{self.name} output on, {self.level:.9g} {unit}, limit {self._limit():.9g}")

    def set_level(self) -> None:
        """Source the programmed level, unless the output is off."""
        if self.on:
            self.force(self.programmed)

    def refresh(self) -> None:
        """Apply a changed function, range or limit to an output that is on."""
        if self.on:
            self._drive()

    def force(self, level: float, pulse_limit: float | None = None) -> None:
        """Source a level, with the limit of a sweep step when that has one of its own."""
        changed = level != self.level
        self.level, self._pulse_limit = level, pulse_limit
        if self.on:
            self._drive()
            if changed:
                self.core.log(f"{self.name} level {level:.9g} {UNIT[self.quantity]}")

    def check(self, level: float, full_scale: float | None = None) -> None:
        """Refuse a level that the fixed source range cannot hold."""
        quantity = self.quantity
        if full_scale is None:
            if self.settings.choice(f"source.autorange{quantity}") != OFF:
                return
            full_scale = self.settings.number(f"source.range{quantity}")
        if abs(level) > full_scale * SOURCE_HEADROOM:
            unit = UNIT[quantity]
            raise Fault(
                5005, f"Value too big for range: {level:.9g} {unit} on {full_scale:.9g} {unit}"
            )

    def check_safe(self) -> None:
        """Refuse a large current together with a large voltage."""
        quantity = self.quantity
        limit = self.settings.number("source.limiti" if quantity == "v" else "source.limitv")
        volts, amps = (self.programmed, limit) if quantity == "v" else (limit, self.programmed)
        most = [limit * SOURCE_HEADROOM for limit in self.settings.model.safe]
        if abs(volts) > most[0] and abs(amps) > most[1]:
            raise Fault(5007, "Operation would exceed safe operating area of the instrument")

    def sweep_limit(self) -> float | None:
        """The limit during sweep steps, None when it is the normal one."""
        limit = self.settings.number(f"trigger.source.limit{self._other}")
        return None if limit == LIMIT_AUTO else limit

    @property
    def _other(self) -> Quantity:
        return "i" if self.quantity == "v" else "v"

    def _limit(self) -> float:
        """The limit in effect; while a sweep has its own, 10 % of the larger one's range."""
        other = self._other
        normal = limit = self.settings.number(f"source.limit{other}")
        if self._pulse_limit is not None:
            limit = self._pulse_limit
            limit = max(limit, LIMIT_FLOOR * self.settings.model.lowest(other, max(limit, normal)))
        power = self.settings.number("source.limitp")
        if power and self.level:
            limit = min(limit, power / abs(self.level))
        return limit

    def _drive(self) -> None:
        quantity = self.quantity
        self.stage.drive(
            self.core.now, _MODE[quantity], self.level, self._limit(), self.range(quantity)
        )

    def _turn_off(self, mode: int) -> None:
        """Leave the device to the output-off state: 0 V, 0 A, or an open relay."""
        self.on = False
        settings, now = self.settings, self.core.now
        lowest_v = settings.model.ranges["v"][0]
        if mode == HIGH_Z:
            self.stage.drive(now, "high_z", 0.0, 0.0, lowest_v)
            what = "open"
        elif mode == NORMAL and settings.choice("source.offfunc") != DCVOLTS:
            limit = settings.number("source.offlimitv")
            self.stage.drive(now, "current", 0.0, limit, self.range("i"))
            what = "0 A"
        else:
            self.stage.drive(now, "zero", 0.0, self._off_limit(mode), lowest_v)
            what = "0 V"
        self.core.log(f"{self.name} output off, {what}")

    def _off_limit(self, mode: int) -> float:
        if mode == NORMAL:
            return self.settings.number("source.offlimiti")
        if self.quantity == "v":
            return self.settings.number("source.limiti")
        return max(abs(self.programmed), 0.1 * self.range("i"))

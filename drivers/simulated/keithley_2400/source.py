"""The source, the meter and the trigger model of a 2400.

    idle --INITiate--> ARM event --> trigger delay, source, source delay, measure --+
      ^                  ^                   ^                                      |
      |                  |                   +----------- TRIGger count ------------+
      +------------------+------------------- ARM count ----------------------------+

A timer passes at once the first time and then each time its interval has elapsed; a point that
takes longer delays the next (User's Manual, Triggering).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from drivers.simulated.keithley_2400.models import (
    CONFIGURATION,
    CONVERSION,
    HEADROOM,
    LATENCY,
    NORMAL_COMPLIANCE,
    OVERHEAD,
    OVERRANGE,
    SECOND_FUNCTION,
    ZERO_PHASES,
    ZEROING,
    Quantity,
    check_power,
    holding,
)
from drivers.simulated.scheduler import Scheduler
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.settings import Settings
from drivers.simulated.stage import OutputStage

OVERFLOW = 9.9e37
_OF_THE_SYSTEM = ("remote", "autozero", "line")
"""Settings whose header has no numeric suffix."""


@dataclass(frozen=True)
class Point:
    """The elements of one reading; None: neither measured nor sourced."""

    voltage: float | None
    current: float | None
    time: float
    status: int


class Source:
    """Sources, measures and steps through the trigger model.

    Parameters
    ----------
    find
        The instrument's settings, which are made after this.
    clock
        Its timestamp, in s.
    store
        Takes each point.
    log
        Writes into the journal.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        find: Callable[[], Settings],
        clock: Callable[[], float],
        stage: OutputStage,
        store: Callable[[Point], None],
        log: Callable[[str], None],
    ) -> None:
        self._scheduler, self._find, self._clock = scheduler, find, clock
        self.stage, self._store, self._log = stage, store, log
        self.on = self.running = False
        self.lists: dict[Quantity, tuple[float, ...]] = {"CURR": (), "VOLT": ()}
        self.functions: set[str] = {"CURR"}
        self._present = 0.0
        self._epoch = self._step = 0

    @property
    def settings(self) -> Settings:
        """The instrument's settings."""
        return self._find()

    def _number(self, name: str) -> float:
        return self.settings.number(name, *_suffixes(name))

    def _word(self, name: str) -> str:
        return self.settings.word(name, *_suffixes(name))

    def _flag(self, name: str) -> bool:
        return self.settings.flag(name, *_suffixes(name))

    @property
    def quantity(self) -> Quantity:
        """What is sourced."""
        return "CURR" if self._word("function") == "CURR" else "VOLT"

    @property
    def limited(self) -> Quantity:
        """What the compliance limits."""
        return "VOLT" if self.quantity == "CURR" else "CURR"

    @property
    def in_compliance(self) -> bool:
        """Whether the source is at its limit."""
        return self.on and self.stage.limited(self._scheduler.now)

    def switch(self, *, on: bool) -> None:
        """Turn the output on or off."""
        if on == self.on:
            return
        self.on = on
        now, mode = self._scheduler.now, self._word("off_mode")
        self._log("output on" if on else f"output off ({mode})")
        if on:
            self.force(self.level())
        elif mode == "HIMP":
            self.stage.drive(now, "high_z", 0.0, math.inf, 1.0)
        else:
            limit = self._number("CURR.limit") if mode == "ZERO" else (
                NORMAL_COMPLIANCE * self.range("CURR")
            )  # fmt: skip
            self.stage.drive(now, "zero", 0.0, limit, 1.0)

    def level(self) -> float:
        """The level of a fixed source."""
        return self._number(f"{self.quantity}.level")

    def force(self, level: float) -> None:
        """Go to a level."""
        self._present = level
        self.refresh()

    def refresh(self) -> None:
        """Force what the settings say, if the output is on."""
        if self.on:
            self.stage.drive(
                self._scheduler.now, "current" if self.quantity == "CURR" else "voltage",
                self._present, self._number(f"{self.limited}.limit"),
                self.range(self.quantity),
            )  # fmt: skip

    def range(self, quantity: Quantity) -> float:
        """The source's or the measuring range."""
        if quantity == self.quantity:
            if self._flag(f"{quantity}.auto"):
                return holding(quantity, self._present)
            return self._number(f"{quantity}.range") / HEADROOM
        if self._flag(f"sense.{quantity}.auto"):
            return holding(quantity, self._number(f"{quantity}.limit"))
        return self._number(f"sense.{quantity}.range") / HEADROOM

    def initiate(self, ended: Callable[[], None]) -> None:
        """Leave idle; `ended` is called when it is back.

        Raises
        ------
        ScpiError
            The output is off, or a level is beyond a fixed range.
        """
        if self.running:
            raise ScpiError(-213)
        if not self.on and not self._flag("clear_auto"):
            raise ScpiError(803, "Not permitted with OUTPUT off")
        self._levels = self._program()
        self._check(self._levels)
        self._ended, self.running = ended, True
        self._epoch += 1
        self._step = self._arms = 0
        self._entered = self._scheduler.now
        self._arm()

    def abort(self) -> None:
        """Return to idle at once; the output stays on."""
        self._epoch += 1
        self.running = False

    def _program(self) -> tuple[float, ...]:
        mode = self._word(f"{self.quantity}.mode")
        if mode == "LIST":
            return self.lists[self.quantity] or (0.0,)
        return (self.level(),)

    def _check(self, levels: tuple[float, ...]) -> None:
        quantity = self.quantity
        most = max(abs(level) for level in levels)
        fixed = self._word("sweep_ranging") == "FIX" or len(levels) == 1
        beyond = most > self._number(f"{quantity}.range") * (1 + 1e-9)
        if fixed and beyond and not self._flag(f"{quantity}.auto"):
            raise ScpiError(-222)
        limit = self._number(f"{self.limited}.limit")
        check_power(*((limit, most) if quantity == "CURR" else (most, limit)))

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        epoch = self._epoch

        def unless_aborted() -> None:
            if epoch == self._epoch:
                action()

        self._scheduler.at(self._scheduler.now + seconds, unless_aborted)

    def _arm(self) -> None:
        """Wait for the event of the ARM layer."""
        wait = 0.0
        if self._word("arm.source") == "TIM":
            due = self._entered + self._arms * self._number("arm.timer")
            wait = max(0.0, due - self._scheduler.now)
        self._arms += 1
        self._passes = 0
        self._later(wait, self._trigger)

    def _trigger(self) -> None:
        delay = self._number("trigger.delay")
        self._later(delay + LATENCY + CONFIGURATION, self._change)

    def _change(self) -> None:
        """The source goes to the next level of its list."""
        if not self.on:
            self.switch(on=True)
        self.force(self._levels[self._step % len(self._levels)])
        self._step += 1
        delay = self._number("source_delay")
        if self._flag("source_delay_auto"):
            delay += 1e-3
        self._later(delay, self._begin)

    def _begin(self) -> None:
        self._stamp, self._values = self._clock(), dict[Quantity, float]()
        self._compliance = False
        phases = ZERO_PHASES if self._word("autozero") == "ON" else 0
        self._later(phases * self._conversion, lambda: self._convert(sorted(self.functions)))

    @property
    def _aperture(self) -> float:
        return self._number("nplc") / self._number("line")

    @property
    def _conversion(self) -> float:
        return self._aperture + CONVERSION

    def _convert(self, left: list[str]) -> None:
        """Convert one function after another."""
        if not left:
            self._finish()
            return
        begun = self.stage.sample(self._scheduler.now)

        def converted() -> None:
            volts, amps = self.range("VOLT"), self.range("CURR")
            reading = self.stage.reading(begun, self.stage.sample(self._scheduler.now), volts, amps)
            self._compliance |= reading.limited
            quantity: Quantity = "CURR" if left[0] == "CURR" else "VOLT"
            self._values[quantity] = reading.voltage if quantity == "VOLT" else reading.current
            self._later(CONVERSION, lambda: self._convert(left[1:]))

        self._later(self._aperture, converted)

    def _finish(self) -> None:
        overhead = OVERHEAD[self.quantity]
        overhead += SECOND_FUNCTION * max(0, len(self.functions) - 1)
        if self._word("autozero") == "ON":
            overhead += ZEROING
        self._later(overhead, self._store_point)

    def _store_point(self) -> None:
        self._store(self._point())
        self._passes += 1
        counted = self._passes >= self._number("trigger.count")
        if self._flag("clear_auto") and (counted or self._word("clear_mode") == "ALW"):
            self.switch(on=False)
        if not counted:
            self._trigger()
        elif self._arms < self._number("arm.count"):
            self._arm()
        else:
            self.running = False
            self._ended()

    def _point(self) -> Point:
        values: dict[Quantity, float | None] = {"CURR": None, "VOLT": None}
        values[self.quantity] = self._present
        status = 4 | (8 if self._compliance else 0)
        status |= 1 << 15 if self.quantity == "CURR" else 1 << 14
        status |= 1 << 22 if self._flag("remote") else 0
        for quantity, value in self._values.items():
            status |= 1 << (11 if quantity == "VOLT" else 12)
            over = abs(value) > OVERRANGE * self.range(quantity)
            status |= int(over)
            values[quantity] = math.copysign(OVERFLOW, value) if over else value
        return Point(values["VOLT"], values["CURR"], self._stamp, status)


def _suffixes(name: str) -> tuple[int, ...]:
    return () if name in _OF_THE_SYSTEM else (1,)

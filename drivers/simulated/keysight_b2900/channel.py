"""One channel: its source, its meter, the readings of the present measurement, its trace."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from drivers.simulated.keysight_b2900.models import (
    OVERHEAD,
    QUANTITIES,
    RANGE_CHANGE,
    RANGES,
    RELAY,
    Quantity,
    headroom,
    holding,
    overrange,
)
from drivers.simulated.keysight_b2900.trigger import Done, Layer, Machine
from drivers.simulated.scheduler import Appointment, Scheduler
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.settings import Settings
from drivers.simulated.stage import OutputStage, Reading

MOST_READINGS = 100_000
"""Blocks that a channel's buffers keep."""


@dataclass(frozen=True)
class Block:
    """The elements of one reading; the value of what is not measured is None.

    Parameters
    ----------
    time
        Start of the measurement on the instrument's timer, in s.
    status
        Bits of Table 1-2 of the command reference.
    source
        Output setting.
    """

    voltage: float | None
    current: float | None
    time: float
    status: int
    source: float


class Trace:
    """The trace buffer."""

    def __init__(self) -> None:
        self.points, self.writing, self.delta = MOST_READINGS, False, False
        self.blocks: list[Block] = []

    def check_writable(self) -> None:
        """Its size, its feed and its content are changed only while nothing is written."""
        if self.writing:
            raise ScpiError(-221)

    def store(self, block: Block) -> None:
        """Keep a reading; a full buffer writes no more."""
        if self.writing:
            self.blocks.append(block)
            self.writing = len(self.blocks) < self.points

    @property
    def full(self) -> bool:
        """Whether no more fits."""
        return len(self.blocks) >= self.points


class Channel:
    """A channel.

    Parameters
    ----------
    number
        1 or 2.
    settings
        A function that finds the instrument's settings, which are made after the channels.
    clock
        The instrument's timer, in s, which gives readings their time.
    stage
        What it is wired to.
    changed
        Called when an action has begun or ended, or an event was lost (its name is given).
    """

    def __init__(
        self,
        number: int,
        scheduler: Scheduler,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        stage: OutputStage,
        changed: Callable[[str], None],
    ) -> None:
        self.number, self.stage = number, stage
        self._scheduler, self._find, self._clock = scheduler, settings, clock
        self._changed = changed
        self.on = False
        self.lists: dict[Quantity, tuple[float, ...]] = {"CURR": (0.0,), "VOLT": (0.0,)}
        self.functions = {"VOLT", "CURR"}
        self.data: list[Block] = []
        self.trace = Trace()
        self._present = 0.0
        self._open: Appointment | None = None
        self._epoch = 0
        self.transient = self._machine("TRAN", self._step, self._transient_ready)
        self.acquire = self._machine("ACQ", self._measure, self._acquire_ready)

    @property
    def _settings(self) -> Settings:
        return self._find()

    @property
    def busy(self) -> bool:
        """Whether an action is out of idle."""
        return self.transient.active or self.acquire.active

    @property
    def quantity(self) -> Quantity:
        """What is forced."""
        return "CURR" if self.word("mode") == "CURR" else "VOLT"

    @property
    def limited_quantity(self) -> Quantity:
        """What the compliance limits."""
        return "VOLT" if self.quantity == "CURR" else "CURR"

    def number_of(self, name: str) -> float:
        """A numeric setting of this channel."""
        return self._settings.number(name, self.number)

    def word(self, name: str) -> str:
        """A setting of this channel that is one of a few words."""
        return self._settings.word(name, self.number)

    def flag(self, name: str) -> bool:
        """A setting of this channel that is on or off."""
        return self._settings.flag(name, self.number)

    @property
    def line(self) -> float:
        """The power line's frequency in Hz."""
        return self._settings.number("line")

    @property
    def in_compliance(self) -> bool:
        """Whether the source is at its limit."""
        return self.on and self.stage.limited(self._scheduler.now)

    def set_aperture(self, seconds: float) -> None:
        """The averaging time of a reading, which all quantities share."""
        self._settings["aperture", self.number] = seconds

    def reset(self) -> None:
        """*RST."""
        self.abort()
        self.switch(on=False)
        self.lists = {"CURR": (0.0,), "VOLT": (0.0,)}
        self.functions = {"VOLT", "CURR"}
        self.data, self.trace = [], Trace()

    def switch(self, *, on: bool) -> None:
        """Turn the output on or off."""
        if on == self.on:
            return
        self.on = on
        now, mode = self._scheduler.now, self.word("off_mode")
        if self._open is not None:
            self._open.cancel()
        if on:
            self._present = self.number_of(f"{self.quantity}.level")
            self.refresh()
        elif mode == "HIZ":
            self.stage.drive(now, "high_z", 0.0, math.inf, 1.0)
        else:
            self.abort()
            self.stage.drive(now, "zero", 0.0, 1e-4, 1.0)
            if mode == "NORM":
                self._open = self._scheduler.at(
                    now + RELAY,
                    lambda: self.stage.drive(self._scheduler.now, "high_z", 0.0, math.inf, 1.0),
                )
        self._changed("output on" if on else f"output off ({mode})")

    def force(self, level: float) -> None:
        """Let the output go to a level."""
        self._present = level
        self.refresh()

    def refresh(self) -> None:
        """Force what the settings say, if the output is on."""
        if not self.on:
            return
        quantity = self.quantity
        self.stage.drive(
            self._scheduler.now, "current" if quantity == "CURR" else "voltage", self._present,
            self.number_of(f"{self.limited_quantity}.limit"), self.source_range(quantity),
        )  # fmt: skip

    def source_range(self, quantity: Quantity) -> float:
        """The range that the source is on."""
        if not self.flag(f"{quantity}.auto"):
            return self.number_of(f"{quantity}.range")
        if self.word(f"{quantity}.mode") == "LIST":
            return max(holding(quantity, level) for level in self.lists[quantity])
        levels = [self._present, self.number_of(f"{quantity}.triggered")]
        return max(holding(quantity, level) for level in levels)

    def check_levels(self) -> None:
        """Whether the levels of the coming program are within a fixed range."""
        quantity = self.quantity
        levels = {
            "LIST": self.lists[quantity],
            "SWE": self._sweep(quantity),
            "FIX": (self.number_of(f"{quantity}.triggered"),),
        }[self.word(f"{quantity}.mode")]
        for level in (min(levels), max(levels)):
            self.check_level(quantity, level)

    def check_level(self, quantity: Quantity, value: float) -> None:
        """Whether a level is within a range that is fixed.

        Raises
        ------
        ScpiError
            It is not.
        """
        if not self.flag(f"{quantity}.auto"):
            full = self.number_of(f"{quantity}.range")
            if abs(value) > full * headroom(quantity, full) * (1 + 1e-9):
                raise ScpiError(-222)

    def check_range(self, quantity: Quantity, full: float) -> float:
        """A range that is about to be fixed, if it holds the present level.

        Raises
        ------
        ScpiError
            It does not.
        """
        level = self.number_of(f"{quantity}.level")
        if abs(level) > full * headroom(quantity, full) * (1 + 1e-9):
            raise ScpiError(-221)
        return full

    def fix_range(self, quantity: Quantity) -> None:
        """A range was chosen by hand, which ends automatic ranging."""
        self._settings[f"{quantity}.auto", self.number] = False
        self.refresh()

    def abort(self) -> None:
        """End both actions; the output stays on at its present level."""
        self._epoch += 1
        self.transient.abort()
        self.acquire.abort()

    # The two actions.

    def _machine(
        self, name: str, action: Callable[[int, Done], None], ready: Callable[[], bool]
    ) -> Machine:
        def layer(prefix: str) -> Layer:
            key = f"{prefix}.{name}"
            return Layer(
                lambda: self.word(f"{key}.source"), lambda: self.number_of(f"{key}.count"),
                lambda: self.number_of(f"{key}.delay"), lambda: self.number_of(f"{key}.timer"),
            )  # fmt: skip

        return Machine(
            self._scheduler, layer("arm"), layer("trig"), action, ready,
            ended=self._ended, lost=lambda: self._changed(f"{name} lost"),
        )  # fmt: skip

    def _transient_ready(self) -> bool:
        """An automatic step follows the reading of the step before."""
        acquire = self.acquire
        return not (acquire.active and acquire.automatic) or acquire.steps >= self.transient.steps

    def _acquire_ready(self) -> bool:
        """An automatic reading follows its step."""
        transient = self.transient
        following = transient.active and transient.automatic
        return not following or transient.steps > self.acquire.steps

    def _ended(self) -> None:
        if not self.busy:
            if self.word(f"{self.quantity}.mode") != "FIX":
                # "Output after sweep" is the start value, that before the sweep, unless set.
                self.force(self.number_of(f"{self.quantity}.level"))
            if self.flag("off_auto"):
                self.switch(on=False)
        self._changed("idle")

    def _step(self, step: int, done: Done) -> None:
        """One source action: a level, or a pulse."""
        level = self._level(step)
        if self.word("shape") == "DC":
            self.force(level)
            self._soon(0.0, lambda: self._after_step(done))
            return
        delay, width = self.number_of("pulse_delay"), self.number_of("pulse_width")
        base = self.number_of(f"{self.quantity}.level")
        self._soon(delay, lambda: self.force(level))
        self._soon(delay + width, lambda: self._end_pulse(base, done))
        self.acquire.look()

    def _end_pulse(self, base: float, done: Done) -> None:
        self.force(base)
        self._after_step(done)

    def _after_step(self, done: Done) -> None:
        done()
        self.acquire.look()

    def _level(self, step: int) -> float:
        quantity = self.quantity
        mode = self.word(f"{quantity}.mode")
        if mode == "FIX":
            return self.number_of(f"{quantity}.triggered")
        levels = self.lists[quantity] if mode == "LIST" else self._sweep(quantity)
        return levels[step % len(levels)]

    def _sweep(self, quantity: Quantity) -> tuple[float, ...]:
        start, stop = (self.number_of(f"{quantity}.{name}") for name in ("start", "stop"))
        points = round(self.number_of("sweep_points"))
        if self.word("sweep_direction") == "DOWN":
            start, stop = stop, start
        if points == 1:
            return (start,)
        if self.word("sweep_spacing") == "LOG":
            if start * stop <= 0:
                raise ScpiError(-221)
            return tuple(start * (stop / start) ** (k / (points - 1)) for k in range(points))
        return tuple(start + (stop - start) * k / (points - 1) for k in range(points))

    def _measure(self, _step: int, done: Done) -> None:
        """One reading: its aperture, what a range change adds, its overhead."""
        begun, stamp = self.stage.sample(self._scheduler.now), self._clock()
        aperture = self._settings.number("aperture", self.number)

        def finish() -> None:
            reading = self.stage.reading(
                begun, self.stage.sample(self._scheduler.now),
                self.measuring_range("VOLT"), self.measuring_range("CURR"),
            )  # fmt: skip
            self._store(reading, stamp)
            self._soon(self._overhead(), lambda: self._after_reading(done))

        self._soon(aperture, finish)

    def _after_reading(self, done: Done) -> None:
        done()
        self.transient.look()

    def _overhead(self) -> float:
        limited = self.limited_quantity
        own = self.number_of(f"sense.{limited}.range")
        changes = self.flag(f"sense.{limited}.auto") or own < holding(
            limited, self.number_of(f"{limited}.limit")
        )
        return OVERHEAD + (RANGE_CHANGE if changes and limited in self.functions else 0.0)

    def measuring_range(self, quantity: Quantity) -> float:
        """The range of a measurement: the source's own of what it forces."""
        if quantity == self.quantity:
            return self.source_range(quantity)
        if self.flag(f"sense.{quantity}.auto"):
            return holding(quantity, self.number_of(f"{quantity}.limit"))
        return self.number_of(f"sense.{quantity}.range")

    def _store(self, reading: Reading, stamp: float) -> None:
        values: dict[Quantity, float | None] = {"VOLT": reading.voltage, "CURR": reading.current}
        status = int(self.quantity == "CURR") | (2 if reading.limited else 0)
        for quantity in QUANTITIES:
            value, full = values[quantity], self.measuring_range(quantity)
            if quantity not in self.functions:
                values[quantity] = None
            elif value is not None and abs(value) > full * overrange(quantity, full):
                status |= 8192
                values[quantity] = math.copysign(math.inf, value)
        block = Block(values["VOLT"], values["CURR"], round(stamp, 6), status, self._present)
        if len(self.data) < MOST_READINGS:
            self.data.append(block)
        self.trace.store(block)

    def _soon(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a while, unless the actions are aborted before."""
        epoch = self._epoch

        def unless_aborted() -> None:
            if epoch == self._epoch:
                action()

        if seconds > 0:
            self._scheduler.at(self._scheduler.now + seconds, unless_aborted)
        else:
            action()


def full_scale(quantity: Quantity, value: float) -> float:
    """The range that a value for :RANGe selects: the lowest whose full scale it does not pass.

    Raises
    ------
    ScpiError
        None is that high.
    """
    for full in RANGES[quantity]:
        if abs(value) <= full * (1 + 1e-9):
            return full
    raise ScpiError(-222)

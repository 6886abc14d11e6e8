"""The meter of a channel: delays, apertures, filters, and what goes into the buffers."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.simulated.keithley_2600b.buffers import (
    AUTO_MEASURE,
    AUTO_SOURCE,
    COMPLIANCE,
    FILTERED,
    FOUR_WIRE,
    RELATIVE,
    ReadingBuffer,
    StoredReading,
)
from drivers.simulated.keithley_2600b.models import (
    MEASURE_HEADROOM,
    MEASURE_OVERHEAD,
    OVERFLOW,
    Quantity,
)
from drivers.simulated.keithley_2600b.smu_table import DELAY_AUTO, MEDIAN, OFF, REMOTE, REPEAT
from drivers.simulated.keithley_2600b.source import Source
from drivers.simulated.scheduler import Appointment
from drivers.simulated.stage import Reading, Sample
from drivers.simulated.tsp.core import Core

_FUNCTION = {"v": "Voltage", "i": "Current", "r": "Resistance", "p": "Power"}
_CONDITIONS = {
    "voltage_limit": 1, "current_limit": 2, "reading_overflow": 128, "buffer_available": 256,
}  # fmt: skip
"""What the status model is told of readings, with the bits of the channel's register."""
_READS: dict[str, tuple[Quantity, ...]] = {
    "v": ("v",),
    "i": ("i",),
    "r": ("v", "i"),
    "p": ("v", "i"),
}


@dataclass(frozen=True)
class Acquisition:
    """What to measure and where to put it.

    Parameters
    ----------
    functions
        `v`, `i`, `r`, `p` or `iv`.
    buffers
        Buffer of each function that is stored.
    count
        Number of readings.
    """

    functions: str
    buffers: Mapping[str, ReadingBuffer]
    count: int = 1


class Meter:
    """Makes one acquisition at a time, on the instrument's clock.

    Voltage and current of a reading come from the same aperture. Automatic ranging picks the
    range that the aperture's mean needs and takes no time of its own; nor does autozero.
    """

    def __init__(self, core: Core, source: Source, bit: int) -> None:
        self.core, self.source, self._bit = core, source, bit
        self.busy = False
        self.last: dict[str, float] = {}
        """The last reading of each function."""
        self._limited = False
        self._next: Appointment | None = None
        self._stacks: dict[str, deque[float]] = {}
        status = core.status
        self._register = status[f"measurement.instrument.{source.name}"]
        self._summaries = {name: status[f"measurement.{name}"] for name in _CONDITIONS}

    def start(self, acquisition: Acquisition, done: Callable[[], None]) -> None:
        """Begin, and call `done` when the last reading is stored."""
        self.busy = True
        self._acquisition, self._done = acquisition, done
        self._left = acquisition.count
        for buffer in acquisition.buffers.values():
            buffer.pending += 1
        delay = self._delay(acquisition.functions)
        if delay:
            self._at(self.core.now + delay, self._begin_reading)
        else:
            self._begin_reading()

    def abort(self) -> None:
        """Drop what is under way."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self.busy:
            self._release()

    def range(self, quantity: Quantity) -> float:
        """The measuring range: that of the source when it sources the same quantity."""
        if quantity == self.source.quantity:
            return self.source.range(quantity)
        return self.source.settings.number(f"measure.range{quantity}")

    def _at(self, t: float, action: Callable[[], None]) -> None:
        self._next = self.core.scheduler.at(t, action)

    def _delay(self, functions: str) -> float:
        settings = self.source.settings
        delay = settings.number("measure.delay")
        if delay != DELAY_AUTO:
            return delay
        if functions == "v":
            return 0.0
        settling = settings.model.settling_time("i", self.range("i"))
        return settling * settings.number("measure.delayfactor")

    def _begin_reading(self) -> None:
        self._begun = self.core.now
        settings = self.source.settings
        filtering = settings.choice("measure.filter.enable") and (
            settings.choice("measure.filter.type") == REPEAT
        )
        self._conversions = settings.choice("measure.filter.count") if filtering else 1
        self._readings: list[Reading] = []
        self._convert()

    def _convert(self) -> None:
        now = self.core.now
        aperture = self.source.settings.number("measure.nplc") / self.core.linefreq
        self._sample: Sample = self.source.stage.sample(now)
        self._at(now + aperture, self._converted)

    def _converted(self) -> None:
        self._readings.append(self._read(self.source.stage.sample(self.core.now)))
        self._conversions -= 1
        self._at(
            self.core.now + MEASURE_OVERHEAD,
            self._convert if self._conversions else self._finish_reading,
        )

    def _read(self, end: Sample) -> Reading:
        settings, stage = self.source.settings, self.source.stage
        model = settings.model
        ranges = {q: self.range(q) for q in model.ranges}
        reading = stage.reading(self._sample, end, ranges["v"], ranges["i"])
        values: dict[Quantity, float] = {"v": reading.voltage, "i": reading.current}
        automatic = settings.derived("automatic", self._automatic)
        for q in automatic:
            floor = settings.number(f"measure.lowrange{q}")
            ranges[q] = model.lowest(q, min(abs(values[q]), model.ranges[q][-1]), floor)
            settings[f"measure.range{q}"] = ranges[q]
        if automatic:
            reading = stage.reading(self._sample, end, ranges["v"], ranges["i"])
        return reading

    def _automatic(self) -> list[Quantity]:
        """What is measured with automatic ranging."""
        return [
            q
            for q in self.source.settings.model.ranges
            if q != self.source.quantity
            and self.source.settings.choice(f"measure.autorange{q}") != OFF
        ]

    def _finish_reading(self) -> None:
        self._limited = any(r.limited for r in self._readings)
        self.note_compliance(self._limited)
        volts = statistics.fmean([r.voltage for r in self._readings])
        amps = statistics.fmean([r.current for r in self._readings])
        for function in self._acquisition.functions:
            self._store(function, volts, amps)
        self._left -= 1
        if not self._left:
            self._release()
            self._done()
            return
        interval = self.source.settings.number("measure.interval")
        self._at(max(self.core.now, self._begun + interval), self._begin_reading)

    def _store(self, function: str, volts: float, amps: float) -> None:
        settings, source = self.source.settings, self.source
        value, status = self._value(function, volts, amps), 0
        if settings.choice(f"measure.rel.enable{function}"):
            value -= settings.number(f"measure.rel.level{function}")
            status |= RELATIVE
        if settings.choice("measure.filter.enable"):
            value = self._filtered(function, value)
            status |= FILTERED
        self.last[function] = value
        buffer = self._acquisition.buffers.get(function)
        if buffer is None:
            return
        main: Quantity = "v" if function in ("v", "r") else "i"
        quantity = source.quantity
        buffer.store(
            StoredReading(
                readings=value,
                time=self._begun,
                statuses=float(status | self._conditions(function)),
                sourcevalues=source.level,
                measurefunctions=_FUNCTION[function],
                measureranges=self.range(main),
                sourcefunctions=_FUNCTION[quantity],
                sourceranges=source.range(quantity),
                sourceoutputstates="On" if source.on else "Off",
            )
        )
        self._note("buffer_available", True)

    def _value(self, function: str, volts: float, amps: float) -> float:
        values: dict[Quantity, float] = {"v": volts, "i": amps}
        over = False
        for q in _READS[function]:
            over = over or abs(values[q]) > self.range(q) * MEASURE_HEADROOM
        self._note("reading_overflow", over)
        if over:
            return OVERFLOW
        if function == "r":
            return volts / amps if amps else OVERFLOW
        return volts * amps if function == "p" else values["v" if function == "v" else "i"]

    def _conditions(self, function: str) -> int:
        bits = self.source.settings.derived(
            f"conditions of {function}", lambda: self._setting_bits(function)
        )
        return bits | (COMPLIANCE if self._limited else 0)

    def _setting_bits(self, function: str) -> int:
        settings, source = self.source.settings, self.source
        measured = any(
            q != source.quantity and settings.choice(f"measure.autorange{q}") != OFF
            for q in _READS[function]
        )
        bits = AUTO_MEASURE if measured else 0
        if settings.choice(f"source.autorange{source.quantity}") != OFF:
            bits |= AUTO_SOURCE
        if settings.choice("sense") == REMOTE:
            bits |= FOUR_WIRE
        return bits

    def _filtered(self, function: str, value: float) -> float:
        settings = self.source.settings
        kind, count = (
            settings.choice("measure.filter.type"),
            settings.choice("measure.filter.count"),
        )
        if kind == REPEAT:
            return value
        stack = self._stacks.setdefault(function, deque())
        stack.append(value)
        while len(stack) > count:
            stack.popleft()
        return statistics.median(stack) if kind == MEDIAN else statistics.fmean(stack)

    def note_compliance(self, limited: bool) -> None:
        """Bring the status model up to date with the state of the limit."""
        volts = self.source.quantity == "i"
        self._note("voltage_limit", limited and volts)
        self._note("current_limit", limited and not volts)

    def _note(self, condition: str, on: bool) -> None:
        bit = _CONDITIONS[condition]
        if bool(self._register.condition & bit) == on:
            return
        self._register.put(bit, on)
        self._summaries[condition].put(self._bit, on)

    def _release(self) -> None:
        self.busy = False
        for buffer in self._acquisition.buffers.values():
            buffer.pending -= 1

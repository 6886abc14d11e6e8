"""The meter: apertures, ranges, and what goes into the buffers.

Automatic ranging picks the range that the reading needs and takes no time of its own; nor does
autozero, which measures its references now and then. A reading takes one aperture, and one more
before it with source readback; that this is an aperture is inferred, the manual only says that
it takes time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from drivers.simulated.keithley_2450.buffers import (
    LIMIT,
    OUTPUT,
    READBACK,
    SENSE,
    ReadingBuffer,
    StoredReading,
)
from drivers.simulated.keithley_2450.models import (
    HEADROOM,
    MEASURE_OVERHEAD,
    OVERFLOW,
    Model,
    Quantity,
)
from drivers.simulated.keithley_2450.smu_table import (
    OFF,
    ON,
    REPEAT,
    SENSE_4WIRE,
    measure_kinds,
)
from drivers.simulated.keithley_2450.source import Source
from drivers.simulated.scheduler import Appointment
from drivers.simulated.stage import Reading, Sample
from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.values import Kind, Value

FUNCTIONS = ("v", "i", "r")
ENDLESS = -1
"""Count of readings that go on until they are stopped."""


class Meter:
    """Makes one series of readings at a time, on the instrument's clock."""

    def __init__(self, core: Core, source: Source, model: Model) -> None:
        self.core, self.source, self.model = core, source, model
        self.kinds: dict[str, dict[str, Kind]] = {f: measure_kinds(model, f) for f in FUNCTIONS}
        self._next: Appointment | None = None
        self._buffer: ReadingBuffer | None = None
        self.reset()

    def reset(self) -> None:
        """Restore every default."""
        self.settings: dict[str, dict[str, Value]] = {
            f: {name: kind.default for name, kind in kinds.items()}
            for f, kinds in self.kinds.items()
        }
        self.function = "i"
        self.count = 1
        self.last = 0.0
        self.limited = False
        """Whether the source was limited during the last reading."""

    @property
    def busy(self) -> bool:
        """Whether readings are under way."""
        return self._buffer is not None

    def start(
        self, buffer: ReadingBuffer, count: int, done: Callable[[], None] = lambda: None
    ) -> None:
        """Make readings, and call `done` when the last one is stored."""
        self._buffer, self._left, self._done = buffer, count, done
        buffer.pending += 1
        self._at(max(self.core.now, self.source.settled), self._begin)

    def abort(self) -> None:
        """End the readings that are under way."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._buffer is not None:
            self._buffer.pending -= 1
            self._buffer = None

    def write(self, function: str, name: str, value: object) -> None:
        """Write an attribute of a function."""
        settings = self.settings[function]
        accepted = self.kinds[function][name].accept(f"smu.measure.{name}", value)
        if name == "range" and function != "r":
            accepted = self.model.lowest(_quantity(function), float(accepted))
        if name == "range":
            settings["autorange"] = OFF
        settings[name] = accepted

    def range(self, function: str) -> float:
        """Full scale of a quantity: that of the source when it sources it."""
        if function == self.source.quantity:
            return self.source.range
        return float(self.settings[function]["range"])

    def _at(self, t: float, action: Callable[[], None]) -> None:
        self._next = self.core.scheduler.at(t, action)

    def _begin(self) -> None:
        settings = self.settings[self.function]
        averaged = settings["filter.enable"] == ON and settings["filter.type"] == REPEAT
        self._conversions = int(settings["filter.count"]) if averaged else 1
        self._aperture = float(settings["nplc"]) / self.core.linefreq
        self._values: list[float] = []
        self.limited = False
        self._sample: Sample = self.source.stage.sample(self.core.now)
        own = self.source.settings[self.source.quantity]
        self._readback: float | None = None
        if own["readback"] == ON:
            self._at(self.core.now + self._aperture, self._read_back)
        else:
            self._begun = self.core.now
            self._at(self.core.now + self._aperture, self._converted)

    def _read_back(self) -> None:
        reading = self._reading()
        self._readback = reading.voltage if self.source.quantity == "v" else reading.current
        self._begun = self.core.now
        self._convert()

    def _convert(self) -> None:
        self._sample = self.source.stage.sample(self.core.now)
        self._at(self.core.now + self._aperture, self._converted)

    def _reading(self) -> Reading:
        volts, amps = self.range("v"), self.range("i")
        end = self.source.stage.sample(self.core.now)
        reading = self.source.stage.reading(self._sample, end, volts, amps)
        self.limited = self.limited or reading.limited
        return reading

    def _converted(self) -> None:
        self._values.append(self._value(self._reading()))
        self._conversions -= 1
        if self._conversions:
            self._convert()
            return
        self._at(self.core.now + MEASURE_OVERHEAD[self.function], self._finish)

    def _value(self, reading: Reading) -> float:
        if self.function == "r":
            return reading.voltage / reading.current if reading.current else OVERFLOW
        value = reading.voltage if self.function == "v" else reading.current
        settings, quantity = self.settings[self.function], _quantity(self.function)
        if self.function != self.source.quantity and settings["autorange"] == ON:
            most = self.model.ranges[quantity][-1]
            floor = float(settings["autorangelow"])
            settings["range"] = self.model.lowest(quantity, min(abs(value), most), floor)
        return OVERFLOW if abs(value) > self.range(self.function) * HEADROOM else value

    def _finish(self) -> None:
        buffer, source = self._buffer, self.source
        if buffer is None:
            return
        settings = self.settings[self.function]
        value = statistics.fmean(self._values)
        if settings["rel.enable"] == ON:
            value -= float(settings["rel.level"])
        self.last = value
        buffer.store(
            StoredReading(
                readings=value,
                time=self._begun,
                sourcevalues=source.level if self._readback is None else self._readback,
                sourcestatuses=float(self._status(settings)),
                function=self.function,
                source=source.quantity,
            )
        )
        self._left -= 1
        if self._left == 0:
            done = self._done
            self.abort()
            done()
        else:
            self._begin()

    def _status(self, settings: dict[str, Value]) -> int:
        bits = READBACK if self._readback is not None else 0
        bits |= LIMIT if self.limited else 0
        bits |= SENSE if settings["sense"] == SENSE_4WIRE else 0
        return bits | (OUTPUT if self.source.on else 0)


def _quantity(function: str) -> Quantity:
    return "v" if function == "v" else "i"

"""The source and the meter of the instrument, as scripts set and use them."""

from __future__ import annotations

from functools import partial

from drivers.simulated.keithley_2450.buffers import ReadingBuffer
from drivers.simulated.keithley_2450.events import WARN, Events
from drivers.simulated.keithley_2450.meter import Meter
from drivers.simulated.keithley_2450.models import LIMIT_SHARE, Model, Quantity
from drivers.simulated.keithley_2450.smu_table import (
    CONSTANTS,
    MEASURE_ATTRIBUTES,
    MEASURES,
    OFF,
    ON,
    SOURCE_ATTRIBUTES,
    SOURCES,
    Named,
    names,
    switch,
)
from drivers.simulated.keithley_2450.source import Source
from drivers.simulated.stage import OutputStage
from drivers.simulated.tsp.core import Core, Wait
from drivers.simulated.tsp.errors import Fault, conflict
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number

_FUNCTION = Named("smu.FUNC_DC_VOLTAGE", tuple(SOURCES))
_MEASURED = Named("smu.FUNC_DC_CURRENT", tuple(MEASURES))
_COUNT = Number(1, 1, 300_000, whole=True)
_TERMINALS = names("TERMINALS_FRONT", "TERMINALS_")
_SWITCH = switch(OFF)


class Smu:
    """Everything below `smu` but the configuration lists and sweeps.

    Parameters
    ----------
    default
        Where readings go that no buffer is named for.
    """

    def __init__(
        self, core: Core, stage: OutputStage, model: Model, events: Events, default: ReadingBuffer
    ) -> None:
        self.core, self.model, self._events, self._default = core, model, events, default
        self.source = Source(core, stage, model)
        self.meter = Meter(core, self.source, model)
        self.terminals = _TERMINALS.default

    def reset(self) -> None:
        """Output off, defaults restored."""
        self.meter.abort()
        self.source.reset()
        self.meter.reset()
        self.terminals = _TERMINALS.default

    def namespace(self) -> Namespace:
        """The `smu` table."""
        root = Namespace(constants=CONSTANTS, functions={"reset": self.reset})
        root.attribute("terminals", lambda: self.terminals, self._set_terminals)
        source, measure = root.at("source"), root.at("measure")
        source.attribute("func", lambda: _key(SOURCES, self.source.quantity), self._set_func)
        source.attribute("output", lambda: ON if self.source.on else OFF, self._set_output)
        for name in self.source.settings["v"]:
            if name != "limit":
                above, _, last = name.rpartition(".")
                source.at(above).attribute(
                    last, partial(self.read_source, name), partial(self.write_source, name)
                )
        quantities: tuple[Quantity, ...] = ("i", "v")
        for other in quantities:
            space = source.at(f"{other}limit")
            space.attribute("level", partial(self._limit, other), partial(self._set_limit, other))
            space.attribute("tripped", partial(self._tripped, other))
        source.at("protect").attribute("tripped", lambda: OFF)
        source.functions |= {"setattribute": self._set_attribute, "getattribute": self._attribute}
        self._add_measure(measure)
        return root

    def _add_measure(self, measure: Namespace) -> None:
        meter = self.meter
        measure.attribute("func", lambda: _key(MEASURES, meter.function), self._set_measured)
        measure.attribute("count", lambda: meter.count, self._set_count)
        measure.attribute("terminals", lambda: self.terminals, self._set_terminals)
        for name in meter.settings["v"]:
            above, _, last = name.rpartition(".")
            measure.at(above).attribute(
                last, partial(self._read_measure, name), partial(self.write_measure, name)
            )
        measure.at("autozero").functions["once"] = lambda: None
        measure.blocking["read"] = self._read
        measure.blocking["readwithtime"] = self._read
        measure.functions |= {
            "setattribute": self._set_measure_attribute,
            "getattribute": self._measure_attribute,
        }

    # The source.

    def read_source(self, name: str) -> object:
        """An attribute of the present source function."""
        source = self.source
        return source.range if name == "range" else source.settings[source.quantity][name]

    def write_source(self, name: str, value: object) -> None:
        """Write an attribute of the present source function.

        Raises
        ------
        Fault
            The value is not acceptable, now or at all; nothing changed.
        """
        self.source.write(self.source.quantity, name, value)

    def _set_func(self, value: object) -> None:
        self.source.select(SOURCES[_FUNCTION.accept("smu.source.func", value)])

    def _set_output(self, value: object) -> None:
        self.source.switch(_SWITCH.accept("smu.source.output", value) == ON)

    def _limit(self, other: Quantity) -> object:
        source = self.source
        own: Quantity = "i" if other == "v" else "v"
        return source.settings[own]["limit"]

    def _set_limit(self, other: Quantity, value: object) -> None:
        source = self.source
        if other == source.quantity:
            raise conflict(f"the {other} limit is not that of the present source function")
        accepted = abs(float(source.kinds[source.quantity]["limit"].accept("limit", value)))
        if accepted < (least := self._least_limit(other)) * (1 - 1e-9):
            raise conflict(f"limit {accepted:.9g} is below {least:.9g}, 10.6 % of the range")
        source.write(source.quantity, "limit", accepted)

    def _least_limit(self, other: Quantity) -> float:
        """What the measuring range of the limited quantity allows."""
        settings = self.meter.settings[other]
        full = self.model.ranges[other][0]
        return LIMIT_SHARE * (float(settings["range"]) if settings["autorange"] == OFF else full)

    def _tripped(self, other: Quantity) -> str | None:
        if other == self.source.quantity:
            return None
        limited = self.source.on and self.source.stage.limited(self.core.now)
        return ON if limited else OFF

    def _set_attribute(self, function: object, attribute: object, value: object) -> None:
        self.source.write(*self._addressed(function, attribute), value)

    def _attribute(self, function: object, attribute: object) -> object:
        quantity, name = self._addressed(function, attribute)
        return self.source.settings[quantity][name]

    def _addressed(self, function: object, attribute: object) -> tuple[Quantity, str]:
        quantity = SOURCES[_FUNCTION.accept("function", function)]
        name = str(attribute).removeprefix("smu.")
        if name not in SOURCE_ATTRIBUTES:
            raise Fault(-224, "Illegal parameter value: setting takes a smu.ATTR_SRC_ constant")
        return quantity, SOURCE_ATTRIBUTES[name]

    # The meter.

    def _set_measure_attribute(self, function: object, attribute: object, value: object) -> None:
        self._write_measure(*self._measured(function, attribute), value)

    def _measure_attribute(self, function: object, attribute: object) -> object:
        chosen, name = self._measured(function, attribute)
        return self.meter.settings[chosen][name]

    def _measured(self, function: object, attribute: object) -> tuple[str, str]:
        chosen = MEASURES[_MEASURED.accept("function", function)]
        name = str(attribute).removeprefix("smu.")
        if name not in MEASURE_ATTRIBUTES:
            raise Fault(-224, "Illegal parameter value: setting takes a smu.ATTR_MEAS_ constant")
        return chosen, MEASURE_ATTRIBUTES[name]

    def _set_terminals(self, value: object) -> None:
        self.terminals = _TERMINALS.accept("smu.terminals", value)

    def _set_measured(self, value: object) -> None:
        self.meter.function = MEASURES[_MEASURED.accept("smu.measure.func", value)]

    def _set_count(self, value: object) -> None:
        self.meter.count = int(_COUNT.accept("smu.measure.count", value))

    def _read_measure(self, name: str) -> object:
        meter = self.meter
        if name == "range" and meter.function != "r":
            return meter.range(meter.function)
        return meter.settings[meter.function][name]

    def write_measure(self, name: str, value: object) -> None:
        """Write an attribute of the present measuring function."""
        self._write_measure(self.meter.function, name, value)

    def _write_measure(self, function: str, name: str, value: object) -> None:
        self.meter.write(function, name, value)
        source = self.source
        if name not in ("range", "autorange") or function in ("r", source.quantity):
            return
        other: Quantity = "i" if source.quantity == "v" else "v"
        least = self._least_limit(other)
        if float(source.settings[source.quantity]["limit"]) < least:
            source.write(source.quantity, "limit", least)
            text = f"Source limit set to {least:.9g}, the least that the measure range allows"
            self._events.happen(5074, text, WARN)

    def _read(self, buffer: object = None) -> Wait:
        target = self._default if buffer is None else ReadingBuffer.of(buffer)
        if self.meter.busy:
            raise conflict("the trigger model is measuring")
        self.meter.start(target, self.meter.count)
        return Wait(lambda: not self.meter.busy, lambda: (self.meter.last,))


def _key(table: dict[str, Quantity] | dict[str, str], value: str) -> str:
    return next(name for name, known in table.items() if known == value)

"""The attributes of the `smu` table: constants, limits and defaults.

The instrument keeps every attribute of a source function and of a measuring function apart: what
is written counts for the function that is selected, and is there again when that is selected
next (2450 reference manual, `smu.source.func` and `smu.measure.func`).
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.simulated.keithley_2450.models import HEADROOM, Model, Quantity
from drivers.simulated.tsp.errors import Fault
from drivers.simulated.tsp.values import Kind, Number

ON, OFF = "smu.ON", "smu.OFF"
NORMAL, ZERO, HIGHZ, GUARD = (
    f"smu.OFFMODE_{name}" for name in ("NORMAL", "ZERO", "HIGHZ", "GUARD")
)
SOURCES: dict[str, Quantity] = {"smu.FUNC_DC_VOLTAGE": "v", "smu.FUNC_DC_CURRENT": "i"}
MEASURES = {**SOURCES, "smu.FUNC_RESISTANCE": "r"}
SENSE_2WIRE, SENSE_4WIRE = "smu.SENSE_2WIRE", "smu.SENSE_4WIRE"
REPEAT = "smu.FILTER_REPEAT_AVG"
DELAY_AUTO = "smu.DELAY_AUTO"
SOURCE_ATTRIBUTES = {
    "ATTR_SRC_DELAY": "delay", "ATTR_SRC_DELAY_AUTO": "autodelay", "ATTR_SRC_HIGHC": "highc",
    "ATTR_SRC_LEVEL": "level", "ATTR_SRC_LIMIT_LEVEL": "limit", "ATTR_SRC_OFFMODE": "offmode",
    "ATTR_SRC_RANGE": "range", "ATTR_SRC_RANGE_AUTO": "autorange",
    "ATTR_SRC_READBACK": "readback", "ATTR_SRC_PROTECT_LEVEL": "protect.level",
}  # fmt: skip
"""Names by which `smu.source.setattribute` knows the attributes of a source function."""

MEASURE_ATTRIBUTES = {
    "ATTR_MEAS_AUTO_ZERO": "autozero.enable", "ATTR_MEAS_DIGITS": "displaydigits",
    "ATTR_MEAS_FILTER_COUNT": "filter.count", "ATTR_MEAS_FILTER_ENABLE": "filter.enable",
    "ATTR_MEAS_FILTER_TYPE": "filter.type", "ATTR_MEAS_MATH_ENABLE": "math.enable",
    "ATTR_MEAS_NPLC": "nplc", "ATTR_MEAS_OFFSET_COMP": "offsetcompensation",
    "ATTR_MEAS_RANGE": "range", "ATTR_MEAS_RANGE_AUTO": "autorange",
    "ATTR_MEAS_RANGE_LOW": "autorangelow", "ATTR_MEAS_RANGE_REBOUND": "autorangerebound",
    "ATTR_MEAS_REL_ENABLE": "rel.enable", "ATTR_MEAS_REL_LEVEL": "rel.level",
    "ATTR_MEAS_SENSE": "sense", "ATTR_MEAS_UNIT": "unit",
}  # fmt: skip
"""Names by which `smu.measure.setattribute` knows the attributes of a measuring function."""

_PROTECT = ("2V", "5V", "10V", "20V", "40V", "60V", "80V", "100V", "120V", "140V", "160V", "180V",
            "NONE")  # fmt: skip
_NAMES = (
    "ON", "OFF", "OFFMODE_NORMAL", "OFFMODE_ZERO", "OFFMODE_HIGHZ", "OFFMODE_GUARD",
    "FUNC_DC_VOLTAGE", "FUNC_DC_CURRENT", "FUNC_RESISTANCE", "SENSE_2WIRE", "SENSE_4WIRE",
    "TERMINALS_FRONT", "TERMINALS_REAR", "DIGITS_6_5", "DIGITS_5_5", "DIGITS_4_5", "DIGITS_3_5",
    "UNIT_AMP", "UNIT_OHM", "UNIT_VOLT", "UNIT_WATT", "FILTER_MOVING_AVG", "FILTER_REPEAT_AVG",
    "RANGE_AUTO", "RANGE_BEST", "RANGE_FIXED", "INFINITE", "DELAY_AUTO", *SOURCE_ATTRIBUTES,
    *MEASURE_ATTRIBUTES,
    *(f"PROTECT_{level}" for level in _PROTECT),
)  # fmt: skip
CONSTANTS = {name: f"smu.{name}" for name in _NAMES}
"""The constants print as their names, as in the reference's examples."""


@dataclass(frozen=True, slots=True)
class Named:
    """One of a few named constants; where `numbers` tells so, also by number."""

    default: str
    values: tuple[str, ...]
    numbers: tuple[str, ...] = ()

    def accept(self, name: str, value: object) -> str:
        """The name to store."""
        if isinstance(value, str) and value in self.values:
            return value
        if isinstance(value, (int, float)) and value in range(len(self.numbers)):
            return self.numbers[int(value)]
        raise Fault(-224, f"Illegal parameter value: {name}, not one of {', '.join(self.values)}")


def switch(default: str, on: str = ON, off: str = OFF) -> Named:
    """On or off, which are 1 and 0 as well."""
    return Named(default, (on, off), (off, on))


def names(default: str, *prefixes: str) -> Named:
    """Any of the constants that begin with one of the prefixes."""
    known = tuple(f"smu.{n}" for n in _NAMES if n.startswith(prefixes))
    return Named(f"smu.{default}", known)


def source_kinds(model: Model, quantity: Quantity) -> dict[str, Kind]:
    """Attributes of a source function, by name below `smu.source`."""
    other: Quantity = "i" if quantity == "v" else "v"
    most, most_limit = model.ranges[quantity][-1], model.ranges[other][-1] * HEADROOM
    return {
        "autodelay": switch(ON),
        "autorange": switch(ON),
        "delay": Number(0.0, 0.0, 10e3),
        "highc": switch(OFF),
        "level": Number(0.0, -most * HEADROOM, most * HEADROOM),
        "limit": Number(model.default_limit[other], -most_limit, most_limit),
        "offmode": names("OFFMODE_NORMAL", "OFFMODE_"),
        "protect.level": names("PROTECT_NONE", "PROTECT_"),
        "range": Number(model.ranges[quantity][0]),
        "readback": switch(ON),
    }


def measure_kinds(model: Model, function: str) -> dict[str, Kind]:
    """Attributes of a measuring function, by name below `smu.measure`."""
    ranges = {"v": model.default_range["v"], "i": model.default_range["i"], "r": 200e6}
    lowest = {"v": model.ranges["v"][0], "i": model.ranges["i"][0], "r": 2.0}
    return {
        "autorange": switch(ON),
        "autorangelow": Number(lowest[function], 0.0),
        "autorangerebound": switch(OFF),
        "autozero.enable": switch(ON),
        "displaydigits": names("DIGITS_5_5", "DIGITS_"),
        "filter.count": Number(10, 1, 100, whole=True),
        "filter.enable": switch(OFF),
        "filter.type": names("FILTER_REPEAT_AVG", "FILTER_"),
        "math.enable": switch(OFF),
        "nplc": Number(1.0, 0.01, 10.0),
        "offsetcompensation": switch(OFF),
        "range": Number(ranges[function], 0.0),
        "rel.enable": switch(OFF),
        "rel.level": Number(0.0),
        "sense": names("SENSE_2WIRE", "SENSE_"),
        "unit": names({"v": "UNIT_VOLT", "i": "UNIT_AMP", "r": "UNIT_OHM"}[function], "UNIT_"),
    }

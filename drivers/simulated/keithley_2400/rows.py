"""The commands that set up source, meter and trigger model of a 2400."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.simulated.keithley_2400.models import (
    HEADROOM,
    LEAST_LIMIT,
    QUANTITIES,
    Quantity,
    holding,
)
from drivers.simulated.keithley_2400.source import Source
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import Boolean, Choice, Many, Number
from drivers.simulated.scpi.table import Action, Query, Row, Setting

MOST_POINTS, PER_COMMAND = 2500, 100
_NAMES = {"CURR": "CURRent", "VOLT": "VOLTage"}
_MOST = {"CURR": 1.05, "VOLT": 210.0}
_SOURCE = "[:SOURce[1]]"


def source_rows(find: Callable[[], Source]) -> list[Row]:
    """SOURce and SENSe."""

    def function(*arguments: str) -> str:
        if find().on:
            # Inferred: a source that is on is not turned into another one.
            raise ScpiError(-221)
        return arguments[-1]

    def clear(*_: int) -> None:
        find().abort()
        find().switch(on=False)

    rows: list[Row] = [
        Setting(f"{_SOURCE}:FUNCtion[:MODE]", "function", Choice("VOLTage|CURRent", "VOLT"),
                function),
        Setting(f"{_SOURCE}:DELay", "source_delay", Number(0, 9999.999, 0.0), _delay,
                lambda *_: _set(find(), "source_delay_auto", False)),
        Setting(f"{_SOURCE}:DELay:AUTO", "source_delay_auto", Boolean(True)),
        Action(f"{_SOURCE}:CLEar[:IMMediate]", clear),
        Setting(f"{_SOURCE}:CLEar:AUTO", "clear_auto", Boolean(False)),
        Setting(f"{_SOURCE}:CLEar:AUTO:MODE", "clear_mode", Choice("ALWays|TCOunt", "ALW")),
        Setting(f"{_SOURCE}:SWEep:RANGing", "sweep_ranging", Choice("BEST|AUTO|FIXed", "BEST")),
        Setting("[:SENSe[1]]:FUNCtion:CONCurrent", "concurrent", Boolean(True)),
        Action("[:SENSe[1]]:FUNCtion[:ON]", lambda *a: _enable(find(), a[-1]),
               Many(Choice("VOLTage[:DC]|CURRent[:DC]", quoted=True), 2)),
        Query("[:SENSe[1]]:FUNCtion[:ON]?",
              lambda *_: [f'"{name}:DC"' for name in sorted(find().functions)]),
        Query("[:SENSe[1]]:FUNCtion[:ON]:COUNt?", lambda *_: len(find().functions)),
        Action("[:SENSe[1]]:FUNCtion:OFF:ALL", lambda *_: find().functions.clear()),
    ]  # fmt: skip
    for quantity in QUANTITIES:
        rows += _levels(find, quantity)
        rows += _senses(find, quantity)
    return rows


def _set(source: Source, name: str, value: object) -> None:
    source.settings[name, 1] = value


def _enable(source: Source, names: tuple[str, ...]) -> None:
    if not source.settings.flag("concurrent", 1):
        source.functions = set(names[-1:])
    else:
        source.functions |= set(names)


def _delay(*arguments: float) -> float:
    return round(arguments[-1], 5)


def _levels(find: Callable[[], Source], quantity: Quantity) -> list[Row]:
    node, most = f"{_SOURCE}:{_NAMES[quantity]}", _MOST[quantity]
    level = Number(-most, most, 0.0)
    listed = Many(Number(-most, most), PER_COMMAND)
    full = Number(-most, most, most)

    def at_once(*arguments: float) -> float:
        source, value = find(), arguments[-1]
        if source.settings.word(f"{quantity}.mode", 1) != "FIX":
            raise ScpiError(-221)
        manual = not source.settings.flag(f"{quantity}.auto", 1)
        if manual and abs(value) > source.settings.number(f"{quantity}.range", 1) * (1 + 1e-9):
            raise ScpiError(-222)
        return value

    def changed(*_: int) -> None:
        source = find()
        if source.quantity == quantity and not source.running:
            source.force(source.level())

    def ranged(*_: int) -> None:
        _set(find(), f"{quantity}.auto", False)
        find().refresh()

    def put(*arguments: Any) -> None:
        find().lists[quantity] = _floats(arguments[-1])

    def append(*arguments: Any) -> None:
        whole = find().lists[quantity] + _floats(arguments[-1])
        if len(whole) > MOST_POINTS:
            raise ScpiError(-223)
        find().lists[quantity] = whole

    name = _NAMES[quantity]
    return [
        Setting(f"{node}:MODE", f"{quantity}.mode", Choice("FIXed|LIST", "FIX"), None, changed),
        Setting(f"{node}[:LEVel][:IMMediate][:AMPLitude]", f"{quantity}.level", level, at_once,
                changed),
        Setting(f"{node}:RANGe", f"{quantity}.range", full,
                lambda *a: HEADROOM * holding(quantity, a[-1]), ranged),
        Setting(f"{node}:RANGe:AUTO", f"{quantity}.auto", Boolean(True)),
        Action(f"{_SOURCE}:LIST:{name}", put, listed),
        Query(f"{_SOURCE}:LIST:{name}?", lambda *_: find().lists[quantity]),
        Action(f"{_SOURCE}:LIST:{name}:APPend", append, listed),
        Query(f"{_SOURCE}:LIST:{name}:POINts?", lambda *_: len(find().lists[quantity])),
    ]  # fmt: skip


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _senses(find: Callable[[], Source], quantity: Quantity) -> list[Row]:
    node, most = f"[:SENSe[1]]:{_NAMES[quantity]}[:DC]", _MOST[quantity]
    default = {"CURR": 1.05e-4, "VOLT": 21.0}[quantity]

    def limit(*arguments: float) -> float:
        value, settings = abs(arguments[-1]), find().settings
        full = settings.number(f"sense.{quantity}.range", 1) / HEADROOM
        if value < LEAST_LIMIT * full * (1 - 1e-9):
            raise ScpiError(822, "Too small for sense range")
        return value

    def measuring(*arguments: float) -> float:
        source, full = find(), holding(quantity, arguments[-1])
        if source.quantity == quantity:
            raise ScpiError(823, "Invalid with source read-back on")
        if full > holding(quantity, source.settings.number(f"{quantity}.limit", 1)):
            raise ScpiError(824, "Cannot exceed compliance range")
        return HEADROOM * full

    return [
        Setting(f"{node}:PROTection[:LEVel]", f"{quantity}.limit", Number(-most, most, default),
                limit, lambda *_: find().refresh()),
        Query(f"{node}:PROTection:TRIPped?", lambda *_: find().in_compliance),
        Setting(f"{node}:RANGe[:UPPer]", f"sense.{quantity}.range",
                Number(-most, most, default), measuring,
                lambda *_: _set(find(), f"sense.{quantity}.auto", False)),
        Setting(f"{node}:RANGe:AUTO", f"sense.{quantity}.auto", Boolean(True)),
        Setting(
            f"{node}:NPLCycles",
            "nplc",
            Number(0.01, 10, 1.0),
            lambda *a: round(a[-1], 2),
        ),
    ]  # fmt: skip


def trigger_rows() -> list[Row]:
    """ARM and TRIGger."""
    return [
        Setting("ARM[:SEQuence[1]][:LAYer]:SOURce", "arm.source",
                Choice("IMMediate|TIMer|BUS|MANual|TLINk", "IMM")),
        Setting("ARM[:SEQuence[1]][:LAYer]:COUNt", "arm.count",
                Number(1, MOST_POINTS, 1, whole=True)),
        Setting("ARM[:SEQuence[1]][:LAYer]:TIMer", "arm.timer", Number(1e-3, 99_999.99, 0.1),
                lambda *a: round(a[-1], 3)),
        Setting("ARM[:SEQuence[1]][:LAYer]:DIRection", "arm.direction",
                Choice("ACCeptor|SOURce", "ACC")),
        Setting("TRIGger[:SEQuence[1]]:SOURce", "trigger.source", Choice("IMMediate|TLINk", "IMM")),
        Setting("TRIGger[:SEQuence[1]]:COUNt", "trigger.count",
                Number(1, MOST_POINTS, 1, whole=True)),
        Setting("TRIGger[:SEQuence[1]]:DELay", "trigger.delay", Number(0, 999.9999, 0.0)),
        Action("TRIGger:CLEar", lambda: None),
    ]  # fmt: skip

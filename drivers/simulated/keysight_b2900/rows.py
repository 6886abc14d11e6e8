"""The commands that set up a channel: OUTPut, SOURce, SENSe, TRIGger, ARM and TRACe.

Ranges and values after *RST are those of chapter 4 of the command reference. From memory: the
values after *RST of the trigger layers and of the wait times, and the range of the timer's
period as a parameter (the data sheet has it as an interval).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, cast

from drivers.simulated.keysight_b2900.channel import MOST_READINGS, Channel, full_scale
from drivers.simulated.keysight_b2900.models import (
    LEAST_INTERVAL,
    LEAST_LIMIT,
    MOST,
    QUANTITIES,
    RANGES,
    Quantity,
)
from drivers.simulated.keysight_b2900.trigger import FOREVER
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import Boolean, Choice, Kind, Many, Number
from drivers.simulated.scpi.table import Action, Query, Row, Setting

MOST_LEVELS = 2500
_NAMES = {"CURR": "CURRent", "VOLT": "VOLTage"}
_UNITS = {"CURR": "A", "VOLT": "V"}
_SOURCES = (
    "AINT|BUS|TIMer|INT1|INT2|LAN|EXT1|EXT2|EXT3|EXT4|EXT5|EXT6|EXT7|EXT8|EXT9|EXT10|EXT11|"
    "EXT12|EXT13|EXT14"
)
_PLC = 0.1 / 50


Write = Callable[[str, int, object], None]


class Changed(Protocol):
    """Is told that a setting of a channel has changed."""

    def __call__(self, number: int, *, source: bool) -> None: ...


def channel_rows(
    count: int, channel: Callable[[int], Channel], changed: Changed, write: Write
) -> list[Row]:
    """The rows of all channels.

    Parameters
    ----------
    count
        Channels of the model.
    channel
        Finds one by its number.
    changed
        Is told when a setting changes that acts on an output at once.
    write
        Stores a setting of a channel, for commands that set two.
    """
    c = "[1|2]" if count > 1 else "[1]"
    rows = [
        *_output(c, channel),
        *_functions(c, channel),
        *_triggers(c, write),
        *_trace(c, channel),
        *_waits(c),
    ]
    for quantity in QUANTITIES:
        rows += _source(c, quantity, channel, changed)
        rows += _sense(c, quantity, channel, changed)
    return rows


def _output(c: str, channel: Callable[[int], Channel]) -> list[Row]:
    def switch(number: int, on: bool) -> None:
        channel(number).switch(on=on)

    return [
        Action(f"OUTPut{c}[:STATe]", switch, Boolean()),
        Query(f"OUTPut{c}[:STATe]?", lambda number: channel(number).on),
        Setting(f"OUTPut{c}:OFF:MODE", "off_mode", Choice("NORMal|HIZ|ZERO", "NORM")),
        Setting(f"OUTPut{c}:OFF:AUTO", "off_auto", Boolean(False)),
        Setting(f"OUTPut{c}:ON:AUTO", "on_auto", Boolean(True)),
        Setting(f"OUTPut{c}:PROTection[:STATe]", "protection", Boolean(False)),
        Setting(f"OUTPut{c}:LOW", "low", Choice("GROund|FLOat", "GRO")),
        Setting(f"OUTPut{c}:HCAPacitance[:STATe]", "capacitance", Boolean(False)),
        Setting(f"OUTPut{c}:FILTer[:LPASs][:STATe]", "filter", Boolean(True)),
    ]


def _functions(c: str, channel: Callable[[int], Channel]) -> list[Row]:
    def mode(number: int, value: str) -> str:
        if channel(number).on or channel(number).busy:
            raise ScpiError(-221)
        return value

    def enable(number: int, names: tuple[str, ...]) -> None:
        channel(number).functions |= set(names)

    def disable(number: int, names: tuple[str, ...]) -> None:
        channel(number).functions -= set(names)

    kinds = Choice("VOLTage[:DC]|CURRent[:DC]|RESistance", quoted=True)
    every = ("VOLT", "CURR")
    return [
        Setting(f"[:SOURce{c}]:FUNCtion:MODE", "mode", Choice("CURRent|VOLTage", "VOLT"), mode),
        Setting(f"[:SOURce{c}]:FUNCtion[:SHAPe]", "shape", Choice("PULSe|DC", "DC")),
        Setting(f"[:SOURce{c}]:FUNCtion:TRIGgered:CONTinuous", "continuous", Boolean(False)),
        Setting(f"[:SOURce{c}]:PULSe:DELay", "pulse_delay", Number(0, 99_999.9, 0.0, "S")),
        Setting(f"[:SOURce{c}]:PULSe:WIDTh", "pulse_width", Number(5e-5, 1e5, 5e-5, "S")),
        Setting(f"[:SOURce{c}]:SWEep:POINts", "sweep_points",
                Number(1, MOST_LEVELS, 1, whole=True)),
        Setting(f"[:SOURce{c}]:SWEep:DIRection", "sweep_direction", Choice("UP|DOWN", "UP")),
        Setting(f"[:SOURce{c}]:SWEep:SPACing", "sweep_spacing",
                Choice("LINear|LOGarithmic", "LIN")),
        Setting(f"[:SOURce{c}]:SWEep:STAir", "sweep_stair", Choice("SINGle|DOUBle", "SING")),
        Setting(f"[:SOURce{c}]:SWEep:RANGing", "sweep_ranging", Choice("BEST|AUTO|FIXed", "BEST")),
        Action(f"SENSe{c}:FUNCtion[:ON]", enable, Many(kinds, 3)),
        Query(f"SENSe{c}:FUNCtion[:ON]?",
              lambda n: [f'"{name}"' for name in every if name in channel(n).functions] or '""'),
        Query(f"SENSe{c}:FUNCtion[:ON]:COUNt?", lambda n: len(channel(n).functions)),
        Action(f"SENSe{c}:FUNCtion[:ON]:ALL", lambda n: enable(n, every)),
        Action(f"SENSe{c}:FUNCtion:OFF", disable, Many(kinds, 3)),
        Action(f"SENSe{c}:FUNCtion:OFF:ALL", lambda n: disable(n, every)),
        Setting(f"SENSe{c}:REMote[:STATe]", "remote", Boolean(False)),
    ]  # fmt: skip


def _source(
    c: str, quantity: Quantity, channel: Callable[[int], Channel], changed: Changed
) -> list[Row]:
    node, unit, most = f"[:SOURce{c}]:{_NAMES[quantity]}", _UNITS[quantity], MOST[quantity]
    level = Number(-most, most, 0.0, unit)
    full = Number(RANGES[quantity][0], RANGES[quantity][-1], RANGES[quantity][-1], unit)
    levels = Many(Number(-most, most, unit=unit), MOST_LEVELS)

    def in_range(number: int, value: float) -> float:
        channel(number).check_level(quantity, value)
        return value

    def to_range(number: int, value: float) -> float:
        return channel(number).check_range(quantity, full_scale(quantity, value))

    def listed(number: int, values: tuple[float, ...]) -> None:
        channel(number).lists[quantity] = values

    def append(number: int, values: tuple[float, ...]) -> None:
        whole = channel(number).lists[quantity] + values
        if len(whole) > MOST_LEVELS:
            raise ScpiError(-223)
        channel(number).lists[quantity] = whole

    def level_changed(number: int) -> None:
        changed(number, source=channel(number).quantity == quantity)

    def range_changed(number: int) -> None:
        changed(number, source=False)

    start, stop = f"{quantity}.start", f"{quantity}.stop"
    return [
        Setting(f"{node}[:LEVel][:IMMediate][:AMPLitude]", f"{quantity}.level", level, in_range,
                level_changed),
        Setting(f"{node}[:LEVel]:TRIGgered[:AMPLitude]", f"{quantity}.triggered", level, in_range),
        Setting(f"{node}:MODE", f"{quantity}.mode", Choice("FIXed|LIST|SWEep", "FIX")),
        Setting(f"{node}:RANGe", f"{quantity}.range", full, to_range,
                lambda number: channel(number).fix_range(quantity)),
        Setting(f"{node}:RANGe:AUTO", f"{quantity}.auto", Boolean(True), None, range_changed),
        Setting(f"{node}:STARt", start, level, in_range),
        Setting(f"{node}:STOP", stop, level, in_range),
        Setting(f"{node}:POINts", "sweep_points", Number(1, MOST_LEVELS, 1, whole=True)),
        Action(f"[:SOURce{c}]:LIST:{_NAMES[quantity]}", listed, levels),
        Query(f"[:SOURce{c}]:LIST:{_NAMES[quantity]}?", lambda n: channel(n).lists[quantity]),
        Action(f"[:SOURce{c}]:LIST:{_NAMES[quantity]}:APPend", append, levels),
        Query(f"[:SOURce{c}]:LIST:{_NAMES[quantity]}:POINts?",
              lambda n: len(channel(n).lists[quantity])),
    ]  # fmt: skip


def _sense(
    c: str, quantity: Quantity, channel: Callable[[int], Channel], changed: Changed
) -> list[Row]:
    node, unit = f"SENSe{c}:{_NAMES[quantity]}[:DC]", _UNITS[quantity]
    ranges, default = RANGES[quantity], {"CURR": 1e-4, "VOLT": 2.0}[quantity]

    def clipped(_number: int, value: float) -> float:
        # The reference: what is beyond the limits is set to the limit, without an error.
        return min(max(value, 8e-6), 2.0)

    def enough(_number: int, value: float) -> float:
        if value < LEAST_LIMIT[quantity] * (1 - 1e-9):
            raise ScpiError(-222)
        return value

    return [
        Setting(f"{node}:APERture", "aperture", Number(-1e99, 1e99, _PLC, "S"), clipped),
        Setting(f"{node}:APERture:AUTO", "aperture_auto", Boolean(False)),
        Action(
            f"{node}:NPLCycles",
            lambda n, cycles: channel(n).set_aperture(clipped(n, cycles / channel(n).line)),
            Number(-1e99, 1e99),
        ),
        Query(f"{node}:NPLCycles?", lambda n: channel(n).number_of("aperture") * channel(n).line),
        Query(f"{node}:PROTection:TRIPped?", lambda n: channel(n).in_compliance),
        Setting(f"{node}:RANGe[:UPPer]", f"sense.{quantity}.range",
                Number(ranges[0], ranges[-1], default, unit),
                lambda _n, value: full_scale(quantity, value)),
        Setting(f"{node}:RANGe:AUTO", f"sense.{quantity}.auto", Boolean(True)),
        Setting(f"{node}:RANGe:AUTO:LLIMit", f"sense.{quantity}.lowest",
                Number(ranges[0], ranges[-1], 1e-6 if quantity == "CURR" else 0.2, unit)),
        Setting(f"{node}:PROTection[:LEVel][:BOTH]", f"{quantity}.limit",
                Number(0, MOST[quantity], default, unit), enough,
                lambda number: changed(number, source=False)),
    ]  # fmt: skip


def _waits(c: str) -> list[Row]:
    rows: list[Row] = []
    for name, node in (("source_wait", f"[:SOURce{c}]"), ("sense_wait", f"SENSe{c}")):
        rows += [
            Setting(f"{node}:WAIT[:STATe]", name, Boolean(True)),
            Setting(f"{node}:WAIT:AUTO", f"{name}.auto", Boolean(True)),
            Setting(f"{node}:WAIT:GAIN", f"{name}.gain", Number(0, 100, 1.0)),
            Setting(f"{node}:WAIT:OFFSet", f"{name}.offset", Number(0, 1, 0.0, "S")),
        ]
    return rows


def _triggers(c: str, write: Write) -> list[Row]:
    count = Number(1, MOST_READINGS, 1, whole=True, words={"INFinity": FOREVER})
    timer = Number(LEAST_INTERVAL, 1e5, LEAST_INTERVAL, "S")
    parts: list[tuple[str, str, Kind, Callable[[int, float], float] | None]] = [
        ("SOURce[:SIGNal]", "source", Choice(_SOURCES, "AINT"), None),
        ("COUNt", "count", count, None),
        ("DELay", "delay", Number(0, 1e5, 0.0, "S"), None),
        ("TIMer", "timer", timer, _to_microseconds),
    ]
    rows: list[Row] = []
    for layer, key in (("ARM", "arm"), ("TRIGger", "trig")):
        for ending, name, kind, check in parts:
            keys = (f"{key}.ACQ.{name}", f"{key}.TRAN.{name}")

            def both(
                number: int, value: float, keys: tuple[str, str] = keys,
                check: Callable[[int, float], float] | None = check,
            ) -> None:  # fmt: skip
                for each in keys:
                    write(each, number, check(number, value) if check else value)

            rows += [
                Setting(f"{layer}{c}:ACQuire:{ending}", keys[0], kind, check),
                Setting(f"{layer}{c}:TRANsient:{ending}", keys[1], kind, check),
                Action(f"{layer}{c}[:ALL]:{ending}", both, _required(kind)),
            ]
    return rows


def _required(kind: Kind) -> Kind:
    """The same without a default: a command's parameter cannot be left out."""
    return cast("Kind", replace(cast("Any", kind), default=None))


def _to_microseconds(_number: int, value: float) -> float:
    return round(value * 1e6) / 1e6


def _trace(c: str, channel: Callable[[int], Channel]) -> list[Row]:
    def points(number: int, value: float) -> None:
        trace = channel(number).trace
        trace.check_writable()
        trace.points = int(value)

    def clear(number: int) -> None:
        channel(number).trace.check_writable()
        channel(number).trace.blocks.clear()

    def feed(number: int, value: str) -> str:
        channel(number).trace.check_writable()
        return value

    def control(number: int, value: str) -> None:
        trace = channel(number).trace
        trace.writing = value == "NEXT" and not trace.full

    def control_asked(number: int) -> str:
        return "NEXT" if channel(number).trace.writing else "NEV"

    def free(number: int) -> list[int]:
        trace = channel(number).trace
        return [trace.points - len(trace.blocks), trace.points]

    node = f"TRACe{c}"
    return [
        Action(f"{node}:CLEar", clear),
        Setting(f"{node}:FEED", "feed", Choice("MATH|LIMit|SENSe", "SENS"), feed),
        Action(f"{node}:FEED:CONTrol", control, Choice("NEXT|NEVer")),
        Query(f"{node}:FEED:CONTrol?", control_asked),
        Query(f"{node}:FREE?", free),
        Action(f"{node}:POINts", points, Number(1, MOST_READINGS, whole=True)),
        Query(f"{node}:POINts?", lambda number: channel(number).trace.points),
        Query(f"{node}:POINts:ACTual?", lambda number: len(channel(number).trace.blocks)),
        Setting(f"{node}:TSTamp:FORMat", "stamps", Choice("DELTa|ABSolute", "ABS")),
    ]

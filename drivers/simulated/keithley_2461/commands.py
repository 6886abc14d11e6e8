"""The command table of the emulated 2461."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Values
from typing import TYPE_CHECKING

import numpy as np

from drivers.simulated.keithley_2461 import model
from drivers.simulated.keithley_2461.buffer import ELEMENTS, Buffer
from drivers.simulated.keithley_2461.digitizer import NONE
from drivers.simulated.keithley_2461.sequence import Sequence
from drivers.simulated.keithley_2461.spot import spot_rows
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import Boolean, Choice, Kind, Many, Number, Text
from drivers.simulated.scpi.table import Action, Query, Row, Setting

if TYPE_CHECKING:
    from drivers.simulated.keithley_2461.instrument import Emulated2461

_KINDS = {"CURR": ("CURRent", "VLIMit", "A", "VOLT"), "VOLT": ("VOLTage", "ILIMit", "V", "CURR")}
_MOST_PER_COMMAND, _MOST_LEVELS = 100, 2500
_FOREVER = Number(0, 268_435_455, 1, whole=True)
_NAME = Text(31, "defbuffer1")
_LEAST_WIDTH, _LONGEST = 150e-6, 10e3


def rows(of: Emulated2461) -> Values[Row]:
    """Every command besides the common ones."""
    return [
        *of.digitizer.rows(), *_common(of), *_output(of), *_triggers(of), *_traces(of),
        *spot_rows(of), *_system(of),
        *(row for kind in _KINDS for row in _Quantity(of, kind).rows()),
    ]  # fmt: skip


def _common(of: Emulated2461) -> list[Row]:
    def choose(language: str) -> None:
        of.next_language = language

    return [
        Query("*LANG?", lambda: of.language),
        Action("*LANG", choose, Choice("SCPI|TSP|SCPI2400")),
        Setting(":SOURce[1]:FUNCtion[:MODE]", "function", Choice("VOLTage|CURRent", "VOLT"),
                changed=lambda *_: of.put_out()),
        Query("[:SENSe[1]]:FUNCtion[:ON]?",
              lambda _: f'"{of.measured if of.digitizer.function == NONE else NONE}"'),
        Setting("[:SENSe[1]]:FUNCtion[:ON]", "sense",
                Choice("CURRent[:DC]|VOLTage[:DC]", "CURR", quoted=True),
                changed=lambda *_: of.measure()),
        Setting("[:SENSe[1]]:COUNt", "reading count", Number(1, 300_000, 1, whole=True)),
        Action("[:SENSe[1]]:AZERo:ONCE", lambda *_: of.idle_only()),
        Setting(":FORMat[:DATA]", "format", Choice("ASCii|REAL|SREal", "ASC")),
        Setting(":FORMat:ASCii:PRECision", "digits", Number(0, 16, 0, whole=True)),
        Setting(":FORMat:BORDer", "border", Choice("SWAPped|NORMal", "SWAP")),
        Setting(":ROUTe:TERMinals", "terminals", Choice("FRONt|REAR", "FRON")),
    ]  # fmt: skip


def _output(of: Emulated2461) -> list[Row]:
    modes = "NORMal|HIMPedance|ZERO|GUARd"

    def both(_: int, mode: str) -> None:
        of.idle_only()
        of.settings["off CURR", 1] = of.settings["off VOLT", 1] = mode

    return [
        Setting(":OUTPut[1][:STATe]", "output", Boolean(False),
                check=lambda *_: of.idle_only(), changed=lambda *_: of.put_out()),
        Action(":OUTPut[1]:SMODe", both, Choice(modes)),
        Query(":OUTPut[1]:SMODe?", lambda _: of.settings.word(f"off {of.function}", 1)),
    ]  # fmt: skip


def _triggers(of: Emulated2461) -> list[Row]:
    return [
        Action(":INITiate[:IMMediate]", of.initiate),
        Action(":ABORt", of.abort),
        Query(":TRIGger:STATe?", of.state),
    ]


def _traces(of: Emulated2461) -> list[Row]:
    def make(name: str, size: float, style: str) -> None:
        if name in of.buffers:
            raise ScpiError(
                1115, "Parameter error: TRACe:MAKE cannot take an existing reading buffer name"
            )
        if style in ("WRIT", "FULLWRIT"):
            raise ScpiError(-224, "Illegal parameter value;writable buffers are not emulated")
        of.buffers[name] = Buffer(int(size), once=True)

    def delete(name: str) -> None:
        if name.startswith("defbuffer"):
            raise ScpiError(-221)
        of.buffer(name)
        del of.buffers[name]

    def points(size: float, name: str) -> None:
        of.idle_only()
        of.buffer(name).capacity = int(size)
        of.buffer(name).clear()

    def fill(mode: str, name: str) -> None:
        of.idle_only()
        of.buffer(name).once = mode == "ONCE"
        of.buffer(name).clear()

    size = Number(10, 4_500_000, whole=True)
    styles = Choice("COMPact|STANdard|FULL|WRITable|FULLWRITable", "STAN")
    return [
        Action(":TRACe:MAKE", make, Text(31), size, styles),
        Action(":TRACe:DELete", delete, Text(31)),
        Action(":TRACe:POINts", points, size, _NAME),
        Query(":TRACe:POINts?", lambda name: of.buffer(name).capacity, _NAME),
        Action(":TRACe:FILL:MODE", fill, Choice("CONTinuous|ONCE"), _NAME),
        Query(":TRACe:FILL:MODE?", lambda name: "ONCE" if of.buffer(name).once else "CONT", _NAME),
        Action(":TRACe:CLEar", lambda name: of.buffer(name).clear(), _NAME),
        Query(":TRACe:ACTual?", lambda name: len(of.buffer(name).readings), _NAME),
        Query(":TRACe:ACTual:STARt?", lambda name: min(len(of.buffer(name).readings), 1), _NAME),
        Query(":TRACe:ACTual:END?", lambda name: len(of.buffer(name).readings), _NAME),
        Query(":TRACe:DATA?", of.data, Number(1, 1e7, whole=True), Number(1, 1e7, whole=True),
              _NAME, Many(Choice(ELEMENTS), 14, ("READ",))),
    ]  # fmt: skip


def _system(of: Emulated2461) -> list[Row]:
    kinds = Choice("ERRor|WARNing|INFormational", "INF")
    return [
        Query(":SYSTem:LFRequency?", lambda: 50),
        Query(":SYSTem:ERRor:COUNt?", lambda: len(of.errors)),
        Action(":SYSTem:CLEar", of.clear_log),
        Action(":SYSTem:EVENtlog:POST", of.post, Text(), kinds),
        Query(
            ":SYSTem:EVENtlog:NEXT?",
            of.take_event,
            Choice("ERRor|WARNing|INFormational|ALL", "ALL"),
        ),
        Action("*CLS", of.clear_status),
        Query(":SYSTem:TIME?", of.seconds),
    ]


class _Quantity:
    """The commands of sourcing and measuring one quantity."""

    def __init__(self, of: Emulated2461, kind: str) -> None:
        self.of, self.kind = of, kind
        self.word, self.limit_word, self.unit, self.other = _KINDS[kind]

    def rows(self) -> list[Row]:
        """What is told of it."""
        kind, other, source = self.kind, self.other, f":SOURce[1]:{self.word}"
        pulse = f":SOURce[1]:PULSe:{self.word}"
        most, pulsed = model.MOST[kind], model.MOST_PULSED[kind]
        full, least = model.RANGES[kind][-1], model.LEAST_LIMIT[other]
        default, unit = model.DEFAULT_LIMIT[other], _KINDS[other][2]
        amplitude = "[:LEVel][:IMMediate][:AMPLitude]"
        return [
            self._set(f"{source}{amplitude}", "level", Number(-most, most, 0.0, self.unit),
                      self._level, self._forced),
            self._set(f"{source}:RANGe", "range",
                      Number(-full, full, model.RANGES[kind][0], self.unit),
                      self._range, self._fixed("auto range")),
            self._set(f"{source}:RANGe:AUTO", "auto range", Boolean(True)),
            self._set(f"{source}:{self.limit_word}[:LEVel]", "limit",
                      Number(least, model.MOST[other], default, unit),
                      self._limit(model.LEAST_PART), self._forced),
            self._set(f"{source}:DELay", "delay", Number(0, _LONGEST, 0.0, "S"),
                      None, self._fixed("auto delay")),
            self._set(f"{source}:DELay:AUTO", "auto delay", Boolean(True)),
            self._set(f"{source}:READ:BACK", "readback", Boolean(True)),
            self._set(f"{source}:HCAPacitance[:STATe]", "high capacitance", Boolean(False)),
            self._set(f"{pulse}{amplitude}", "pulse level",
                      Number(-pulsed, pulsed, 0.0, self.unit)),
            self._set(f"{pulse}:{self.limit_word}[:LEVel]", "pulse limit",
                      Number(least, model.MOST_PULSED[other], default, unit),
                      self._limit(model.LEAST_PART_PULSED)),
            self._set(f":OUTPut[1]:{self.word}:SMODe", "off",
                      Choice("NORMal|HIMPedance|ZERO|GUARd", "NORM")),
            *self._lists(f":SOURce[1]:LIST:{self.word}", "sweep", most),
            *self._lists(f":SOURce[1]:PULSe:LIST:{self.word}", "pulses", pulsed),
            *self._plays(most, pulsed, least, model.MOST_PULSED[other]),
            *self._sense(),
        ]  # fmt: skip

    def _set(
        self,
        header: str,
        name: str,
        kind: Kind,
        check: Callable[[float], float | None] | None = None,
        changed: Callable[[], None] | None = None,
    ) -> Setting:
        """A setting of this quantity, which the trigger model holds while it runs."""

        def checked(_: int, value: float) -> float | None:
            self.of.idle_only()
            return check(value) if check is not None else None

        return Setting(
            header, f"{name} {self.kind}", kind, checked,
            (lambda _: changed()) if changed is not None else None,
        )  # fmt: skip

    def _level(self, value: float) -> None:
        """A level that a fixed range cannot hold is refused."""
        if not self.of.flag("auto range", self.kind):
            full = self.of.number("range", self.kind)
            if abs(value) > full * model.HEADROOM:
                raise ScpiError(-222)

    def _range(self, value: float) -> float:
        full = next(f for f in model.RANGES[self.kind] if abs(value) <= f * (1 + 1e-9))
        if abs(self.of.number("level", self.kind)) > full * model.HEADROOM:
            raise ScpiError(-221)
        return full

    def _limit(self, part: float) -> Callable[[float], None]:
        """A limit must be no less than a part of a fixed measuring range."""

        def check(value: float) -> None:
            fixed = not self.of.flag("measure auto", self.other)
            full = self.of.number("measure range", self.other)
            if fixed and self.of.measured == self.other and value < part * full * (1 - 1e-9):
                raise ScpiError(-222)

        return check

    def _forced(self) -> None:
        if self.of.function == self.kind and self.of.settings.flag("output", 1):
            self.of.put_out()

    def _fixed(self, automatic: str) -> Callable[[], None]:
        """What was chosen by hand is no longer chosen automatically."""

        def turn_off() -> None:
            self.of.settings[f"{automatic} {self.kind}", 1] = False

        return turn_off

    def _lists(self, header: str, name: str, most: float) -> list[Row]:
        values = Many(Number(-most, most, unit=self.unit), _MOST_PER_COMMAND)
        key = (name, self.kind)

        def append(_: int, added: tuple[float, ...], *, old: bool = True) -> None:
            self.of.idle_only()
            whole = (*(self.of.lists.get(key, ()) if old else ()), *added)
            if len(whole) > _MOST_LEVELS:
                raise ScpiError(-223)
            self.of.lists[key] = whole

        return [
            Action(header, lambda _, added: append(_, added, old=False), values),
            Action(f"{header}:APPend", append, values),
            Query(f"{header}?", lambda _: [*self.of.lists.get(key, ())]),
        ]

    def _plays(self, most: float, pulsed: float, least: float, limit: float) -> list[Row]:
        sweep, pulse = ":SOURce[1]:SWEep", ":SOURce[1]:PULSe"
        width = Number(_LEAST_WIDTH, _LONGEST, unit="S")
        wait = Number(0, _LONGEST, 0.0, "S")
        level = Number(-pulsed, pulsed, unit=self.unit)
        bias = Number(-most, most, unit=self.unit)
        limits = Number(least, limit, 0.0)
        start = Number(1, _MOST_LEVELS, 1, whole=True)
        yes, no = Boolean(True), Boolean(False)
        return [
            Action(f"{sweep}:{self.word}:LIST", self._sweep_list,
                   start, wait, _FOREVER, yes, _NAME),
            Action(f"{pulse}:SWEep:{self.word}:LIST", self._pulse_list,
                   width, yes, _NAME, start, _FOREVER, wait, wait, yes),
            Action(f"{pulse}:SWEep:{self.word}:LINear", self._pulse_linear,
                   bias, level, level, Number(2, 1e6, whole=True), width, yes, _NAME, wait, wait,
                   _FOREVER, limits, limits, yes, no),
            Action(f"{pulse}:TRain:{self.word}", self._pulse_train,
                   bias, level, width, _FOREVER, yes, _NAME, wait, wait, limits, limits, yes),
        ]  # fmt: skip

    def _listed(self, name: str, start: float) -> tuple[float, ...]:
        levels = self.of.lists.get((name, self.kind), ())
        if start > len(levels):
            raise ScpiError(-221, "Settings conflict;the list has no such entry")
        return levels[int(start) - 1 :]

    def _sweep_list(
        self, _: int, start: float, delay: float, count: float, fail: bool, name: str
    ) -> None:
        if 0 < delay < 50e-6:
            raise ScpiError(-222)
        limit = self.of.number("limit", self.kind)
        delay += self.of.number("delay", self.kind)
        self.of.arm(Sequence(
            self.kind, False, self._listed("sweep", start), int(count), 0.0, delay, 0.0, True,
            fail, name, limit, 0.0, limit,
        ))  # fmt: skip

    def _pulse_list(
        self, _: int, width: float, measured: bool, name: str, start: float, count: float,
        delay: float, off: float, fail: bool,
    ) -> None:  # fmt: skip
        bias = self.of.number("level", self.kind)
        levels = self._listed("pulses", start)
        self._arm(levels, count, width, delay, off, measured, fail, name, bias, 0.0, 0.0)

    def _pulse_linear(
        self, _: int, bias: float, first: float, last: float, points: float, width: float,
        measured: bool, name: str, delay: float, off: float, count: float, bias_limit: float,
        pulse_limit: float, fail: bool, dual: bool,
    ) -> None:  # fmt: skip
        levels = tuple(np.linspace(first, last, int(points)).tolist())
        levels += levels[::-1] if dual else ()
        self._arm(levels, count, width, delay, off, measured, fail, name, bias, pulse_limit,
                  bias_limit)  # fmt: skip

    def _pulse_train(
        self, _: int, bias: float, level: float, width: float, count: float, measured: bool,
        name: str, delay: float, off: float, bias_limit: float, pulse_limit: float, fail: bool,
    ) -> None:  # fmt: skip
        self._arm((level,), count, width, delay, off, measured, fail, name, bias, pulse_limit,
                  bias_limit)  # fmt: skip

    def _arm(
        self, levels: tuple[float, ...], count: float, width: float, delay: float, off: float,
        measured: bool, fail: bool, name: str, bias: float, pulse_limit: float, bias_limit: float,
    ) -> None:  # fmt: skip
        self.of.arm(Sequence(
            self.kind, True, levels, int(count), width, delay, off, measured, fail, name,
            pulse_limit or self.of.number("pulse limit", self.kind), bias,
            bias_limit or self.of.number("limit", self.kind),
        ))  # fmt: skip

    def _sense(self) -> list[Row]:
        sense = f"[:SENSe[1]]:{self.word}[:DC]"
        ranges = model.RANGES[self.kind]
        return [
            self._set(f"{sense}:RANGe[:UPPer]", "measure range",
                      Number(-ranges[-1], ranges[-1], ranges[0], self.unit),
                      lambda value: next(f for f in ranges if abs(value) <= f * (1 + 1e-9)),
                      self._fixed("measure auto")),
            self._set(f"{sense}:RANGe:AUTO", "measure auto", Boolean(True)),
            self._set(f"{sense}:NPLCycles", "nplc", Number(0.01, 10, 1.0)),
            self._set(f"{sense}:RSENse", "four wire", Boolean(False), None, self._unsensed),
            self._set(f"{sense}:AVERage[:STATe]", "filter", Boolean(False)),
            self._set(f"{sense}:AZERo[:STATe]", "autozero", Boolean(True)),
        ]  # fmt: skip

    def _unsensed(self) -> None:
        """Another kind of sensing turns the output off."""
        if self.of.settings.flag("output", 1):
            self.of.settings["output", 1] = False
            self.of.put_out()

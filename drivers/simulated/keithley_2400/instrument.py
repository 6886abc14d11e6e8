"""The 2400 as its User's Manual (2400S-900-01, section 18) describes its SCPI commands.

What is not in the table answers -113. Left out: resistance, mathematics and limits, source
memory, sweeps other than lists, filters, digital lines, the guard's off state, calibration.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2400.models import ERRORS, RELAY
from drivers.simulated.keithley_2400.one_shot import one_shot_rows
from drivers.simulated.keithley_2400.rows import source_rows, trigger_rows
from drivers.simulated.keithley_2400.source import Point, Source
from drivers.simulated.keithley_2400.trace import Trace
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import INPUT_QUEUE, ScpiInstrument
from drivers.simulated.scpi.parameters import Boolean, Choice, Number
from drivers.simulated.scpi.response import Style
from drivers.simulated.scpi.status import Register
from drivers.simulated.scpi.table import Action, Query, Row, Setting
from drivers.simulated.stage import StageErrors

_AT_ONCE = re.compile(rb"\s*(?::?ABOR(?:T)?|\*RST|\*RCL.*|:?SYST(?:EM)?:PRES(?:ET)?)\s*", re.I)
"""What is carried out while the trigger model runs; everything else waits."""
_WRAP = 99_999.999
_MEASUREMENT_SUMMARY = 1
_IDLE, _BUFFER_AVAILABLE, _BUFFER_FULL = 1024, 256, 512


class _Style(Style):
    """Keithley's: whole numbers have no sign."""

    def integer(self, value: int) -> str:
        return str(value)


class Emulated2400(ScpiInstrument):
    """A 2400 whose terminals are wired to the device."""

    driver = "keithley-2400"
    models = ("2400",)
    serial_number = "1234567"
    style = _Style(digits=6, plus=True)

    def __init__(self, bench: Bench, model: str = "2400") -> None:
        self._stamp_zero = bench.clock.now
        self.measurement = Register()
        self.trace = Trace(self)
        super().__init__(bench, model, errors_kept=10)
        self.source = Source(
            self.scheduler, lambda: self.settings, self.timestamp, bench.stage(""),
            self._store, self.log,
        )  # fmt: skip
        self.status.registers[_MEASUREMENT_SUMMARY] = self.measurement
        self.status.operation.put(_IDLE, True)

    @classmethod
    def errors_of(cls, model: str) -> StageErrors:  # noqa: ARG003 (there is but one)
        return ERRORS

    @property
    def identity(self) -> str:
        firmware = "C30   Mar 17 2006/A02  /K/J"
        return f"KEITHLEY INSTRUMENTS INC.,MODEL {self.model},{self.serial_number},{firmware}"

    @property
    def pending(self) -> bool:
        return self.source.running

    def timestamp(self) -> float:
        """What readings are stamped with: s, to 1 ms, that start again after 99,999.999."""
        return round((self.now - self._stamp_zero) % (_WRAP + 1e-3), 3)

    def reset(self) -> None:
        self._end()
        self.source.functions = {"CURR"}
        self.source.switch(on=False)

    def clear(self) -> None:
        """Device clear aborts as well."""
        super().clear()
        self._end()

    # While it is out of idle, most commands are queued.

    def write(self, message: bytes) -> None:
        self.run_to(self.bench.clock.now)
        if self.pending and _AT_ONCE.fullmatch(message):
            self._end()
            self._settle()
        # As fast as possible, the time until then passes for those only who want an answer.
        if self.pending and not (b"?" in message and self.wait_complete()):
            if len(self._input) < INPUT_QUEUE:
                self._input.append(message)
            else:
                self.report(ScpiError(-363))
            return
        super().write(message)

    def _take_next(self) -> None:
        if not self.pending:
            super()._take_next()

    def _settle(self) -> None:
        super()._settle()
        self._take_next()

    def rows(self) -> Sequence[Row]:
        return [
            *source_rows(lambda: self.source),
            *trigger_rows(),
            *self.trace.rows(),
            *one_shot_rows(self, self.trace.read),
            Action("OUTPut[1][:STATe]", self._switch, Boolean()),
            Query("OUTPut[1][:STATe]?", lambda *_: self.source.on),
            Setting("OUTPut[1]:SMODe", "off_mode", Choice("HIMPedance|NORMal|ZERO", "NORM")),
            Action("INITiate[:IMMediate]", self.initiate),
            Action("ABORt", self._end),
            Setting("SYSTem:RSENse", "remote", Boolean(False)),
            Setting("SYSTem:AZERo[:STATe]", "autozero", Choice("ON|OFF|ONCE", "ON")),
            Setting("SYSTem:LFRequency", "line", Number(50, 60, 50, whole=True)),
            Query("SYSTem:TIME?", self.timestamp),
            Action("SYSTem:TIME:RESet", self._reset_timestamp),
            Setting("SYSTem:TIME:RESet:AUTO", "stamp_auto", Boolean(False)),
            Query("SYSTem:ERRor:COUNt?", lambda: len(self.errors)),
            Action("SYSTem:CLEar", self.errors.clear),
            Setting("SYSTem:BEEPer:STATe", "beeper", Boolean(True)),
            Setting("DISPlay:ENABle", "display", Boolean(True)),
            Query("SYSTem:VERSion?", lambda: "1996.0"),
            *self.measurement.rows("STATus:MEASurement", filters=False),
            *self.status.rows(filters=False),
        ]

    def _switch(self, *arguments: object) -> None:
        on = bool(arguments[-1])
        if on and not self.source.on:
            # The command is over when the relay has settled.
            self.bench.clock.advance_to(self.bench.clock.now + RELAY)
            self.bench.run_to(self.bench.clock.now)
        self.source.switch(on=on)

    def initiate(self) -> None:
        """Leave idle."""
        if self.settings.flag("stamp_auto"):
            self._reset_timestamp()
        self.source.initiate(lambda: self.status.operation.put(_IDLE, True))
        self.trace.begin()
        self.status.operation.put(_IDLE, False)

    def _end(self) -> None:
        if self.source.running:
            self.log("abort")
        self.source.abort()
        self.status.operation.put(_IDLE, True)

    def _store(self, point: Point) -> None:
        self.trace.store(point)
        self.measurement.put(_BUFFER_AVAILABLE, len(self.trace.points) > 1)
        self.measurement.put(_BUFFER_FULL, self.trace.full)
        self.measurement.put(1 << 14, bool(point.status & 8))

    def _reset_timestamp(self) -> None:
        self._stamp_zero = self.now

"""The digitizer of the emulated 2461: its settings, and the samples that it takes by itself.

Model 2461 Reference Manual, sections 6 and 8: sample rates of 1,000 to 1,000,000 readings a second,
apertures of 1 us to 1 ms in steps of 1 us, at most the interval between two samples, which a higher
rate shortens; the ranges and their values after a reset; that a measure function and a digitize
function exclude each other; the origin 2 in the status of a reading. The vendor's examples for the
2461 (pulse sweep and pulse train with digitizing) select a digitize function before the pulse
command and take readings constantly, through pulses and off times alike; so it is here, one after
the other from the output on.

Inferred: that the first sample begins when the output comes on at the bias level; that an
aperture longer than the interval is out of range. From the "18-bit" of the vendor's page of
specifications alone: that a step is the whole range with its 5 % in 2^18 steps. Its noise is not
stated: the measure function's, white over the aperture. List sweeps with a digitize function are
not emulated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from drivers.simulated.keithley_2461 import model
from drivers.simulated.scheduler import Appointment
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import Boolean, Choice, Number
from drivers.simulated.scpi.table import Row, Setting
from drivers.simulated.stage import Sample

if TYPE_CHECKING:
    from drivers.simulated.keithley_2461.instrument import Emulated2461

NONE = "NONE"
_HEADER = "[:SENSe[1]]:DIGitize"
_RATES = (1e3, 1e6)
_AUTO = 0.0
_BITS, _ORIGIN = 18, 2
_WORDS = {"CURR": "CURRent", "VOLT": "VOLTage"}
_RESET_RANGES = {"CURR": 0.1, "VOLT": 7.0}


class Digitizer:
    """What samples in the background while pulses are played."""

    def __init__(self, of: Emulated2461) -> None:
        self._of = of
        self._due: Appointment | None = None
        self._started, self._count, self._buffer = 0.0, 0, ""

    @property
    def function(self) -> str:
        """What is digitized: CURR, VOLT, or NONE while a measure function is selected."""
        return self._of.settings.word("digitize", 1)

    def rows(self) -> Sequence[Row]:
        """Its commands; they come before those of the measure function."""

        def selectable(_: int, function: str) -> None:
            self._of.idle_only()
            if function == NONE:
                raise ScpiError(-224)

        return [
            Setting(f"{_HEADER}:FUNCtion[:ON]", "digitize",
                    Choice("CURRent|VOLTage|NONE", NONE, quoted=True), selectable),
            Setting(f"{_HEADER}:COUNt", "digitize count", Number(1, 55e6, 1, whole=True)),
            *(row for kind in _WORDS for row in self._quantity(kind)),
        ]  # fmt: skip

    def _quantity(self, kind: str) -> list[Row]:
        of, header, ranges = self._of, f"{_HEADER}:{_WORDS[kind]}", model.RANGES[kind]

        def full_scale(_: int, value: float) -> float:
            of.idle_only()
            return next(f for f in ranges if abs(value) <= f * (1 + 1e-9))

        def rate(_: int, value: float) -> None:
            of.idle_only()
            longest = math.floor(1e6 / value * (1 + 1e-9)) * 1e-6
            if of.number("digitize aperture", kind) > longest:
                of.settings[f"digitize aperture {kind}", 1] = longest

        def aperture(_: int, value: float) -> float:
            of.idle_only()
            if value > 1 / of.number("digitize rate", kind) * (1 + 1e-9):
                raise ScpiError(-222)
            return round(value * 1e6) * 1e-6

        def held(_: int, __: bool) -> None:
            of.idle_only()

        return [
            Setting(f"{header}:RANGe[:UPPer]", f"digitize range {kind}",
                    Number(-ranges[-1], ranges[-1], _RESET_RANGES[kind]), full_scale),
            Setting(f"{header}:SRATe", f"digitize rate {kind}", Number(*_RATES, 1e5), rate),
            Setting(f"{header}:APERture", f"digitize aperture {kind}",
                    Number(1e-6, 1e-3, _AUTO, "S", words={"AUTO": _AUTO}), aperture),
            Setting(f"{header}:RSENse", f"digitize four wire {kind}", Boolean(False), held),
        ]  # fmt: skip

    def start(self, buffer: str) -> None:
        """Sample into a buffer from now on, if a digitize function is selected."""
        if self.function != NONE:
            self._started, self._count, self._buffer = self._of.scheduler.now, 0, buffer
            self._begin()

    def stop(self) -> None:
        """Sample no more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _begin(self) -> None:
        begin, scheduler = self._of.sample(), self._of.scheduler
        interval = 1 / self._of.number("digitize rate", self.function)
        aperture = self._of.number("digitize aperture", self.function) or interval
        level = self._of.forced
        self._due = scheduler.at(begin.time + aperture, lambda: self._end(begin, level, interval))

    def _end(self, begin: Sample, level: float, interval: float) -> None:
        self._keep(begin, self._of.sample(), level)
        self._count += 1
        buffer = self._of.buffers.get(self._buffer)
        if buffer is None or (buffer.once and len(buffer.readings) == buffer.capacity):
            # Nobody could tell that it goes on.
            self._due = None
            return
        self._due = self._of.scheduler.at(self._started + self._count * interval, self._begin)

    def _keep(self, begin: Sample, end: Sample, level: float) -> None:
        of, kind = self._of, self.function
        full = of.number("digitize range", kind)
        ranges = {k: full if k == kind else of.measure_range(k) for k in _WORDS}
        stage = of.bench.stage("")
        reading = stage.reading(begin, end, ranges["VOLT"], ranges["CURR"])
        values = {"VOLT": reading.voltage, "CURR": reading.current}
        value = values[kind]
        if abs(value) > full * model.HEADROOM:
            value = math.copysign(model.OVERFLOW, value)
        elif not stage.ideal:
            step = 2 * full * model.HEADROOM / 2**_BITS
            value = round(value / step) * step
        four_wire = of.flag("digitize four wire", kind)
        source = values[of.function] if of.flag("readback", of.function) else level
        of.store(
            self._buffer, begin.time, value, kind, source, reading.limited, four_wire, _ORIGIN
        )  # fmt: skip

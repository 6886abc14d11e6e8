"""Keysight B2901A and B2902A source-measure units, programmed in SCPI.

The list of levels or pulses, their timer and the measurement trigger run on the instrument
(`keysight_b2900_plan` has how). The host uploads, reads every setting back, starts, drains the
trace buffer while it fills, and can abort at any moment.

Source: B2900 SCPI Command Reference (B2910-90030, editions 2 and later), B2900 User's Guide,
B2900A data sheet. No instrument was at hand. Not found in a document: that a timer fires first
when its layer is entered; that a list begins again in each pass of the TRIGger layer; and that the
trace buffer may be read while it fills, which users' public programs do.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pymeasure.adapters import Adapter
from pymeasure.instruments import Channel, Instrument
from pymeasure.instruments.validators import strict_discrete_set, strict_range

from data.samples import Flag
from drivers import keysight_b2900_models as holds
from drivers import keysight_b2900_script as script
from drivers.errors import CommandError, InstrumentError
from drivers.instrument import Identity
from drivers.keysight_b2900_plan import plan
from drivers.link import Link, link_errors
from drivers.linked_meter import LinkedMeter
from drivers.scpi_settings import Setting, disagreements
from drivers.source_meter import OutputState, Readout
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_TIMING_ERROR = 100e-6
"""Lateness from which a reading is flagged, in s."""
_MOST_PER_DRAIN = 2000
_COLUMNS = 4
_GRACE = 1.0
"""Time after its end at which a program that has lost a trigger counts as stuck, in s."""
_COMPLIANCE_BITS = 0b110
_OVERRANGE_BIT = 8192
_LOST = {"1": 0x1800, "2": 0x6000}
"""Bits of the questionable status: an event of the channel came before it could be used."""


class _Smu(Channel):
    """The commands of one channel, each with its range; `{ch}` is 1 or 2."""

    output = Instrument.setting(
        ":OUTP{ch} %d", """Set the output: 0 off, 1 on.""",
        validator=strict_discrete_set, values=(0, 1),
    )  # fmt: skip
    output_and_off_mode = Instrument.measurement(
        ":OUTP{ch}?;:OUTP{ch}:OFF:MODE?", """Get the output and what off means.""",
        separator=";", cast=str,
    )  # fmt: skip
    off_mode = Instrument.setting(
        ":OUTP{ch}:OFF:MODE %s",
        """Set what off means: NORM and ZERO force 0 V, HIZ lets go.""",
        validator=strict_discrete_set, values=("NORM", "ZERO", "HIZ"),
    )  # fmt: skip
    current_level = Instrument.setting(
        ":SOUR{ch}:CURR %.9g", """Set the source current in A.""",
        validator=strict_range, values=(-3.03, 3.03),
    )  # fmt: skip
    voltage_level = Instrument.setting(
        ":SOUR{ch}:VOLT %.9g", """Set the source voltage in V.""",
        validator=strict_range, values=(-210.0, 210.0),
    )  # fmt: skip
    stored = Instrument.measurement(
        ":TRAC{ch}:POIN:ACT?", """Get the number of readings in the trace buffer.""",
        get_process=int,
    )  # fmt: skip

    def abort(self) -> None:
        """End what runs."""
        self.write(":ABOR (@{ch})")

    def initiate(self) -> None:
        """Start the readings and the source at once."""
        self.write(":INIT (@{ch})")


class _Scpi(Instrument):
    """The commands of the mainframe."""

    smu = Instrument.ChannelCreator(_Smu, "1")

    clock = Instrument.measurement(
        ":SYST:TIME:TIM:COUN?", """Measure the time since the timer was reset, in s."""
    )
    error_count = Instrument.measurement(
        ":SYST:ERR:COUN?", """Get the number of entries in the error queue.""", get_process=int
    )
    next_error = Instrument.measurement(
        ":SYST:ERR?", """Get and remove the oldest entry: code, message.""", cast=str,
        maxsplit=1,
    )  # fmt: skip
    line_frequency = Instrument.control(
        ":SYST:LFR?", ":SYST:LFR %d", """Control the power line frequency in Hz.""",
        validator=strict_discrete_set, values=(50, 60),
    )  # fmt: skip

    def __init__(self, adapter: Any, channel: str) -> None:
        super().__init__(adapter, "Keysight B2900", includeSCPI=False)
        self.smu.id = channel

    def floats(self, command: str, count: int) -> NDArray[np.float64]:
        """Values of a block of definite length: little-endian float64."""
        self.write(command)
        size = str(8 * count)
        header = f"#{len(size)}{size}".encode()
        reply = self.read_bytes(len(header) + 8 * count + 1)
        if not reply.startswith(header):
            raise ValueError(f"{len(reply)} bytes that begin with {reply[:12]!r}")
        return np.array(struct.unpack(f"<{count}d", reply[len(header) : -1]))


class KeysightB2900(LinkedMeter):
    """One channel of a Keysight B2901A or B2902A."""

    driver: ClassVar[str] = "keysight-b2900"
    models: ClassVar[tuple[str, ...]] = tuple(holds.CHANNELS)

    def __init__(self, link: Link, channel: str, wiring: str) -> None:
        self._channel, self._four_wire = channel or "1", wiring == "4-wire"
        self._drained = self._read = 0
        self._first_stamp, self._started, self._before = 0.0, 0.0, 0.0
        super().__init__(link)

    def _begin(self) -> None:
        words = self._scpi.ask("*IDN?").strip().split(",")
        maker, model, serial, firmware = (w.strip() for w in words)
        self._identity = self._accepted(Identity(maker, model, serial, firmware))
        self._line_frequency = float(self._scpi.line_frequency)
        self._scpi.write("*CLS")
        # Before the first output-off: the default off state is a 0 V source.
        self._scpi.smu.off_mode = "HIZ"
        self._scpi.write(":SYST:TIME:TIM:COUN:RES:AUTO 0")
        self._scpi.write(":SYST:TIME:TIM:COUN:RES")
        self._raise_errors("connecting")
        self._capabilities = holds.capabilities_of(model)

    @classmethod
    def channels_of(cls, model: str) -> tuple[str, ...]:
        return holds.CHANNELS[model]

    @classmethod
    def connect(
        cls,
        link: Link,
        channel: str,
        wiring: str,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Self:
        return cls(link, channel, wiring)

    def _connect(self) -> None:
        self._scpi = _Scpi(self._link.open(), self._channel)

    @property
    def _adapter(self) -> Adapter:
        return self._scpi.adapter

    @classmethod
    def capabilities_of(
        cls,
        model: str,
        line_frequency: float,  # noqa: ARG003 (apertures are set in seconds)
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Capabilities:
        return holds.capabilities_of(model)

    def _now(self) -> float:
        return self._before + float(self._scpi.clock)

    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        program.check(self._capabilities)
        n, planned = self._channel, plan(program, self._capabilities.reading_overhead)
        chosen = script.ranges(program, self._capabilities)
        settings = script.settings(n, program, planned, chosen, four_wire=self._four_wire)
        levels = planned.source.levels
        with link_errors(self._link.address):
            self._scpi.smu.off_mode = "HIZ"
            self._scpi.smu.abort()
            self._scpi.smu.output = 0
            # The buffer's size and content are changed only while it is not written.
            self._scpi.write(f":TRAC{n}:FEED:CONT NEV")
            self._scpi.write(f":TRAC{n}:CLE")
            self._scpi.smu.current_level = 0.0
            self._scpi.smu.voltage_level = 0.0
            self._scpi.write(f":SENS{n}:FUNC:OFF:ALL")
            self._scpi.write(f':SENS{n}:FUNC "VOLT","CURR"')
            for setting in settings:
                self._scpi.write(setting.command)
            if len(levels) > 1:
                for command in script.level_list(n, program, levels):
                    self._scpi.write(command)
            # The timer's answer has few digits, so that it does not run for long.
            self._before += float(self._scpi.clock)
            self._scpi.write(":SYST:TIME:TIM:COUN:RES")
            self._raise_errors("the upload")
            self._check_settings(settings)
            if len(levels) > 1:
                self._check_list(program, levels, chosen["source"])
        self._program, self._plan = program, planned
        self._drained = self._read = 0
        return {s.header.removeprefix(":"): s.value for s in settings} | {
            "line_frequency": self._line_frequency
        }

    def start(self) -> float:
        self._loaded()
        with link_errors(self._link.address):
            self._scpi.smu.output = 1
            self._scpi.smu.initiate()
            self._started = self._before + float(self._scpi.clock)
            self._raise_errors("the start")
        return self._started

    def drain(self) -> Readout:
        self._loaded()
        total = self._plan.readings.needed
        n = self._channel
        with link_errors(self._link.address):
            reply = self._scpi.ask(
                f":TRAC{n}:POIN:ACT?;:STAT:QUES:COND?;:STAT:QUES?;:SYST:ERR:COUN?;"
                ":SYST:TIME:TIM:COUN?"
            )
            stored, condition, event, errors, clock = map(float, reply.split(";"))
            if errors:
                self._raise_errors("the train")
            lost = bool((int(condition) | int(event)) & _LOST[n])
            now = self._before + clock
            if int(stored) == self._read and now > self._end + _GRACE:
                raise InstrumentError(self._stopped(int(stored), lost=lost))
            count = min(int(stored) - self._read, _MOST_PER_DRAIN)
            table = np.empty((0, _COLUMNS))
            if count:
                command = f":TRAC{n}:DATA? {self._read},{count}"
                table = self._scpi.floats(command, _COLUMNS * count).reshape(-1, _COLUMNS)
        readout = self._readout(table, running=self._read + count < total)
        if lost and len(readout):
            readout.flags[-1] |= Flag.OVERRUN
        return readout

    @property
    def _end(self) -> float:
        return self._started + self._loaded().total_duration

    def _stopped(self, stored: int, *, lost: bool) -> str:
        total, model = self._plan.readings.needed, self._identity.model
        if lost:
            return (
                f"the {model} lost a trigger that came before it was ready (overrun) and stopped "
                f"at reading {stored} of {total}; give longer segments or a shorter aperture"
            )
        return (
            f"the {model} stopped after {stored} of {total} readings; look for a message on its "
            "front panel"
        )

    def _readout(self, table: NDArray[np.float64], *, running: bool) -> Readout:
        readings, first = self._plan.readings, self._drained
        begin, end = self._read, self._read + len(table)
        if begin == 0 and len(table):
            self._first_stamp = float(table[0, 2])
        last = int(np.searchsorted(readings.chosen, end))
        rows = table[readings.chosen[first:last] - begin]
        voltage, current, stamp, status = rows.T
        bits = status.astype(np.int64)
        if np.any(bits & _OVERRANGE_BIT) or not np.all(np.isfinite(rows)):
            raise InstrumentError(
                f"the {self._identity.model} read beyond its measuring range at segment "
                f"{first + int(np.argmax((bits & _OVERRANGE_BIT) != 0))}; nothing was recorded of "
                "it: give a higher limit, whose range is measured on, or lower levels"
            )
        requested = readings.begin[first:last]
        # Timestamps count from the first reading, which begins `first` after the program does.
        time = stamp - self._first_stamp + readings.first
        limited = (bits & _COMPLIANCE_BITS) != 0
        late = time - requested > _TIMING_ERROR
        flags = (limited * Flag.LIMIT + late * Flag.LATE).astype(np.uint8)
        self._drained, self._read = last, end
        return Readout(first, time, requested, voltage, current, flags, running)

    def read_back(self) -> OutputState:
        with link_errors(self._link.address):
            output, mode = self._scpi.smu.output_and_off_mode
            on = bool(int(output))
            meaning = {"HIZ": "high-impedance", "ZERO": "0 V source", "NORM": "0 V, then open"}
            text = f"output {'on' if on else 'off'}, off mode {meaning[mode.strip()]}"
        return OutputState(on, text)

    def _switch_off(self) -> None:
        self._scpi.smu.abort()
        self._scpi.smu.current_level = 0.0
        self._scpi.smu.voltage_level = 0.0
        self._scpi.smu.off_mode = "HIZ"
        self._scpi.smu.output = 0

    def _entries(self) -> list[str]:
        return [
            ",".join(word.strip() for word in self._scpi.next_error)
            for _ in range(int(self._scpi.error_count))
        ]

    def _check_settings(self, settings: Sequence[Setting]) -> None:
        """Compare what was sent with what is set: an aperture out of range is clipped silently."""
        wrong = disagreements(self._scpi.ask, settings)
        measured = self._scpi.ask(f":SENS{self._channel}:FUNC:COUN?")
        if int(measured) != 2:
            wrong.append(f"{measured.strip()} quantities are measured instead of 2")
        self._raise_errors("reading the settings back")
        if wrong:
            raise CommandError(f"the {self._identity.model} has other settings: {'; '.join(wrong)}")

    def _check_list(
        self, program: PulseProgram, levels: NDArray[np.float64], source_range: float
    ) -> None:
        kind = "CURR" if program.source == "current" else "VOLT"
        answer = self._scpi.ask(f":SOUR{self._channel}:LIST:{kind}?")
        found = np.array([float(word) for word in answer.split(",")])
        if len(found) != len(levels) or not np.allclose(
            found, levels, rtol=1e-6, atol=2e-6 * source_range
        ):
            raise CommandError(
                f"the {self._identity.model} has another list of {len(found)} levels than the "
                f"{len(levels)} that were sent"
            )

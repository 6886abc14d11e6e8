"""Keithley 2400 source-measure unit, programmed in SCPI: slow trains and staircases.

The list and the timer run on the instrument. While they do, it queues every command until it is
idle again, so its readings arrive together at the end, and the command that switches the output
off waits in it from the start on; only an abort is carried out at once. What is forced is measured
only where the limit may act; elsewhere it is the level as programmed. It is on GPIB or on a serial
line, or on a raw socket that a server has made of one: readings are asked for as text, the only
format on a serial line.

Source: 2400 Series User's Manual (2400S-900-01), sections 11 and 18, appendix A. No instrument
was at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pymeasure.adapters import Adapter
from pymeasure.instruments import Instrument
from pymeasure.instruments.validators import strict_discrete_set, strict_range
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from data.samples import Flag
from drivers import keithley_2400_models as holds
from drivers import keithley_2400_script as script
from drivers.errors import CommandError, InstrumentError
from drivers.instrument import Identity
from drivers.link import Link, link_errors
from drivers.linked_meter import LinkedMeter
from drivers.scpi_settings import disagreements
from drivers.source_meter import OutputState, Readout
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_TIMING_ERROR = 3e-3
"""Lateness from which a reading is flagged, in s: timestamps count in 1 ms."""
_COLUMNS = 4
_OVERFLOW, _COMPLIANCE = 1, 8
_WRAP = 100_000.0
"""The timestamp starts again then, in s."""
_OFF_MODES = {"HIMP": "high-impedance", "NORM": "0 V", "ZERO": "0 V source", "GUAR": "0 A"}


class _Scpi(Instrument):
    """The commands, each with its range."""

    output = Instrument.setting(
        ":OUTP %d", """Set the output: 0 off, 1 on.""",
        validator=strict_discrete_set, values=(0, 1),
    )  # fmt: skip
    output_and_off_mode = Instrument.measurement(
        ":OUTP?;:OUTP:SMOD?", """Get the output and what off means.""", separator=";", cast=str,
    )  # fmt: skip
    off_mode = Instrument.setting(
        ":OUTP:SMOD %s", """Set what off means: HIMP lets go.""",
        validator=strict_discrete_set, values=("HIMP", "NORM", "ZERO", "GUAR"),
    )  # fmt: skip
    current_mode = Instrument.setting(
        ":SOUR:CURR:MODE %s", """Set how current is sourced: FIX or LIST.""",
        validator=strict_discrete_set, values=("FIX", "LIST"),
    )  # fmt: skip
    voltage_mode = Instrument.setting(
        ":SOUR:VOLT:MODE %s", """Set how voltage is sourced: FIX or LIST.""",
        validator=strict_discrete_set, values=("FIX", "LIST"),
    )  # fmt: skip
    current_level = Instrument.setting(
        ":SOUR:CURR %.9g", """Set the source current in A.""",
        validator=strict_range, values=(-1.05, 1.05),
    )  # fmt: skip
    voltage_level = Instrument.setting(
        ":SOUR:VOLT %.9g", """Set the source voltage in V.""",
        validator=strict_range, values=(-210.0, 210.0),
    )  # fmt: skip
    clock = Instrument.measurement(":SYST:TIME?", """Measure the timestamp, in s.""")
    error_count = Instrument.measurement(
        ":SYST:ERR:COUN?", """Get the number of entries in the error queue.""", get_process=int
    )
    next_error = Instrument.measurement(
        ":SYST:ERR?", """Get and remove the oldest entry: code, message.""", cast=str,
        maxsplit=1,
    )  # fmt: skip
    line_frequency = Instrument.measurement(":SYST:LFR?", """Get the power line frequency in Hz.""")

    def __init__(self, adapter: Any) -> None:
        super().__init__(adapter, "Keithley 2400", includeSCPI=False)


class Keithley2400(LinkedMeter):
    """A Keithley 2400."""

    driver: ClassVar[str] = "keithley-2400"
    models: ClassVar[tuple[str, ...]] = ("2400",)

    def __init__(self, link: Link, wiring: str) -> None:
        self._four_wire = wiring == "4-wire"
        self._asked = self._complete = False
        self._drained = 0
        self._before = self._last = 0.0
        super().__init__(link)

    def _begin(self) -> None:
        # Whatever runs would let every query wait.
        self._scpi.write(":ABOR")
        words = self._scpi.ask("*IDN?").strip().split(",")
        maker, model, serial, firmware = (w.strip() for w in words)
        self._identity = self._accepted(
            Identity(maker.title(), model.upper().removeprefix("MODEL ").strip(), serial, firmware)
        )
        self._line_frequency = float(self._scpi.line_frequency)
        self._scpi.write("*CLS")
        # Before the first output-off: the default off state is a 0 V source.
        self._scpi.off_mode = "HIMP"
        self._scpi.write(":SYST:TIME:RES:AUTO 0")
        self._scpi.write(":SYST:TIME:RES")
        self._raise_errors("connecting")
        self._capabilities = holds.capabilities_of(self._line_frequency)

    @classmethod
    def channels_of(cls, model: str) -> tuple[str, ...]:  # noqa: ARG003 (it has one)
        return ()

    @classmethod
    def connect(
        cls,
        link: Link,
        channel: str,  # noqa: ARG003 (it has one)
        wiring: str,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Self:
        return cls(link, wiring)

    def _connect(self) -> None:
        self._scpi = _Scpi(self._link.open())

    @property
    def _adapter(self) -> Adapter:
        return self._scpi.adapter

    @classmethod
    def capabilities_of(
        cls,
        model: str,  # noqa: ARG003 (there is but one)
        line_frequency: float,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Capabilities:
        return holds.capabilities_of(line_frequency)

    def _now(self) -> float:
        stamp = float(self._scpi.clock)
        if stamp < self._last:
            self._before += _WRAP
        self._last = stamp
        return self._before + stamp

    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        program.check(self._capabilities)
        planned = holds.plan(program)
        chosen = script.ranges(program, self._capabilities)
        settings = script.settings(
            program, planned, chosen, self._line_frequency, four_wire=self._four_wire
        )
        other = script.kinds(program)[1]
        with link_errors(self._link.address):
            self._switch_off()
            # The buffer's size and content are changed only while it is not written.
            self._scpi.write(":TRAC:FEED:CONT NEV")
            self._scpi.write(":TRAC:CLE")
            # The source's function decides which range may be measured on.
            self._scpi.write(f":SOUR:FUNC {script.kinds(program)[0]}")
            # A limit must not be below 0.1 % of the range that is measured on meanwhile.
            self._scpi.write(f":SENS:{other}:RANG {chosen['lowest']:.9g}")
            self._scpi.write(":SENS:FUNC:OFF:ALL")
            for setting in settings:
                self._scpi.write(setting.command)
            self._scpi.write(script.functions(program))
            for command in script.level_list(program, planned.levels):
                self._scpi.write(command)
            self._raise_errors("the upload")
            wrong = disagreements(self._scpi.ask, settings)
            found, expected = self._scpi.ask(":SENS:FUNC:COUN?").strip(), holds.measured(program)
            if int(found) != expected:
                wrong.append(f"{found} quantities are measured instead of {expected}")
            self._check_list(program, planned.levels, chosen["source"], wrong)
            self._raise_errors("reading the settings back")
        if wrong:
            raise CommandError(f"the {self._identity.model} has other settings: {'; '.join(wrong)}")
        self._program, self._plan = program, planned
        self._asked = self._complete = False
        self._drained = 0
        return {s.header.removeprefix(":"): s.value for s in settings} | {
            "line_frequency": self._line_frequency
        }

    def start(self) -> float:
        self._loaded()
        with link_errors(self._link.address):
            self._scpi.output = 1
            self._raise_errors("turning the output on")
            started = self._now()
            self._scpi.write(":INIT")
            # Waits in the instrument until the program has ended, whoever is there by then.
            self._scpi.output = 0
        return started

    def drain(self) -> Readout:
        """What was read, once all is: a query in between waits in the instrument.

        Waits as long as the link lets an answer take, at most.
        """
        program = self._loaded()
        with link_errors(self._link.address):
            if not self._complete and not self._over():
                return self._readout(np.empty((0, _COLUMNS)), 0, running=True)
            self._complete = True
            self._raise_errors("the train")
            values = [float(word) for word in self._scpi.ask(":TRAC:DATA?").split(",") if word]
        table = np.array(values).reshape(-1, _COLUMNS)
        if len(table) < self._plan.count:
            raise InstrumentError(
                f"the {self._identity.model} stopped after {len(table)} of {self._plan.count} "
                "points; look for a message on its front panel"
            )
        return self._readout(table, len(program), running=False)

    def _over(self) -> bool:
        """Whether the program has ended: its answer to that is there."""
        if not self._asked:
            self._scpi.write("*OPC?")
            self._asked = True
        try:
            self._scpi.read()
        except VisaIOError as error:
            if error.error_code != StatusCode.error_timeout:
                raise
            return False
        self._asked = False
        return True

    def _readout(self, table: NDArray[np.float64], segments: int, *, running: bool) -> Readout:
        chosen, begin = self._plan.chosen[:segments], self._plan.begin[:segments]
        rows = table[chosen] if len(table) else np.empty((0, _COLUMNS))
        voltage, current, stamp, status = rows.T
        bits = status.astype(np.int64)
        if np.any(bits & _OVERFLOW):
            raise InstrumentError(
                f"the {self._identity.model} read beyond its measuring range at segment "
                f"{int(np.argmax((bits & _OVERFLOW) != 0))}; give a higher limit, whose range is "
                "measured on, or lower levels"
            )
        # Timestamps count from the first reading, which begins a source delay after its change.
        time = stamp + self._plan.delay
        limited, late = (bits & _COMPLIANCE) != 0, time - begin > _TIMING_ERROR
        flags = (limited * Flag.LIMIT + late * Flag.LATE).astype(np.uint8)
        first, self._drained = self._drained, self._drained + segments
        return Readout(first, time, begin, voltage, current, flags, running)

    def read_back(self) -> OutputState:
        with link_errors(self._link.address):
            output, mode = self._scpi.output_and_off_mode
            on = bool(int(output))
            text = f"output {'on' if on else 'off'}, off mode {_OFF_MODES[mode.strip()]}"
        return OutputState(on, text)

    def _switch_off(self) -> None:
        self._scpi.write(":ABOR")
        if self._asked:
            self._forget_what_was_asked()
        # Not before the mode is fixed is a level one that can be set.
        self._scpi.current_mode = "FIX"
        self._scpi.voltage_mode = "FIX"
        self._scpi.current_level = 0.0
        self._scpi.voltage_level = 0.0
        self._scpi.off_mode = "HIMP"
        self._scpi.output = 0

    def _forget_what_was_asked(self) -> None:
        """The query that waited is answered now, or was interrupted by the abort (-410)."""
        self._asked = False
        try:
            self._scpi.read()
        except VisaIOError as error:
            if error.error_code != StatusCode.error_timeout:
                raise
        self._scpi.write("*CLS")

    def _entries(self) -> list[str]:
        return [
            ",".join(word.strip() for word in self._scpi.next_error)
            for _ in range(int(self._scpi.error_count))
        ]

    def _check_list(
        self,
        program: PulseProgram,
        levels: NDArray[np.float64],
        source_range: float,
        wrong: list[str],
    ) -> None:
        answer = self._scpi.ask(f":SOUR:LIST:{script.kinds(program)[0]}?")
        found = np.array([float(word) for word in answer.split(",")])
        if len(found) != len(levels) or not np.allclose(
            found, levels, rtol=1e-6, atol=1e-4 * source_range
        ):
            wrong.append(f"a list of {len(found)} levels, not the {len(levels)} that were sent")

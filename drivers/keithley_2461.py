"""Keithley 2461 source-measure unit, programmed in SCPI, with its own pulses.

The instrument is given one list of pulse levels, their width and off time, or a list of steps,
and times all of it; `keithley_2461_layout` says how a program becomes such a list. The host
uploads, starts, drains the buffer while it fills, and can abort. Readings are of what is not
sourced; the sourced quantity is recorded as programmed, since measuring it too would lengthen each
reading. When a reading begins is the instrument's choice: as late in its pulse as it fits. Of
waveforms the digitizer's samples are the readings (`keithley_2461_digitizer`).

Source: Model 2461 Reference Manual (2461-901-01 and the help of tsp-toolkit), SCPI command
reference; the vendor's examples for the 2461. The words of SENSe:AZERo, SENSe:COUNt, SENSe:AVERage,
SYSTem:LFRequency, SYSTem:ERRor:COUNt and the type that SYSTem:EVENtlog:NEXT? takes were not seen
there and are those of its relatives, from memory; one that is wrong is refused by the instrument
and nothing is started.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pymeasure.adapters import Adapter

from data.samples import Flag
from drivers import keithley_2461_models as models
from drivers.errors import CommandError, InstrumentError
from drivers.instrument import Identity
from drivers.keithley_2461_layout import Layout, layout
from drivers.keithley_2461_script import Line, lines, settings
from drivers.link import Link, link_errors
from drivers.linked_meter import LinkedMeter
from drivers.source_meter import OutputState, Readout
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_TIMING_ERROR = 100e-6
"""Lateness from which a reading is flagged, in s."""
_MOST_PER_DRAIN = 2000
_SETTLED = 1.0
"""Time for which the state of the trigger model, looked at every 100 ms, is not yet believed."""
_TRIES, _STOPPING = 3, 0.2
"""How often it is told to be off until it says so, and the time between, in s."""
_LIMITED, _OVERFLOW = 32, 9e37
_COLUMNS = "READ,REL,SOUR,SOURSTAT"
_MARK = "fmes clock"
_EVENTS = 100
"""Entries of the event log that are read for the one that tells the time, at most."""
_OFF_MODES = {"NORM": "0 V source", "ZERO": "zero", "GUAR": "0 A source", "HIMP": "high-impedance"}


class Keithley2461(LinkedMeter):
    """A Keithley 2461 in its SCPI command set."""

    driver: ClassVar[str] = "keithley-2461"
    models: ClassVar[tuple[str, ...]] = ("2461",)

    def __init__(self, link: Link, wiring: str) -> None:
        self._four_wire = wiring == "4-wire"
        self._layout: Layout | None = None
        self._drained, self._started = 0, 0.0
        super().__init__(link)

    def _connect(self) -> None:
        self._connection = self._link.open()

    @property
    def _adapter(self) -> Adapter:
        return self._connection

    def _begin(self) -> None:
        self._identity = self._identify()
        self._line_frequency = float(self._ask("SYST:LFR?"))
        # Before the first output-off: the default off state is a 0 V source.
        self._write("OUTP:SMOD HIMP")
        if (off := self._off_mode()) != _OFF_MODES["HIMP"]:
            raise InstrumentError(
                f"{self._link.address} was told to be high-impedance when off, and its off mode "
                f"reads back {off}; disconnect the device and look at the instrument"
            )
        self._write("SYST:CLE")
        self._zero = self._clock()
        self._capabilities = self.capabilities_of(self._identity.model, self._line_frequency)

    @classmethod
    def channels_of(cls, model: str) -> tuple[str, ...]:  # noqa: ARG003 (it has but one)
        return ()

    @classmethod
    def connect(
        cls,
        link: Link,
        channel: str,  # noqa: ARG003 (it has but one)
        wiring: str,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Self:
        return cls(link, wiring)

    @classmethod
    def capabilities_of(
        cls,
        model: str,
        line_frequency: float,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Capabilities:
        return models.capabilities_of(model, line_frequency)

    def _now(self) -> float:
        return self._clock() - self._zero

    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        program.check(self._capabilities)
        found = layout(program)
        if found is None:
            raise InstrumentError("the program is neither a pulse list nor a list sweep")
        self._program, self._layout, self._drained = program, found, 0
        chosen = settings(
            program, self._capabilities, self._line_frequency, four_wire=self._four_wire
        )
        with link_errors(self._link.address):
            sent = lines(program, found, chosen)
            for line in sent:
                self._write(line.command)
            self._raise_errors("the upload")
            self._verify(sent)
        return {
            **chosen, "source": program.source, "list": found.kind, "length": len(found.levels),
            "count": found.count, "width": found.width, "off": found.off, "delay": found.delay,
            "rate": found.rate,
            "line_frequency": self._line_frequency,
        }  # fmt: skip

    def start(self) -> float:
        _, found = self._laid_out()
        with link_errors(self._link.address):
            self._write(f'SYST:EVEN:POST "{_MARK}", INF')
            self._write("INIT")
            self._started = self._posted() - self._zero + found.lead
            self._raise_errors("the start")
        return self._started

    def drain(self) -> Readout:
        program, found = self._laid_out()
        first = self._drained
        with link_errors(self._link.address):
            # The state first: what is stored once it is idle is all there will be.
            state = self._ask("TRIG:STAT?").split(";")[0].strip().upper()
            stored = int(float(self._ask('TRAC:ACT:END? "defbuffer1"')))
            self._raise_errors("the train")
            going = state in ("RUNNING", "WAITING")
            if not going and stored < found.readings:
                self._raise_if_stopped(state, stored, found.readings)
            ended = not going and stored >= found.readings and self._is_over(found)
            last = int(np.searchsorted(found.reading, stored))
            if first < last:
                most = found.reading[first] + _MOST_PER_DRAIN
                last = max(min(last, int(np.searchsorted(found.reading, most))), first + 1)
            table = self._rows(found.reading[first:last])
        return self._readout(first, table, not ended or last < len(program))

    def _raise_if_stopped(self, state: str, stored: int, expected: int) -> None:
        if state in ("IDLE", "BUILDING") and self._clock() - self._zero < self._started + _SETTLED:
            return
        raise InstrumentError(
            f"the {self._identity.model} stopped after {stored} of {expected} readings, its "
            f"trigger model is {state}; look for a message on its front panel"
        )

    def _is_over(self, found: Layout) -> bool:
        """Whether its time has passed; the trigger model may be idle only by its old state."""
        lasts = found.readings * found.period - found.lead
        return lasts > _SETTLED or self._clock() - self._zero >= self._started + lasts

    def _rows(self, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Readings by their numbers from 0, a row each: reading, time, source, its status."""
        if not len(wanted):
            return np.empty((0, 4))
        begin, end = int(wanted[0]), int(wanted[-1])
        reply = self._ask(f'TRAC:DATA? {begin + 1},{end + 1},"defbuffer1",{_COLUMNS}')
        values = np.array(reply.split(","), dtype=np.float64)
        if len(values) != 4 * (end - begin + 1):
            raise ValueError(f"{len(values)} values instead of {4 * (end - begin + 1)}")
        return values.reshape(-1, 4)[wanted - begin]

    def _readout(self, first: int, table: NDArray[np.float64], running: bool) -> Readout:
        program, found = self._laid_out()
        rows = slice(first, first + len(table))
        self._drained += len(table)
        reading, relative, source, status = table.T
        # Timestamps count from the first reading of the buffer, which begins as requested.
        requested, time = found.requested[rows], relative + found.delay - found.lead
        if float((requested - time).max(initial=0.0)) > max(_TIMING_ERROR, 0.1 * found.period):
            raise InstrumentError(
                f"the {self._identity.model} reads earlier than it was told to, by "
                f"{float((requested - time).max()):.3g} s: it plays something else; look at its "
                "front panel, then run again"
            )
        # A sample on an edge may carry the level of either side of it.
        source = program.level[rows] if found.rate else source
        voltage, current = (reading, source) if program.source == "current" else (source, reading)
        flags = (
            ((status.astype(np.int64) & _LIMITED) != 0) * Flag.LIMIT
            + (np.abs(reading) > _OVERFLOW) * Flag.OVERRANGE
            + (time - requested > _TIMING_ERROR) * Flag.LATE
        ).astype(np.uint8)
        return Readout(first, time, requested, voltage, current, flags, running)

    def read_back(self) -> OutputState:
        with link_errors(self._link.address):
            output = self._ask("OUTP?")
            if output not in ("0", "1"):
                raise ValueError(f"{output[:80]!r} for the state of the output")
            off = self._off_mode()
        return OutputState(
            output == "1", f"output {'off' if output == '0' else 'on'}, off mode {off}"
        )

    def _off_mode(self) -> str:
        """What off means, of either function; both when they differ."""
        modes = {self._ask(f"OUTP:{kind}:SMOD?") for kind in ("CURR", "VOLT")}
        if unknown := modes - _OFF_MODES.keys():
            raise ValueError(f"{unknown} for the off mode")
        return " or ".join(sorted(_OFF_MODES[mode] for mode in modes))

    def _off_and_read_back(self) -> str:
        for _ in range(_TRIES):
            with link_errors(self._link.address):
                self._write("ABOR")
                self._switch_off()
            state = self.read_back()
            if not state.on and state.text.endswith(f"off mode {_OFF_MODES['HIMP']}"):
                return state.text
            # A trigger model that is still being stopped may have refused to be told.
            self._link.wait(_STOPPING)
        raise InstrumentError(f"after it was switched off it reads back: {state.text}")

    def _switch_off(self) -> None:
        """High-impedance as the off mode, off, and no level that a later on would bring back."""
        self._write("OUTP:SMOD HIMP")
        self._write("OUTP OFF")
        self._write("SOUR:CURR 0")
        self._write("SOUR:VOLT 0")

    def _identify(self) -> Identity:
        maker, model, serial, firmware = (w.strip() for w in self._ask("*IDN?").split(","))
        identity = self._accepted(
            Identity(maker, model.upper().removeprefix("MODEL "), serial, firmware)
        )
        language = self._ask("*LANG?").strip().strip('"').upper()
        if language != "SCPI":
            raise InstrumentError(
                f"{self._link.address} is a {identity} with the command set {language}; the driver "
                "needs SCPI: choose it in MENU > System > Settings > Command Set, or send "
                "'*LANG SCPI', then switch it off and on"
            )
        return identity

    def _clock(self) -> float:
        """Time of the instrument in s, to 1 ms: SYST:TIME? tells whole seconds only."""
        self._write(f'SYST:EVEN:POST "{_MARK}", INF')
        return self._posted()

    def _posted(self) -> float:
        """When the mark was posted to the event log."""
        for _ in range(_EVENTS):
            event = self._ask("SYST:EVEN:NEXT? INF")
            if _MARK in event:
                return _time_of(event)
            if event.startswith(("0,", "+0,")):
                break
        raise ValueError("its event log does not show what was posted to it")

    def _laid_out(self) -> tuple[PulseProgram, Layout]:
        program = self._loaded()
        assert self._layout is not None  # noqa: S101 (for mypy: it is loaded with the program)
        return program, self._layout

    def _entries(self) -> tuple[str, ...]:
        count = int(float(self._ask("SYST:ERR:COUN?")))
        return tuple(self._ask("SYST:ERR?") for _ in range(count))

    def _verify(self, sent: Sequence[Line]) -> None:
        """Every setting that can be asked for is asked for.

        Raises
        ------
        CommandError
            One is another than was sent.
        """
        for line in sent:
            if line.query and not line.agrees(answer := self._ask(line.query)):
                raise CommandError(
                    f"the {self._identity.model} answers {answer[:80]!r} to {line.query} after "
                    f"{line.command[:80]!r} was sent. Nothing was started; check whether another "
                    "program or its front panel uses it too"
                )

    def _write(self, command: str) -> None:
        self._adapter.write(command)

    def _ask(self, query: str) -> str:
        self._adapter.write(query)
        return str(self._adapter.read()).strip()


def _time_of(event: str) -> float:
    """Seconds of an entry that ends in date and time, or in seconds and nanoseconds."""
    if found := re.search(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d+)", event):
        moment = datetime.strptime(found[1], "%Y/%m/%d %H:%M:%S.%f")
        return (moment - datetime(1970, 1, 1)).total_seconds()
    if found := re.search(r"[;,](\d{9,}),(\d+)\"?$", event):
        return float(found[1]) + 1e-9 * float(found[2])
    raise ValueError(f"no time in {event!r}")

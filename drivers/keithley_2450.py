"""Keithley 2450 and 2460 source-measure units, programmed in TSP.

A trigger model plays the program on the instrument: timer 1 starts each segment, timer 2 each
reading, a source configuration list holds the levels. The host uploads, starts, drains the
buffer while it fills, and can abort at any moment. What a reading measures besides the function
it is made for is the level as programmed; where the limit may act, it is measured as well.

Source: 2450 reference manual (2450-901-01), the vendor's machine-readable TSP command reference
of both models and its pulse examples. Inferred, not documented: that the first block for timer 1
takes the event with which the timer starts, that timestamps mark the begin of an aperture, and
that an abort with nothing running is no error. What comes out otherwise ends the run by name.
The instrument must be set to the language TSP. Which terminals are used, front or rear, is left
as it is set on the instrument.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pymeasure.adapters import Adapter
from pymeasure.instruments import Instrument

from data.samples import Flag
from drivers import keithley_2450_models as holds
from drivers import keithley_2450_script as script
from drivers.errors import CommandError, InstrumentError
from drivers.instrument import Identity
from drivers.keithley_2450_readings import COLUMNS, Readings
from drivers.link import Link, link_errors
from drivers.linked_meter import LinkedMeter
from drivers.source_meter import OutputState, Readout
from drivers.tsp_instrument import TspInstrument
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_OLDEST_FIRMWARE = (1, 7)
"""First firmware with the block for readings that the reference describes."""
_MOST_PER_DRAIN = 2000
_GRACE = 1.0
"""Time after its end at which a program that has lost a trigger counts as stuck, in s."""
_RUNNING_EVENT, _IDLE_EVENT = 2731, 2732
_NEXT_LIST = "print(smu.source.configlist.catalog())"
_OFF = "smu.source.offmode=smu.OFFMODE_HIGHZ smu.source.output=smu.OFF"


class _Tsp(TspInstrument):
    """The commands of the instrument."""

    language = Instrument.measurement(
        "*LANG?", """Get the command language, "TSP" or another.""", cast=str
    )
    error_count = Instrument.measurement(
        "print(eventlog.getcount(eventlog.SEV_ERROR))",
        """Get the number of unread errors in the event log.""", get_process=int,
    )  # fmt: skip
    next_error = Instrument.measurement(
        "print(eventlog.next(eventlog.SEV_ERROR))",
        """Get and remove the oldest error: number, message and more.""",
        separator="\t", cast=str,
    )  # fmt: skip
    clock = Instrument.measurement(
        "print(timer.gettime())", """Measure the time since the timer was cleared, in s."""
    )
    line_frequency = Instrument.measurement(
        "print(localnode.linefreq)", """Get the power line frequency in Hz."""
    )
    output_and_off_mode = Instrument.measurement(
        "print(smu.source.output==smu.ON,smu.source.offmode==smu.OFFMODE_HIGHZ)",
        """Get whether the output is on and whether off means high-impedance.""",
        separator="\t", cast=str,
        get_process_list=lambda words: [_boolean(word) for word in words],
    )  # fmt: skip

    def __init__(self, adapter: Any) -> None:
        super().__init__(adapter, "Keithley 2450", includeSCPI=False)


class Keithley2450(LinkedMeter):
    """A Keithley 2450 or 2460."""

    driver: ClassVar[str] = "keithley-2450"
    models: ClassVar[tuple[str, ...]] = tuple(holds.MODELS)
    verifiable: ClassVar[bool] = True

    def __init__(self, link: Link, wiring: str, verified_period: float | None) -> None:
        self._four_wire, self._verified_period = wiring == "4-wire", verified_period
        super().__init__(link)

    def _begin(self) -> None:
        self._identify()
        self._line_frequency = float(self._tsp.line_frequency)
        self._tsp.write("eventlog.clear() format.asciiprecision=16 timer.cleartime()")
        # Before the first output-off: the default off state is a 0 V source. Each source
        # function has its own, which counts from when the function is selected.
        for function in ("CURRENT", "VOLTAGE"):
            self._tsp.write(
                f"smu.source.setattribute(smu.FUNC_DC_{function},smu.ATTR_SRC_OFFMODE,"
                "smu.OFFMODE_HIGHZ)"
            )
        self._raise_errors("the connection")
        self._capabilities = self.capabilities_of(
            self._identity.model, self._line_frequency, verified_period=self._verified_period
        )

    def _identify(self) -> None:
        """Learn who it is and refuse what the driver is not for."""
        words = self._tsp.ask("*IDN?").strip().split(",")
        maker, model, serial, firmware = (w.strip() for w in words)
        self._identity = self._accepted(Identity(maker, model.split(" ")[-1], serial, firmware))
        language = str(self._tsp.language).strip()
        if language != "TSP":
            raise InstrumentError(
                f"the {self._identity.model} at {self._link.address} is set to the language "
                f"{language}, the driver speaks TSP; choose it under MENU, System, Settings, "
                "Command Set, then switch the instrument off and on"
            )
        release = tuple(int(part) for part in firmware.split(".")[:2])
        if release < _OLDEST_FIRMWARE:
            oldest = ".".join(map(str, _OLDEST_FIRMWARE))
            raise InstrumentError(
                f"the {self._identity.model} at {self._link.address} has firmware {firmware}; "
                f"the driver needs {oldest} or later; load it under MENU, System, Info/Manage"
            )

    @classmethod
    def channels_of(cls, model: str) -> tuple[str, ...]:  # noqa: ARG003 (all have one)
        return ()

    @classmethod
    def connect(
        cls,
        link: Link,
        channel: str,  # noqa: ARG003 (there is but one)
        wiring: str,
        *,
        verified_period: float | None = None,
    ) -> Self:
        return cls(link, wiring, verified_period)

    def _connect(self) -> None:
        self._tsp = _Tsp(self._link.open())

    @property
    def _adapter(self) -> Adapter:
        return self._tsp.adapter

    @classmethod
    def capabilities_of(
        cls, model: str, line_frequency: float, *, verified_period: float | None = None
    ) -> Capabilities:
        return holds.capabilities_of(model, line_frequency, verified_period)

    def _now(self) -> float:
        return float(self._tsp.clock)

    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        program.check(self._capabilities)
        self._program, self._drained = program, 0
        chosen = script.settings(
            program, self._capabilities, self._line_frequency, four_wire=self._four_wire
        )
        # Where the source is measured as well, that comes first.
        before = program.aperture * (holds.apertures(program) - 1)
        self._readings = Readings(
            self._identity.model, program, chosen, holds.delays(program) + before
        )
        with link_errors(self._link.address):
            if script.LEVELS in self._config_lists():
                self._tsp.write(f'smu.source.configlist.delete("{script.LEVELS}")')
            for line in script.lines(program, chosen):
                if line.endswith(script.ANSWERED):
                    self._tsp.ask(line)
                else:
                    self._tsp.write(line)
            self._raise_errors("the upload")
            return self._verify(script.expected(program, chosen))

    def _config_lists(self) -> list[str]:
        """Names of the source configuration lists on the instrument, which tells one at a time."""
        names: list[str] = []
        # Who asked before may have stopped half-way, so only the second round is complete.
        for _ in range(2):
            names.clear()
            while (name := self._tsp.ask(_NEXT_LIST).strip()) != "nil":
                names.append(name)
        return names

    def _verify(self, expected: Mapping[str, float | bool]) -> dict[str, Any]:
        """The settings as they are found; one that is not as it was sent must not be played."""
        reply = self._tsp.ask(f"print({','.join(expected)},status.operation.getmap(0))")
        *words, running, idle = reply.strip().split("\t")
        if len(words) != len(expected):
            raise ValueError(f"{len(words)} settings instead of {len(expected)}: {reply!r}")
        found: dict[str, float | bool] = {}
        for (name, value), word in zip(expected.items(), words, strict=True):
            found[name] = _boolean(word) if isinstance(value, bool) else float(word)
            if not math.isclose(found[name], value, rel_tol=1e-3, abs_tol=1e-15):
                raise CommandError(
                    f"on the {self._identity.model} {name} is {word} instead of "
                    f"{str(value).lower()} after the upload; the program is not played"
                )
        if (float(running), float(idle)) != (_RUNNING_EVENT, _IDLE_EVENT):
            raise CommandError(
                f"on the {self._identity.model} the operation status is mapped to the events "
                f"{running} and {idle} after the upload; the program is not played"
            )
        return found | {
            "terminals": self._terminals(),
            "firmware": self._identity.firmware, "line_frequency": self._line_frequency,
        }  # fmt: skip

    def _terminals(self) -> str:
        """Which of its terminals it uses."""
        places = ("FRONT", "REAR")
        tests = ",".join(f"smu.terminals==smu.TERMINALS_{place}" for place in places)
        words = self._tsp.ask(f"print({tests})").split("\t")
        (place,) = [p for p, word in zip(places, words, strict=True) if _boolean(word)]
        return place.lower()

    def start(self) -> float:
        with link_errors(self._link.address):
            self._started = float(
                self._tsp.ask(
                    "smu.source.output=smu.ON trigger.model.initiate() print(timer.gettime())"
                )
            )
            self._raise_errors("the start")
        return self._started

    def drain(self) -> Readout:
        program, first = self._loaded(), self._drained
        with link_errors(self._link.address):
            reply = self._tsp.ask(
                f"print({script.BUFFER}.n,status.operation.condition,"
                "eventlog.getcount(eventlog.SEV_ERROR),timer.gettime(),"
                "trigger.timer[2].start.overrun,smu.source.output==smu.ON,trigger.model.state())"
            )
            count, condition, errors, now, overrun, on, state, *_ = reply.strip().split("\t")
            self._raise_errors("the train", int(float(errors)))
            stored, running = int(float(count)), bool(int(float(condition)) & 1)
            self._raise_if_stuck(stored, running, state, float(now))
            if not running and _boolean(on):
                raise InstrumentError(
                    f"the {self._identity.model} ended the program with its output on, which the "
                    "program ends by switching off; play it again"
                )
            # The last reading waits for the end, with which all overruns are known.
            last = min(stored, len(program) - 1) if running else stored
            last = min(last, first + _MOST_PER_DRAIN)
            table = self._buffer(first, last)
        readout = self._readings.readout(first, table, running or last < len(program))
        self._drained = last
        if _boolean(overrun) and len(readout):
            readout.flags[-1] |= Flag.OVERRUN
        return readout

    def _raise_if_stuck(self, stored: int, running: bool, state: str, now: float) -> None:
        """A trigger model that ended early, or one that waits for a trigger that it has lost."""
        program = self._loaded()
        failed = state.endswith(("FAILED", "ABORTED"))
        if failed or (not running and stored < len(program)):
            raise InstrumentError(
                f"the {self._identity.model} stopped after {stored} of {len(program)} "
                f"readings ({state}); look for a message on its front panel"
            )
        over = now > self._started + program.total_duration + _GRACE
        nothing_new = min(stored, len(program) - 1) <= self._drained
        if running and over and nothing_new:
            raise InstrumentError(
                f"the {self._identity.model} lost a trigger that came before it was ready "
                f"(overrun) and waits after reading {stored} of {len(program)}; give longer "
                "segments or a shorter aperture"
            )

    def _buffer(self, first: int, last: int) -> NDArray[np.float64]:
        """Readings by their numbers from 0, a row each: reading, source, time, source status."""
        if last <= first:
            return np.empty((0, 4))
        columns = ",".join(f"{script.BUFFER}.{name}" for name in COLUMNS)
        command = f"printbuffer({first + 1},{last},{columns})"
        return self._tsp.floats(command, 4 * (last - first)).reshape(-1, 4)

    def read_back(self) -> OutputState:
        with link_errors(self._link.address):
            on, high_impedance = self._tsp.output_and_off_mode
        mode = "high-impedance" if high_impedance else "not high-impedance"
        return OutputState(on, f"output {'on' if on else 'off'}, off mode {mode}")

    def _switch_off(self) -> None:
        self._tsp.write("trigger.model.abort()")
        self._tsp.write("smu.source.level=0")
        self._tsp.write(_OFF)

    def _entries(self, count: int | None = None) -> list[str]:
        """What the event log holds; the instrument may tell its count only once."""
        entries = []
        for _ in range(int(self._tsp.error_count) if count is None else count):
            number, message, *_rest = self._tsp.next_error
            entries.append(f"{float(number):.0f} {message.strip()}")
        return entries

    def _raise_errors(self, during: str, count: int | None = None) -> None:
        self._raise(self._entries(count), during)


def _boolean(word: str) -> bool:
    """What the instrument prints for a boolean."""
    if word.strip() not in ("true", "false"):
        raise ValueError(f"{word!r} instead of true or false")
    return word.strip() == "true"

"""Keithley 2600B series source-measure units, programmed in TSP.

The level list, the timers and the measurement trigger run on the instrument: timer 1
starts each segment, timer 2 each reading. The host uploads, starts, drains the buffers
while they fill, and can abort at any moment. The buffers of a program that is longer than they
are start over while they are drained; that timestamps go on then is inferred, not documented.

Source: Series 2600B Reference Manual (2600BS-901-01), chapters on the trigger model,
reading buffers and the TSP command reference; specifications of the 2602B, 2612B, 2636B.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pymeasure.adapters import Adapter
from pymeasure.instruments import Channel, Instrument
from pymeasure.instruments.validators import strict_discrete_set, strict_range

from data.samples import Flag
from drivers import keithley_2600b_models as holds
from drivers import keithley_2600b_script as script
from drivers.errors import CommandError, InstrumentError
from drivers.instrument import Identity
from drivers.link import Link, link_errors
from drivers.linked_meter import LinkedMeter
from drivers.source_meter import OutputState, Readout
from drivers.tsp_instrument import TspInstrument
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_TIMING_ERROR = 100e-6
"""Lateness from which a reading is flagged, in s."""
_READ_BACK = 1e-3
"""Relative difference between a setting as sent and as read back that is rounding."""
_MOST_PER_DRAIN = 2000
_GRACE = 1.0
"""Time after its end at which a program that has lost a trigger counts as stuck, in s."""
_TIMERS_USED = 0b110
_OVERRUNS = (
    "status.operation.instrument.{smu}.trigger_overrun.condition,"
    "status.operation.instrument.trigger_timer.trigger_overrun.condition"
)
_COMPLIANCE_BIT = 0x40
_OVERFLOW = 9.9e37
"""What stands for a reading beyond the measuring range, or more."""
_OUTPUTS = ("off", "on", "high-impedance")
_OFF_MODES = ("0 V source", "zero", "high-impedance")


class _Smu(Channel):
    """The commands of one channel, each with its range; `{ch}` is `a` or `b`."""

    output = Instrument.setting(
        "smu{ch}.source.output=%d", """Set the output: 0 off, 1 on, 2 high-impedance.""",
        validator=strict_discrete_set, values=(0, 1, 2),
    )  # fmt: skip
    output_and_off_mode = Instrument.measurement(
        "print(smu{ch}.source.output,smu{ch}.source.offmode)",
        """Get the output and what off means, numbered as they are set.""",
        separator="\t", get_process_list=lambda values: [int(v) for v in values],
    )  # fmt: skip
    current_level = Instrument.setting(
        "smu{ch}.source.leveli=%.9g", """Set the source current in A.""",
        validator=strict_range, values=(-3.03, 3.03),
    )  # fmt: skip
    voltage_level = Instrument.setting(
        "smu{ch}.source.levelv=%.9g", """Set the source voltage in V.""",
        validator=strict_range, values=(-202.0, 202.0),
    )  # fmt: skip
    off_mode = Instrument.setting(
        "smu{ch}.source.offmode=%d",
        """Set what off means: 0 a 0 V source, 1 zero, 2 high-impedance.""",
        validator=strict_discrete_set, values=(0, 1, 2),
    )  # fmt: skip


class _Tsp(TspInstrument):
    """The commands of the mainframe."""

    smu = Instrument.ChannelCreator(_Smu, "a")

    error_count = Instrument.measurement(
        "print(errorqueue.count)", """Get the number of entries in the error queue.""",
        get_process=int,
    )  # fmt: skip
    next_error = Instrument.measurement(
        "print(errorqueue.next())",
        """Get and remove the oldest entry: code, message, severity, node.""",
        separator="\t", cast=str,
    )  # fmt: skip
    clock = Instrument.measurement(
        "print(timer.measure.t())", """Measure the time since the timer was reset, in s."""
    )
    line_frequency = Instrument.measurement(
        "print(localnode.linefreq)", """Get the power line frequency in Hz."""
    )

    def __init__(self, adapter: Any, channel: str) -> None:
        super().__init__(adapter, "Keithley 2600B", includeSCPI=False)
        self.smu.id = channel


class Keithley2600B(LinkedMeter):
    """One channel of a Keithley 2602B, 2612B or 2636B."""

    driver: ClassVar[str] = "keithley-2600b"
    models: ClassVar[tuple[str, ...]] = tuple(holds.MODELS)

    def __init__(self, link: Link, channel: str, wiring: str) -> None:
        self._channel, self._four_wire = channel, wiring == "4-wire"
        self._delay: NDArray[np.float64] = np.empty(0)
        self._drained, self._first_stamp, self._room, self._started = 0, 0.0, 1, 0.0
        self._lap = 0.0
        super().__init__(link)

    def _begin(self) -> None:
        words = self._tsp.ask("*IDN?").strip().split(",")
        maker, model, serial, firmware = (w.strip() for w in words)
        self._identity = self._accepted(
            Identity(maker, model.removeprefix("Model "), serial, firmware)
        )
        self._line_frequency = float(self._tsp.line_frequency)
        # Numbers as text in full; with 6 digits the clock is 0.1 s coarse after a few hours.
        self._tsp.ask("errorqueue.clear() format.asciiprecision=16 timer.reset() print(1)")
        # Before the first output-off: the default off state is a 0 V source.
        self._tsp.smu.off_mode = 2
        self._raise_errors("the connection")
        self._capabilities = self.capabilities_of(self._identity.model, self._line_frequency)

    @classmethod
    def channels_of(cls, model: str) -> tuple[str, ...]:  # noqa: ARG003 (all have two)
        return "a", "b"

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
        self._tsp = _Tsp(self._link.open(), self._channel)

    @property
    def _adapter(self) -> Adapter:
        return self._tsp.adapter

    @classmethod
    def capabilities_of(
        cls,
        model: str,
        line_frequency: float,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Capabilities:
        return holds.capabilities_of(model, line_frequency)

    def _now(self) -> float:
        return float(self._tsp.clock)

    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        program.check(self._capabilities)
        self._program, self._drained = program, 0
        self._room = len(program) + 1 if len(program) <= holds.ROOM else holds.WINDOW
        self._lap = float(program.duration[: self._room].sum())
        # As late in its segment as a reading fits, to the timer's resolution.
        latest = program.duration - program.aperture - holds.OVERHEAD
        self._delay = np.floor(latest / 1e-6 + 1e-6) * 1e-6
        smu = f"smu{self._channel}"
        with link_errors(self._link.address):
            settings = script.settings(
                program, self._capabilities, self._line_frequency, four_wire=self._four_wire
            )
            for line in script.lines(smu, program, self._delay, settings):
                self._tsp.write(line)
            self._raise_errors("the upload")
            found = self._read_settings(smu)
        self._compare(script.read_back(program, settings), found)
        return found

    def start(self) -> float:
        smu = f"smu{self._channel}"
        with link_errors(self._link.address):
            started = float(
                self._tsp.ask(
                    f"{smu}.source.output={smu}.OUTPUT_ON {smu}.trigger.initiate() "
                    "print(timer.measure.t())"
                )
            )
            self._raise_errors("the start")
        self._started = started
        return started

    def drain(self) -> Readout:
        program, first = self._loaded(), self._drained
        smu = f"smu{self._channel}"
        with link_errors(self._link.address):
            # nvbuffer2 fills last, so what it holds nvbuffer1 holds too.
            reply = self._tsp.ask(
                f"print({smu}.nvbuffer2.next,status.operation.sweeping.condition,errorqueue.count,"
                f"timer.measure.t(),{_OVERRUNS.format(smu=smu)})"
            )
            following, sweeping, errors, now, smu_overrun, timer_overrun = map(float, reply.split())
            if errors:
                self._raise_errors("the train")
            running = bool(int(sweeping) & (2 if self._channel == "a" else 4))
            overrun = bool(smu_overrun or int(timer_overrun) & _TIMERS_USED)
            stored = first + (int(following) - 1 - first) % self._room
            self._raise_if_stuck(stored, running, overrun, now)
            # The last reading waits for the end of the sweep, with which all overruns are known.
            last = min(stored, len(program) - 1) if running else stored
            if len(program) <= holds.ROOM:
                last = min(last, first + _MOST_PER_DRAIN)
            table = self._buffers(first, last)
        readout = self._readout(first, table, running or last < len(program))
        if overrun and len(readout):
            readout.flags[-1] |= Flag.OVERRUN
        return readout

    def _raise_if_stuck(self, stored: int, running: bool, overrun: bool, now: float) -> None:
        """A sweep that ended early, or one that waits for a trigger that it has lost."""
        program = self._loaded()
        if not running and stored < len(program):
            raise InstrumentError(
                f"the {self._identity.model} stopped after {stored} of {len(program)} "
                "readings; look for a message on its front panel"
            )
        over = now > self._started + program.total_duration + _GRACE
        if overrun and over and stored == self._drained and running:
            raise InstrumentError(
                f"the {self._identity.model} lost a trigger that came before it was ready "
                f"(overrun) and stopped at reading {stored} of {len(program)}; give longer "
                "segments or a shorter aperture"
            )

    def _buffers(self, first: int, last: int) -> NDArray[np.float64]:
        """Readings by their numbers from 0, a row each: V, A, timestamp, status."""
        smu, parts = f"smu{self._channel}", [np.empty((0, 4))]
        columns = ",".join((
            f"{smu}.nvbuffer2.readings", f"{smu}.nvbuffer1.readings",
            f"{smu}.nvbuffer2.timestamps", f"{smu}.nvbuffer2.statuses",
        ))  # fmt: skip
        while first < last:
            # Up to where the buffers start over.
            slot = first % self._room
            count = min(last - first, self._room - slot)
            command = f"printbuffer({slot + 1},{slot + count},{columns})"
            parts.append(self._tsp.floats(command, 4 * count).reshape(-1, 4))
            first += count
        return np.concatenate(parts)

    def _readout(self, first: int, table: NDArray[np.float64], running: bool) -> Readout:
        program, rows = self._loaded(), slice(first, first + len(table))
        voltage, current, stamp, status = table.T
        windowed = len(program) > holds.ROOM
        if first == 0 and len(table):
            # Timestamps count from the first reading; it may be gone where buffers start over.
            self._first_stamp = 0.0 if windowed else float(stamp[0])
        self._drained += len(table)
        requested = (program.start + self._delay)[rows]
        # Timestamps count from the first reading, which the program started `delay` before.
        time = stamp - self._first_stamp + self._delay[0]
        if windowed and float((time - requested).max(initial=0.0)) > self._lap / 2:
            raise InstrumentError(
                f"readings from number {first} on were overwritten in the {self._identity.model} "
                "before they were read: the computer or its link is too slow for this program; "
                "play a shorter one, or one with longer segments"
            )
        limited = (status.astype(np.int64) & _COMPLIANCE_BIT) != 0
        late = time - requested > _TIMING_ERROR + script.tick(program)
        over = np.abs(table[:, :2]).max(axis=1, initial=0.0) >= _OVERFLOW
        flags = (limited * Flag.LIMIT + late * Flag.LATE + over * Flag.OVERRANGE).astype(np.uint8)
        return Readout(first, time, requested, voltage, current, flags, running)

    def read_back(self) -> OutputState:
        with link_errors(self._link.address):
            output, off_mode = self._tsp.smu.output_and_off_mode
            text = f"output {_OUTPUTS[output]}, off mode {_OFF_MODES[off_mode]}"
        return OutputState(output == 1, text)

    def _abort(self) -> None:
        self._tsp.write(f"smu{self._channel}.abort()")

    def _switch_off(self) -> None:
        self._tsp.smu.current_level = 0.0
        self._tsp.smu.voltage_level = 0.0
        self._tsp.smu.off_mode = 2
        self._tsp.smu.output = 2

    def _entries(self) -> list[str]:
        entries = []
        for _ in range(int(self._tsp.error_count)):
            code, message, *_rest = self._tsp.next_error
            entries.append(f"{float(code):.0f} {message.strip()}")
        return entries

    def _compare(self, sent: Mapping[str, float], found: Mapping[str, float]) -> None:
        """What reads back otherwise than it was sent, before anything is energised."""
        wrong = [
            f"{name} is {found[name]:g} instead of {value:g}"
            for name, value in sent.items()
            if not math.isclose(found[name], value, rel_tol=_READ_BACK, abs_tol=1e-12)
        ]
        if wrong:
            raise CommandError(
                f"the {self._identity.model} reads back other settings than it was sent: "
                f"{'; '.join(wrong)}. Nothing is energised; is another program using it?"
            )

    def _read_settings(self, smu: str) -> dict[str, Any]:
        names = ("source.func", "source.offmode", "source.rangei", "source.rangev",
                 "source.limiti", "source.limitv", "measure.rangei", "measure.rangev",
                 "measure.nplc", "measure.autozero", "sense", "trigger.count")  # fmt: skip
        reply = self._tsp.ask(f"print({','.join(f'{smu}.{name}' for name in names)})")
        values = [float(word) for word in reply.split()]
        if len(values) != len(names):
            raise ValueError(f"{len(values)} settings instead of {len(names)}: {reply!r}")
        return dict(zip(names, values, strict=True)) | {"line_frequency": self._line_frequency}

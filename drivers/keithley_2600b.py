"""Keithley 2600B series source-measure units, programmed in TSP.

The level list, the timers and the measurement trigger run on the instrument: timer 1
starts each segment, timer 2 each reading. The host uploads, starts, drains the buffers
while they fill, and can abort at any moment.

Source: Series 2600B Reference Manual (2600BS-901-01), chapters on the trigger model,
reading buffers and the TSP command reference; specifications of the 2602B, 2612B, 2636B.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pymeasure.instruments import Channel, Instrument
from pymeasure.instruments.validators import strict_discrete_set, strict_range

from data.samples import Flag
from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.link import Link, link_errors
from drivers.source_meter import Identity, OutputState, Readout, SourceMeter
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_OVERHEAD = 60e-6
"""Time that a reading needs besides its aperture, in s (vendor's rule for pulse readings)."""
_TIMING_ERROR = 100e-6
"""Lateness from which a reading is flagged, in s."""
_FINEST_TICK, _TICKS = 1e-6, 2**32
"""Finest step of the buffers' timestamps, in s, and steps after which they start again."""
_REST_RANGE = 1e-6
"""Current range for resting at 0 A, whose offset is at most 800 pA, in A."""
_LEAST_VOLTAGE_RANGE = 1.0
"""Lowest voltage range used for sourcing voltage, in V."""
_VALUES_PER_LINE = 100
_MOST_PER_DRAIN = 2000
_COMPLIANCE_BIT = 0x40
_OUTPUTS = ("off", "on", "high-impedance")
_OFF_MODES = ("0 V source", "zero", "high-impedance")


@dataclass(frozen=True)
class _Model:
    """What sets the models apart, from their data sheets: ranges, least limits, settling."""

    current_ranges: tuple[float, ...]
    voltage_ranges: tuple[float, ...]
    least_limit_voltage: float
    least_limit_current: float
    settling: tuple[tuple[float, float], ...]


_AMPS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_HIGH_VOLTS = (0.2, 2.0, 20.0, 200.0)
_SETTLING = ((1e-6, 2.5e-3), (1e-5, 500e-6), (1e-4, 150e-6), (1e-3, 100e-6), (1e-1, 80e-6))
_MODELS: Mapping[str, _Model] = {
    "2602B": _Model((*_AMPS, 3.0), (0.1, 1.0, 6.0, 40.0), 10e-3, 10e-9,
                    (*_SETTLING, (3.0, 80e-6))),
    "2612B": _Model((*_AMPS, 1.5), _HIGH_VOLTS, 20e-3, 10e-9, (*_SETTLING, (1.5, 120e-6))),
    "2636B": _Model((1e-9, 1e-8, *_AMPS, 1.5), _HIGH_VOLTS, 20e-3, 100e-12,
                    ((1e-9, 360e-3), (1e-8, 90e-3), (1e-7, 15e-3), *_SETTLING, (1.5, 120e-6))),
}  # fmt: skip
_SHEET = "specifications of the 2602B, 2612B and 2636B"
_MANUAL = "Series 2600B Reference Manual 2600BS-901-01"
_SOURCES = {
    "current_ranges": f"{_MANUAL}, Available ranges",
    "voltage_ranges": f"{_MANUAL}, Available ranges",
    "shortest_segment": f"{_SHEET}: 10,000 source-measure points/s from a list at 0.001 NPLC",
    "longest_segment": f"{_MANUAL}, trigger.timer[N].delay",
    "time_resolution": f"{_SHEET}: timers and timestamps count in 1 us",
    "reading_overhead": f"{_MANUAL}, pulse width: W - NPLC/f - 60 us is the latest delay",
    "shortest_aperture": f"{_MANUAL}, smuX.measure.nplc",
    "longest_aperture": f"{_MANUAL}, smuX.measure.nplc",
    "most_levels": f"{_MANUAL}, Reading buffers: with timestamps, rounded down",
    "most_readings": f"{_MANUAL}, Reading buffers: with timestamps, rounded down",
    "least_limit_voltage": f"{_SHEET}: limit/compliance",
    "least_limit_current": f"{_SHEET}: limit/compliance",
    "settling": f"{_MANUAL}, Measurement settling time considerations",
}


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


class _Tsp(Instrument):
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

    def floats(self, command: str, count: int) -> NDArray[np.float64]:
        """Values of a binary reply: ``#0``, float64 values, a line feed."""
        self.write(command)
        reply = self.read_bytes(2 + 8 * count + 1)
        if reply[:2] != b"#0" or len(reply) != 3 + 8 * count:
            raise ValueError(f"{len(reply)} bytes that begin with {reply[:8]!r}")
        return np.array(struct.unpack(f"<{count}d", reply[2:-1]))


class Keithley2600B(SourceMeter):
    """One channel of a Keithley 2602B, 2612B or 2636B."""

    driver: ClassVar[str] = "keithley-2600b"
    models: ClassVar[tuple[str, ...]] = tuple(_MODELS)

    def __init__(self, link: Link, channel: str, wiring: str) -> None:
        self._link, self._channel, self._four_wire = link, channel, wiring == "4-wire"
        self._program: PulseProgram | None = None
        self._delay: NDArray[np.float64] = np.empty(0)
        self._drained, self._first_stamp = 0, 0.0
        self._connect()
        with link_errors(link.address):
            words = self._tsp.ask("*IDN?").strip().split(",")
            maker, model, serial, firmware = (w.strip() for w in words)
            self._identity = Identity(maker, model.removeprefix("Model "), serial, firmware)
            if self._identity.model not in self.models:
                raise InstrumentError(
                    f"{link.address} is a {self._identity}; the driver {self.driver} is for "
                    f"{', '.join(self.models)}"
                )
            self._line_frequency = float(self._tsp.line_frequency)
            # Before the first output-off: the default off state is a 0 V source.
            self._tsp.smu.off_mode = 2
            # Numbers as text in full; with 6 digits the clock is 0.1 s coarse after a few hours.
            self._tsp.ask("errorqueue.clear() format.asciiprecision=16 timer.reset() print(1)")
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

    @classmethod
    def capabilities_of(
        cls,
        model: str,
        line_frequency: float,
        *,
        verified_period: float | None = None,  # noqa: ARG003 (the vendor states it)
    ) -> Capabilities:
        own = _MODELS[model]
        return Capabilities(
            model=model,
            current_ranges=own.current_ranges,
            voltage_ranges=own.voltage_ranges,
            shortest_segment=100e-6,
            longest_segment=100e3,
            time_resolution=1e-6,
            reading_overhead=_OVERHEAD,
            shortest_aperture=0.001 / line_frequency,
            longest_aperture=25 / line_frequency,
            most_levels=60_000,
            most_readings=60_000,
            least_limit_voltage=own.least_limit_voltage,
            least_limit_current=own.least_limit_current,
            settling=own.settling,
            sources=_SOURCES,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def identity(self) -> Identity:
        return self._identity

    def now(self) -> float:
        with link_errors(self._link.address):
            return float(self._tsp.clock)

    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        program.check(self._capabilities)
        self._program, self._drained = program, 0
        # As late in its segment as a reading fits, to the timer's resolution.
        latest = program.duration - program.aperture - _OVERHEAD
        self._delay = np.floor(latest / 1e-6 + 1e-6) * 1e-6
        smu = f"smu{self._channel}"
        with link_errors(self._link.address):
            for line in _script(smu, program, self._delay, self._settings(program)):
                self._tsp.write(line)
            self._raise_errors("the upload")
            return self._read_settings(smu)

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
        return started

    def drain(self) -> Readout:
        program, first = self._loaded(), self._drained
        with link_errors(self._link.address):
            state = self._tsp.ask(
                f"print(smu{self._channel}.nvbuffer2.n,"
                "status.operation.sweeping.condition,errorqueue.count)"
            ).split()
            stored, sweeping, errors = (int(float(word)) for word in state)
            if errors:
                self._raise_errors("the train")
            # nvbuffer2 fills last, so what it holds nvbuffer1 holds too.
            last = min(stored, first + _MOST_PER_DRAIN)
            table = self._buffers(first, last)
        running = bool(sweeping & (2 if self._channel == "a" else 4))
        if not running and stored < len(program):
            raise InstrumentError(
                f"the {self._identity.model} stopped after {stored} of {len(program)} readings; "
                "look for a message on its front panel"
            )
        return self._readout(first, table, running or last < len(program))

    def _buffers(self, first: int, last: int) -> NDArray[np.float64]:
        if last <= first:
            return np.empty((0, 4))
        smu = f"smu{self._channel}"
        columns = (
            f"{smu}.nvbuffer2.readings", f"{smu}.nvbuffer1.readings",
            f"{smu}.nvbuffer2.timestamps", f"{smu}.nvbuffer2.statuses",
        )  # fmt: skip
        command = f"printbuffer({first + 1},{last},{','.join(columns)})"
        return self._tsp.floats(command, 4 * (last - first)).reshape(-1, 4)

    def _readout(self, first: int, table: NDArray[np.float64], running: bool) -> Readout:
        program, rows = self._loaded(), slice(first, first + len(table))
        voltage, current, stamp, status = table.T
        if first == 0 and len(table):
            self._first_stamp = float(stamp[0])
        self._drained += len(table)
        requested = (program.start + self._delay)[rows]
        # Timestamps count from the first reading, which the program started `delay` before.
        time = stamp - self._first_stamp + self._delay[0]
        limited = (status.astype(np.int64) & _COMPLIANCE_BIT) != 0
        late = time - requested > _TIMING_ERROR + _tick(program)
        flags = (limited * Flag.LIMIT + late * Flag.LATE).astype(np.uint8)
        return Readout(first, time, requested, voltage, current, flags, running)

    def read_back(self) -> OutputState:
        with link_errors(self._link.address):
            output, off_mode = self._tsp.smu.output_and_off_mode
            text = f"output {_OUTPUTS[output]}, off mode {_OFF_MODES[off_mode]}"
        return OutputState(output == 1, text)

    def stand_by(self) -> None:
        with link_errors(self._link.address):
            self._switch_off()
            self._raise_errors("switching off")

    def make_safe(self) -> str:
        try:
            return self._off_and_read_back()
        except LinkError:
            self._tsp.adapter.close()
            self._connect()
            return self._off_and_read_back()

    def close(self) -> None:
        self._tsp.adapter.close()
        self._link.close()

    def _off_and_read_back(self) -> str:
        with link_errors(self._link.address):
            self._tsp.write(f"smu{self._channel}.abort()")
            self._switch_off()
        state = self.read_back()
        if state.on:
            raise InstrumentError("the output reads back ON after it was switched off")
        return state.text

    def _switch_off(self) -> None:
        self._tsp.smu.current_level = 0.0
        self._tsp.smu.voltage_level = 0.0
        self._tsp.smu.off_mode = 2
        self._tsp.smu.output = 2

    def _loaded(self) -> PulseProgram:
        if self._program is None:
            raise InstrumentError("no program is loaded; call load() first")
        return self._program

    def _raise_errors(self, during: str) -> None:
        entries = []
        for _ in range(int(self._tsp.error_count)):
            code, message, *_rest = self._tsp.next_error
            entries.append(f"{float(code):.0f} {message.strip()}")
        if entries:
            raise CommandError(
                f"the {self._identity.model} reported during {during}: {'; '.join(entries)}. "
                "Nothing more is sent; this is a fault of the driver or of a setting it was given"
            )

    def _settings(self, program: PulseProgram) -> Mapping[str, float]:
        """The instrument's settings for a program: ranges that hold it, the aperture in NPLC."""
        amps, volts = self._capabilities.current_ranges, self._capabilities.voltage_ranges
        level = program.largest_level
        current_driven = program.source == "current"
        # A charged device holds its terminal above a low level while the limit acts.
        held = level or _REST_RANGE if current_driven else max(level, _LEAST_VOLTAGE_RANGE)
        source_range = _range(amps if current_driven else volts, held)
        limit_range = _range(volts if current_driven else amps, program.limit)
        return {
            "source_range": source_range,
            "current_range": source_range if current_driven else limit_range,
            "voltage_range": limit_range if current_driven else source_range,
            "limit": program.limit,
            "nplc": program.aperture * self._line_frequency,
            "sense": 1 if self._four_wire else 0,
        }

    def _read_settings(self, smu: str) -> dict[str, Any]:
        names = ("source.func", "source.offmode", "source.rangei", "source.rangev",
                 "source.limiti", "source.limitv", "measure.rangei", "measure.rangev",
                 "measure.nplc", "measure.autozero", "sense", "trigger.count")  # fmt: skip
        reply = self._tsp.ask(f"print({','.join(f'{smu}.{name}' for name in names)})")
        values = [float(word) for word in reply.split()]
        if len(values) != len(names):
            raise ValueError(f"{len(values)} settings instead of {len(names)}: {reply!r}")
        return dict(zip(names, values, strict=True)) | {"line_frequency": self._line_frequency}


def _tick(program: PulseProgram) -> float:
    """The finest step with which the timestamps of a whole program are unique, in s."""
    tick = _FINEST_TICK
    while tick * _TICKS < program.total_duration + 1.0:
        tick *= 2  # the instrument rounds to such values
    return tick


def _range(ranges: tuple[float, ...], value: float) -> float:
    """The lowest range that holds a value."""
    return next(full for full in ranges if value <= full * (1 + 1e-9))


def _list(name: str, values: NDArray[np.float64]) -> list[str]:
    """Lines that fill a global table, short enough for the instrument's input buffer."""
    lines = [f"{name}={{}}"]
    for k in range(0, len(values), _VALUES_PER_LINE):
        part = ",".join(f"{v:.9g}" for v in values[k : k + _VALUES_PER_LINE])
        lines.append(f"for _,v in ipairs({{{part}}}) do table.insert({name},v) end")
    return lines


def _cycle(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shortest beginning (one or two values) that repeats into the whole list."""
    for length in (1, 2):
        if np.array_equal(values, np.resize(values[:length], len(values))):
            return values[:length]
    return values


def _script(
    smu: str, program: PulseProgram, delay: NDArray[np.float64], settings: Mapping[str, float]
) -> list[str]:
    """The TSP lines that prepare a program; nothing is energised by them."""
    kind, other = ("i", "v") if program.source == "current" else ("v", "i")
    function = "OUTPUT_DCAMPS" if kind == "i" else "OUTPUT_DCVOLTS"
    measure_range = settings["voltage_range" if kind == "i" else "current_range"]
    n = len(program)
    return [
        f"{smu}.source.output=0 {smu}.source.offmode={smu}.OUTPUT_HIGH_Z",
        f"{smu}.source.func={smu}.{function} {smu}.sense={settings['sense']:g}",
        f"{smu}.source.autorange{kind}={smu}.AUTORANGE_OFF",
        f"{smu}.source.range{kind}={settings['source_range']:.9g} {smu}.source.level{kind}=0",
        f"{smu}.source.limit{other}={settings['limit']:.9g} {smu}.source.delay=0",
        f"{smu}.measure.autozero={smu}.AUTOZERO_ONCE {smu}.measure.delay=0",
        f"{smu}.measure.autorange{other}={smu}.AUTORANGE_OFF",
        f"{smu}.measure.range{other}={measure_range:.9g} {smu}.measure.nplc={settings['nplc']:.9g}",
        *(
            f"{smu}.nvbuffer{b}.clear() {smu}.nvbuffer{b}.collecttimestamps=1 "
            f"{smu}.nvbuffer{b}.timestampresolution={_tick(program):.9g}"
            for b in (1, 2)
        ),
        "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN",
        *_list("fmes_levels", program.level),
        *_list("fmes_durations", _cycle(program.duration)),
        *_list("fmes_delays", _cycle(delay)),
        "trigger.timer[1].reset() trigger.timer[2].reset()",
        f"trigger.timer[1].count={max(n - 1, 1)} trigger.timer[1].delaylist=fmes_durations",
        "trigger.timer[1].passthrough=true",
        f"trigger.timer[1].stimulus={smu}.trigger.ARMED_EVENT_ID",
        "trigger.timer[2].count=1 trigger.timer[2].delaylist=fmes_delays",
        "trigger.timer[2].stimulus=trigger.timer[1].EVENT_ID",
        f"{smu}.trigger.source.list{kind}(fmes_levels)",
        f"{smu}.trigger.source.limit{other}={smu}.LIMIT_AUTO",
        f"{smu}.trigger.source.action={smu}.ENABLE",
        f"{smu}.trigger.source.stimulus=trigger.timer[1].EVENT_ID",
        f"{smu}.trigger.measure.iv({smu}.nvbuffer1,{smu}.nvbuffer2)",
        f"{smu}.trigger.measure.action={smu}.ENABLE",
        f"{smu}.trigger.measure.stimulus=trigger.timer[2].EVENT_ID",
        f"{smu}.trigger.endpulse.action={smu}.SOURCE_HOLD {smu}.trigger.endpulse.stimulus=0",
        f"{smu}.trigger.endsweep.action={smu}.SOURCE_IDLE",
        f"{smu}.trigger.count={n} {smu}.trigger.arm.count=1 {smu}.trigger.arm.stimulus=0",
    ]

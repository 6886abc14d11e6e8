"""The emulated Keithley 2461: its commands, its source and its trigger model.

Commands, ranges and errors from the Model 2461 Reference Manual (2461-901-01 A), sections 3 and 6,
and the help of tsp-toolkit for the 2461; the words of SENSe:AZERo, SENSe:COUNt, SENSe:AVERage,
SYSTem:LFRequency, SYSTem:ERRor:COUNt and the types of events as the 2450 has them, from memory. Of
the SCPI command set there is what sources, measures, pulses, sweeps and digitizes pulses; there are
no trigger blocks of one's own and no status subsystem of event numbers. Inferred: that a timestamp
is the beginning of a reading, and that binary readings come in a block of indefinite length as in
TSP.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence as Values
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2461 import model
from drivers.simulated.keithley_2461.buffer import Buffer, Stored, columns
from drivers.simulated.keithley_2461.commands import rows
from drivers.simulated.keithley_2461.digitizer import NONE, Digitizer
from drivers.simulated.keithley_2461.model import ERRORS
from drivers.simulated.keithley_2461.sequence import Player, Sequence, Timing
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import ScpiInstrument
from drivers.simulated.scpi.table import Row
from drivers.simulated.stage import Mode, Sample, StageErrors

LINE_FREQUENCY = 50.0
START = datetime(2026, 1, 1)
"""What its calendar shows when the bench is switched on."""
LOOKED_AT = 0.1
"""The state of the trigger model is looked at this often, in s."""
DEFAULT_CAPACITY = 10_000
_UNITS = {"CURR": "Amp DC", "VOLT": "Volt DC"}
_READBACK, _LIMITED, _FOUR_WIRE, _ON = 8, 32, 64, 128


class Emulated2461(ScpiInstrument):
    """A 2461 on a bench."""

    driver = "keithley-2461"
    models = ("2461",)
    serial_number = "04110442"

    def __init__(self, bench: Bench, model: str = "2461") -> None:
        self.language = "SCPI"
        """Command set that it was switched on with; what `*LANG` sets counts from the next time."""
        self.loop = 0.0
        """Time that its trigger model takes from one list entry to the next, in s."""
        self.next_language = "SCPI"
        self.player: Player | None = None
        self.digitizer = Digitizer(self)
        self.armed: Sequence | None = None
        self.lists: dict[tuple[str, str], tuple[float, ...]] = {}
        self.buffers = {name: Buffer(DEFAULT_CAPACITY, once=False)
                        for name in ("defbuffer1", "defbuffer2")}  # fmt: skip
        self._events: deque[str] = deque(maxlen=1000)
        self._shown, self._outcome = "EMPTY", "EMPTY"
        self.forced = 0.0
        """Level that the output was last told, in A or V."""
        super().__init__(bench, model, errors_kept=1000)

    @classmethod
    def errors_of(cls, model: str) -> StageErrors:  # noqa: ARG003 (there is but one)
        return ERRORS

    @property
    def identity(self) -> str:
        return f"KEITHLEY INSTRUMENTS,MODEL {self.model},{self.serial_number},1.7.1e"

    @property
    def pending(self) -> bool:
        """Whether the trigger model runs, or is still shown to run."""
        return self.player is not None or self._shown == "RUNNING"

    def rows(self) -> Values[Row]:
        return rows(self)

    def reset(self) -> None:
        if self.player is not None:
            self.player.stop()
        self.armed = None
        self.lists.clear()
        for name in list(self.buffers):
            if name.startswith("defbuffer"):
                self.buffers[name] = Buffer(DEFAULT_CAPACITY, once=False)
            else:
                del self.buffers[name]
        self._shown = self._outcome = "EMPTY"
        self.put_out()

    def write(self, message: bytes) -> None:
        if self.language != "SCPI" and not message.lstrip().startswith(b"*"):
            self.report(ScpiError(-285, "TSP Syntax error at line 1"))
            return
        super().write(message)

    def report(self, error: ScpiError) -> None:
        super().report(ScpiError(error.code, f"{error.text};1;{self._date()}"))

    # The event log.

    def post(self, text: str, kind: str) -> None:
        """A line of one's own in the event log."""
        code, number = {"ERR": (1001, 1), "WARN": (1002, 2), "INF": (1003, 4)}[kind]
        self._inform(code, f"User: {text}", number)

    def take_event(self, kind: str) -> str:
        """The oldest entry of a kind, which is taken from the log; of all kinds errors first."""
        if kind == "INF" or (kind == "ALL" and not self.errors):
            return self._events.popleft() if self._events else '0,"No error;0;0 0"'
        code, text = self.errors.next()
        return f'{code},"{text}"'

    def clear_log(self) -> None:
        """Forget every entry."""
        self._events.clear()
        self.errors.clear()

    def clear_status(self) -> None:
        """``*CLS``, which empties the event log too."""
        self._clear_status()
        self._events.clear()

    def _inform(self, code: int, text: str, kind: int = 4) -> None:
        if kind == 1:
            self.errors.push(code, f"{text};1;{self._date()}")
        else:
            self._events.append(f'{code},"{text};{kind};{self._date()}"')

    def _date(self) -> str:
        moment = START + timedelta(seconds=self.now)
        return f"{moment:%Y/%m/%d %H:%M:%S}.{moment.microsecond // 1000:03d}"

    def seconds(self) -> str:
        """Seconds since 1970, to the nearest."""
        return f"{(START - datetime(1970, 1, 1)).total_seconds() + self.now:.0f}"

    # The source.

    @property
    def function(self) -> str:
        """What is sourced: CURR or VOLT."""
        return self.settings.word("function", 1)

    @property
    def measured(self) -> str:
        """What is measured: CURR or VOLT."""
        return self.settings.word("sense", 1)

    def number(self, name: str, kind: str) -> float:
        """A numeric setting of current or voltage."""
        return self.settings.number(f"{name} {kind}", 1)

    def flag(self, name: str, kind: str) -> bool:
        """A setting of current or voltage that is on or off."""
        return self.settings.flag(f"{name} {kind}", 1)

    def word(self, name: str, kind: str) -> str:
        """A setting of current or voltage that is a word."""
        return self.settings.word(f"{name} {kind}", 1)

    def source_range(self, kind: str, level: float) -> float:
        """The present source range, which follows the level when it is automatic."""
        if self.flag("auto range", kind):
            return model.range_for(kind, level) or model.RANGES[kind][-1]
        return self.number("range", kind)

    def put_out(self) -> None:
        """Force what the settings say, or what the output-off state is."""
        stage, now = self.bench.stage(""), self.bench.clock.now
        kind = self.function
        if not self.settings.flag("output", 1):
            off = self.word("off", kind)
            modes: dict[str, Mode] = {"HIMP": "high_z", "GUAR": "current"}
            mode = modes.get(off, "zero")
            limit = math.inf if mode == "high_z" else 0.1 * self._full_scale(mode)
            stage.drive(now, mode, 0.0, limit, self.source_range("CURR", 0.0))
            self.log(f"output off, {off}")
            return
        level = self.number("level", kind)
        self.force(level, self.number("limit", kind))
        self.log("output on")

    def _full_scale(self, mode: Mode) -> float:
        other = "VOLT" if mode == "current" else "CURR"
        return self.measure_range(other)

    def force(self, level: float, limit: float) -> None:
        kind, self.forced = self.function, level
        mode: Mode = "current" if kind == "CURR" else "voltage"
        self.bench.stage("").drive(
            max(self.now, self.scheduler.now), mode, level, limit, self.source_range(kind, level)
        )

    # Measuring.

    def measure_range(self, kind: str) -> float:
        """The present measuring range of a quantity."""
        if kind == self.function:
            return self.source_range(kind, self.number("level", kind))
        if self.flag("measure auto", kind):
            limit = self.number("limit", self.function)
            return model.range_for(kind, limit) or model.RANGES[kind][-1]
        return self.number("measure range", kind)

    @property
    def timing(self) -> Timing:
        """How long a measurement takes with the present settings."""
        sensed, sourced = self.measured, self.function
        return Timing(
            self.number("nplc", sensed) / LINE_FREQUENCY,
            self.flag("readback", sourced), self.flag("autozero", sensed),
            self.loop,
        )  # fmt: skip

    def sample(self) -> Sample:
        return self.bench.stage("").sample(self.scheduler.now)

    def keep(self, begin: Sample, end: Sample, level: float, name: str) -> bool:
        volts, amps = self.measure_range("VOLT"), self.measure_range("CURR")
        reading = self.bench.stage("").reading(begin, end, volts, amps)
        values = {"VOLT": reading.voltage, "CURR": reading.current}
        value, full = values[self.measured], {"VOLT": volts, "CURR": amps}[self.measured]
        if abs(value) > full * model.HEADROOM:
            value = math.copysign(model.OVERFLOW, value)
        four_wire = self.flag("four wire", self.measured)
        source = values[self.function] if self.flag("readback", self.function) else level
        self.store(name, begin.time, value, self.measured, source, reading.limited, four_wire)
        return reading.limited

    def store(
        self, name: str, began: float, value: float, kind: str, source: float,
        limited: bool, four_wire: bool, origin: int = 0,
    ) -> None:  # fmt: skip
        """Put a reading into the named buffer, if it is still there.

        Parameters
        ----------
        began
            Bench time, in s.
        value, kind
            What was measured, and of which quantity.
        source
            What was sourced, as programmed or as read back.
        limited, four_wire
            How it was sourced and sensed.
        origin
            The converter's bits of the status.
        """
        if name not in self.buffers:
            return
        readback = self.flag("readback", self.function)
        status = _READBACK * readback + _LIMITED * limited + _FOUR_WIRE * four_wire + _ON
        self.buffers[name].store(
            Stored(value, _UNITS[kind], began, source, _UNITS[self.function], status, origin)
        )

    def measure(self) -> None:
        """A measure function was selected: no digitize function is."""
        self.settings["digitize", 1] = NONE

    def data(self, first: float, last: float, name: str, elements: Values[str]) -> bytes:
        """Readings of a buffer."""
        return columns(
            self.buffer(name), int(first), int(last), elements, self.settings.word("format"),
            int(self.settings.number("digits")),
        )  # fmt: skip

    def buffer(self, name: str) -> Buffer:
        """A buffer by its name.

        Raises
        ------
        ScpiError
            There is none.
        """
        if name not in self.buffers:
            raise ScpiError(-221, f"Settings conflict;there is no buffer {name}")
        return self.buffers[name]

    # Pulses and sweeps.

    def arm(self, sequence: Sequence) -> None:
        """Make a sequence the trigger model, in the place of what it was.

        Raises
        ------
        ScpiError
            It runs, the function is another, a level is beyond the range, or there is no buffer.
        """
        self.idle_only()
        if sequence.kind != self.function:
            raise ScpiError(-221)
        self.buffer(sequence.buffer)
        if self.digitizer.function != NONE and not sequence.pulsed:
            raise ScpiError(-221, "Settings conflict;digitized sweeps are not emulated")
        most = (model.MOST_PULSED if sequence.pulsed else model.MOST)[sequence.kind]
        full = self.source_range(sequence.kind, float(np.abs(sequence.levels).max()))
        if max(map(abs, sequence.levels)) > min(full * model.HEADROOM, most):
            raise ScpiError(-222)
        self.armed = sequence
        self._shown = self._outcome = "IDLE"

    def initiate(self) -> None:
        """Start the trigger model.

        Raises
        ------
        ScpiError
            There is none, or it runs.
        """
        self.idle_only()
        if self.armed is None:
            raise ScpiError(-221, "Settings conflict;the trigger model is empty")
        self.buffers[self.armed.buffer].clear()
        self.settings["output", 1] = True
        self.log("trigger model started")
        self._inform(2731, "Trigger model: idle to running")
        digitizing = self.armed.measured and self.digitizer.function != NONE
        # What is sampled in the background is not measured pulse by pulse besides.
        played = replace(self.armed, measured=False) if digitizing else self.armed
        self.player = Player(played, self.timing, self, self.scheduler)
        self._outcome = "RUNNING"
        self._look_again()
        self.player.start()
        if digitizing:
            self.digitizer.start(self.armed.buffer)

    def abort(self) -> None:
        """Stop the trigger model; the output stays as it is."""
        if self.player is not None:
            self.player.stop()

    def ended(self, outcome: str) -> None:
        self.player = None
        self.digitizer.stop()
        self._outcome = outcome
        if outcome == "IDLE":
            self.settings["output", 1] = False
            self.put_out()
        self.log(f"trigger model {outcome.lower()}")
        self._inform(2732 if outcome == "IDLE" else 2728, f"Trigger model: {outcome.lower()}")
        if self._shown == "RUNNING":
            self._look_again()
        else:
            self._shown = outcome

    def _look_again(self) -> None:
        """See the state of the trigger model at the next of the looks that are taken at it."""
        due = (math.floor(self.scheduler.now / LOOKED_AT) + 1) * LOOKED_AT

        def look() -> None:
            self._shown = self._outcome

        self.scheduler.at(due, look)

    def state(self) -> str:
        """As ``TRIGger:STATe?`` answers; the block is that of the end."""
        return f"{self._shown};{self._shown};13"

    def idle_only(self) -> None:
        """Refuse what cannot be while the trigger model runs.

        Raises
        ------
        ScpiError
            It runs.
        """
        if self.player is not None:
            raise ScpiError(-213)

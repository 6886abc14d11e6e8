"""The instrument: its tables, its language, and what a reset restores."""

from __future__ import annotations

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2450 import blocks, panel, timers, trigger_model
from drivers.simulated.keithley_2450.blocks import Blocks
from drivers.simulated.keithley_2450.buffers import (
    CONSTANTS,
    CONTINUOUS,
    DEFAULT_CAPACITY,
    MOST,
    ONCE,
    STYLES,
    ReadingBuffer,
)
from drivers.simulated.keithley_2450.config_lists import ConfigLists
from drivers.simulated.keithley_2450.events import EventLog, Events
from drivers.simulated.keithley_2450.models import MODELS
from drivers.simulated.keithley_2450.smu import Smu
from drivers.simulated.keithley_2450.templates import Templates
from drivers.simulated.keithley_2450.timers import Timer, TriggerEvents
from drivers.simulated.keithley_2450.trigger_model import TriggerModel
from drivers.simulated.stage import StageErrors
from drivers.simulated.tsp.core import EPOCH
from drivers.simulated.tsp.errors import Fault
from drivers.simulated.tsp.instrument import TspInstrument
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.panel import add_setting, beeper
from drivers.simulated.tsp.status import ESB, OSB, QSB, Registers
from drivers.simulated.tsp.values import Number

LANGUAGES = ("TSP", "SCPI", "SCPI2400")
_SIZE = Number(DEFAULT_CAPACITY, 0, MOST, whole=True)
_LEAST_SIZE = 10
_STANDARD = {"OPC": 1, "QYE": 4, "DDE": 8, "EXE": 16, "CME": 32, "URQ": 64, "PON": 128}
_REGISTERS: Registers = {
    "operation": (OSB, {}), "questionable": (QSB, {}), "standard": (ESB, _STANDARD),
}  # fmt: skip
_SEVERITIES = Number(0, 0, 7, whole=True)


class Emulated2450(TspInstrument):
    """A Keithley 2450 or 2460, set to the language TSP unless told otherwise."""

    driver = "keithley-2450"
    models = tuple(MODELS)
    firmware = "1.7.12b"
    serial_number = "04000001"
    ascii_digits = 0
    registers = _REGISTERS

    def __init__(self, bench: Bench, model: str = "2450", *, linefreq: float = 50.0) -> None:
        super().__init__(bench, model, linefreq=linefreq)
        core = self._core
        log = EventLog(lambda: core.now)
        core.errors = log
        self._language = self._next_language = LANGUAGES[0]
        self._events = Events(core, log)
        self._buffers = {
            name: ReadingBuffer(DEFAULT_CAPACITY, CONTINUOUS, self._events.happen)
            for name in ("defbuffer1", "defbuffer2")
        }
        default = self._buffers["defbuffer1"]
        self._smu = Smu(core, bench.stage(""), MODELS[model], self._events, default)
        self._lists = ConfigLists(self._smu)
        self._triggers = TriggerEvents(core)
        maker = Blocks(self._lists, self._triggers, default)
        self._trigger_model = TriggerModel(
            self._smu, self._lists, self._events, self._triggers, maker
        )
        self._timers = [Timer(core, self._triggers, n) for n in range(1, 5)]
        smu, trigger = self._smu.namespace(), self._trigger()
        smu.at("source").children["configlist"] = self._lists.namespace("source")
        smu.at("measure").children["configlist"] = self._lists.namespace("measure")
        Templates(
            self._smu, self._lists, self._trigger_model, self._triggers, default
        ).add_to(smu, trigger)  # fmt: skip
        self.define(
            {
                "smu": smu, "trigger": trigger, "buffer": self._buffer_table(),
                **{name: buffer.namespace() for name, buffer in self._buffers.items()},
                "status": self._events.status(), "eventlog": log.namespace(),
                "timer": panel.stopwatch(core), "display": panel.display(),
                "digio": panel.digital_lines(), "beeper": beeper(),
            }
        )  # fmt: skip

    @classmethod
    def errors_of(cls, model: str) -> StageErrors:
        return MODELS[model].errors

    @property
    def identity(self) -> str:
        return f"KEITHLEY INSTRUMENTS,MODEL {self.model},{self.serial_number},{self.firmware}"

    @property
    def pending(self) -> bool:
        return self._trigger_model.running or self._smu.meter.busy

    def reset(self) -> None:
        self._trigger_model.reset()
        for timer in self._timers:
            timer.reset()
        self._smu.reset()
        self._lists.reset()
        for buffer in self._buffers.values():
            buffer.reset()

    def restart(self) -> None:
        """Switch it off and on again: defaults, and the language that was chosen before."""
        self.clear()
        self._reset()
        self._core.errors.clear()
        self._language = self._next_language

    def press_trigger(self) -> None:
        """Press the TRIGGER key on the front panel."""
        self._triggers.fire("trigger.EVENT_DISPLAY")
        self._settle()

    def _execute(self, line: str, *, direct: bool) -> None:
        text = line.strip()
        if self._language == LANGUAGES[0] or text.startswith("*") or not text:
            super()._execute(line, direct=direct)
        else:
            self._report(Fault(-113, f"Undefined header: {text.split(' ')[0]}"))

    def _common(self, text: str, direct: bool) -> None:
        header, _, argument = text.partition(" ")
        if header.upper() == "*LANG?":
            self._output.line(self._language)
        elif header.upper() == "*LANG":
            if argument.strip().upper() not in LANGUAGES:
                raise Fault(-224, f"Illegal parameter value: *LANG, one of {', '.join(LANGUAGES)}")
            self._next_language = argument.strip().upper()
        else:
            if header.upper() == "*TRG":
                self._triggers.fire("trigger.EVENT_COMMAND")
            super()._common(text, direct)

    def _local_node(self, shared: dict[str, Namespace]) -> Namespace:
        space = super()._local_node(shared)
        space.constants = {**space.constants, "version": self.firmware, "ENABLE": 1, "DISABLE": 0}
        space.functions["gettime"] = lambda: int(EPOCH + self._core.now)
        add_setting(space, "showevents", _SEVERITIES)
        return space

    def _trigger(self) -> Namespace:
        space = self._interface.namespace()
        space.constants = {
            **blocks.CONSTANTS, **trigger_model.CONSTANTS, **self._triggers.constants,
            "ON": timers.ON, "OFF": timers.OFF,
            **{f"LOGIC_{kind}": f"trigger.LOGIC_{kind}" for kind in ("POSITIVE", "NEGATIVE")},
        }  # fmt: skip
        space.children["model"] = self._trigger_model.namespace()
        space.at("timer").children |= {n: t.namespace() for n, t in enumerate(self._timers, 1)}
        panel.add_digital_triggers(space)
        return space

    def _buffer_table(self) -> Namespace:
        return Namespace(
            constants=CONSTANTS,
            functions={
                "make": self._make_buffer,
                "delete": lambda buffer: ReadingBuffer.of(buffer).clear(),
                "clearstats": lambda *_: None,
            },
        )

    def _make_buffer(self, size: object, style: object = "buffer.STYLE_STANDARD") -> Namespace:
        if style not in [f"buffer.STYLE_{name}" for name in STYLES]:
            raise Fault(-224, "Illegal parameter value: style takes a buffer.STYLE_ constant")
        capacity = int(_SIZE.accept("bufferSize", size)) or MOST
        if capacity < _LEAST_SIZE:
            raise Fault(1102, f"Parameter too small: bufferSize = {capacity}, least {_LEAST_SIZE}")
        return ReadingBuffer(capacity, ONCE, self._events.happen).namespace()

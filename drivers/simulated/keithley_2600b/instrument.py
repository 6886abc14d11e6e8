"""The instrument: two channels, timers and blenders, in the tables that its scripts see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2600b.channel import Channel
from drivers.simulated.keithley_2600b.display import Display
from drivers.simulated.keithley_2600b.models import MODELS
from drivers.simulated.keithley_2600b.registers import REGISTERS
from drivers.simulated.stage import StageErrors
from drivers.simulated.tsp import panel
from drivers.simulated.tsp.instrument import TspInstrument
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.triggers import Blender, Timer, Trigger


class Emulated2600B(TspInstrument):
    """A Keithley 2602B, 2612B or 2636B."""

    driver = "keithley-2600b"
    models = tuple(MODELS)
    firmware = "3.4.2"
    registers = REGISTERS

    def __init__(self, bench: Bench, model: str = "2602B", *, linefreq: float = 50.0) -> None:
        super().__init__(bench, model, linefreq=linefreq)
        core = self._core
        self._channels = [
            Channel(core, letter, bench.stage(letter), MODELS[model]) for letter in ("a", "b")
        ]
        self._timers = [Timer(core, n) for n in range(1, 9)]
        self._blenders = [Blender(core) for _ in range(6)]
        self._display = Display(core)
        self.define(
            {
                "smua": self._channels[0].namespace(),
                "smub": self._channels[1].namespace(),
                "trigger": self._trigger(),
                "display": self._display.namespace(),
                "beeper": panel.beeper(),
                "digio": panel.digital_lines(core),
            }
        )

    @classmethod
    def errors_of(cls, model: str) -> StageErrors:
        return MODELS[model].errors

    @property
    def pending(self) -> bool:
        a, b = self._channels  # asked after every event: a loop over two takes twice as long
        return a.busy or b.busy

    def reset(self) -> None:
        for channel in self._channels:
            channel.reset()
        triggers: list[Timer | Blender] = [*self._timers, *self._blenders]
        for trigger in triggers:
            trigger.reset()
        self._display.clear()

    def press_trig(self) -> None:
        """Press the TRIG key on the front panel."""
        self._display.trig_key.emit()
        self._settle()

    def _trigger(self) -> Namespace:
        space = self._interface.namespace()
        space.constants = {**space.constants, "EVENT_NONE": 0}
        arrays: dict[str, Iterable[Any]] = {"timer": self._timers, "blender": self._blenders}
        for name, objects in arrays.items():
            space.at(name).children |= {n: o.namespace() for n, o in enumerate(objects, 1)}
        generators = space.at("generator")
        for n in (1, 2):
            generator = Trigger(self._core)
            generators.children[n] = generator.namespace()
            generators.children[n].functions["assert"] = generator.emit
        return space

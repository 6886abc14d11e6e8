"""One SMU channel as scripts see it: its attributes, functions, buffers and sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from drivers.simulated.keithley_2600b.buffers import ReadingBuffer
from drivers.simulated.keithley_2600b.meter import Acquisition, Meter
from drivers.simulated.keithley_2600b.models import Model, Quantity
from drivers.simulated.keithley_2600b.settings import Settings
from drivers.simulated.keithley_2600b.smu_table import (
    AUTOZERO_OFF,
    AUTOZERO_ONCE,
    CONSTANTS,
    OFF,
    READ_ONLY,
)
from drivers.simulated.keithley_2600b.source import Source
from drivers.simulated.keithley_2600b.sweep import DETECTORS, Sweep, SweepPlan
from drivers.simulated.stage import OutputStage
from drivers.simulated.tsp.core import Core, Wait
from drivers.simulated.tsp.errors import Fault, conflict, wrong_type
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number, to_number

_POINTS = Number(1, 1, 1_000_000, whole=True)
_CAPACITY = Number(1, 1, 10_000_000, whole=True)


class Channel:
    """A channel.

    Parameters
    ----------
    letter
        `a` or `b`.
    stage
        What it is wired to.
    """

    def __init__(self, core: Core, letter: str, stage: OutputStage, model: Model) -> None:
        self.core = core
        self.name = f"smu{letter}"
        self.bit = {"a": 2, "b": 4}[letter]
        self.settings = Settings(model)
        self.source = Source(core, self.name, stage, self.settings)
        self.meter = Meter(core, self.source, self.bit)
        self.sweep = Sweep(core, self.source, self.meter, self.bit)
        self.buffers = {"nvbuffer1": ReadingBuffer(), "nvbuffer2": ReadingBuffer()}

    @property
    def busy(self) -> bool:
        """Whether an overlapped operation runs."""
        return self.sweep.active or self.meter.busy

    def reset(self) -> None:
        """Output off, sweeps ended, defaults restored; dedicated buffers emptied."""
        self.abort()
        self.settings.reset()
        self.source.level = 0.0
        self.source.switch(OFF)
        for name in DETECTORS:
            self.sweep.set_stimulus(name, 0)
        self.sweep.plan = SweepPlan()
        for buffer in self.buffers.values():
            buffer.reset()

    def abort(self) -> None:
        """End overlapped operations; output and settings stay as they are."""
        if self.busy:
            self.core.log(f"{self.name} abort")
        self.sweep.abort()
        self.meter.abort()
        self._measuring(False)

    def read(self, path: str) -> object:
        """The present value of an attribute."""
        section, _, name = path.partition(".")
        if path == "source.compliance":
            return self._compliance()
        if path == "source.output":
            return int(self.source.on)
        if name in ("rangei", "rangev"):
            quantity: Quantity = "i" if name == "rangei" else "v"
            part = self.source if section == "source" else self.meter
            return part.range(quantity)
        return self.settings[path]

    def write(self, path: str, value: object) -> None:
        """Write an attribute.

        Raises
        ------
        Fault
            The value is not acceptable, now or at all; nothing changed.
        """
        accepted = self.settings.kinds[path].accept(f"{self.name}.{path}", value)
        before = self.settings[path]
        section, _, name = path.partition(".")
        if name in ("rangei", "rangev"):
            self._set_range(section, "i" if name == "rangei" else "v", float(accepted))
            return
        if name.startswith("autorange") and accepted == OFF:
            self._fix_range(section, name)
        if path == "measure.autozero" and accepted == AUTOZERO_ONCE:
            accepted = AUTOZERO_OFF
        self.settings[path] = accepted
        try:
            self._apply(path, int(accepted))
        except Fault:
            self.settings[path] = before
            raise

    def namespace(self) -> Namespace:
        """The channel's table."""
        root = Namespace(constants=CONSTANTS, subject=self)
        for path in self.settings.kinds:
            above, _, name = path.rpartition(".")
            put = None if path in READ_ONLY else partial(self.write, path)
            root.at(above).attribute(name, partial(self.read, path), put)
        root.functions |= {
            "abort": self.abort,
            "reset": self.reset,
            "makebuffer": self._make_buffer,
            "savebuffer": lambda buffer: ReadingBuffer.of(buffer) and None,
        }
        for name, buffer in self.buffers.items():
            root.children[name] = buffer.namespace()
        self._add_measuring(root)
        self._add_trigger(root.at("trigger"))
        return root

    def _add_measuring(self, root: Namespace) -> None:
        measure = root.at("measure")
        for functions in ("v", "i", "r", "p", "iv"):
            measure.blocking[functions] = partial(self._measure, functions)
            measure.functions[f"overlapped{functions}"] = partial(self._overlapped, functions)
            root.blocking[f"measure{functions}andstep"] = partial(self._and_step, functions)
        root.at("contact").functions |= {
            "check": lambda: True,
            "r": lambda: (0.0, 0.0),
        }

    def _add_trigger(self, trigger: Namespace) -> None:
        trigger.constants = {f"{k}_EVENT_ID": v for k, v in self.sweep.events.items()}
        trigger.functions["initiate"] = self.sweep.initiate
        for name in DETECTORS:
            trigger.at(name).functions["set"] = partial(self.sweep.set, name)
        quantities: tuple[Quantity, ...] = ("v", "i")
        for quantity in quantities:
            trigger.at("source").functions |= {
                f"linear{quantity}": partial(self._linear, quantity),
                f"log{quantity}": partial(self._logarithmic, quantity),
                f"list{quantity}": partial(self._list, quantity),
            }
        for functions in ("v", "i", "r", "p", "iv"):
            trigger.at("measure").functions[functions] = partial(self._plan_measure, functions)

    def _apply(self, path: str, value: int) -> None:
        """What a changed setting does at once."""
        source, settings = self.source, self.settings
        if path == "source.output":
            settings[path] = int(source.on)
            source.switch(value)
        elif path.startswith("trigger.") and path.endswith(".stimulus"):
            self.sweep.set_stimulus(path.split(".")[1], value)
        elif path in ("source.leveli", "source.levelv"):
            if source.on and path[-1] == source.quantity:
                source.check(source.programmed)
                source.check_safe()
                if not self.sweep.stepping:
                    source.set_level()
        elif path.startswith("source.limit"):
            if source.on:
                source.check_safe()
                source.refresh()
        elif path == "source.func":
            if source.on:
                source.check(source.programmed)
                source.set_level()
        elif path.startswith(("source.autorange", "source.lowrange")):
            source.refresh()

    def _set_range(self, section: str, quantity: Quantity, value: float) -> None:
        full_scale = self.settings.model.lowest(quantity, value)
        source = self.source
        if section == "source" and source.on and quantity == source.quantity:
            source.check(source.level, full_scale)
        self.settings[f"{section}.range{quantity}"] = full_scale
        self.settings[f"{section}.autorange{quantity}"] = OFF
        if section == "source":
            source.refresh()

    def _fix_range(self, section: str, name: str) -> None:
        quantity: Quantity = "i" if name.endswith("i") else "v"
        part = self.source if section == "source" else self.meter
        self.settings[f"{section}.range{quantity}"] = part.range(quantity)

    def _compliance(self) -> bool:
        limited = self.source.on and self.source.stage.limited(self.core.now)
        self.meter.note_compliance(limited)
        return limited

    def _make_buffer(self, size: object) -> Namespace:
        return ReadingBuffer(int(_CAPACITY.accept("bufferSize", size))).namespace()

    def _measure(self, functions: str, *buffers: object) -> Wait:
        targets = _targets(functions, buffers)
        count = self.settings.choice("measure.count") if targets else 1
        self._start(Acquisition(functions, targets, count), lambda: None)
        return Wait(lambda: not self.meter.busy, partial(self._last, functions))

    def _overlapped(self, functions: str, *buffers: object) -> None:
        targets = _targets(functions, buffers)
        if not targets:
            raise Fault(1400, "Expected at least 1 parameters")
        count = self.settings.choice("measure.count")
        self._start(Acquisition(functions, targets, count), lambda: self._measuring(False))
        self._measuring(True)

    def _and_step(self, functions: str, level: object) -> Wait:
        path = f"source.level{self.source.quantity}"
        accepted = self.settings.kinds[path].accept("sourceValue", level)
        self._start(Acquisition(functions, {}), lambda: self.write(path, accepted))
        return Wait(lambda: not self.meter.busy, partial(self._last, functions))

    def _start(self, acquisition: Acquisition, done: Callable[[], None]) -> None:
        if self.busy:
            raise conflict(f"{self.name} is sweeping or measuring")
        for buffer in acquisition.buffers.values():
            buffer.prepare()
        self.meter.start(acquisition, done)

    def _last(self, functions: str) -> tuple[object, ...]:
        return tuple(self.meter.last.get(f) for f in functions)

    def _measuring(self, on: bool) -> None:
        self.core.status["operation.measuring"].put(self.bit, on)
        self.core.status[f"operation.instrument.{self.name}"].put(16, on)

    def _plan_measure(self, functions: str, *buffers: object) -> None:
        targets = _targets(functions, buffers)
        if len(targets) < len(functions):
            raise Fault(1400, f"Expected at least {len(functions)} parameters")
        self.sweep.plan.acquisition = Acquisition(functions, targets)

    def _linear(self, quantity: Quantity, start: object, stop: object, points: object) -> None:
        first, last = to_number("startValue", start), to_number("endValue", stop)
        n = int(_POINTS.accept("points", points))
        step = (last - first) / max(n - 1, 1)
        self._plan_levels(quantity, [*(first + k * step for k in range(n - 1)), last][:n])

    def _logarithmic(
        self, quantity: Quantity, start: object, stop: object, points: object, asymptote: object
    ) -> None:
        offset = to_number("asymptote", asymptote)
        first = to_number("startValue", start) - offset
        last = to_number("endValue", stop) - offset
        n = int(_POINTS.accept("points", points))
        if first * last <= 0:
            raise Fault(-224, "Illegal parameter value: the sweep crosses its asymptote")
        ratio = (last / first) ** (1 / max(n - 1, 1))
        self._plan_levels(quantity, [offset + first * ratio**k for k in range(n)])

    def _list(self, quantity: Quantity, levels: object) -> None:
        if not isinstance(levels, Sequence) or isinstance(levels, str) or not levels:
            raise wrong_type("sweepList takes a table of numbers")
        self._plan_levels(quantity, levels)

    def _plan_levels(self, quantity: Quantity, levels: Sequence[object]) -> None:
        kind = self.settings.kinds[f"source.level{quantity}"]
        accepted = [float(kind.accept("sweep level", level)) for level in levels]
        self.sweep.plan.quantity, self.sweep.plan.levels = quantity, accepted


def _targets(functions: str, buffers: Sequence[object]) -> dict[str, ReadingBuffer]:
    """Where each function's readings go; buffers may be left out from the end."""
    given = list(buffers)
    while given and given[-1] is None:
        given.pop()
    return {f: ReadingBuffer.of(b) for f, b in zip(functions, given, strict=False)}

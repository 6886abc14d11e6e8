"""The B2901A and B2902A as their SCPI Command Reference (B2910-90030, edition 2) describes them.

What is not in the table answers -113. Left out: limit tests and mathematics, resistance,
digital pins, LXI events, the display, programs stored in the instrument, different limits for
the two signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from drivers.simulated.bench import Bench
from drivers.simulated.keysight_b2900.channel import Channel
from drivers.simulated.keysight_b2900.models import ERRORS, MODELS
from drivers.simulated.keysight_b2900.readout import Readout
from drivers.simulated.keysight_b2900.rows import channel_rows
from drivers.simulated.keysight_b2900.trigger import Machine, State
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import ScpiInstrument
from drivers.simulated.scpi.parameters import Boolean, Channels, Number
from drivers.simulated.scpi.response import Style
from drivers.simulated.scpi.status import Register
from drivers.simulated.scpi.table import Action, Query, Row, Setting
from drivers.simulated.stage import StageErrors

_Listed = Callable[[tuple[int, ...]], None]
_ACTIONS = (("ACQuire", ("ACQ",)), ("TRANsient", ("TRAN",)), ("ALL", ("ACQ", "TRAN")))
_IDLE = {"TRAN": (1, 7), "ACQ": (4, 10)}
"""Bits of the operation status, by channel, that say that an action is in idle."""
_LOST = {"TRAN": (11, 13), "ACQ": (12, 14)}
"""Bits of the questionable status that say that an event was lost."""


class EmulatedB2900(ScpiInstrument):
    """A B2901A or B2902A; the channel that the rig file names is wired to the device."""

    driver = "keysight-b2900"
    models = tuple(MODELS)
    serial_number = "MY51140001"
    style = Style(digits=6, plus=True)

    def __init__(self, bench: Bench, model: str = "B2901A") -> None:
        self._count = MODELS[model].channels
        self._timer_zero = bench.clock.now
        self.measurement = Register()
        self.channels: dict[int, Channel] = {}
        self.readout = Readout(self)
        super().__init__(bench, model, errors_kept=100)
        names = [""] if self._count == 1 else ["1", "2"]
        for number, name in enumerate(names, start=1):
            self.channels[number] = Channel(
                number, self.scheduler, lambda: self.settings, self.timer, bench.stage(name),
                partial(self._changed, number),
            )  # fmt: skip
        self._note_idle()

    @classmethod
    def errors_of(cls, model: str) -> StageErrors:  # noqa: ARG003 (the same for both)
        return ERRORS

    @property
    def identity(self) -> str:
        return f"Keysight Technologies,{self.model},{self.serial_number},3.4.2011.5100"

    @property
    def pending(self) -> bool:
        return any(channel.busy for channel in self.channels.values())

    def timer(self) -> float:
        """The timer that readings get their time from, in s."""
        return self.now - self._timer_zero

    def reset(self) -> None:
        for channel in self.channels.values():
            channel.reset()
        self.status.questionable.condition = 0
        self._note_idle()

    def initiate(self, numbers: tuple[int, ...]) -> None:
        """Start both actions of channels."""
        self._initiate(("ACQ", "TRAN"))(numbers)

    def rows(self) -> Sequence[Row]:
        listed = Channels(range(1, self._count + 1), (1,))
        rows: list[Row] = [
            *channel_rows(self._count, self._channel, self._changed_setting, self._write)
        ]
        for word, names in _ACTIONS:
            optional = f"[:{word}]" if word == "ALL" else f":{word}"
            rows += [
                Action(f"INITiate[:IMMediate]{optional}", self._initiate(names), listed),
                Action(f"ABORt{optional}", self._abort(names), listed),
                Query(f"IDLE{optional}?", self._wait_idle, listed),
                Action(f"TRIGger{optional}[:IMMediate]", self._pass("trigger", names), listed),
                Action(f"ARM{optional}[:IMMediate]", self._pass("arm", names), listed),
            ]
        return [
            *rows,
            *self.readout.rows(listed),
            Action("*TRG", self._bus_trigger),
            Setting("SYSTem:LFRequency", "line", Number(50, 60, 50, "HZ", whole=True),
                    check=_line_frequency),
            Query("SYSTem:TIME:TIMer:COUNt?", lambda: self.style.number(self.timer())),
            Action("SYSTem:TIME:TIMer:COUNt:RESet[:IMMediate]", self._reset_timer),
            Setting("SYSTem:TIME:TIMer:COUNt:RESet:AUTO", "timer_auto", Boolean(True)),
            Query("SYSTem:ERRor:COUNt?", lambda: len(self.errors)),
            Query("SYSTem:ERRor:ALL?", self._all_errors),
            Query("SYSTem:VERSion?", lambda: "1999.0"),
            Setting("SYSTem:BEEPer:STATe", "beeper", Boolean(True)),
            Setting("DISPlay:ENABle", "display", Boolean(True)),
            *self.measurement.rows("STATus:MEASurement"),
            *self.status.rows(),
        ]  # fmt: skip

    def _channel(self, number: int) -> Channel:
        return self.channels[number]

    def _write(self, name: str, number: int, value: object) -> None:
        self.settings[name, number] = value

    def _changed_setting(self, number: int, *, source: bool) -> None:
        """A setting has changed; what it does to an output that is on."""
        channel = self.channels.get(number)
        if channel is None or not channel.on:
            return
        if source:
            channel.force(channel.number_of(f"{channel.quantity}.level"))
        else:
            channel.refresh()

    def _changed(self, number: int, what: str) -> None:
        """A channel tells what happened to it."""
        name, _, event = what.partition(" ")
        if event == "lost":
            self.status.questionable.put(1 << _LOST[name][number - 1], True)
        elif what != "idle":
            self.log(f"channel {number} {what}")
        self._note_idle()

    def _note_idle(self) -> None:
        for number, channel in self.channels.items():
            for name, machine in (("TRAN", channel.transient), ("ACQ", channel.acquire)):
                self.status.operation.put(1 << _IDLE[name][number - 1], not machine.active)
            self.measurement.put(8 << (6 * (number - 1)), bool(channel.trace.blocks))
            self.measurement.put(16 << (6 * (number - 1)), channel.trace.full)

    def _machines(
        self, names: tuple[str, ...], numbers: Iterable[int]
    ) -> Iterator[tuple[Channel, Machine]]:
        for number in numbers:
            channel = self.channels[number]
            for name in names:
                yield channel, channel.transient if name == "TRAN" else channel.acquire

    def _initiate(self, names: tuple[str, ...]) -> _Listed:
        def initiate(numbers: tuple[int, ...]) -> None:
            chosen = list(self._machines(names, numbers))
            if any(machine.active for _, machine in chosen):
                raise ScpiError(-213)
            for channel, _ in chosen:
                channel.check_levels()
                if not channel.on:
                    if not channel.flag("on_auto"):
                        raise ScpiError(-221)
                    channel.switch(on=True)
            if self.settings.flag("timer_auto"):
                self._reset_timer()
            for channel, machine in chosen:
                if machine is channel.acquire:
                    channel.data.clear()
                for name in names:
                    self.status.questionable.put(1 << _LOST[name][channel.number - 1], False)
            for _, machine in chosen:
                machine.initiate()
            self._note_idle()

        return initiate

    def _abort(self, names: tuple[str, ...]) -> _Listed:
        def abort(numbers: tuple[int, ...]) -> None:
            for channel, machine in self._machines(names, numbers):
                if len(names) > 1:
                    channel.abort()
                else:
                    machine.abort()
            self._note_idle()

        return abort

    def _pass(self, layer: State, names: tuple[str, ...]) -> _Listed:
        def immediate(numbers: tuple[int, ...]) -> None:
            for _, machine in self._machines(names, numbers):
                machine.immediate(layer)

        return immediate

    def _bus_trigger(self) -> None:
        for _, machine in self._machines(("ACQ", "TRAN"), tuple(self.channels)):
            machine.bus_trigger()

    def _wait_idle(self, _numbers: tuple[int, ...]) -> int:
        self.wait_complete()
        return 1

    def _reset_timer(self) -> None:
        self._timer_zero = self.now

    def _all_errors(self) -> str:
        found = []
        while len(self.errors):
            found.append(self._next_error())
        return ",".join(found) or self._next_error()


def _line_frequency(value: float) -> float:
    if value not in (50, 60):
        raise ScpiError(-222)
    return value

"""The simulated bench: devices, the resistors across them, the emulated instruments.

All share one clock. Transports call `message_arrives` before they hand over a message;
that is the only place where host activity moves bench time, so a run at full speed
depends on the sequence of messages alone, over a socket as in process.
"""

from __future__ import annotations

import math
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import numpy as np

from drivers.simulated.clock import VirtualClock
from drivers.simulated.device import OPEN_TERMINALS, Circuit, Device
from drivers.simulated.stage import OutputStage, StageErrors
from protocols.quantities import OPEN, RESISTANCE

BUS_TIME = 200e-6
"""Bench time that one message takes at full speed, in s."""
JOURNAL = 100_000
"""Entries that the journal keeps."""
POLL_STEP = 4.0
"""Bench time that passes at full speed when the host asks while a program runs, in s."""


class EmulatedInstrument(ABC):
    """What a bench and a transport need of an emulated instrument.

    Parameters
    ----------
    bench
        What it stands on; the instrument attaches itself.
    model
        One of `models`.
    """

    driver: ClassVar[str]
    """The driver whose instruments it stands for, as a rig file names it."""
    models: ClassVar[tuple[str, ...]]
    """What it can be, the usual one first."""
    serial_number: str = ""
    """By which it says to be another than others of its model; "" where it does not."""
    serial: ClassVar[bool] = False
    """Whether it has a serial port instead of a network or GPIB interface."""

    def __init__(self, bench: Bench, model: str) -> None:
        self.bench, self.model = bench, model
        self.name = f"{self.driver.split('-')[0]}_{model.lower()}"
        """In the journal and on the command line."""
        self.unread = False
        """Whether a transport holds an answer that the host has not read."""
        bench.attach(self)

    @classmethod
    def errors_of(cls, model: str) -> StageErrors:
        """How exact a source-measure unit of this model is."""
        raise NotImplementedError(f"the {model} sources nothing")

    @property
    def status_byte(self) -> int:
        """What a serial poll reads."""
        return 0

    @property
    def busy(self) -> bool:
        """Whether a program runs on it by itself."""
        return False

    @abstractmethod
    def split(self, received: bytes) -> tuple[list[bytes], bytes]:
        """Complete messages, without their terminators, of a stream; and what is left of it."""

    @abstractmethod
    def write(self, message: bytes) -> None:
        """Take one complete message, without its terminator."""

    @abstractmethod
    def read(self) -> bytes | None:
        """The next complete response with its terminator, or None."""

    @abstractmethod
    def clear(self) -> None:
        """Device clear: drop input and output, stop a running script."""

    def run_while_busy(self, latest: float) -> float:  # noqa: ARG002 (never busy)
        """Let it work until its program ends, at most up to bench time `latest`.

        Returns
        -------
        float
            The time at which the program ended, or `latest`.
        """
        return self.bench.clock.now

    def run_to(self, t: float) -> None:  # noqa: B027 (many do nothing by themselves)
        """Do everything due up to bench time `t`."""

    def interrupted(self) -> None:  # noqa: B027 (not all instruments mind)
        """The host sends something new before it has read an answer."""

    def unterminated(self) -> None:  # noqa: B027 (not all instruments mind)
        """The host asks for a response where there is none."""

    def close(self) -> None:  # noqa: B027 (many hold nothing)
        """Switch it off for good and free what it holds."""


class Entry(NamedTuple):
    """One line of the bench's journal."""

    time: float
    instrument: str
    what: str


class Bench:
    """The simulated counterpart of what stands on a laboratory bench.

    Parameters
    ----------
    resistors
        Actual ohm of each relay channel that is wired across the device.
    errors
        Imperfections of the source-measure unit.
    channel
        Its channel that is wired to the device.
    circuit
        The device that is wired to the source-measure unit, where there is but one.
    devices
        Instead of it, the device behind each of these relay channels; one at most may be
        connected at a time.
    seed
        Of noise and offsets.
    noise
        False for ideal instruments.
    speed
        Bench seconds per wall second; `inf`: as fast as possible.
    """

    def __init__(
        self,
        resistors: Mapping[int, float],
        errors: StageErrors,
        *,
        channel: str = "a",
        circuit: Circuit = Circuit(),  # noqa: B008 (frozen)
        devices: Mapping[int, Circuit] = MappingProxyType({}),
        seed: int = 0,
        noise: bool = True,
        speed: float = math.inf,
    ) -> None:
        self.clock = VirtualClock(speed)
        self.lock = threading.RLock()
        self.journal: deque[Entry] = deque(maxlen=JOURNAL)
        self._resistors = dict(resistors)
        self._devices = {channel: Device(c) for channel, c in devices.items()}
        self._fixed = Device(OPEN_TERMINALS if devices else circuit)
        self._unplugged = Device(OPEN_TERMINALS)
        self._closed: frozenset[int] = frozenset()
        self._plugged = True
        self._instruments: list[EmulatedInstrument] = []
        self._errors, self._random = errors, np.random.default_rng(seed) if noise else None
        self._stages: dict[str, OutputStage] = {}
        self._wired = self.stage(channel, self._fixed)

    @property
    def device(self) -> Device:
        """The device that is connected, or the open terminals."""
        return self._wired.device

    def stage(self, channel: str, device: Device | None = None) -> OutputStage:
        """The analogue side of a source-measure channel; all but one are wired to nothing."""
        if channel not in self._stages:
            random = self._random.spawn(1)[0] if self._random else None
            self._stages[channel] = OutputStage(
                device or Device(OPEN_TERMINALS), self._errors, random
            )
        return self._stages[channel]

    def attach(self, instrument: EmulatedInstrument) -> None:
        """Put an instrument on the bench."""
        self._instruments.append(instrument)

    def log(self, instrument: str, what: str) -> None:
        """Write into the bench's own journal."""
        self.journal.append(Entry(self.clock.now, instrument, what))

    def run_to(self, t: float) -> None:
        """Let every instrument do what is due up to `t`."""
        for instrument in self._instruments:
            instrument.run_to(t)

    def set_relays(self, t: float, closed: frozenset[int]) -> None:
        """Connect the device and the resistors, in parallel, of the closed relay channels.

        Raises
        ------
        ValueError
            Two devices would be connected at once, whose circuit is not modelled.
        """
        self.run_to(t)
        if len(closed & self._devices.keys()) > 1:
            raise ValueError(
                f"relays {sorted(closed & self._devices.keys())} connect several devices at once"
            )
        self._closed = closed
        self._connect(t)
        conductance = sum(1.0 / self._resistors[c] for c in closed if c in self._resistors)
        self.set_resistance(t, 1.0 / conductance if conductance else OPEN)

    def plug(self, *, connected: bool) -> None:
        """Connect the leads to the devices, or take them off; the resistors stay on the leads."""
        t = self.clock.now
        self.run_to(t)
        self._plugged = connected
        resistance = self.device.resistance
        self._connect(t)
        self._wired.set_resistance(t, resistance)
        self.log("bench", f"the device is {'connected' if connected else 'disconnected'}")

    def _connect(self, t: float) -> None:
        """Have at the terminals what the relays choose, if its leads are plugged."""
        chosen = next((d for c, d in self._devices.items() if c in self._closed), self._fixed)
        if (device := chosen if self._plugged else self._unplugged) is not self.device:
            self._wired.connect(t, device)

    def set_resistance(self, t: float, resistance: float) -> None:
        """Put a resistance across the device, in ohm."""
        self.run_to(t)
        self._wired.set_resistance(t, resistance)
        self.log("bench", f"R = {RESISTANCE.format(resistance)}")

    def message_arrives(self) -> None:
        """Let the time pass that the host's next message takes to arrive."""
        if math.isfinite(self.clock.speed):
            self.run_to(self.clock.now)
            return
        if not self._busy():
            self.clock.advance(BUS_TIME)
            self.run_to(self.clock.now)
            return
        latest = self.clock.now + POLL_STEP
        ended = [i.run_while_busy(latest) for i in self._instruments if i.busy]
        self.clock.advance_to(max(ended))
        self.run_to(self.clock.now)

    def _busy(self) -> bool:
        return any(i.busy for i in self._instruments)

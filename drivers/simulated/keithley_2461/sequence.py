"""What the trigger models of pulses and sweeps do, one list entry after the other.

The blocks are those that the vendor's example 2461_PulseSweep_TriggerOut.tsp lists as the model
that the pulse commands make: buffer clear, configuration, output on; then for each entry delay,
pulse on, delay, measure, pulse off, off time; then output off. Its `pulse_delay_calc` is how long
the delay before a measurement is. What looping takes is not stated: `Timing.loop`, none as built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from drivers.simulated.scheduler import Appointment, Scheduler
from drivers.simulated.stage import Sample

_AFTER_READING = 200e-6
_FIRST_LESS = 50e-6
_PULSE_BLOCK = 80e-6
_READBACK, _AUTOZERO = 410e-6, 1.28e-3


@dataclass(frozen=True)
class Timing:
    """How long a measurement takes.

    Parameters
    ----------
    aperture
        In s.
    readback, autozero
        Whether the source is measured too, and references with each reading.
    loop
        Time from one list entry to the next besides what was commanded, in s.
    """

    aperture: float
    readback: bool
    autozero: bool
    loop: float = 0.0

    @property
    def measuring(self) -> float:
        """From its beginning to the stored reading, in s."""
        count = (4 if self.readback else 3) if self.autozero else (2 if self.readback else 1)
        extra = _READBACK * self.readback + _AUTOZERO * self.autozero
        return (self.aperture + _AFTER_READING) * count - _FIRST_LESS + extra

    def before(self, width: float) -> float:
        """From the beginning of a pulse to that of its reading, in s."""
        return max(width - self.measuring - _PULSE_BLOCK, 0.0) + _PULSE_BLOCK


@dataclass(frozen=True)
class Sequence:
    """A pulse list or a list sweep as its command made it.

    Parameters
    ----------
    kind
        "CURR" or "VOLT".
    pulsed
        Whether the level goes back to the bias after each entry.
    levels, count
        The list, and how often it is played; 0 is for ever.
    width, delay, off
        In s; of a sweep only `delay`, before each reading.
    measured, fail_abort
        Whether each entry is read; whether a reading at the limit ends it.
    buffer
        Name of the buffer.
    pulse_limit, bias, bias_limit
        In the units of the limited and of the sourced quantity.
    """

    kind: str
    pulsed: bool
    levels: tuple[float, ...]
    count: int
    width: float
    delay: float
    off: float
    measured: bool
    fail_abort: bool
    buffer: str
    pulse_limit: float
    bias: float
    bias_limit: float


class Host(Protocol):
    """What a running sequence needs of its instrument."""

    def force(self, level: float, limit: float) -> None:
        """Source a level from now on."""

    def sample(self) -> Sample:
        """The running integrals now."""

    def keep(self, begin: Sample, end: Sample, level: float, name: str) -> bool:
        """Store a reading in the named buffer; whether the source was limited."""

    def ended(self, outcome: str) -> None:
        """The model has come to its end, or was stopped."""


@dataclass
class Player:
    """A sequence that runs."""

    sequence: Sequence
    timing: Timing
    host: Host
    scheduler: Scheduler
    _done: int = 0
    _due: Appointment | None = field(default=None)

    def start(self) -> None:
        """Turn the output on at the bias level, and go to the first entry."""
        own = self.sequence
        if own.pulsed:
            self.host.force(own.bias, own.bias_limit)
            self._after(own.delay, self._on)
        else:
            self._on()

    def stop(self) -> None:
        """End it where it is."""
        if self._due is not None:
            self._due.cancel()
        self.host.ended("ABORTED")

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._due = self.scheduler.at(self.scheduler.now + seconds, action)

    def _on(self) -> None:
        own, began = self.sequence, self.scheduler.now
        level = own.levels[self._done % len(own.levels)]
        self.host.force(level, own.pulse_limit if own.pulsed else own.bias_limit)
        if not own.measured:
            self._after(own.width, self._off)
            return
        wait = self.timing.before(own.width) if own.pulsed else own.delay

        def begin() -> None:
            first = self.host.sample()
            self._after(self.timing.aperture, lambda: self._read(first, level, began))

        self._after(wait, begin)

    def _read(self, begin: Sample, level: float, began: float) -> None:
        limited = self.host.keep(begin, self.host.sample(), level, self.sequence.buffer)
        if limited and self.sequence.fail_abort:
            self.host.ended("ABORTED")
            return
        now = self.scheduler.now
        rest = self.timing.measuring - self.timing.aperture
        self._after(max(rest, began + self.sequence.width - now), self._off)

    def _off(self) -> None:
        own = self.sequence
        self._done += 1
        if own.pulsed:
            self.host.force(own.bias, own.bias_limit)
        if own.count and self._done == own.count * len(own.levels):
            self._after(own.off if own.pulsed else 0.0, lambda: self.host.ended("IDLE"))
        else:
            between = own.off + own.delay if own.pulsed else 0.0
            self._after(between + self.timing.loop, self._on)

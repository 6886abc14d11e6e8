"""The analogue side of an emulated source-measure channel, wired to a device.

It sources a current or a voltage that settles exponentially, turns into the other kind of
source at its limit, averages over apertures by exact integrals, and adds its own offset
and noise. Times are bench seconds and never decrease.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, cast

import numpy as np

from drivers.simulated.device import Array, Device, Kind, Modes, Vector, current_driven
from protocols.quantities import OPEN

Mode = Literal["current", "voltage", "zero", "high_z"]


@dataclass(frozen=True)
class StageErrors:
    """How far an instrument is from ideal: worst offsets and noise by full scale.

    Parameters
    ----------
    source_offset, voltage_offset, current_offset
        Pairs (full scale, greatest offset), in the units of the full scale.
    noise
        Standard deviation of a reading over 1 ms as a fraction of the measuring range.
    settling
        Pairs (current range in A, time to 0.1 % in s).
    voltage_settling
        Time in which a voltage step settles to 0.1 %, in s.
    """

    source_offset: tuple[tuple[float, float], ...]
    voltage_offset: tuple[tuple[float, float], ...]
    current_offset: tuple[tuple[float, float], ...]
    noise: float
    settling: tuple[tuple[float, float], ...]
    voltage_settling: float


class Sample(NamedTuple):
    """Running integrals since the bench was switched on, at one moment."""

    time: float
    volt_seconds: float
    coulombs: float
    limited_seconds: float


class Reading(NamedTuple):
    """Means over an aperture, as the instrument reports them."""

    voltage: float
    current: float
    limited: bool


class _Drive(NamedTuple):
    """What is forced from `since` on: level + tail exp(-(t - since)/tau)."""

    kind: Kind
    level: float
    tail: float = 0.0
    tau: float = 1.0
    limited: bool = False


class OutputStage:
    """One channel's source and meter on a device.

    Parameters
    ----------
    device
        What is connected to the terminals.
    errors
        The instrument's imperfections.
    random
        Source of offsets and noise; None for an ideal instrument (settling remains).
    """

    def __init__(
        self, device: Device, errors: StageErrors, random: np.random.Generator | None
    ) -> None:
        self.device, self.errors, self._random = device, errors, random
        self._offset_shares = random.uniform(-1, 1, 3) if random is not None else np.zeros(3)
        self._time = 0.0
        self._mode: Mode = "high_z"
        self._level, self._limit = 0.0, math.inf
        self._drive = _Drive("current", 0.0)
        self._volt_seconds = self._coulombs = self._limited_seconds = 0.0
        self._modes: Modes = device.driven_by("current")
        self._z: Vector = (0.0, 0.0, 0.0)
        self._resting: dict[Device, tuple[float, Array]] = {}

    def drive(self, t: float, mode: Mode, level: float, limit: float, source_range: float) -> None:
        """Force something else from `t` on.

        Parameters
        ----------
        mode
            "current", "voltage", "zero" (0 V with a current limit: the normal output-off
            state) or "high_z".
        level
            In A or V.
        limit
            Compliance in V or A.
        source_range
            Full scale, which decides offset and settling.
        """
        self._advance(t)
        volts, amps = self._terminal()
        self._mode, self._limit = mode, abs(limit)
        if mode == "high_z":
            self._level = 0.0
            self._use(_Drive("current", 0.0))
            return
        if mode == "current":
            level += _at(self.errors.source_offset, source_range) * self._offset_shares[0]
            settling, present = _at(self.errors.settling, source_range), amps
        else:
            level = 0.0 if mode == "zero" else level
            settling, present = self.errors.voltage_settling, volts
        self._level = level
        tau = settling / math.log(1000.0)
        kind: Kind = "current" if mode == "current" else "voltage"
        self._use(_Drive(kind, level, present - level, tau))

    @property
    def mode(self) -> Mode:
        """What it forces at present."""
        return self._mode

    @property
    def ideal(self) -> bool:
        """Whether it adds neither offsets nor noise."""
        return self._random is None

    def set_resistance(self, t: float, resistance: float) -> None:
        """Change the regulating resistance at the terminals."""
        self._advance(t)
        self.device.resistance = resistance
        self._use(self._drive)

    def connect(self, t: float, device: Device) -> None:
        """Let go of the present device and connect another; each rests while it is let go."""
        self._advance(t)
        self._resting[self.device] = (t, self._modes.to_nodes @ self._z)
        since, nodes = self._resting.pop(device, (t, np.zeros(3)))
        alone = current_driven(device.circuit, OPEN)
        z = alone.step(cast("Vector", tuple((alone.to_modes @ nodes).tolist())), t - since, 0.0)
        self.device, self._modes = device, device.driven_by(self._drive.kind)
        self._z = cast("Vector", tuple((self._modes.to_modes @ (alone.to_nodes @ z)).tolist()))

    def sample(self, t: float) -> Sample:
        """Advance to `t` and note the running integrals."""
        self._advance(t)
        return Sample(t, self._volt_seconds, self._coulombs, self._limited_seconds)

    def reading(self, begin: Sample, end: Sample, v_range: float, i_range: float) -> Reading:
        """Means between two samples, with this instrument's offset and noise."""
        aperture = end.time - begin.time
        voltage = (end.volt_seconds - begin.volt_seconds) / aperture
        current = (end.coulombs - begin.coulombs) / aperture
        if self._random is not None:
            deviation = self.errors.noise * math.sqrt(1e-3 / aperture) * self._random.normal(size=2)
            voltage += v_range * deviation[0]
            voltage += _at(self.errors.voltage_offset, v_range) * self._offset_shares[1]
            current += i_range * deviation[1]
            current += _at(self.errors.current_offset, i_range) * self._offset_shares[2]
        return Reading(voltage, current, end.limited_seconds > begin.limited_seconds)

    def limited(self, t: float) -> bool:
        """Whether the source is in compliance at `t`."""
        self._advance(t)
        return self._drive.limited

    def terminal(self, t: float) -> tuple[float, float]:
        """True voltage and current at the terminals at `t`, in V and A."""
        self._advance(t)
        return self._terminal()

    def _use(self, drive: _Drive) -> None:
        modes = self.device.driven_by(drive.kind)
        if modes is not self._modes:
            nodes = self._modes.to_nodes @ self._z
            self._z = cast("Vector", tuple((modes.to_modes @ nodes).tolist()))
            self._modes = modes
        self._drive = drive

    def _terminal(self) -> tuple[float, float]:
        drive = self._drive
        forced = drive.level + drive.tail
        other = self._modes.output(self._z, forced)
        return (other, forced) if drive.kind == "current" else (forced, other)

    def _advance(self, t: float) -> None:
        while True:
            h = max(0.0, t - self._time)
            ahead = self._state_after(h)
            crossing = self._crossing(h, ahead)
            if crossing is None:
                self._integrate(h, ahead)
                self._time = max(self._time, t)
                return
            self._integrate(crossing, self._state_after(crossing))
            self._switch()

    def _state_after(self, h: float) -> Vector:
        drive = self._drive
        return self._modes.step(self._z, h, drive.level, drive.tail, drive.tau)

    def _excess(self, h: float, z: Vector) -> float:
        """How far, `h` from now, the present kind of source is past its end; <= 0 within.

        A source in command ends where the other quantity passes the limit. A source held
        at its limit ends where its own level suffices again.
        """
        drive = self._drive
        forced = drive.level + drive.tail * math.exp(-h / drive.tau)
        other = self._modes.output(z, forced)
        if drive.limited:
            scale = abs(self._level) + 1e-3 * abs(other) + 1e-15
            return math.copysign(1.0, drive.level) * (other - self._level) - _SLACK * scale
        return abs(other) - self._limit * (1 + _SLACK)

    def _crossing(self, h: float, ahead: Vector) -> float | None:
        """Time from now to the first change between source and limit, within `h`."""
        if self._mode == "high_z":
            return None
        at_end = self._excess(h, ahead)
        if at_end <= 0 and (self._drive.limited or at_end < -0.5 * self._limit):
            return None
        before = 0.0
        for moment in (0.0, h / 64, h / 16, h / 4, h / 2, h):
            if self._excess(moment, self._state_after(moment)) > 0:
                return self._bisect(before, moment)
            before = moment
        return None

    def _bisect(self, within: float, past: float) -> float:
        for _ in range(60):
            middle = 0.5 * (within + past)
            if self._excess(middle, self._state_after(middle)) > 0:
                past = middle
            else:
                within = middle
        return past

    def _switch(self) -> None:
        """Hand over from the source to its limit, or back."""
        drive = self._drive
        own: Kind = "current" if self._mode == "current" else "voltage"
        if drive.limited:
            self._use(_Drive(own, self._level))
            return
        volts, amps = self._terminal()
        held: Kind = "voltage" if own == "current" else "current"
        sign = math.copysign(1.0, volts if held == "voltage" else amps)
        self._use(_Drive(held, sign * self._limit, limited=True))

    def _integrate(self, h: float, ahead: Vector) -> None:
        if h <= 0:
            return
        drive, modes = self._drive, self._modes
        area = modes.integral(self._z, h, drive.level, drive.tail, drive.tau)
        forced = drive.level * h - drive.tail * drive.tau * math.expm1(-h / drive.tau)
        other = modes.output(area, forced)
        current_driven = drive.kind == "current"
        self._volt_seconds += other if current_driven else forced
        self._coulombs += forced if current_driven else other
        self._limited_seconds += h if drive.limited else 0.0
        self._z = ahead
        if drive.tail:
            tail = drive.tail * math.exp(-h / drive.tau)
            # Far below the last digit of the level the tail no longer matters.
            keep = abs(tail) > 1e-17 * abs(drive.level) + 1e-20
            left = tail if keep else 0.0
            self._drive = _Drive(drive.kind, drive.level, left, drive.tau, drive.limited)
        self._time += h


_SLACK = 1e-9
"""Relative width of the band around a limit in which the source does not change over."""


@lru_cache(maxsize=1024)
def _at(table: tuple[tuple[float, float], ...], full_scale: float) -> float:
    """The entry of the lowest range that holds `full_scale`; the last beyond the table."""
    return next((v for full, v in table if full_scale <= full * (1 + 1e-9)), table[-1][1])

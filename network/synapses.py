"""Arrays of measured devices as the weights of a layer.

A network asks for a change of each weight; the devices get whole numbers of pulses and
change as their update curve says. A weight is one device against a reference at the middle
of the window, or the difference of two devices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.update_curve import Direction, UpdateCurve

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
Rounding = Literal["stochastic", "deterministic", "sign"]
Jump = Literal["formula", "table"]
Mapping = Literal["single", "pair"]

MOST = 16_000
"""Most pulses that one update sends to a device: more than any window is wide."""


@dataclass(frozen=True)
class Rule:
    """How a wanted change of weight becomes pulses, and pulses a change.

    Parameters
    ----------
    rounding
        "stochastic": the part of a pulse is the probability of one more; "deterministic": the
        nearest whole number; "sign": one pulse in the wanted direction.
    jump
        By the update curve's formula, or by its table.
    mapping
        "single": W = scale (2 x - 1), x one device's weight in its window, against a
        reference at the middle; "pair": W = scale (x1 - x2), and both devices get the pulses,
        one up and one down.
    scale
        W at the end of the window.
    pulses
        Pulses that a change of W by 1 is worth; None: as many as it takes in the middle of the
        window of the devices at hand. With a number the size of a step is left to the device.
    noise, spread
        Standard deviation of a step over the window, and of the logarithm of the steps over
        the devices; None for those of the update curve, 0 where it has none.
    """

    rounding: Rounding = "stochastic"
    jump: Jump = "formula"
    mapping: Mapping = "single"
    scale: float = 1.0
    pulses: float | None = None
    noise: float | None = None
    spread: float | None = None


@dataclass(frozen=True)
class Pulses:
    """Pulses sent to devices, up and down."""

    up: int = 0
    down: int = 0

    def __add__(self, other: Pulses) -> Pulses:
        return Pulses(self.up + other.up, self.down + other.down)

    def __sub__(self, other: Pulses) -> Pulses:
        return Pulses(self.up - other.up, self.down - other.down)


class Layer(Protocol):
    """Weights that can be read and moved, shape (inputs, outputs)."""

    weights: Floats

    @property
    def sent(self) -> Pulses:
        """Pulses so far."""

    def change(self, wanted: Floats, rows: Rows | None = None) -> None:
        """Move the weights by `wanted`, as far as they can be, of those inputs alone if given.

        `wanted` is used up: it may hold something else afterwards.
        """

    def state(self) -> list[Floats]:
        """What the weights are made of: copies that `restore` takes."""

    def restore(self, state: Sequence[Floats]) -> None:
        """Make the weights of what `state` gave."""


@dataclass
class FloatLayer:
    """Weights that are plain numbers: the reference."""

    weights: Floats
    sent: Pulses = field(default_factory=Pulses)

    def change(self, wanted: Floats, rows: Rows | None = None) -> None:
        if rows is None:
            self.weights += wanted
        else:
            self.weights[rows] += wanted

    def state(self) -> list[Floats]:
        return [self.weights.copy()]

    def restore(self, state: Sequence[Floats]) -> None:
        (self.weights,) = (values.copy() for values in state)


class Devices:
    """Devices of one kind that are pulsed together.

    Parameters
    ----------
    curve
        Their update curve.
    x
        Their weights in the window, from 0 to 1; changed in place.
    rng
        Draws their spread and their noise.
    rule
        See `Rule`.
    """

    def __init__(self, curve: UpdateCurve, x: Floats, rng: np.random.Generator, rule: Rule) -> None:
        self.x, self._rng, self._table = x, rng, rule.jump == "table"
        self._directions = (curve.up, 1), (curve.down, -1)
        spread = curve.device_spread.value if rule.spread is None else rule.spread
        noise = curve.step_noise.value if rule.noise is None else rule.noise
        self._noise = np.float32(noise or 0.0)
        self.strength = (
            np.exp(rng.normal(0, spread, x.shape)).astype(np.float32).ravel() if spread else None
        )
        self.sent = Pulses()

    def pulse(self, count: NDArray[np.int32], rows: Rows | None = None) -> None:
        """Send `count` pulses to each, up where it is positive, down where it is negative.

        With `rows` the count is of those rows alone, each of them once.
        """
        flat, counts, width = self.x.reshape(-1), count.reshape(-1), self.x.shape[-1]
        pulsed = np.flatnonzero(counts != 0)
        signed = counts[pulsed]
        for direction, sign in self._directions:
            mine = signed > 0 if sign > 0 else signed < 0
            n, chosen = np.abs(signed[mine]), pulsed[mine]
            if not len(n):
                continue
            if rows is not None:
                chosen = rows[chosen // width] * width + chosen % width
            flat[chosen] = self._moved(flat[chosen], chosen, n, direction)
            total = int(n.sum(dtype=np.int64))
            self.sent += Pulses(up=total) if sign > 0 else Pulses(down=total)

    def _moved(
        self, x: Floats, chosen: NDArray[np.intp], n: NDArray[np.int32], direction: Direction
    ) -> Floats:
        if self._table:
            pulses = n if self.strength is None else n * self.strength[chosen]
            x = direction.after_by_table(x, pulses).astype(np.float32)  # type: ignore[arg-type]
        else:
            if self.strength is None:
                # Pulses are few whole numbers: their exponentials are looked up.
                part = -np.expm1(-direction.rate * np.arange(int(n.max()) + 1))
                share = part.astype(np.float32)[n]
            else:
                share = -np.expm1(np.float32(-direction.rate) * (n * self.strength[chosen]))
            way = np.float32(direction.target) - x
            way *= share
            x = x + way
        if self._noise:
            x += (
                self._noise
                * np.sqrt(n, dtype=np.float32)
                * self._rng.standard_normal(len(n), np.float32)
            )
        return np.clip(x, np.float32(0), np.float32(1), out=x)


class DeviceLayer:
    """Weights that are devices.

    Parameters
    ----------
    curve, rule, rng
        As for `Devices`; `rng` draws the rounding too.
    weights
        Wanted at the start; beyond the window its end is taken.
    """

    def __init__(
        self, curve: UpdateCurve, rule: Rule, weights: Floats, rng: np.random.Generator
    ) -> None:
        self._rule, self._rng = rule, rng
        half = np.clip(weights / (2 * rule.scale), -0.5, 0.5).astype(np.float32)
        signs = (1, -1) if rule.mapping == "pair" else (1,)
        self._devices = [
            (sign, Devices(curve, np.float32(0.5) + sign * half, rng, rule)) for sign in signs
        ]
        self.weights: Floats = np.empty(weights.shape, np.float32)
        self._read()
        self._fine = np.empty(weights.shape, np.int32)
        self._per_weight = np.float32(rule.pulses or pulses_per_weight(curve, rule.scale))

    @property
    def sent(self) -> Pulses:
        """Pulses so far, over all devices."""
        return sum((devices.sent for _, devices in self._devices), Pulses())

    @property
    def strength(self) -> Floats | None:
        """Factor on the steps of each weight's first device; None where all are alike."""
        found = self._devices[0][1].strength
        return None if found is None else found.reshape(self.weights.shape)

    def change(self, wanted: Floats, rows: Rows | None = None) -> None:
        count = self._count(wanted)
        for sign, devices in self._devices:
            devices.pulse(count if sign > 0 else -count, rows)
        if rows is None:
            self._read()
        else:
            self.weights[rows] = self._as_weights([d.x[rows] for _, d in self._devices])

    def state(self) -> list[Floats]:
        return [devices.x.copy() for _, devices in self._devices]

    def restore(self, state: Sequence[Floats]) -> None:
        for (_, devices), x in zip(self._devices, state, strict=True):
            devices.x[...] = x
        self._read()

    def _read(self) -> None:
        self._as_weights([devices.x for _, devices in self._devices], self.weights)

    def _as_weights(self, x: list[Floats], out: Floats | None = None) -> Floats:
        scale = np.float32(self._rule.scale)
        if len(x) == 2:
            difference: Floats = np.subtract(x[0], x[1], out=out)
            difference *= scale
            return difference
        weights: Floats = np.multiply(x[0], 2 * scale, out=out)
        weights -= scale
        return weights

    def _count(self, wanted: Floats) -> NDArray[np.int32]:
        if self._rule.rounding != "stochastic":
            pulses = np.clip(wanted * self._per_weight, -MOST, MOST)
            whole = np.sign(pulses) if self._rule.rounding == "sign" else np.rint(pulses)
            counts: NDArray[np.int32] = whole.astype(np.int32)
            return counts
        # In units of 1/65536 pulse: a random number below one pulse is added and the fraction
        # cut off, which rounds up with the probability of the fraction.
        wanted *= self._per_weight * np.float32(65536)
        np.clip(wanted, -MOST * 65536, MOST * 65536, out=wanted)
        # New memory for every update would take longer than all of the arithmetic.
        fine = self._fine[: len(wanted)]
        np.copyto(fine, wanted, casting="unsafe")
        raw = np.asarray(self._rng.bit_generator.random_raw((fine.size + 3) // 4))
        fine += raw.view(np.uint16)[: fine.size].reshape(fine.shape)
        return np.right_shift(fine, 16, out=fine)


def pulses_per_weight(curve: UpdateCurve, scale: float) -> float:
    """Pulses that a change of W by 1 takes in the middle of the window.

    One changes W by 2 `scale` times the step, in both mappings; the step is the geometric
    mean of those up and down.
    """
    return 1 / (2 * scale * math.sqrt(abs(curve.up.step * curve.down.step)))

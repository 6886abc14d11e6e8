"""Devices whose regulating resistances are set by the pixels of images, stepped exactly.

Each weight of a network is one simulated device. While an image is presented to a row of
devices, each of them stands under the resistance of its pixel and all get the same pulses:
under a high resistance charge accumulates, under a low one it dissipates. A whole presentation
is one closed form in the modes of a device under its resistance; there is no time step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers.simulated.device import Circuit, current_driven
from protocols.quantities import CURRENT, OPEN, VOLTAGE

Array = NDArray[np.float64]
Law = Literal["conductance", "resistance"]

_LEVELS = 256
_LIMIT = 0.8
"""Voltage at which a source would stop driving the current, in V: the rig's usual limit."""


class OverLimitError(ValueError):
    """A device would pass the voltage limit, where a source no longer drives its current."""


@dataclass(frozen=True)
class PixelResistance:
    """The regulating resistance of a pixel.

    Parameters
    ----------
    dark, bright
        Resistance in ohm at brightness 0 and 1.
    law
        What changes linearly with brightness between them. Dissipation goes with the
        conductance, so "conductance" makes its rate fall linearly.
    """

    dark: float = 500.0
    bright: float = 8000.0
    law: Law = "conductance"

    def of(self, brightness: Array) -> Array:
        """Resistances in ohm of brightnesses from 0 to 1."""
        if self.law == "resistance":
            return self.dark + (self.bright - self.dark) * brightness
        return 1.0 / (1.0 / self.dark + (1.0 / self.bright - 1.0 / self.dark) * brightness)


@dataclass(frozen=True)
class Presentation:
    """The pulses that every device of a row gets while an image is presented.

    Parameters
    ----------
    amplitude
        In A; the default is the pulse that the weights were trained with.
    width, gap
        In s.
    pulses
        Number of them.
    """

    amplitude: float = 1e-3
    width: float = 20e-3
    gap: float = 20e-3
    pulses: int = 1

    @property
    def duration(self) -> float:
        """Of the whole, in s."""
        return self.pulses * (self.width + self.gap)


class MappedDevices:
    """The devices of a layer, one for each pixel and class.

    Parameters
    ----------
    psv
        Stored postsynaptic voltages at the start, in V, shape (pixels, classes). All charge
        of a device is at rest at this voltage, as after a long time at open circuit.
    resistances
        Of the 256 levels of a pixel, in ohm; `inf` when open.
    presentation
        The pulses that go with an image.
    circuit
        The device.
    strength
        How much further than `circuit` a pulse moves each device, shape (pixels, classes): its
        capacitances are smaller by that factor. None for devices that are all alike.
    noise
        Standard deviation of the stored voltage that a pulse leaves, in V.
    rng
        Draws the noise.
    """

    def __init__(
        self,
        psv: Array,
        resistances: Array,
        presentation: Presentation,
        circuit: Circuit | None = None,
        *,
        strength: NDArray[np.floating] | None = None,
        noise: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        circuit = circuit or Circuit()
        self._presentation, self._noise = presentation, noise
        self._rng = rng or np.random.default_rng(0)
        # Node voltages of C1, C2, C3: shape (3, classes, pixels).
        self._nodes = np.repeat(psv.T[None].astype(np.float64), 3, axis=0)
        # With all capacitances smaller by a factor a device does the same in a time shorter by
        # it, so that a strength is a factor on times.
        self._pace = np.ones(psv.T.shape) if strength is None else strength.T.astype(np.float64)
        self._levels = _Levels.of(circuit, resistances.tolist())
        self._opened = current_driven(circuit, OPEN)
        self.highest = float(psv.max())
        """Highest voltage that a device reached so far, at the end of a pulse, in V."""

    def present(self, row: int, pixels: NDArray[np.uint8]) -> None:
        """Present an image to one row; the others wait at open circuit meanwhile.

        Parameters
        ----------
        row
            The class whose devices stand under the pixels' resistances and get the pulses.
        pixels
            Levels from 0 to 255, shape (pixels,).

        Raises
        ------
        OverLimitError
            A device would pass the voltage limit, which the model itself does not have;
            nothing was presented.
        """
        drive = self._presentation
        after, peaks = self._levels.played(self._nodes[:, row], pixels, self._pace[row], drive)
        highest = float(peaks.max())
        if highest > _LIMIT:
            raise OverLimitError(
                f"a device of row {row} would reach {VOLTAGE.format(highest)}, above the "
                f"limit of {VOLTAGE.format(_LIMIT)} at which a source stops driving; take "
                f"pulses below {CURRENT.format(drive.amplitude)}, shorter or fewer "
                "ones, or a lower resistance for bright pixels"
            )
        self.highest = max(self.highest, highest)
        if self._noise:
            # Stored charge is at rest: it is a voltage of all three capacitances.
            after += self._noise * np.sqrt(drive.pulses) * self._rng.standard_normal(len(pixels))
        self._nodes = self._rested(drive.duration)
        self._nodes[:, row] = after

    def psv(self, rest: float) -> Array:
        """Voltages after `rest` seconds at open circuit from now, shape (pixels, classes).

        This reads a copy: the devices stay where they are.
        """
        voltage: Array = self._rested(rest)[0]
        return voltage.T

    def _rested(self, seconds: float) -> Array:
        modes = self._opened
        z = np.tensordot(modes.to_modes, self._nodes, axes=1)
        z *= np.exp(-seconds * np.multiply.outer(np.array(modes.rate), self._pace))
        nodes: Array = np.tensordot(modes.to_nodes, z, axes=1)
        return nodes


@dataclass(frozen=True, eq=False)
class _Levels:
    """The circuit under the resistance of each level, as `Modes`, one level after the other."""

    rate: Array
    gain: Array
    response: Array
    direct: Array
    to_modes: Array
    to_nodes: Array

    @classmethod
    def of(cls, circuit: Circuit, resistances: Sequence[float]) -> _Levels:
        levels = [current_driven(circuit, resistance) for resistance in resistances]
        return cls(*(np.array([getattr(m, f.name) for m in levels]) for f in fields(cls)))

    def played(
        self, nodes: Array, level: NDArray[np.uint8], pace: Array, drive: Presentation
    ) -> tuple[Array, Array]:
        """Node voltages after the pulses, shape (3, n), and terminal voltages at pulse ends.

        The terminal voltages are those at the end of the first and of the last pulse, shape
        (2, n). A train sums geometrically.
        """
        rate = self.rate[level] * pace[:, None]
        gain = self.gain[level] * pace[:, None]
        z = np.einsum("pij,jp->pi", self.to_modes[level], nodes)
        through = np.exp(-drive.width * rate)
        charged = gain * drive.amplitude * -np.expm1(-drive.width * rate) / rate
        exponent = -(drive.width + drive.gap) * rate
        one = charged * np.exp(-drive.gap * rate)

        def after(count: int) -> Array:
            summed = np.expm1(count * exponent) / np.expm1(exponent)
            modes: Array = z * np.exp(count * exponent) + one * summed
            return modes

        ends = [
            np.sum(self.response[level] * (before * through + charged), axis=1)
            + self.direct[level] * drive.amplitude
            for before in (z, after(drive.pulses - 1))
        ]
        nodes = np.einsum("pij,pj->ip", self.to_nodes[level], after(drive.pulses))
        return nodes, np.array(ends)


def level_resistances(mapping: PixelResistance) -> Array:
    """The resistance of each of the 256 levels of a pixel, in ohm."""
    return mapping.of(np.arange(_LEVELS) / (_LEVELS - 1))

"""Devices whose regulating resistances are set by the pixels of images, stepped exactly.

Each weight of a network is one simulated device. While an image is presented to a row of
devices, each of them stands under the resistance of its pixel and all get the same pulses:
under a high resistance charge accumulates, under a low one it dissipates. A resistance has
one affine map of the node voltages for a whole presentation, so an image costs one small
product a device; there is no time step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers.simulated.device import Circuit, Modes, current_driven
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
    """

    def __init__(
        self,
        psv: Array,
        resistances: Array,
        presentation: Presentation,
        circuit: Circuit | None = None,
    ) -> None:
        self._circuit = circuit or Circuit()
        self._presentation = presentation
        # Node voltages of C1, C2, C3: shape (3, classes, pixels).
        self._nodes = np.repeat(psv.T[None].astype(np.float64), 3, axis=0)
        levels = [_Level.of(self._circuit, float(r), presentation) for r in resistances]
        self._kept = np.array([level.kept for level in levels])
        self._added = np.array([level.added for level in levels])
        self._peak = np.array([level.peak for level in levels])
        self._peak_added = np.array([level.peak_added for level in levels])
        self._waiting = _at_rest(self._circuit, presentation.duration)
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
        driven = self._nodes[:, row]
        peaks = np.einsum("pkj,jp->pk", self._peak[pixels], driven) + self._peak_added[pixels]
        highest = float(peaks.max())
        if highest > _LIMIT:
            raise OverLimitError(
                f"a device of row {row} would reach {VOLTAGE.format(highest)}, above the "
                f"limit of {VOLTAGE.format(_LIMIT)} at which a source stops driving; take "
                f"pulses below {CURRENT.format(self._presentation.amplitude)}, shorter or fewer "
                "ones, or a lower resistance for bright pixels"
            )
        self.highest = max(self.highest, highest)
        others = np.arange(self._nodes.shape[1]) != row
        self._nodes[:, others] = np.tensordot(self._waiting, self._nodes[:, others], axes=1)
        self._nodes[:, row] = (
            np.einsum("pij,jp->ip", self._kept[pixels], driven) + self._added[pixels].T
        )

    def psv(self, rest: float) -> Array:
        """Voltages after `rest` seconds at open circuit from now, shape (pixels, classes).

        This reads a copy: the devices stay where they are.
        """
        return np.asarray(np.tensordot(_at_rest(self._circuit, rest)[0], self._nodes, axes=1)).T


@dataclass(frozen=True)
class _Level:
    """What a presentation does under one resistance, in node voltages v.

    Parameters
    ----------
    kept, added
        Afterwards v is ``kept @ v + added``.
    peak, peak_added
        Terminal voltage at the end of the first and of the last pulse, in the same way.
    """

    kept: Array
    added: Array
    peak: Array
    peak_added: Array

    @classmethod
    def of(cls, circuit: Circuit, resistance: float, drive: Presentation) -> _Level:
        modes = current_driven(circuit, resistance)
        before_last = _train(modes, drive, drive.pulses - 1)
        kept, added = _train(modes, drive, drive.pulses)
        pulse = np.array(modes.step((0.0, 0.0, 0.0), drive.width, drive.amplitude))
        response = np.array(modes.response)
        # At the end of a pulse: response . z + direct I, with z stepped over its width.
        row = response * np.exp(-np.array(modes.rate) * drive.width) @ modes.to_modes
        offset = float(response @ pulse) + modes.direct * drive.amplitude
        return cls(
            kept, added,
            np.array([row, row @ before_last[0]]),
            np.array([offset, offset + row @ before_last[1]]),
        )  # fmt: skip


def _train(modes: Modes, drive: Presentation, count: int) -> tuple[Array, Array]:
    """`count` pulses as an affine map of the node voltages; a train sums geometrically."""
    zero = (0.0, 0.0, 0.0)
    one = np.array(modes.step(modes.step(zero, drive.width, drive.amplitude), drive.gap, 0.0))
    exponent = -np.array(modes.rate) * (drive.width + drive.gap)
    kept = np.exp(count * exponent)
    added = one * np.expm1(count * exponent) / np.expm1(exponent)
    return (modes.to_nodes * kept) @ modes.to_modes, modes.to_nodes @ added


def _at_rest(circuit: Circuit, seconds: float) -> Array:
    """The map of the node voltages over some seconds at open circuit."""
    modes = current_driven(circuit, OPEN)
    kept = np.exp(-np.array(modes.rate) * seconds)
    mapped: Array = (modes.to_nodes * kept) @ modes.to_modes
    return mapped


def level_resistances(mapping: PixelResistance) -> Array:
    """The resistance of each of the 256 levels of a pixel, in ohm."""
    return mapping.of(np.arange(_LEVELS) / (_LEVELS - 1))

"""The simulated FMES device: a linear circuit of three capacitors, stepped exactly.

    u ──Rs──┬──R1──┬──R2──┐
            C1     C2     C3        Rleak in parallel with C1,
            ┴      ┴      ┴         the regulating resistor R from u to ground

In modal coordinates z (the eigenvectors of C^(-1/2) K C^(-1/2)) each mode decays by
itself, so a constant drive, or one that settles exponentially, has a closed form over any
time: there is no time step and no ODE solver.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocols.quantities import OPEN

Array = NDArray[np.float64]
Kind = Literal["current", "voltage"]


@dataclass(frozen=True)
class Circuit:
    """Element values in ohm and F.

    The defaults were fitted to six numbers of Zhao et al., Natl Sci Rev 2022, nwac158:
    the four I-V readings of Fig. 2b and the two PPF amplitudes of Fig. 3c. `Rleak` is
    assumed.
    """

    rs: float = 44.2
    c1: float = 0.2954e-3
    r1: float = 112.6
    c2: float = 7.141e-3
    r2: float = 7.0e3
    c3: float = 1.087e-3
    r_leak: float = 1.0e6


OPEN_TERMINALS = Circuit(rs=1.0, c1=1e-10, r1=1e9, c2=1e-10, r2=1e9, c3=1e-10, r_leak=1e12)
"""What a channel with nothing connected sees: the capacitance of its cable."""


Vector = tuple[float, float, float]


class Modes(NamedTuple):
    """The circuit, driven in one way, in modal coordinates.

    dz/dt = -rate z + gain drive, and the other terminal quantity is
    response . z + direct drive. The drive is the terminal current (A) or voltage (V).
    """

    rate: Vector
    """Decay rates, in 1/s."""
    gain: Vector
    """Modal gain of the drive."""
    response: Vector
    """Modal weights of the output."""
    direct: float
    """Output per drive with no state, in ohm or S."""
    to_modes: Array
    """Node voltages to modes, shape (3, 3)."""
    to_nodes: Array
    """Modes to node voltages, shape (3, 3)."""

    def step(
        self, z: Vector, h: float, drive: float, tail: float = 0.0, tau: float = 1.0
    ) -> Vector:
        """Modes after `h` seconds of the drive ``drive + tail exp(-t/tau)``."""
        # Plain floats: three modes are too few for arrays to pay.
        tail_left = math.exp(-h / tau) if tail else 0.0
        after = []
        for rate, gain, mode in zip(self.rate, self.gain, z, strict=True):
            lost = -math.expm1(-rate * h)
            forced = drive * (lost / rate)
            if tail:
                forced += tail * (tail_left - 1.0 + lost) / (rate - 1.0 / tau)
            after.append((1.0 - lost) * mode + gain * forced)
        return after[0], after[1], after[2]

    def integral(
        self, z: Vector, h: float, drive: float, tail: float = 0.0, tau: float = 1.0
    ) -> Vector:
        """Integral of the modes over those `h` seconds."""
        tail_area = -tau * math.expm1(-h / tau) if tail else 0.0
        area = []
        for rate, gain, mode in zip(self.rate, self.gain, z, strict=True):
            x = rate * h
            phi = -math.expm1(-x) / rate
            # The difference cancels where little decays; its series does not.
            ramp = (h - phi) / rate if x > 1e-3 else h * h * (0.5 - x / 6 + x * x / 24)
            forced = drive * ramp
            if tail:
                forced += tail * (tail_area - phi) / (rate - 1.0 / tau)
            area.append(phi * mode + gain * forced)
        return area[0], area[1], area[2]

    def output(self, z: Vector, drive: float) -> float:
        """Terminal voltage (current drive) or terminal current (voltage drive)."""
        a, b, c = self.response
        return a * z[0] + b * z[1] + c * z[2] + self.direct * drive


@lru_cache(maxsize=256)
def current_driven(circuit: Circuit, resistance: float) -> Modes:
    """The circuit with `resistance` (ohm, `inf`: open) across it, fed by a current."""
    g_out = 0.0 if math.isinf(resistance) else 1.0 / (resistance + circuit.rs)
    share = 1.0 if math.isinf(resistance) else resistance * g_out
    rate, to_modes, to_nodes = _decompose(circuit, g_out)
    return Modes(
        rate=_vector(rate),
        gain=_vector(to_modes[:, 0] / circuit.c1 * share),
        response=_vector(to_nodes[0] * share),
        direct=circuit.rs * share,
        to_modes=to_modes,
        to_nodes=to_nodes,
    )


@lru_cache(maxsize=256)
def voltage_driven(circuit: Circuit, resistance: float) -> Modes:
    """The same circuit with its terminal forced to a voltage."""
    g_s = 1.0 / circuit.rs
    rate, to_modes, to_nodes = _decompose(circuit, g_s)
    return Modes(
        rate=_vector(rate),
        gain=_vector(to_modes[:, 0] / circuit.c1 * g_s),
        response=_vector(-g_s * to_nodes[0]),
        direct=g_s + (0.0 if math.isinf(resistance) else 1.0 / resistance),
        to_modes=to_modes,
        to_nodes=to_nodes,
    )


def _decompose(circuit: Circuit, g_terminal: float) -> tuple[Array, Array, Array]:
    g1, g2 = 1.0 / circuit.r1, 1.0 / circuit.r2
    conductance = np.array(
        [
            [1.0 / circuit.r_leak + g1 + g_terminal, -g1, 0.0],
            [-g1, g1 + g2, -g2],
            [0.0, -g2, g2],
        ]
    )
    root = np.sqrt([circuit.c1, circuit.c2, circuit.c3])
    rate, vectors = np.linalg.eigh(conductance / np.outer(root, root))
    return rate, vectors.T * root, vectors / root[:, None]


def _vector(values: Array) -> Vector:
    a, b, c = (float(v) for v in values)
    return a, b, c


class Device:
    """One device and the regulating resistance across it, both initially at rest.

    Parameters
    ----------
    circuit
        Element values.
    resistance
        Regulating resistance in parallel, in ohm; `inf` when open.
    """

    def __init__(self, circuit: Circuit | None = None, resistance: float = OPEN) -> None:
        self.circuit = circuit or Circuit()
        self.resistance = resistance

    def driven_by(self, kind: Kind) -> Modes:
        """Its modes while a current or a voltage is forced."""
        modes = current_driven if kind == "current" else voltage_driven
        return modes(self.circuit, self.resistance)


def pulse_train(
    modes: Modes, z: Array, amplitude: float, width: float, gap: float, count: int
) -> Array:
    """Step many devices through equal current pulses at once; a train sums geometrically.

    Parameters
    ----------
    modes
        Driven by a current.
    z
        Modes of each device, shape (3, n); changed in place.
    amplitude, width, gap, count
        Of the pulses, in A and s.

    Returns
    -------
    Array
        Terminal voltage at the end of each gap, in V, shape (count, n).
    """
    zero = (0.0, 0.0, 0.0)
    charged = np.array(modes.step(modes.step(zero, width, amplitude), gap, 0.0))
    exponent = -np.array(modes.rate) * (width + gap)
    pulses = np.arange(1, count + 1)[:, None]
    kept = np.exp(pulses * exponent)
    added = charged * np.expm1(pulses * exponent) / np.expm1(exponent)
    response = np.array(modes.response)
    weights: Array = (kept * response) @ z
    weights += (added @ response)[:, None]
    z *= kept[-1][:, None]
    z += added[-1][:, None]
    return weights

"""An independent solution of the device's circuit: the matrix exponential of its equations."""

import math

import numpy as np
from scipy.linalg import expm

from drivers.simulated.device import Circuit

SETTLING = 1e-4 / math.log(1000)
"""Time constant of a current step that settles to 0.1 % in 100 us, in s."""


def share(resistance):
    """Part of a terminal quantity that passes Rs with the resistance across the device."""
    return 1.0 if math.isinf(resistance) else resistance / (resistance + Circuit().rs)


def network(resistance):
    """dx/dt = a x for x = (v1, v2, v3, source current, its target, integral of u)."""
    c = Circuit()
    leak = 0.0 if math.isinf(resistance) else 1 / (resistance + c.rs)
    a = np.zeros((6, 6))
    a[0, :2] = -(1 / c.r_leak + 1 / c.r1 + leak) / c.c1, 1 / (c.r1 * c.c1)
    a[0, 3] = share(resistance) / c.c1
    a[1, :3] = 1 / (c.r1 * c.c2), -(1 / c.r1 + 1 / c.r2) / c.c2, 1 / (c.r2 * c.c2)
    a[2, 1:3] = 1 / (c.r2 * c.c3), -1 / (c.r2 * c.c3)
    a[3, 3:5] = -1 / SETTLING, 1 / SETTLING
    a[5, [0, 3]] = share(resistance), c.rs * share(resistance)
    return a


def mean_voltages(resistance, segments, aperture, end):
    """Mean terminal voltage over an aperture that ends `end` before each segment does.

    `segments` are pairs (current in A, duration in s), from a device at rest.
    """
    a, x, means = network(resistance), np.zeros(6), []
    for level, duration in segments:
        x[4] = level
        x = expm(a * (duration - end - aperture)) @ x
        area, x = x[5], expm(a * aperture) @ x
        means.append((x[5] - area) / aperture)
        x = expm(a * end) @ x
    return np.array(means)

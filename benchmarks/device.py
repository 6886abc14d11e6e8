"""Stepping the simulated device: ns per device and pulse, against scipy's expm.

    python benchmarks/device.py

The reference propagates the same circuit with two matrix exponentials, computed once a train and
applied to all devices at once. Both give the PSV of every device after every pulse.
"""

from __future__ import annotations

import math
import time

import numpy as np
import scipy
from scipy.linalg import expm

from drivers.simulated.device import Circuit, current_driven, pulse_train

DEVICES, PULSES, WIDTH, GAP, AMPLITUDE = 78_400, 300, 20e-3, 20e-3, 1e-3


def by_matrix_exponential(resistance: float, devices: int, pulses: int) -> np.ndarray:
    """PSV after every pulse by expm of the augmented circuit, shape (pulses, devices)."""
    c = Circuit()
    leak = 0.0 if math.isinf(resistance) else 1 / (resistance + c.rs)
    share = 1.0 if math.isinf(resistance) else resistance / (resistance + c.rs)
    a = np.zeros((4, 4))
    a[0] = -(1 / c.r_leak + 1 / c.r1 + leak) / c.c1, 1 / (c.r1 * c.c1), 0, share / c.c1
    a[1, :3] = 1 / (c.r1 * c.c2), -(1 / c.r1 + 1 / c.r2) / c.c2, 1 / (c.r2 * c.c2)
    a[2, 1:3] = 1 / (c.r2 * c.c3), -1 / (c.r2 * c.c3)
    pulse, gap = expm(a * WIDTH), expm(a * GAP)
    x, weights = np.zeros((4, devices)), np.empty((pulses, devices))
    for k in range(pulses):
        x[3] = AMPLITUDE
        x = pulse @ x
        x[3] = 0.0
        x = gap @ x
        np.multiply(share, x[0], out=weights[k])
    return weights


def per_scipy_call(resistance: float, pulses: int) -> None:
    """One device, one expm a segment: what a simulator without closed forms would do."""
    for _ in range(2 * pulses):
        expm(np.eye(4) * -WIDTH / resistance)


def main() -> None:
    """Print the table."""
    print(f"numpy {np.__version__}, scipy {scipy.__version__}; 1 mA, 20 ms on, 20 ms off, 8 kohm")
    resistance = 8000.0
    rows = []
    start = time.perf_counter()
    ours = pulse_train(
        current_driven(Circuit(), resistance), np.zeros((3, DEVICES)), AMPLITUDE, WIDTH, GAP, PULSES
    )
    rows.append(("closed form, all devices", DEVICES * PULSES, time.perf_counter() - start))
    start = time.perf_counter()
    reference = by_matrix_exponential(resistance, DEVICES, PULSES)
    rows.append(("expm once a train, all devices", DEVICES * PULSES, time.perf_counter() - start))
    start = time.perf_counter()
    per_scipy_call(resistance, PULSES)
    rows.append(("expm once a segment, one device", PULSES, time.perf_counter() - start))
    best = rows[0][2] / rows[0][1]
    print(f"{'method':34}{'s':>9}{'ns per device-pulse':>22}{'ratio':>12}")
    for name, count, seconds in rows:
        each = seconds / count
        print(f"{name:34}{seconds:9.3f}{each * 1e9:22.1f}{each / best:12.1f}")
    print(f"largest difference: {np.abs(ours - reference).max():.1e} V")


if __name__ == "__main__":
    main()

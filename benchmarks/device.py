"""Stepping the simulated device: ns per device and pulse, against scipy's expm.

    python benchmarks/device.py

The reference propagates the same circuit with two matrix exponentials, computed once a train and
applied to all devices at once. Both give the PSV of every device after every pulse.
"""

from __future__ import annotations

import math
import statistics
import time

import numpy as np
import scipy
from scipy.linalg import expm

from drivers.simulated.device import Circuit, current_driven, pulse_train

DEVICES, PULSES, ROUNDS = 78_400, 300, 5
WIDTH, GAP, AMPLITUDE, RESISTANCE = 20e-3, 20e-3, 1e-3, 8000.0


def equations(resistance: float) -> tuple[np.ndarray, float]:
    """dx/dt = a x for three node voltages and the current; and PSV over the first of them."""
    c = Circuit()
    leak = 0.0 if math.isinf(resistance) else 1 / (resistance + c.rs)
    share = 1.0 if math.isinf(resistance) else resistance / (resistance + c.rs)
    a = np.zeros((4, 4))
    a[0] = -(1 / c.r_leak + 1 / c.r1 + leak) / c.c1, 1 / (c.r1 * c.c1), 0, share / c.c1
    a[1, :3] = 1 / (c.r1 * c.c2), -(1 / c.r1 + 1 / c.r2) / c.c2, 1 / (c.r2 * c.c2)
    a[2, 1:3] = 1 / (c.r2 * c.c3), -1 / (c.r2 * c.c3)
    return a, share


def by_closed_form(devices: int) -> np.ndarray:
    """PSV after every pulse by this project, shape (pulses, devices)."""
    modes = current_driven(Circuit(), RESISTANCE)
    return pulse_train(modes, np.zeros((3, devices)), AMPLITUDE, WIDTH, GAP, PULSES)


def by_expm_once(devices: int) -> np.ndarray:
    """The same with one matrix exponential for pulses and one for gaps."""
    a, share = equations(RESISTANCE)
    pulse, gap = expm(a * WIDTH), expm(a * GAP)
    x, weights = np.zeros((4, devices)), np.empty((PULSES, devices))
    for k in range(PULSES):
        x[3] = AMPLITUDE
        x = pulse @ x
        x[3] = 0.0
        x = gap @ x
        np.multiply(share, x[0], out=weights[k])
    return weights


def by_expm_each_time(devices: int) -> np.ndarray:
    """The same with a matrix exponential for every segment, as for trains of any shape."""
    a, share = equations(RESISTANCE)
    x, weights = np.zeros((4, devices)), np.empty((PULSES, devices))
    for k in range(PULSES):
        x[3] = AMPLITUDE
        x = expm(a * WIDTH) @ x
        x[3] = 0.0
        x = expm(a * GAP) @ x
        weights[k] = share * x[0]
    return weights


METHODS = (
    ("closed form, all devices", by_closed_form, DEVICES),
    ("expm once a train, all devices", by_expm_once, DEVICES),
    ("expm for every segment, one device", by_expm_each_time, 1),
)


def main() -> None:
    """Print the table."""
    print(f"numpy {np.__version__}, scipy {scipy.__version__}; {PULSES} pulses of 1 mA, 20 ms on, "
          f"20 ms off, 8 kohm; {DEVICES} devices; median of {ROUNDS}")  # fmt: skip
    print(f"{'method':36}{'s':>9}{'ns per device-pulse':>22}{'ratio':>12}")
    best = 0.0
    weights = []
    for name, method, devices in METHODS:
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            found = method(devices)
            times.append(time.perf_counter() - start)
        weights.append(found)
        seconds = statistics.median(times)
        each = seconds / (devices * PULSES)
        best = best or each
        print(f"{name:36}{seconds:9.3f}{each * 1e9:22.1f}{each / best:12.1f}")
    largest = max(np.abs(weights[0] - other).max() for other in weights[1:])
    print(f"largest difference: {largest:.1e} V")


if __name__ == "__main__":
    main()

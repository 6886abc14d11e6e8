"""Which emulated instrument stands for which driver's instrument, and how exact it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.device import Circuit
from drivers.simulated.keithley_2602b import Emulated2602B
from drivers.simulated.keysight_34970a import Emulated34970A
from drivers.simulated.stage import StageErrors

EMULATED: Mapping[str, Callable[[Bench], EmulatedInstrument]] = {
    "keithley-2600b": Emulated2602B,
    "keysight-34970a": Emulated34970A,
}

KEITHLEY_2602B = StageErrors(
    # Offsets of the one-year accuracy and settling times, 2602B specifications.
    source_offset=((1e-7, 1e-10), (1e-6, 8e-10), (1e-5, 5e-9), (1e-4, 6e-8), (1e-3, 3e-7),
                   (1e-2, 6e-6), (1e-1, 3e-5), (1.0, 1.8e-3)),
    voltage_offset=((0.1, 150e-6), (1.0, 200e-6), (6.0, 1e-3), (40.0, 8e-3)),
    current_offset=((1e-7, 1e-10), (1e-6, 5e-10), (1e-5, 1.5e-9), (1e-4, 2.5e-8), (1e-3, 2e-7),
                    (1e-2, 2.5e-6), (1e-1, 2e-5), (1.0, 1.5e-3)),
    noise=1e-5,
    settling=((1e-7, 25e-3), (1e-6, 2.5e-3), (1e-5, 500e-6), (1e-4, 150e-6), (1e-3, 100e-6),
              (3.0, 80e-6)),
    voltage_settling=50e-6,
)  # fmt: skip


def emulated(driver: str, bench: Bench) -> EmulatedInstrument:
    """An emulated instrument for the named driver, on a bench."""
    return EMULATED[driver](bench)


def new_bench(
    resistors: Mapping[int, float],
    *,
    devices: Sequence[int] = (),
    spread: float = 0.0,
    elements: Mapping[str, float] | None = None,
    seed: int = 1,
    noise: bool = True,
    speed: float = math.inf,
) -> Bench:
    """A bench with the given resistor per relay channel, in ohm, and its devices.

    Parameters
    ----------
    devices
        Relay channels that have a device behind them; with none, the only one is fixed.
    spread
        Standard deviation of the logarithm of every element of a device; 0 for nominal ones.
    elements
        Factors on elements of every device, by name.
    """
    nominal = Circuit()
    changed = {name: getattr(nominal, name) * by for name, by in (elements or {}).items()}
    nominal = replace(nominal, **changed)
    return Bench(
        resistors, KEITHLEY_2602B, circuit=_sample(nominal, spread, seed, 0),
        devices={channel: _sample(nominal, spread, seed, channel) for channel in devices},
        seed=seed, noise=noise, speed=speed,
    )  # fmt: skip


def _sample(nominal: Circuit, spread: float, seed: int, channel: int) -> Circuit:
    """One device as made; the same for the same seed and channel, whatever else is there."""
    factors = np.exp(
        spread * np.random.default_rng((seed, channel)).normal(size=len(fields(nominal)))
    )
    elements = zip(fields(nominal), factors.tolist(), strict=True)
    return Circuit(**{f.name: getattr(nominal, f.name) * factor for f, factor in elements})

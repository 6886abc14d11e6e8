"""The emulated instruments that exist. A new one is one new file and one line here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from drivers.errors import InstrumentError
from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.device import Circuit
from drivers.simulated.iet_prs import EmulatedPrs
from drivers.simulated.keithley_2400 import Emulated2400
from drivers.simulated.keithley_2450 import Emulated2450
from drivers.simulated.keithley_2461 import Emulated2461
from drivers.simulated.keithley_2600b import Emulated2600B
from drivers.simulated.keithley_3706a import Emulated3706A
from drivers.simulated.keysight_34970a import Emulated34970A
from drivers.simulated.keysight_b2900 import EmulatedB2900
from drivers.simulated.numato_relay import EmulatedNumato

EMULATED: tuple[type[EmulatedInstrument], ...] = (
    Emulated2600B,
    Emulated2400,
    Emulated2461,
    EmulatedB2900,
    Emulated2450,
    Emulated34970A,
    Emulated3706A,
    EmulatedNumato,
    EmulatedPrs,
)


def emulator_of(driver: str) -> type[EmulatedInstrument]:
    """What stands for the instruments of the named driver.

    Raises
    ------
    InstrumentError
        There is none.
    """
    for kind in EMULATED:
        if kind.driver == driver:
            return kind
    raise InstrumentError(
        f"instruments of the driver {driver!r} are not emulated; those of "
        f"{', '.join(kind.driver for kind in EMULATED)} are"
    )


def emulated(driver: str, bench: Bench, model: str = "") -> EmulatedInstrument:
    """An emulated instrument for the named driver, on a bench; the usual model unless named.

    Raises
    ------
    InstrumentError
        There is none.
    """
    kind = emulator_of(driver)
    if model and model not in kind.models:
        raise InstrumentError(
            f"a {model} is not emulated; of the driver {driver!r} {', '.join(kind.models)} are"
        )
    return kind(bench, model or kind.models[0])


def new_bench(
    resistors: Mapping[int, float],
    *,
    meter: tuple[str, str] = ("keithley-2600b", "2602B"),
    channel: str = "a",
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
    meter
        Driver and model of the source-measure unit, which decide how exact it is.
    channel
        Its channel that is wired to the device.
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
        resistors, emulator_of(meter[0]).errors_of(meter[1]), channel=channel,
        circuit=_sample(nominal, spread, seed, 0),
        devices={relay: _sample(nominal, spread, seed, relay) for relay in devices},
        seed=seed, noise=noise, speed=speed,
    )  # fmt: skip


def _sample(nominal: Circuit, spread: float, seed: int, channel: int) -> Circuit:
    """One device as made; the same for the same seed and channel, whatever else is there."""
    factors = np.exp(
        spread * np.random.default_rng((seed, channel)).normal(size=len(fields(nominal)))
    )
    elements = zip(fields(nominal), factors.tolist(), strict=True)
    return Circuit(**{f.name: getattr(nominal, f.name) * factor for f, factor in elements})

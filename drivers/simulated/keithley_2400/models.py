"""What the 2400 can source and measure, how exact it is, and how long a point takes.

From the 2400 Series User's Manual (2400S-900-01): ranges of parameters (section 18), timing of
the source-delay-measure cycle (appendix A). Measurement accuracy from the specifications of the
2400 (revision H). From memory: the source's offsets on its ranges other than 1 mA, its settling.
Inferred: what measuring a second function adds, 0.5 ms by the two cases with auto-zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.stage import StageErrors

Quantity = Literal["CURR", "VOLT"]
QUANTITIES: tuple[Quantity, ...] = ("CURR", "VOLT")

RANGES: Mapping[Quantity, tuple[float, ...]] = {
    "CURR": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    "VOLT": (0.2, 2.0, 20.0, 200.0),
}
HEADROOM = 1.05
"""Greatest level and limit as a fraction of the range; a range is answered as what it holds at
most (its values after *RST are given so)."""
OVERRANGE = 1.055
"""Greatest reading as a fraction of the range."""
LEAST_LIMIT = 1e-3
"""Lowest compliance as a fraction of the measuring range."""
NORMAL_COMPLIANCE = 5e-3
"""Compliance of the normal output-off state as a fraction of the current range."""

LATENCY, CONFIGURATION, CONVERSION = 225e-6, 50e-6, 185e-6
"""From a trigger to the source's change: latency and configuration; besides each aperture; in s."""
OVERHEAD: Mapping[Quantity, float] = {"VOLT": 300e-6, "CURR": 640e-6}
"""Firmware's part of a point by what is sourced, auto-zero off, one function, in s."""
SECOND_FUNCTION = 500e-6
"""What a second function adds to it, in s."""
ZEROING, ZERO_PHASES = 1.5e-3, 2
"""What auto-zero adds to it: time in s, and conversions."""
RELAY = 15e-3
"""Settling of the output relay when the output is turned on, in s."""

ERRORS = StageErrors(
    source_offset=((1e-6, 6e-10), (1e-5, 2e-9), (1e-4, 2e-8), (1e-3, 2e-7), (1e-2, 2e-6),
                   (1e-1, 2e-5), (1.0, 9e-4)),
    voltage_offset=((0.2, 300e-6), (2.0, 300e-6), (20.0, 1.5e-3), (200.0, 10e-3)),
    current_offset=((1e-6, 3e-10), (1e-5, 7e-10), (1e-4, 6e-9), (1e-3, 6e-8), (1e-2, 6e-7),
                    (1e-1, 6e-6), (1.0, 5.7e-4)),
    noise=2e-5,
    settling=((1e-6, 500e-6), (1e-5, 200e-6), (1.0, 100e-6)),
    voltage_settling=100e-6,
)  # fmt: skip


def holding(quantity: Quantity, value: float) -> float:
    """The lowest range that holds a value, with 5 % above its full scale.

    Raises
    ------
    ScpiError
        None does.
    """
    for full in RANGES[quantity]:
        if abs(value) <= HEADROOM * full * (1 + 1e-9):
            return full
    raise ScpiError(-222)


def check_power(volts: float, amps: float) -> None:
    """The source's two ranges of power: 21 V with 1.05 A, 210 V with 105 mA.

    Raises
    ------
    ScpiError
        The pair of level and limit is beyond both.
    """
    if abs(volts) > 21.0 * (1 + 1e-9) and abs(amps) > 0.105 * (1 + 1e-9):
        raise ScpiError(826, "Attempt to exceed power limit")

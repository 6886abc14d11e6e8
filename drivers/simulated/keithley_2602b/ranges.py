"""Ranges, limits, settling and processing times of a 2602B channel.

From the data sheet (SPEC-2602B) and the "Range" section of the Series 2600B manual.
"""

from __future__ import annotations

from typing import Literal

from drivers.simulated.keithley_2602b.errors import too_big

Quantity = Literal["v", "i"]

UNIT = {"v": "V", "i": "A", "r": "ohm", "p": "W"}

RANGES: dict[Quantity, tuple[float, ...]] = {
    "v": (0.1, 1.0, 6.0, 40.0),
    "i": (100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 100e-3, 1.0, 3.0),
}
"""Full scales, in V and A."""

SOURCE_HEADROOM = 1.01
"""Greatest level as a fraction of the source range."""

MEASURE_HEADROOM = 1.02
"""Greatest reading as a fraction of the measuring range."""

OVERFLOW = 9.91e37
"""The reading of an input beyond the range."""

LEAST_LIMIT: dict[Quantity, float] = {"v": 10e-3, "i": 10e-9}
"""Least compliance limit, in V and A."""

LIMIT_FLOOR = 0.1
"""Least limit that a sweep enforces, as a fraction of the limit's range."""

SAFE_CURRENT_ABOVE_6V = 1.0
"""Greatest current outside the 6 V range, in A."""

SETTLING: dict[Quantity, tuple[float, ...]] = {
    "v": (50e-6, 50e-6, 110e-6, 150e-6),
    "i": (20e-3, 2e-3, 500e-6, 150e-6, 100e-6, 80e-6, 80e-6, 80e-6, 80e-6),
}
"""Output settling by range, in s: what an automatic delay waits."""

MEASURE_OVERHEAD = 33e-6
"""From the end of an aperture to the stored reading, in s: 20,000 readings/s at 0.001 NPLC."""

SOURCE_OVERHEAD = 27e-6
"""From the end of a trigger-layer pass to the next source action, in s.

With `MEASURE_OVERHEAD` it makes the 60 us that the vendor's pulse examples leave between the
end of the aperture and the end of the pulse, and just over the specified 12,000 source-measure
points/s at 0.001 NPLC.
"""


def lowest(quantity: Quantity, value: float, floor: float = 0.0) -> float:
    """The lowest range, not below `floor`, that holds a value.

    Raises
    ------
    Fault
        No range holds the value.
    """
    need = max(abs(value), floor)
    for full_scale in RANGES[quantity]:
        if need <= full_scale * (1 + 1e-9):
            return full_scale
    if need <= RANGES[quantity][-1] * SOURCE_HEADROOM:
        return RANGES[quantity][-1]
    raise too_big(f"{value:.9g} {UNIT[quantity]} is above the highest range")


def settling(quantity: Quantity, full_scale: float) -> float:
    """Output settling time on a range, in s."""
    return SETTLING[quantity][RANGES[quantity].index(full_scale)]

"""Ranges, limits and exactness of the 2461.

Ranges and limits from the Model 2461 Reference Manual and the help of tsp-toolkit for the 2461
(smu.source.range, smu.measure.range, smu.source.xlimit.level). Offsets are those of the 2460's
data sheet, from memory, and settling times are assumed: neither could be read for the 2461.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.simulated.stage import StageErrors

RANGES: Mapping[str, tuple[float, ...]] = {
    "CURR": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 4.0, 5.0, 7.0, 10.0),
    "VOLT": (0.2, 2.0, 7.0, 10.0, 20.0, 100.0),
}
HEADROOM = 1.05
"""Greatest level as a part of its range: 7.35 A on the 7 A range, 105 V on the 100 V range."""
MOST: Mapping[str, float] = {"CURR": 7.35, "VOLT": 105.0}
MOST_PULSED: Mapping[str, float] = {"CURR": 10.5, "VOLT": 105.0}
LEAST_LIMIT: Mapping[str, float] = {"CURR": 100e-9, "VOLT": 20e-3}
DEFAULT_LIMIT: Mapping[str, float] = {"CURR": 105e-6, "VOLT": 7.35}
LEAST_PART = 0.106
"""Least limit as a part of a fixed measuring range; 0.01 for the limit of pulses."""
LEAST_PART_PULSED = 0.01
OVERFLOW = 9.9e37

ERRORS = StageErrors(
    source_offset=((1e-6, 700e-12), (1e-5, 1e-9), (1e-4, 10e-9), (1e-3, 100e-9), (1e-2, 1e-6),
                   (0.1, 10e-6), (1.0, 500e-6), (10.0, 5e-3)),
    voltage_offset=((0.2, 200e-6), (2.0, 300e-6), (20.0, 2.4e-3), (100.0, 15e-3)),
    current_offset=((1e-6, 700e-12), (1e-5, 1e-9), (1e-4, 10e-9), (1e-3, 100e-9), (1e-2, 1e-6),
                    (0.1, 10e-6), (1.0, 500e-6), (10.0, 5e-3)),
    noise=1e-5,
    settling=((1e-6, 2e-3), (1e-5, 500e-6), (10.0, 150e-6)),
    voltage_settling=200e-6,
)  # fmt: skip


def range_for(kind: str, value: float) -> float | None:
    """The lowest range that holds a value, or None."""
    fits = (full for full in RANGES[kind] if abs(value) <= full * HEADROOM * (1 + 1e-9))
    return next(fits, None)

"""What sets the models of the 2600B family apart: ranges, limits, settling, exactness.

From the data sheets of the 2601B/02B/04B, 2611B/12B/14B and 2634B/35B/36B, and the
"Range" and "Measurement settling time considerations" sections of the Series 2600B manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from drivers.simulated.stage import StageErrors
from drivers.simulated.tsp.errors import too_big

Quantity = Literal["v", "i"]

UNIT = {"v": "V", "i": "A", "r": "ohm", "p": "W"}

SOURCE_HEADROOM = 1.01
"""Greatest level as a fraction of the source range."""

MEASURE_HEADROOM = 1.02
"""Greatest reading as a fraction of the measuring range."""

OVERFLOW = 9.91e37
"""The reading of an input beyond the range."""

LIMIT_FLOOR = 0.1
"""Least limit that a sweep enforces, as a fraction of the limit's range."""

MEASURE_OVERHEAD = 33e-6
"""From the end of an aperture to the stored reading, in s: 20,000 readings/s at 0.001 NPLC."""

SOURCE_OVERHEAD = 27e-6
"""From the end of a trigger-layer pass to the next source action, in s.

With `MEASURE_OVERHEAD` it makes the 60 us that the vendor's pulse examples leave between the
end of the aperture and the end of the pulse, and just over the specified 12,000 source-measure
points/s at 0.001 NPLC.
"""


@dataclass(frozen=True)
class Model:
    """One model.

    Parameters
    ----------
    name
        As it is printed on it.
    ranges
        Full scales that can be sourced and measured, in V and A.
    settling
        Output settling by range, in s: what an automatic delay waits.
    least_limit
        Least compliance, in V and A.
    safe
        Voltage range (V) above which at most this current (A) may flow.
    default_limit
        Compliance after a reset, in V and A.
    errors
        How exact it is.
    """

    name: str
    ranges: Mapping[Quantity, tuple[float, ...]]
    settling: Mapping[Quantity, tuple[float, ...]]
    least_limit: Mapping[Quantity, float]
    safe: tuple[float, float]
    default_limit: Mapping[Quantity, float]
    errors: StageErrors

    def lowest(self, quantity: Quantity, value: float, floor: float = 0.0) -> float:
        """The lowest range, not below `floor`, that holds a value.

        Raises
        ------
        Fault
            No range holds the value.
        """
        need = max(abs(value), floor)
        ranges = self.ranges[quantity]
        for full_scale in ranges:
            if need <= full_scale * (1 + 1e-9):
                return full_scale
        if need <= ranges[-1] * SOURCE_HEADROOM:
            return ranges[-1]
        raise too_big(f"{value:.9g} {UNIT[quantity]} is above the highest range")

    def settling_time(self, quantity: Quantity, full_scale: float) -> float:
        """Output settling time on a range, in s."""
        return self.settling[quantity][self.ranges[quantity].index(full_scale)]


def _errors(
    source: tuple[tuple[float, float], ...],
    volts: tuple[tuple[float, float], ...],
    amps: tuple[tuple[float, float], ...],
    settling: tuple[tuple[float, float], ...],
) -> StageErrors:
    return StageErrors(
        source_offset=source, voltage_offset=volts, current_offset=amps, noise=1e-5,
        settling=settling, voltage_settling=50e-6,
    )  # fmt: skip


# Offsets of the one-year accuracy: (full scale, offset).
_SOURCE = ((1e-7, 1e-10), (1e-6, 8e-10), (1e-5, 5e-9), (1e-4, 6e-8), (1e-3, 3e-7), (1e-2, 6e-6),
           (1e-1, 3e-5), (1.0, 1.8e-3))  # fmt: skip
_AMPS = ((1e-7, 1e-10), (1e-6, 5e-10), (1e-5, 1.5e-9), (1e-4, 2.5e-8), (1e-3, 2e-7),
         (1e-2, 2.5e-6), (1e-1, 2e-5), (1.0, 1.5e-3))  # fmt: skip
_HIGH_VOLTS = ((0.2, 225e-6), (2.0, 350e-6), (20.0, 5e-3), (200.0, 50e-3))
_SETTLING = ((1e-7, 25e-3), (1e-6, 2.5e-3), (1e-5, 500e-6), (1e-4, 150e-6), (1e-3, 100e-6))
_LOW_AMPS = (1e-9, 1e-8)

_FAMILY_I = (100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 100e-3, 1.0)
_FAMILY_SETTLING = (20e-3, 2e-3, 500e-6, 150e-6, 100e-6, 80e-6, 80e-6)

MODELS: Mapping[str, Model] = {
    "2602B": Model(
        name="2602B",
        ranges={"v": (0.1, 1.0, 6.0, 40.0), "i": (*_FAMILY_I, 3.0)},
        settling={"v": (50e-6, 50e-6, 110e-6, 150e-6), "i": (*_FAMILY_SETTLING, 80e-6, 80e-6)},
        least_limit={"v": 10e-3, "i": 10e-9},
        safe=(6.0, 1.0),
        default_limit={"v": 40.0, "i": 1.0},
        errors=_errors(
            _SOURCE,
            ((0.1, 150e-6), (1.0, 200e-6), (6.0, 1e-3), (40.0, 8e-3)),
            _AMPS,
            (*_SETTLING, (3.0, 80e-6)),
        ),
    ),
    "2612B": Model(
        name="2612B",
        ranges={"v": (0.2, 2.0, 20.0, 200.0), "i": (*_FAMILY_I, 1.5)},
        settling={"v": (50e-6, 50e-6, 110e-6, 700e-6), "i": (*_FAMILY_SETTLING, 120e-6, 120e-6)},
        least_limit={"v": 20e-3, "i": 10e-9},
        safe=(20.0, 0.1),
        default_limit={"v": 20.0, "i": 100e-3},
        errors=_errors(
            (*_SOURCE, (1.5, 4e-3)),
            _HIGH_VOLTS,
            (*_AMPS, (1.5, 3.5e-3)),
            (*_SETTLING, (0.1, 80e-6), (1.5, 120e-6)),
        ),
    ),
    "2636B": Model(
        name="2636B",
        ranges={"v": (0.2, 2.0, 20.0, 200.0), "i": (*_LOW_AMPS, *_FAMILY_I, 1.5)},
        settling={
            "v": (50e-6, 50e-6, 110e-6, 700e-6),
            "i": (360e-3, 90e-3, *_FAMILY_SETTLING, 120e-6, 120e-6),
        },
        least_limit={"v": 20e-3, "i": 100e-12},
        safe=(20.0, 0.1),
        default_limit={"v": 20.0, "i": 100e-3},
        errors=_errors(
            ((1e-9, 2e-12), (1e-8, 5e-12), (1e-7, 5e-11), (1e-6, 7e-10), *_SOURCE[2:], (1.5, 4e-3)),
            _HIGH_VOLTS,
            ((1e-9, 2.4e-13), (1e-8, 3e-12), (1e-7, 4e-11), (1e-6, 4e-10), *_AMPS[2:],
             (1.5, 3.5e-3)),
            ((1e-9, 360e-3), (1e-8, 90e-3), *_SETTLING, (0.1, 80e-6), (1.5, 120e-6)),
        ),
    ),
}  # fmt: skip

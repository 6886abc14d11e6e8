"""What sets the 2450 and the 2460 apart, and how long their operations take.

Ranges are those of the vendor's TSP command reference (`smu.source.range`), accuracies those of
the 2450 data sheet (SPEC-2450 Rev. A), automatic delays those of the 2450 reference manual
("Source delay"). The 2460's accuracies are taken to be the 2450's: its sheet was not at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from drivers.simulated.stage import StageErrors
from drivers.simulated.tsp.errors import too_big

Quantity = Literal["v", "i"]

UNIT = {"v": "V", "i": "A", "r": "ohm"}
HEADROOM = 1.05
"""Greatest level and reading as a fraction of the range (data sheet: overrange 105 %)."""
LIMIT_SHARE = 0.106
"""Least limit as a fraction of a fixed measuring range (`smu.source.xlimit.level`)."""
OVERFLOW = 9.9e37

# The vendor states no durations. These follow from its examples. SimplePulse_SIMV.tsp and
# SimplePulse_SVMI.tsp say of the 2450: sourcing current, a pulse without a reading takes about
# 250 us, one with a reading of 167 us about 750 us; sourcing voltage 1.2 ms and 1.6 ms.
# PulseITrain.tsp leaves 450 us for recalling an index and what a reading needs besides its
# aperture; PulseTrain_SVMI.tsp says 750 us for voltage pulses without a reading.
OUTPUT_TIME: Mapping[Quantity, float] = {"i": 250e-6, "v": 1.2e-3}
"""Time of a block that switches the output, in s."""
RECALL_TIME: Mapping[Quantity, float] = {"i": 100e-6, "v": 750e-6}
"""Time of a block that recalls source settings, in s."""
MEASURE_OVERHEAD: Mapping[str, float] = {"v": 333e-6, "i": 233e-6, "r": 333e-6}
"""From the end of the aperture to the next block, in s."""
BLOCK_TIME = 10e-6
"""Time of any other block, in s; chosen."""


@dataclass(frozen=True)
class Model:
    """One model.

    Parameters
    ----------
    ranges
        Full scales that can be sourced and measured, in V and A.
    default_range
        Measuring ranges after a reset, in V and A.
    default_limit
        Limits after a reset, in V and A.
    autodelay
        Automatic source delay by current range, in s.
    errors
        How exact it is.
    """

    ranges: Mapping[Quantity, tuple[float, ...]]
    default_range: Mapping[Quantity, float]
    default_limit: Mapping[Quantity, float]
    autodelay: Mapping[float, float]
    errors: StageErrors

    def lowest(self, quantity: Quantity, value: float, floor: float = 0.0) -> float:
        """The lowest range, not below `floor`, that holds a value.

        Raises
        ------
        Fault
            No range holds the value.
        """
        need, ranges = max(abs(value), floor), self.ranges[quantity]
        for full_scale in ranges:
            if need <= full_scale * (1 + 1e-9):
                return full_scale
        if need <= ranges[-1] * HEADROOM * (1 + 1e-9):
            return ranges[-1]
        raise too_big(f"{value:.9g} {UNIT[quantity]} is above the highest range")


_SOURCE = ((1e-8, 1e-10), (1e-7, 1.5e-10), (1e-6, 4e-10), (1e-5, 1.5e-9), (1e-4, 1.5e-8),
           (1e-3, 1.5e-7), (1e-2, 1.5e-6), (1e-1, 1.5e-5), (1.0, 9e-4))  # fmt: skip
_AMPS = ((1e-8, 5e-11), (1e-7, 1e-10), (1e-6, 3e-10), (1e-5, 7e-10), (1e-4, 6e-9), (1e-3, 6e-8),
         (1e-2, 6e-7), (1e-1, 6e-6), (1.0, 5e-4))  # fmt: skip
_VOLTS = ((0.02, 150e-6), (0.2, 200e-6), (2.0, 300e-6), (20.0, 1e-3), (200.0, 10e-3))
# The sheet states 200 us (20 V range, 100 mA limit); the low ranges settle as long as the
# automatic delay waits.
_SETTLING = ((1e-7, 50e-3), (1e-6, 3e-3), (1e-5, 2e-3), (7.0, 200e-6))
_ERRORS = StageErrors(
    source_offset=_SOURCE, voltage_offset=_VOLTS, current_offset=_AMPS, noise=1e-5,
    settling=_SETTLING, voltage_settling=200e-6,
)  # fmt: skip
_AUTODELAY = {1e-8: 50e-3, 1e-7: 50e-3, 1e-6: 3e-3, 1e-5: 2e-3}
_LONGER = {1.0: 2e-3, 4.0: 2e-3, 5.0: 2e-3, 7.0: 2e-3}
_MIDDLE = {1e-4: 1e-3, 1e-3: 1e-3, 1e-2: 1e-3, 1e-1: 1e-3}

MODELS: Mapping[str, Model] = {
    "2450": Model(
        ranges={"v": (0.02, 0.2, 2.0, 20.0, 200.0),
                "i": (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)},
        default_range={"v": 2.0, "i": 1e-4},
        default_limit={"v": 21.0, "i": 105e-6},
        autodelay={**_AUTODELAY, **_MIDDLE, **_LONGER},
        errors=_ERRORS,
    ),
    "2460": Model(
        ranges={"v": (0.2, 2.0, 7.0, 10.0, 20.0, 100.0),
                "i": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 4.0, 5.0, 7.0)},
        default_range={"v": 2.0, "i": 1e-6},
        default_limit={"v": 7.35, "i": 105e-6},
        autodelay={**_AUTODELAY, **_MIDDLE, **_LONGER},
        errors=_ERRORS,
    ),
}  # fmt: skip

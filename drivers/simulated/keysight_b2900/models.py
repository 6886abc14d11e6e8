"""What the B2901A and B2902A can source, measure and time, and how exact they are.

From the B2900A data sheet (ranges, offsets, settling, timer), the B2900 User's Guide, edition 5
(overrange, limits, overhead) and the SCPI Command Reference, edition 2 (ranges of parameters).
From memory, not read in a document: the offsets of the current source on its ranges other
than 1 mA, and the time that a reading needs besides its aperture, of which the User's Guide
says that it cannot be specified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.stage import StageErrors

Quantity = Literal["CURR", "VOLT"]
QUANTITIES: tuple[Quantity, ...] = ("CURR", "VOLT")

RANGES: Mapping[Quantity, tuple[float, ...]] = {
    "CURR": (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1.5, 3.0),
    "VOLT": (0.2, 2.0, 20.0, 200.0),
}
MOST: Mapping[Quantity, float] = {"CURR": 3.03, "VOLT": 210.0}
"""Greatest level that can be set."""
LEAST_LIMIT: Mapping[Quantity, float] = {"CURR": 1e-9, "VOLT": 20e-3}
"""Lowest compliance: 1 % of the lowest current range, 20 mV on the lowest voltage range."""

OVERHEAD = 42e-6
"""From the end of an aperture to the next reading on fixed ranges, in s."""
RANGE_CHANGE = 1e-3
"""What a change of the measuring range adds to a reading, in s."""
LEAST_INTERVAL = 20e-6
"""Shortest interval of a timer, in s; on the B2911A and B2912A it is 10 us."""
RELAY = 1e-3
"""Time that the output relay takes to open, in s."""

ERRORS = StageErrors(
    source_offset=((1e-7, 1e-10), (1e-6, 7e-10), (1e-5, 5e-9), (1e-4, 6e-8), (1e-3, 2e-7),
                   (1e-2, 2.5e-6), (1e-1, 2e-5), (1.0, 1.5e-3), (1.5, 3.5e-3), (3.0, 7e-3)),
    voltage_offset=((0.2, 225e-6), (2.0, 350e-6), (20.0, 5e-3), (200.0, 50e-3)),
    current_offset=((1e-7, 1e-10), (1e-6, 5e-10), (1e-5, 1.5e-9), (1e-4, 2.5e-8), (1e-3, 2e-7),
                    (1e-2, 2.5e-6), (1e-1, 2e-5), (1.0, 1.5e-3), (1.5, 3.5e-3), (3.0, 7e-3)),
    noise=1e-5,
    settling=((1e-7, 10e-3), (1e-6, 500e-6), (1e-4, 250e-6), (3.0, 80e-6)),
    voltage_settling=50e-6,
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """What sets the models apart.

    Parameters
    ----------
    channels
        How many there are.
    """

    channels: int


MODELS: Mapping[str, Model] = {"B2901A": Model(1), "B2902A": Model(2)}


def holding(quantity: Quantity, value: float) -> float:
    """The lowest range that holds a value, with 5 % above its full scale (1 % for 1.5 A and 3 A).

    Raises
    ------
    ScpiError
        None does.
    """
    for full in RANGES[quantity]:
        if abs(value) <= headroom(quantity, full) * full * (1 + 1e-9):
            return full
    raise ScpiError(-222)


def headroom(quantity: Quantity, full: float) -> float:
    """Greatest level as a fraction of its range."""
    return 1.01 if quantity == "CURR" and full > 1.0 else 1.05


def overrange(quantity: Quantity, full: float) -> float:
    """Greatest reading as a fraction of its range."""
    return 1.02 if quantity == "CURR" and full > 1.0 else 1.06

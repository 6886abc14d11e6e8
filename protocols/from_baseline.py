"""A few pulses from the baseline, again and again: what single pulses and pairs share."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated

from pydantic import AfterValidator, Field

from protocols.device_parameters import DeviceProtocol, States
from protocols.program import PulseProgram
from protocols.quantities import RESISTANCE, Time
from protocols.steps import Play, Readings, Step


class FromBaseline(DeviceProtocol):
    """A protocol that returns to the baseline before each of its short programs.

    Its reset is shorter than that of the long trains. A few pulses leave little on the slow
    capacitor, so 10 s at 0 V suffice, and a watch of 3 s leaves little time for charge to
    move there. A device that needs more is held for another round.
    """

    states: States = Field(
        (500.0, 1000.0, 2000.0, 4000.0, 8000.0),
        min_length=1,
        description="Regulating resistances, in order",
    )
    repeats: int = Field(1, ge=1, le=1000, description="Times that the whole set is measured")
    baseline: Annotated[Time, Field(gt=0)] = Field(
        50e-3, description="Time at 0 A before the first pulse, read at its end"
    )
    reset_hold: Annotated[Time, Field(ge=0.1)] = Field(
        10.0, description="Time at 0 V per round of the reset"
    )
    reset_watch: Annotated[Time, Field(ge=0.1)] = Field(
        3.0, description="Time at open circuit per round, during which the rebound is read"
    )

    def play_from_baseline(
        self, program: PulseProgram, what: str, resistance: float
    ) -> Generator[Step, Readings | None, Readings | None]:
        """Reset with the bank open, select the resistance in ohm, play; returns what was read."""
        yield from self.rest_then_select(resistance)
        return (yield Play(program, f"{what} at {RESISTANCE.format(resistance)}"))


def _ascending(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(set(values)))


ASCENDING = AfterValidator(_ascending)
"""Sorts a list parameter, least first, and drops what is given twice."""

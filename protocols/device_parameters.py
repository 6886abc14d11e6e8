"""Parameters that protocols share: what the device stands, and how it returns to rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from protocols.protocol import Protocol
from protocols.quantities import (
    OPEN,
    RESISTANCE,
    TIME,
    Current,
    Resistance,
    Time,
    Voltage,
    split_list,
)
from protocols.ranges import expand
from protocols.steps import ReturnToBaseline, SelectResistance, Steps


def _read_states(value: object) -> object:
    """A list with its ranges expanded; a single number stands for a list of one."""
    if not isinstance(value, str):
        return [value] if isinstance(value, (int, float)) else value
    items = split_list(value)
    return [r for item in items for r in (expand(item, RESISTANCE) if ".." in item else [item])]


States = Annotated[tuple[Annotated[Resistance, Field(gt=0)], ...], BeforeValidator(_read_states)]
"""A list of regulating resistances in ohm; text such as ``"500, 8k, open"`` is accepted, and a
range as ``"log 500 ohm..8 kohm x 5"``."""


class DeviceProtocol(Protocol):
    """A protocol with a voltage limit, an aperture and a return to the baseline."""

    voltage_limit: Annotated[Voltage, Field(gt=0)] = Field(
        0.8, description="Compliance: the electrolyte's window; reaching it ends the run"
    )
    aperture: Annotated[Time, Field(gt=0)] = Field(
        200e-6, description="Averaging time of each reading"
    )
    reset_tolerance: Annotated[Voltage, Field(gt=0)] = Field(
        0.5e-3, description="Rebound at open circuit that counts as the baseline"
    )
    reset_hold: Annotated[Time, Field(ge=0.1)] = Field(
        40.0, description="Time at 0 V per round of the reset"
    )
    reset_watch: Annotated[Time, Field(ge=0.1)] = Field(
        10.0, description="Time at open circuit per round, during which the rebound is read"
    )
    reset_time_limit: Annotated[Time, Field(gt=0)] = Field(
        300.0, description="Time after which a reset that finds no baseline fails"
    )
    reset_current: Annotated[Current, Field(gt=0)] = Field(
        10e-3, description="Greatest current while the reset holds 0 V"
    )

    @model_validator(mode="after")
    def _reset_fits(self) -> Self:
        if self.reset_watch > self.reset_time_limit:
            raise ValueError(
                f"reset_watch {TIME.format(self.reset_watch)} does not fit into the "
                f"reset_time_limit of {TIME.format(self.reset_time_limit)}"
            )
        return self

    def fit_aperture(self, parts: Mapping[str, float]) -> None:
        """Refuse an aperture as long as a part of the stimulus, or longer.

        Parameters
        ----------
        parts
            Durations in s, by the parameter that sets them.

        Raises
        ------
        ValueError
            With the first that the aperture does not fit into.
        """
        for name, duration in parts.items():
            if self.aperture >= duration:
                raise ValueError(
                    f"aperture {TIME.format(self.aperture)} does not fit into the {name} of "
                    f"{TIME.format(duration)}; give a shorter aperture or a longer time"
                )

    def return_to_baseline(self) -> ReturnToBaseline:
        """The reset with this protocol's parameters; select the open bank before it."""
        return ReturnToBaseline(
            tolerance=self.reset_tolerance, hold=self.reset_hold, watch=self.reset_watch,
            time_limit=self.reset_time_limit, current_limit=self.reset_current,
            voltage_limit=self.voltage_limit, phases=self.phase_names(),
        )  # fmt: skip

    def rest_then_select(self, resistance: float) -> Steps:
        """Return to the baseline with the bank open, then select a resistance in ohm."""
        yield SelectResistance(OPEN)
        yield self.return_to_baseline()
        yield SelectResistance(resistance)

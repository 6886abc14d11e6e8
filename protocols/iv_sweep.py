"""Cyclic current-voltage curves: a voltage staircase that the instrument times."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from protocols.device_parameters import DeviceProtocol, States
from protocols.program import Instant, PulseProgram, Segment
from protocols.protocol import Preset
from protocols.quantities import RATE, RESISTANCE, TIME, VOLTAGE, Current, Time, Voltage
from protocols.ranges import Rates
from protocols.steps import Play, Steps

_MOST_STEPS = 100_000
"""Longest program that is compiled."""


class IvSweep(DeviceProtocol):
    """Sweep the voltage up and down, cycle after cycle, in each state and at each rate.

    A staircase stands for the ramp. After each step the current of a capacitive device decays,
    so a reading at the end of a step misses charge (0.450 instead of 0.473 mA at 0.6 V and
    8 kohm); each reading here averages its whole step, which gives the current of the ramp.
    A step that would last longer than the aperture is divided into finer ones.

    Before each sweep the device returns to its baseline with the bank open. The first cycle
    starts from there and differs from the following ones.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Fig. 2b; rates: supplementary Fig. 6.
    """

    name: ClassVar[str] = "iv-sweep"
    title: ClassVar[str] = "Cyclic current-voltage curves, per state and sweep rate"
    phases: ClassVar[tuple[str, ...]] = ("up", "down")
    presets: ClassVar = {
        "paper-50mVs": Preset(
            "0 to 0.8 V at 50 mV/s, 500 to 8000 ohm (text); the states between these and 3 cycles, "
            "of which the third is used (inferred); steps of 5 mV (ours).",
        ),
        "rates": Preset(
            "10 to 200 mV/s at 8000 ohm (ours: supplementary Fig. 6 varies the rate, its values "
            "are not in the text).",
            {"rates": (0.01, 0.02, 0.05, 0.1, 0.2), "states": (8000.0,)},
        ),
    }

    lower: Voltage = Field(0.0, description="Voltage at which each cycle starts and ends")
    upper: Voltage = Field(0.8, description="Voltage at which the sweep turns")
    rates: Rates = Field((0.05,), description="Sweep rates, in order; a list, a range, or both")
    cycles: int = Field(3, ge=1, le=1000, description="Cycles per sweep, without a pause")
    step: Annotated[Voltage, Field(gt=0)] = Field(5e-3, description="Largest step of the staircase")
    current_limit: Annotated[Current, Field(gt=0)] = Field(
        10e-3, description="Compliance; reaching it ends the run"
    )
    states: States = Field(
        (500.0, 1000.0, 2000.0, 4000.0, 8000.0),
        min_length=1,
        description="Regulating resistances, in order",
    )
    aperture: Annotated[Time, Field(gt=0)] = Field(
        0.4,
        description="Longest averaging time of a reading, hence longest step; 0.4 s are 20 "
        "periods of a 50 Hz line and 24 of a 60 Hz line",
    )
    unaveraged: Annotated[Time, Field(gt=0)] = Field(
        100e-6, description="Part of each step that the instrument needs besides averaging"
    )

    @model_validator(mode="after")
    def _fits(self) -> IvSweep:
        if self.lower >= self.upper:
            raise ValueError(
                f"lower {VOLTAGE.format(self.lower)} is not below upper "
                f"{VOLTAGE.format(self.upper)}"
            )
        for name, voltage in (("lower", self.lower), ("upper", self.upper)):
            if abs(voltage) > self.voltage_limit:
                raise ValueError(
                    f"{name} {VOLTAGE.format(voltage)} is beyond the voltage_limit of "
                    f"{VOLTAGE.format(self.voltage_limit)}"
                )
        for rate in self.rates:
            steps = self._steps_up(rate)
            if 2 * steps * self.cycles > _MOST_STEPS:
                raise ValueError(
                    f"step {VOLTAGE.format(self.step)} and aperture {TIME.format(self.aperture)} "
                    f"at rates {RATE.format(rate)} from lower to upper and cycles {self.cycles} "
                    f"make {2 * steps * self.cycles} steps; at most {_MOST_STEPS}"
                )
            if (duration := self._step_duration(rate)) < 2 * self.unaveraged:
                raise ValueError(
                    f"step {VOLTAGE.format(self.step)}, or what aperture and the window from lower "
                    f"to upper leave of it, at rates {RATE.format(rate)} lasts "
                    f"{TIME.format(duration)}; at least {TIME.format(2 * self.unaveraged)} (twice "
                    "unaveraged), so give a larger step or a lower rate"
                )
        return self

    def steps(self) -> Steps:
        """For each state and rate: reset with the bank open, select, sweep all cycles."""
        for resistance in self.states:
            for rate in self.rates:
                yield from self.rest_then_select(resistance)
                yield Play(
                    self.program(rate),
                    f"{self.cycles} cycles at {RATE.format(rate)} and "
                    f"{RESISTANCE.format(resistance)}",
                )

    def program(self, rate: float) -> PulseProgram:
        """All cycles at one rate in V/s; each cycle ends at the lower voltage."""
        duration = self._step_duration(rate)
        rising = np.linspace(self.lower, self.upper, self._steps_up(rate) + 1)
        ways = (("up", rising[1:]), ("down", rising[-2::-1]))
        return PulseProgram.compile(
            [
                Segment(float(f"{level:.12g}"), duration, phase, Instant.HOLD, cycle=cycle)
                for cycle in range(1, self.cycles + 1)
                for phase, levels in ways
                for level in levels.tolist()
            ],
            phases=self.phase_names(), source="voltage", limit=self.current_limit,
            aperture=duration - self.unaveraged,
        )  # fmt: skip

    def _steps_up(self, rate: float) -> int:
        window = self.upper - self.lower
        return max(1, math.ceil(max(window / self.step, window / rate / self.aperture) - 1e-9))

    def _step_duration(self, rate: float) -> float:
        """Time of one step in s, on the microseconds of the instruments' timers."""
        return round((self.upper - self.lower) / rate / self._steps_up(rate), 6)

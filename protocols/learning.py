"""Learning, forgetting and relearning: one train at a time while the resistance is switched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from protocols.device_parameters import DeviceProtocol, States
from protocols.program import MOST_PULSES, Instant, PulseProgram, PulseTrain, Segment
from protocols.protocol import Preset
from protocols.quantities import OPEN, RESISTANCE, TIME, Current, Resistance, Time
from protocols.steps import Play, SelectResistance, Steps


class Learning(DeviceProtocol):
    """Learn in one state after the other, forget at a low resistance, learn again.

    Equal pulses are played for `dwell` in each state, then the device rests for
    `forget_time` with `forget_resistance` across it, then it learns again in the states of
    `relearn_states`. The device is not reset in between: each state carries on from where the
    one before ended. While the bank switches and the next train is uploaded the source is
    off; a resistance across the device goes on discharging it, and every reading has its time
    on the instrument's clock.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Fig. 3f.
    """

    name: ClassVar[str] = "learning"
    title: ClassVar[str] = "Learn, forget and relearn while the resistance is switched"
    phases: ClassVar[tuple[str, ...]] = ("learning", "forgetting", "relearning")
    presets: ClassVar = {
        "paper-500Hz": Preset(
            "1 mA at 500 Hz [text]; 1 ms on, 1 ms off [inferred from 1 ms and 500 Hz]; states "
            "rising, then open [inferred from the text]; 5 s in each state, 20 s of forgetting "
            "at 500 ohm and relearning for 5 s when open [ours: the study gives no dwell times]. "
            "With 5 s at 8 kohm too the open state would end above the limit of 0.8 V.",
        ),
        "four-states": Preset(
            "500, 1000, 8000 ohm and open for 3 s each, which stays within 0.8 V, and "
            "relearning in the same states to compare one by one [ours].",
            {
                "dwell": 3.0,
                "states": (500.0, 1000.0, 8000.0, OPEN),
                "relearn_states": (500.0, 1000.0, 8000.0, OPEN),
            },
        ),
    }

    amplitude: Annotated[Current, Field(gt=0)] = Field(1e-3, description="Current of each pulse")
    width: Annotated[Time, Field(gt=0)] = Field(1e-3, description="Time on")
    gap: Annotated[Time, Field(gt=0)] = Field(1e-3, description="Time off after each pulse")
    dwell: Annotated[Time, Field(gt=0)] = Field(
        5.0, description="Time of the train in each state; a whole number of pulses is played"
    )
    states: States = Field(
        (500.0, 1000.0, OPEN),
        min_length=1, description="Regulating resistances while learning, in order",
    )  # fmt: skip
    forget_resistance: Annotated[Resistance, Field(gt=0)] = Field(
        500.0, description="Regulating resistance while forgetting"
    )
    forget_time: Annotated[Time, Field(ge=0)] = Field(
        20.0, description="Rest between learning and relearning; 0 for none"
    )
    forget_readings: int = Field(
        100, ge=1, le=10_000, description="Readings, equally spaced, while forgetting"
    )
    relearn_states: Annotated[States, Field(min_length=0)] = Field(
        (OPEN,), description="Regulating resistances while relearning, in order"
    )

    @model_validator(mode="after")
    def _fits(self) -> Learning:
        self.fit_aperture({"width": self.width, "gap": self.gap})
        if self.dwell < self.width + self.gap:
            raise ValueError(
                f"dwell {TIME.format(self.dwell)} is shorter than one pulse with its gap; at "
                f"least width + gap, {TIME.format(self.width + self.gap)}"
            )
        if self.dwell / (self.width + self.gap) > MOST_PULSES:
            raise ValueError(
                f"dwell {TIME.format(self.dwell)} is more than {MOST_PULSES} pulses of width "
                f"{TIME.format(self.width)} and gap {TIME.format(self.gap)}"
            )
        if 0 < self.forget_time <= self.forget_readings * self.aperture:
            raise ValueError(
                f"forget_time {TIME.format(self.forget_time)} is too short for "
                f"{self.forget_readings} readings of {TIME.format(self.aperture)} "
                "(forget_readings); allow more time, or 0 for no rest"
            )
        return self

    @property
    def pulses(self) -> int:
        """Pulses per state."""
        # The guard keeps a dwell that is a whole number of periods whole.
        return int(self.dwell / (self.width + self.gap) * (1 + 1e-12))

    def steps(self) -> Steps:
        """One reset, then every train with the bank switched in between."""
        yield from self.rest_then_select(self.states[0])
        yield from self._trains("learning", self.states)
        if self.forget_time:
            yield SelectResistance(self.forget_resistance)
            yield Play(
                self.forgetting_program(), f"forget at {RESISTANCE.format(self.forget_resistance)}"
            )
        yield from self._trains("relearning", self.relearn_states)

    def learning_program(self, phase: str) -> PulseProgram:
        """The train of one state, in the phase "learning" or "relearning"."""
        train = PulseTrain(self.amplitude, self.width, self.gap, self.pulses, phase)
        return self._compile(train)

    def forgetting_program(self) -> PulseProgram:
        """The rest at 0 A."""
        return self._compile(
            Segment(
                0.0, self.forget_time / self.forget_readings, "forgetting", Instant.REST,
                repeat=self.forget_readings,
            )
        )  # fmt: skip

    def _trains(self, phase: str, states: Sequence[float]) -> Steps:
        if states:
            program = self.learning_program(phase)
        for resistance in states:
            yield SelectResistance(resistance)
            yield Play(program, f"{phase} at {RESISTANCE.format(resistance)}")

    def _compile(self, part: PulseTrain | Segment) -> PulseProgram:
        return PulseProgram.compile(
            [part], phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture
        )

"""Long-term potentiation and depression: equal pulses up, equal pulses down, per state."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from protocols.device_parameters import DeviceProtocol, States
from protocols.program import MOST_PULSES, PulseProgram, PulseTrain
from protocols.protocol import Preset
from protocols.quantities import OPEN, TIME, Current, Time
from protocols.steps import Play, Steps


class LtpLtd(DeviceProtocol):
    """Potentiate with +amplitude pulses, depress with -amplitude pulses, in each state.

    Each pulse gives two readings: at the end of the pulse and at the end of the gap, the
    latter being the synaptic weight. Before each state the device returns to its baseline
    with the bank open.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Figs 1e, 3h, 3i, S14, S15.
    """

    name: ClassVar[str] = "ltp-ltd"
    title: ClassVar[str] = "Long-term potentiation and depression, 150/150 pulses per state"
    phases: ClassVar[tuple[str, ...]] = ("potentiation", "depression")
    presets: ClassVar = {
        "paper-20ms": Preset(
            "1 mA, 20 ms on, 20 ms off. The width at which the device reproduces the study's "
            "measures: dynamic range above 6 in every state, NL falling with R.",
        ),
        "text-500Hz": Preset(
            "1 mA, 1 ms on, 1 ms off: the '1 ms, 500 Hz' of the study's text. On a device of "
            "8 mF the range stays above 6 but NL is about 5 in every state, so the text's "
            "pulse and its 'excellent linearity' do not both hold.",
            {"width": 1e-3, "gap": 1e-3},
        ),
    }

    amplitude: Annotated[Current, Field(gt=0)] = Field(
        1e-3, description="Current of each pulse; depression uses the same with the sign changed"
    )
    width: Annotated[Time, Field(gt=0)] = Field(20e-3, description="Time on")
    gap: Annotated[Time, Field(gt=0)] = Field(20e-3, description="Time off after each pulse")
    period: Annotated[Time, Field(gt=0)] | None = Field(
        None, description="Time from pulse to pulse; when given, the gap is period - width"
    )
    up: int = Field(150, ge=1, le=100_000, description="Potentiating pulses per cycle")
    down: int = Field(150, ge=0, le=100_000, description="Depressing pulses per cycle")
    cycles: int = Field(1, ge=1, le=100_000, description="Cycles per state, without a pause")
    states: States = Field(
        (500.0, 1000.0, 8000.0, OPEN), min_length=1, description="Regulating resistances, in order"
    )

    @model_validator(mode="after")
    def _fits(self) -> LtpLtd:
        if self.period is not None:
            if self.width >= self.period:
                raise ValueError(
                    f"width {TIME.format(self.width)} does not fit into the period of "
                    f"{TIME.format(self.period)}; give a shorter width or a longer period"
                )
            # The instance is not shared yet, so completing it here keeps it constant after.
            self.__dict__["gap"] = self.period - self.width
        gap = "gap" if self.period is None else "gap (period - width)"
        self.fit_aperture({"width": self.width, gap: self.gap})
        if (pulses := self.cycles * (self.up + self.down)) > MOST_PULSES:
            raise ValueError(
                f"up {self.up}, down {self.down} and cycles {self.cycles} make {pulses} pulses a "
                f"state, at most {MOST_PULSES}; the protocol endurance plays more"
            )
        return self

    def steps(self) -> Steps:
        """Reset with the bank open, select the state, play all cycles as one program."""
        program = self.program()
        for resistance in self.states:
            yield from self.rest_then_select(resistance)
            yield Play(program, f"{self.up} up, {self.down} down")

    def program(self) -> PulseProgram:
        """All cycles of one state, laid end to end."""
        parts: list[PulseTrain] = []
        for cycle in range(1, self.cycles + 1):
            parts.append(self._train(self.amplitude, self.up, "potentiation", cycle))
            if self.down:
                parts.append(self._train(-self.amplitude, self.down, "depression", cycle))
        return PulseProgram.compile(
            parts, phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture
        )

    def _train(self, amplitude: float, count: int, phase: str, cycle: int) -> PulseTrain:
        return PulseTrain(amplitude, self.width, self.gap, count, phase, cycle=cycle)

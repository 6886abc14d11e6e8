"""How the postsynaptic voltage depends on the pulse's width."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from protocols.from_baseline import ASCENDING
from protocols.program import Instant, OnLimit, PulseProgram
from protocols.protocol import Preset
from protocols.quantities import OPEN, RESISTANCE, TIME, VOLTAGE, Current
from protocols.ranges import Times, expand
from protocols.single_pulse import SinglePulse
from protocols.steps import Mark, Readings, Steps

_NEAR = 0.005
"""Fraction of the voltage limit within which a pulse counts as having reached it."""


class Width(SinglePulse):
    """Single pulses of one amplitude and rising width, in each state.

    Read at the end of the pulse and while the voltage decays. A reading's pulse index is the
    number of its width, shortest first; its cycle is the repeat. Every state gets one width
    before any gets the next, so that an aborted run compares all states. The order costs
    nothing: any of five takes 75 to 78 holds for 60 pulses on the simulated rig, and what earlier
    pulses left stays below 1 % of the voltage read.

    A long pulse in a high state can reach the voltage limit. By default that is a fault and
    ends the run. With ``on_limit=flag`` the readings are kept and flagged, and no longer width
    is played in that state: under a constant current the voltage of a longer pulse is at
    least that of a shorter one, so it is known to reach the limit too.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Figs 2d, 2e, 3d.
    """

    name: ClassVar[str] = "width"
    title: ClassVar[str] = "Voltage under and after one pulse against its width, per state"
    presets: ClassVar = {
        "paper-5s": Preset(
            "1 mA (text, other figures); 500 to 8000 ohm (text); 1 ms to 5 s in steps of 1, 2, 5 "
            "(ours: the study does not give the widths). The longest ends near 0.74 V at "
            "8 kohm on the nominal device, within the limit of 0.8 V.",
        ),
        "open-2s": Preset(
            "The open state too, to 2 s (ours): 5 s would end within 1 % of the limit on the "
            "nominal device, and beyond it on many real ones.",
            {
                "states": (500.0, 1000.0, 2000.0, 4000.0, 8000.0, OPEN),
                "widths": (*(n * d for d in (1e-3, 1e-2, 1e-1) for n in (1, 2, 5)), 1.0, 2.0),
            },
        ),
    }

    amplitude: Annotated[Current, Field(gt=0)] = Field(1e-3, description="Current of the pulses")
    widths: Annotated[Times, ASCENDING] = Field(
        tuple(
            expand(
                "1 ms, 2 ms, 5 ms, 10 ms, 20 ms, 50 ms, 100 ms, 200 ms, 500 ms, 1 s, 2 s, 5 s",
                TIME,
            )
        ),
        description="Times on; a list, a range such as 'log 1 ms..5 s x 12', or both",
    )
    on_limit: OnLimit = Field(
        "fail",
        description="A pulse that reaches the voltage limit: 'fail' ends the run, 'flag' keeps "
        "it and leaves out longer ones in that state",
    )

    @model_validator(mode="after")
    def _fits(self) -> Width:
        self.check_aperture("widths", self.widths[0])
        return self

    def steps(self) -> Steps:
        """All states at one width, then at the next, each from the baseline."""
        for repeat in range(1, self.repeats + 1):
            limited: set[float] = set()
            for number, width in enumerate(self.widths, start=1):
                program = self.program(number, repeat)
                for resistance in self.states:
                    if resistance in limited:
                        yield Mark(
                            f"{TIME.format(width)} at {RESISTANCE.format(resistance)} left out: a "
                            f"shorter pulse reached {VOLTAGE.format(self.voltage_limit)} there"
                        )
                        continue
                    readings = yield from self.play_from_baseline(
                        program, TIME.format(width), resistance
                    )
                    if self.on_limit == "flag" and self._reached_limit(program, readings):
                        limited.add(resistance)

    def program(self, number: int, repeat: int) -> PulseProgram:
        """The pulse of the width with that number, counted from 1."""
        return self.pulse(self.amplitude, self.widths[number - 1], number, repeat, self.on_limit)

    def _reached_limit(self, program: PulseProgram, readings: Readings | None) -> bool:
        if readings is None:
            return False
        driven = np.abs(readings.voltage[program.instant == Instant.PULSE_END])
        return bool(np.any(driven >= (1 - _NEAR) * self.voltage_limit))

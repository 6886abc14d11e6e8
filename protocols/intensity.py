"""How the postsynaptic voltage depends on the pulse's amplitude."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from protocols.from_baseline import ASCENDING
from protocols.program import PulseProgram
from protocols.protocol import Preset
from protocols.quantities import CURRENT, Time
from protocols.ranges import PositiveCurrents, expand
from protocols.single_pulse import SinglePulse
from protocols.steps import Steps


class Intensity(SinglePulse):
    """Single pulses of one width and rising amplitude, in each state.

    Read at the end of the pulse and while the voltage decays. A reading's pulse index is the
    number of its amplitude, smallest first; its cycle is the repeat.

    Every state gets one amplitude before any gets the next. What earlier pulses left is then
    at most 1.7 % of the voltage read on the simulated device, against 8.5 % state by state,
    at the same number of holds (3 for 50 pulses).

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Fig. 2c.
    """

    name: ClassVar[str] = "intensity"
    title: ClassVar[str] = "Voltage under and after one pulse against its amplitude, per state"
    presets: ClassVar = {
        "paper-1ms": Preset(
            "1 ms pulses, 500 to 8000 ohm (text); 0.1 to 1 mA in 10 steps (ours: the study does "
            "not give the amplitudes; 1 mA is that of its other figures)."
        ),
        "20ms": Preset(
            "20 ms, the width of the ltp-ltd and ppf presets (ours): charge moves past the fast "
            "capacitor, and the states differ more.",
            {"width": 20e-3},
        ),
    }

    amplitudes: Annotated[PositiveCurrents, ASCENDING] = Field(
        tuple(expand("0.1 mA..1 mA x 10", CURRENT)),
        description="Currents of the pulses; a list, a range such as '0.1 mA..1 mA x 10', or both",
    )
    width: Annotated[Time, Field(gt=0)] = Field(1e-3, description="Time on")

    @model_validator(mode="after")
    def _fits(self) -> Intensity:
        self.check_aperture("width", self.width)
        return self

    def steps(self) -> Steps:
        """All states at one amplitude, then at the next, each from the baseline."""
        for repeat in range(1, self.repeats + 1):
            for number, amplitude in enumerate(self.amplitudes, start=1):
                program = self.program(number, repeat)
                for resistance in self.states:
                    yield from self.play_from_baseline(
                        program, CURRENT.format(amplitude), resistance
                    )

    def program(self, number: int, repeat: int) -> PulseProgram:
        """The pulse of the amplitude with that number, counted from 1."""
        return self.pulse(self.amplitudes[number - 1], self.width, number, repeat)

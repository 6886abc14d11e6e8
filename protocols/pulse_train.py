"""Pulse trains of any amplitudes, widths and gaps: the protocol for everything else."""

from __future__ import annotations

from itertools import product
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from protocols.device_parameters import DeviceProtocol, States
from protocols.program import PulseProgram, PulseTrain
from protocols.protocol import Preset
from protocols.quantities import OPEN, RESISTANCE, TIME
from protocols.ranges import Currents, Times
from protocols.steps import Play, SelectResistance, Steps

_MOST_PULSES = 100_000
"""Most pulses per state."""


class PulseTrains(DeviceProtocol):
    """Trains of equal pulses, for every combination of amplitude, width and gap.

    The nesting, outermost first: states, repeats, amplitudes, widths, gaps, and `count` pulses
    in each train. Two readings a pulse, at its end and at the end of its gap. The pulse index
    counts from 1 over the trains of one repeat; the cycle is the repeat.

    Where the device returns to its baseline is a choice (`reset`). Trains between two resets
    in one state follow each other without a pause, timed by the instrument as one program.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: supplementary Figs 7 and 8 vary the pulses'
    amplitude, duration and frequency.
    """

    name: ClassVar[str] = "pulse-train"
    title: ClassVar[str] = "Any pulse trains: lists or ranges of amplitudes, widths and gaps"
    phases: ClassVar[tuple[str, ...]] = ("train",)
    presets: ClassVar = {
        "ten-pulses": Preset("10 pulses of 1 mA, 20 ms on and 20 ms off, open (ours)."),
        "frequency": Preset(
            "10 pulses of 1 mA, 1 ms on, at 500, 200, 100, 50, 20 and 10 Hz, each train from the "
            "baseline (500 Hz and 1 ms: text; the other frequencies: ours).",
            {
                "widths": (1e-3,),
                "gaps": (1e-3, 4e-3, 9e-3, 19e-3, 49e-3, 99e-3),
                "reset": "train",
            },
        ),
    }

    amplitudes: Currents = Field(
        (1e-3,), description="Currents of the pulses; a list, a range such as '0.1 mA..1 mA x 10'"
    )
    widths: Times = Field(
        (20e-3,), description="Times on; a list, a range such as 'log 1 ms..1 s x 7'"
    )
    gaps: Times = Field((20e-3,), description="Times off after each pulse; a list or a range")
    count: int = Field(10, ge=1, le=_MOST_PULSES, description="Pulses per train")
    repeats: int = Field(1, ge=1, le=_MOST_PULSES, description="Times that all trains are played")
    states: States = Field((OPEN,), min_length=1, description="Regulating resistances, in order")
    reset: Literal["train", "repeat", "state", "start"] = Field(
        "state", description="Return to the baseline before each train, repeat or state, or once"
    )

    @model_validator(mode="after")
    def _fits(self) -> PulseTrains:
        trains = len(self.amplitudes) * len(self.widths) * len(self.gaps)
        if (pulses := trains * self.count * self.repeats) > _MOST_PULSES:
            raise ValueError(
                f"amplitudes, widths and gaps make {trains} trains; with count {self.count} and "
                f"repeats {self.repeats} that is {pulses} pulses a state, at most {_MOST_PULSES}"
            )
        if self.aperture >= (shortest := min(*self.widths, *self.gaps)):
            raise ValueError(
                f"aperture {TIME.format(self.aperture)} does not fit into the shortest of widths "
                f"and gaps, {TIME.format(shortest)}"
            )
        return self

    def steps(self) -> Steps:
        """Reset where asked for, then play what follows up to the next reset as one program."""
        programs = self.programs()
        for nth, resistance in enumerate(self.states):
            for program in programs:
                if self.reset == "start" and nth > 0:
                    yield SelectResistance(resistance)
                else:
                    yield from self.rest_then_select(resistance)
                yield Play(program, f"trains at {RESISTANCE.format(resistance)}")

    def programs(self) -> tuple[PulseProgram, ...]:
        """What is played in each state, a program from one reset to the next."""
        combinations = list(product(self.amplitudes, self.widths, self.gaps))
        trains = [
            [
                PulseTrain(*pulse, self.count, "train", 1 + k * self.count, repeat)
                for k, pulse in enumerate(combinations)
            ]
            for repeat in range(1, self.repeats + 1)
        ]
        match self.reset:
            case "train":
                parts = [[train] for repeat in trains for train in repeat]
            case "repeat":
                parts = trains
            case "state" | "start":
                parts = [[train for repeat in trains for train in repeat]]
        return tuple(
            PulseProgram.compile(
                part, phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture
            )
            for part in parts
        )

"""Endurance: many potentiation and depression cycles in one state, with bounded raw data."""

from __future__ import annotations

import itertools
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator

from protocols.device_parameters import DeviceProtocol
from protocols.program import MOST_PULSES, PulseProgram, PulseTrain
from protocols.protocol import Preset
from protocols.quantities import OPEN, Current, Resistance, Time
from protocols.steps import Play, Steps


class Endurance(DeviceProtocol):
    """Repeat the same cycle; record it in full now and then, and a few readings otherwise.

    Recorded in full: the first cycle, the last, and in between `full_per_decade` cycles per
    decade of the cycle number. Of every other cycle the readings of `kept_pulses` pulses per
    branch are recorded, equally spaced, the first and the last among them. The instrument plays
    and reads every pulse and a reading at the voltage limit ends the run, recorded or not.

    The file grows by at most 4 kept_pulses readings a cycle besides the full ones: with the
    defaults 8, which is 0.7 kB while the run goes on and less when it is compressed; 100,000
    cycles, the most, need 100 MB. Programs are shared by all cycles that are recorded alike,
    so those in memory and in the file do not grow with the count of cycles.

    The device is reset once, before the first cycle. Between programs the source is off for
    as long as the upload takes; a resistance across the device discharges it meanwhile. So a
    new program begins with each full cycle, and at least every `cycles_per_program` cycles.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Fig. S10 (durability; no numbers in the text).
    """

    name: ClassVar[str] = "endurance"
    title: ClassVar[str] = "Many potentiation and depression cycles in one state"
    phases: ClassVar[tuple[str, ...]] = ("potentiation", "depression")
    presets: ClassVar = {
        "hundred": Preset(
            "100 cycles of 50 up, 50 down, 1 mA [text], 20 ms on, 20 ms off [inferred], open "
            "[ours]: 7 minutes. The study gives neither cycles nor pulses."
        ),
        "thousand": Preset(
            "1000 cycles of 150/150 pulses as in the other figures: 3.4 hours [ours].",
            {"cycles": 1000, "up": 150, "down": 150},
        ),
        "quick": Preset("20 cycles of 20/20 pulses [ours].", {"cycles": 20, "up": 20, "down": 20}),
    }

    amplitude: Annotated[Current, Field(gt=0)] = Field(
        1e-3, description="Current of each pulse; depression uses the same with the sign changed"
    )
    width: Annotated[Time, Field(gt=0)] = Field(20e-3, description="Time on")
    gap: Annotated[Time, Field(gt=0)] = Field(20e-3, description="Time off after each pulse")
    up: int = Field(50, ge=1, le=10_000, description="Potentiating pulses per cycle")
    down: int = Field(50, ge=1, le=10_000, description="Depressing pulses per cycle")
    cycles: int = Field(100, ge=1, le=100_000, description="Cycles")
    resistance: Annotated[Resistance, Field(gt=0)] = Field(
        OPEN, description="Regulating resistance"
    )
    full_per_decade: int = Field(
        4, ge=0, le=100, description="Cycles recorded in full per decade of the cycle number"
    )
    kept_pulses: int = Field(
        2, ge=1, le=10_000, description="Pulses recorded per branch of every other cycle"
    )
    cycles_per_program: int = Field(
        10, ge=1, le=10_000, description="Most cycles that are played as one program"
    )

    @model_validator(mode="after")
    def _fits(self) -> Endurance:
        self.fit_aperture({"width": self.width, "gap": self.gap})
        if (pulses := self.cycles_per_program * (self.up + self.down)) > MOST_PULSES:
            raise ValueError(
                f"up {self.up}, down {self.down} and cycles_per_program {self.cycles_per_program} "
                f"make {pulses} pulses a program, at most {MOST_PULSES}"
            )
        return self

    def full_cycles(self) -> tuple[int, ...]:
        """Numbers of the cycles that are recorded in full, ascending."""
        decades = np.log10(self.cycles)
        spaced = np.geomspace(1, self.cycles, 2 + int(decades * self.full_per_decade))
        chosen = {1, self.cycles}
        if self.full_per_decade:
            chosen.update(np.rint(spaced).astype(int).tolist())
        return tuple(sorted(chosen))

    def steps(self) -> Steps:
        """One reset, then all cycles, each program as long as it may be."""
        yield from self.rest_then_select(self.resistance)
        full = self.program(1, thinned=False)
        longest = self.program(self.cycles_per_program, thinned=True)
        for this, following in itertools.pairwise((*self.full_cycles(), self.cycles + 1)):
            yield Play(full, f"cycle {this}", cycles_before=this - 1)
            for first in range(this + 1, following, self.cycles_per_program):
                count = min(self.cycles_per_program, following - first)
                whole = count == self.cycles_per_program
                yield Play(
                    longest if whole else self.program(count, thinned=True),
                    f"cycles {first} to {first + count - 1}, thinned",
                    cycles_before=first - 1,
                )

    def program(self, cycles: int, *, thinned: bool) -> PulseProgram:
        """Some cycles end to end, numbered from 1."""
        parts = [
            PulseTrain(
                sign * self.amplitude, self.width, self.gap, count, phase, cycle=cycle,
                kept=self._kept(count) if thinned else None,
            )
            for cycle in range(1, cycles + 1)
            for sign, count, phase in (
                (1, self.up, "potentiation"), (-1, self.down, "depression"),
            )
        ]  # fmt: skip
        return PulseProgram.compile(
            parts, phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture
        )

    def _kept(self, count: int) -> tuple[int, ...]:
        """Numbers of the pulses that are recorded; of a single one the last."""
        if self.kept_pulses == 1:
            return (count,)
        spaced = np.linspace(1, count, min(self.kept_pulses, count))
        return tuple(np.rint(spaced).astype(int).tolist())

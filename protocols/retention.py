"""Retention: learn to a level, then watch the open-circuit voltage over decades of time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from protocols.device_parameters import DeviceProtocol
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseProgram, PulseTrain, Segment
from protocols.protocol import Preset
from protocols.quantities import (
    CURRENT,
    OPEN,
    TIME,
    VOLTAGE,
    Current,
    Resistance,
    Time,
    Voltage,
    with_prefix,
)
from protocols.steps import ClosedLoop, Mark, Play, Readings, SelectResistance, Steps


class Retention(DeviceProtocol):
    """Learn to a voltage or by a count of pulses, then rest at open circuit.

    To learn to a level, pulses are played in chunks, a short one first; how many the next has
    follows from what those before read, so that the level is met and not passed by a whole
    chunk. It is met when the voltage at the end of the gap after a pulse is at `level`. Between
    chunks the source is off while the next is uploaded, and what the device loses meanwhile
    counts too.

    The rest is read at the times of a logarithmic scale, counted from its own start; the
    pause since the last pulse is in the readings' time stamps. The source holds 0 A on its
    lowest suitable range meanwhile. Its "0 A" is not zero: `zero_offset` is the most it may
    be, and a mark in the log says what that does to the voltage by the end of the rest, with
    the capacitance that the learning showed.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Fig. 3g.
    """

    name: ClassVar[str] = "retention"
    title: ClassVar[str] = "Learn to a level, then rest at open circuit"
    phases: ClassVar[tuple[str, ...]] = ("learning", "retention")
    presets: ClassVar = {
        "paper-100s": Preset(
            "1 mA at 500 Hz, then more than 100 s of rest [text]; 1 ms on, 1 ms off and the open "
            "state [inferred]; learning to 0.6 V and 120 s of rest [ours: the study does not "
            "give the level].",
        ),
        "hours": Preset(
            "The same with 3 hours of rest [ours]. The offset of 0 A matters then: see the mark.",
            {"rest": 10_800.0},
        ),
        "by-count": Preset(
            "2500 pulses (5 s) whatever voltage they reach [ours].", {"pulses": 2500}
        ),
    }

    level: Annotated[Voltage, Field(gt=0)] = Field(
        0.6, description="Voltage at the end of a gap to learn to; not used when pulses is given"
    )
    pulses: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Learn by this count of pulses and not to a level"
    )
    level_tolerance: Annotated[Voltage, Field(gt=0)] = Field(
        1e-3, description="How far below the level still counts as there"
    )
    chunk: int = Field(500, ge=1, le=10_000, description="Most pulses per chunk of the learning")
    most_chunks: int = Field(
        20, ge=1, le=10_000, description="Chunks after which a level that was not met is an error"
    )
    amplitude: Annotated[Current, Field(gt=0)] = Field(1e-3, description="Current of each pulse")
    width: Annotated[Time, Field(gt=0)] = Field(1e-3, description="Time on")
    gap: Annotated[Time, Field(gt=0)] = Field(1e-3, description="Time off after each pulse")
    resistance: Annotated[Resistance, Field(gt=0)] = Field(
        OPEN, description="Regulating resistance while learning; the rest is always open"
    )
    first: Annotated[Time, Field(gt=0)] = Field(0.2, description="First reading of the rest")
    rest: Annotated[Time, Field(gt=0)] = Field(120.0, description="Last reading of the rest")
    per_decade: int = Field(10, ge=1, le=100, description="Readings per decade of time")
    rest_aperture: Annotated[Time, Field(gt=0)] = Field(
        20e-3, description="Averaging time of each reading of the rest; one period of 50 Hz"
    )
    zero_offset: Annotated[Current, Field(ge=0)] = Field(
        800e-12, description="Most current that the source gives at 0 A (2602B, 1 uA range)"
    )

    @model_validator(mode="after")
    def _fits(self) -> Retention:
        self.fit_aperture({"width": self.width, "gap": self.gap})
        if self.pulses is None and self.level > self.voltage_limit:
            raise ValueError(
                f"level {VOLTAGE.format(self.level)} is above the voltage_limit of "
                f"{VOLTAGE.format(self.voltage_limit)}"
            )
        if self.rest <= self.first:
            raise ValueError(
                f"rest {TIME.format(self.rest)} must be longer than first {TIME.format(self.first)}"
            )
        shortest = float(np.diff(self.times(), prepend=0.0).min())
        if self.rest_aperture >= shortest:
            raise ValueError(
                f"rest_aperture {TIME.format(self.rest_aperture)} does not fit between readings "
                f"that are {TIME.format(shortest)} apart; give a later first reading or fewer "
                "per_decade"
            )
        return self

    def times(self) -> NDArray[np.float64]:
        """Ends of the readings of the rest after its start, in s, ascending."""
        decades = math.log10(self.rest / self.first)
        return np.geomspace(self.first, self.rest, 1 + max(1, round(decades * self.per_decade)))

    def steps(self) -> Steps:
        """One reset, the learning, the rest."""
        yield from self.rest_then_select(self.resistance)
        if self.pulses is None:
            yield LearnToLevel(self)
        else:
            readings = yield Play(self.learning_program(self.pulses), f"{self.pulses} pulses")
            yield self.offset_mark(self.pulses, last_voltage(readings))
        yield SelectResistance(OPEN)
        yield Play(self.rest_program(), f"rest at open circuit for {TIME.format(self.rest)}")

    def learning_program(self, count: int) -> PulseProgram:
        """Equal pulses of the learning."""
        train = PulseTrain(self.amplitude, self.width, self.gap, count, "learning")
        return PulseProgram.compile(
            [train], phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture
        )

    def rest_program(self) -> PulseProgram:
        """The rest: one reading at the end of each interval of the logarithmic scale."""
        rests = np.diff(self.times(), prepend=0.0).tolist()
        return PulseProgram.compile(
            [Segment(0.0, duration, "retention", Instant.REST) for duration in rests],
            phases=self.phase_names(), limit=self.voltage_limit, aperture=self.rest_aperture,
        )  # fmt: skip

    def offset_mark(self, pulses: int, reached: float) -> Mark:
        """What the source's 0 A does to the voltage by the end of the rest, at most.

        The capacitance is that of the learning, charge over voltage: a resistance across the
        device makes it too large, so it is told as what it is.
        """
        source = f"0 A is up to {CURRENT.format(self.zero_offset)} on the source's rest range"
        if reached <= 0:
            return Mark(f"{source}; the learning showed no capacitance to tell its effect by")
        capacitance = pulses * self.amplitude * self.width / reached
        drift = self.zero_offset * self.rest / capacitance
        return Mark(
            f"{source}: at most {VOLTAGE.format(drift)} in {TIME.format(self.rest)} on the "
            f"{with_prefix(capacitance, 'F')} that {pulses} pulses to {VOLTAGE.format(reached)} "
            "show"
        )


@dataclass(frozen=True)
class LearnToLevel(ClosedLoop):
    """Play chunks of pulses until the voltage after one is at the level."""

    protocol: Retention

    def __str__(self) -> str:
        return f"learn to {VOLTAGE.format(self.protocol.level)}"

    @property
    def expected_duration(self) -> float:
        p = self.protocol
        return p.most_chunks * p.chunk * (p.width + p.gap)

    @property
    def most_readings(self) -> int:
        return 2 * self.protocol.most_chunks * self.protocol.chunk

    @property
    def most_plays(self) -> int:
        return self.protocol.most_chunks

    def programs(self) -> tuple[PulseProgram, ...]:
        return (self.protocol.learning_program(self.protocol.chunk),)

    def steps(self) -> Steps:
        p, pulses, reached, gain = self.protocol, 0, 0.0, math.inf
        count = max(1, p.chunk // _FIRST)
        for _ in range(p.most_chunks):
            readings = yield Play(
                p.learning_program(count), f"{count} pulses", pulses_before=pulses
            )
            before, reached = reached, last_voltage(readings)
            pulses += count
            if reached >= p.level - p.level_tolerance:
                yield p.offset_mark(pulses, reached)
                return
            gain = min(gain, _gain(readings))
            lost = max(0.0, before + gain * count - reached) if math.isfinite(gain) else 0.0
            count = self._next(gain, p.level - reached + lost)
        raise ProtocolError(
            f"level {VOLTAGE.format(p.level)} not reached: {pulses} pulses came to "
            f"{VOLTAGE.format(reached)}; allow more (most_chunks = {p.most_chunks}, chunk = "
            f"{p.chunk}), a higher resistance or amplitude, or a lower level"
        )

    def _next(self, gain: float, missing: float) -> int:
        """Pulses of the next chunk from the voltage that a pulse gains, both in V.

        The last two share what is missing: a short chunk hardly makes up for what the device
        loses in the pause before it.
        """
        chunk = self.protocol.chunk
        if math.isinf(gain) or missing / gain > 2 * chunk:
            return chunk
        pulses = math.ceil(missing / gain)
        return math.ceil(pulses / math.ceil(pulses / chunk))


_FIRST = 100
"""Part of a chunk that the first one has: nothing is known of the device before it."""


def _gain(readings: Readings | None) -> float:
    """The voltage that a pulse gained in the second half of a chunk, in V; `inf` if none did.

    In the first half the device makes up for the pause. The least of several chunks counts:
    a short one ends before that is over, and nearer to its greatest voltage the device gains
    less a pulse.
    """
    if readings is None:
        return math.inf
    after = readings.voltage[1::2]
    half = after[len(after) // 2 :]
    gain = float(half[-1] - half[0]) / (len(half) - 1) if len(half) > 1 else 0.0
    return gain if gain > 0 else math.inf


def last_voltage(readings: Readings | None) -> float:
    """The voltage at the end of the gap after the last pulse, in V."""
    if readings is None or not len(readings.voltage):
        raise ProtocolError("the learning needs the readings of its pulses")
    voltage = float(readings.voltage[-1])
    if math.isnan(voltage):
        raise ProtocolError("the last reading of the learning is beyond the measuring range")
    return voltage

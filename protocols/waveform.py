"""The whole course of a few pulses: voltage sampled through each pulse and the gap behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from protocols.device_parameters import States
from protocols.from_baseline import FromBaseline
from protocols.program import MOST_SEGMENTS, Instant, PulseProgram, Segment
from protocols.protocol import Preset
from protocols.quantities import OPEN, TIME, Current, Time
from protocols.steps import Steps

_WHOLE = 1e-6
"""Part of an interval by which a time may miss a multiple of it, as typed numbers do."""


class Waveform(FromBaseline):
    """A few equal pulses from the baseline in each state, sampled at equal intervals.

    Baseline, pulses and gaps are cut into segments of one interval, each read as late in it as
    the instrument can. The last of a pulse is its read instant "pulse end", the last of a gap
    "gap end", the others are "during", and "rest" before the first pulse. So a run holds what a
    pulse train holds, and its whole course besides.

    The interval is bounded by the instrument: a source-measure unit needs its aperture and some
    time of its own for each reading, one with a digitizer takes samples while it plays.
    Readings during a pulse include the source's own settling after the edge.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: the pulses of its other figures; the course of one is
    not among them.
    """

    name: ClassVar[str] = "waveform"
    title: ClassVar[str] = "Course of a few pulses: voltage at equal intervals, per state"
    phases: ClassVar[tuple[str, ...]] = ("baseline", "waveform")
    presets: ClassVar = {
        "paper-20ms": Preset(
            "Two pulses of 1 mA (text, other figures) and 20 ms (inferred, as in PPF), every "
            "200 us, in three states (ours). The gap of 100 ms is three times the device's "
            "fastest time constant.",
        ),
        "edge": Preset(
            "One pulse of 2 ms, every 100 us, the least interval of a Keithley 2602B: the ohmic "
            "step at the edge (ours).",
            {
                "width": 2e-3, "gap": 10e-3, "count": 1, "interval": 100e-6, "aperture": 30e-6,
                "baseline": 2e-3,
            },
        ),
        "digitizer": Preset(
            "One pulse of 5 ms, every 10 us, for an instrument with a digitizer (ours).",
            {
                "width": 5e-3, "gap": 50e-3, "count": 1, "interval": 10e-6, "aperture": 9e-6,
                "baseline": 2e-3,
            },
        ),
    }  # fmt: skip

    amplitude: Annotated[Current, Field(gt=0)] = Field(1e-3, description="Current of the pulses")
    width: Annotated[Time, Field(gt=0)] = Field(
        20e-3, description="Time on, a multiple of the interval"
    )
    gap: Annotated[Time, Field(gt=0)] = Field(
        100e-3, description="Time off after each pulse, a multiple of the interval"
    )
    count: int = Field(2, ge=1, le=1000, description="Pulses per state")
    interval: Annotated[Time, Field(gt=0)] = Field(
        200e-6, description="Time from reading to reading, through pulse and gap"
    )
    aperture: Annotated[Time, Field(gt=0)] = Field(
        50e-6, description="Averaging time of each reading"
    )
    baseline: Annotated[Time, Field(gt=0)] = Field(
        10e-3, description="Time at 0 A before the first pulse, a multiple of the interval"
    )
    states: States = Field(
        (500.0, 8000.0, OPEN), min_length=1, description="Regulating resistances, in order"
    )

    @model_validator(mode="after")
    def _fits(self) -> Waveform:
        for name in ("width", "gap", "baseline"):
            duration = float(getattr(self, name))
            count = duration / self.interval
            if abs(count - round(count)) > _WHOLE * max(count, 1.0) or count < 1 - _WHOLE:
                nearest = max(round(count), 1) * self.interval
                raise ValueError(
                    f"{name} {TIME.format(duration)} is not a multiple of the interval of "
                    f"{TIME.format(self.interval)}; the nearest is {TIME.format(nearest)}"
                )
        self.fit_aperture({"interval": self.interval})
        segments = self.baseline + self.count * (self.width + self.gap)
        if (needed := segments / self.interval) > MOST_SEGMENTS:
            raise ValueError(
                f"baseline, count, width and gap make {needed:.0f} readings, one an interval; "
                f"at most {MOST_SEGMENTS}; give fewer pulses or a longer interval"
            )
        return self

    def steps(self) -> Steps:
        """State by state, each from the baseline."""
        for repeat in range(1, self.repeats + 1):
            for resistance in self.states:
                yield from self.play_from_baseline(self.program(repeat), "waveform", resistance)

    def program(self, repeat: int = 1) -> PulseProgram:
        """What is played in each state; the readings' cycle is the repeat."""
        return PulseProgram.compile(
            self._segments(repeat), phases=self.phase_names(), limit=self.voltage_limit,
            aperture=self.aperture,
        )  # fmt: skip

    def _segments(self, repeat: int) -> Iterator[Segment]:
        yield Segment(
            0.0, self.interval, "baseline", Instant.REST, cycle=repeat,
            repeat=self._intervals(self.baseline),
        )  # fmt: skip
        for index in range(1, self.count + 1):
            for level, time, end in (
                (self.amplitude, self.width, Instant.PULSE_END),
                (0.0, self.gap, Instant.GAP_END),
            ):
                most = self._intervals(time) - 1
                for instant, number in ((Instant.DURING, most), (end, 1)):
                    if number:
                        yield Segment(
                            level, self.interval, "waveform", instant, index, repeat, number
                        )

    def _intervals(self, duration: float) -> int:
        return round(duration / self.interval)

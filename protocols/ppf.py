"""Paired-pulse facilitation: how long a pulse is remembered by the one that follows it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from protocols.device_parameters import States
from protocols.from_baseline import ASCENDING, FromBaseline
from protocols.program import Instant, PulseProgram, Segment
from protocols.protocol import Preset
from protocols.quantities import OPEN, RESISTANCE, TIME, Current, Time
from protocols.ranges import Times, expand
from protocols.steps import Play, Steps


class Ppf(FromBaseline):
    """Two equal pulses, an interval apart, from the baseline in each state.

    The interval counts from the end of the first pulse to the start of the second. A1 and A2
    are the readings at the end of pulses 1 and 2 (pulse index; the cycle is the repeat), the
    reading before them is the baseline in that state. The voltage still rises by 2 mV in
    the last millisecond of a pulse, hence the short aperture.

    The order is state by state, so that a run that is aborted leaves whole curves. It costs
    nothing: each pair leaves more than the tolerance, so on the simulated rig every order
    needs one hold a pair. The length of the reset is what counts: 46 min in all with holds of
    10 s and watches of 3 s, 112 min with the 40 s and 10 s of the long trains.

    A source that delivers 1 mA has an offset of up to 200 nA at 0 A. Over 100 s that charges an
    open device by 2.5 mV, as much as facilitation itself is by then. From `rest_from` on, the
    device therefore rests in a program of its own, at 0 A on the source's lowest range. The
    two seams, in which the output is high-impedance, make such an interval longer by what the
    host needs (tenths of a second); the readings' times tell how long it was.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Figs 3a to 3c.
    """

    name: ClassVar[str] = "ppf"
    title: ClassVar[str] = "Paired-pulse facilitation: two pulses, interval against state"
    phases: ClassVar[tuple[str, ...]] = ("baseline", "pair")
    presets: ClassVar = {
        "paper-20ms": Preset(
            "1 mA (text, other figures), 10 ms the shortest interval and 7000 ohm among the "
            "states (text); intervals to 100 s at equal ratios, counted end to start, and a "
            "width of 20 ms (inferred: the width at which the device shows 94 and 115 mV).",
        ),
        "quick": Preset(
            "Five intervals to 10 s in three states, in a few minutes (ours).",
            {
                "intervals": tuple(expand("log 10 ms..10 s x 5", TIME)),
                "states": (500.0, 7000.0, OPEN),
            },
        ),
    }

    amplitude: Annotated[Current, Field(gt=0)] = Field(1e-3, description="Current of both pulses")
    width: Annotated[Time, Field(gt=0)] = Field(20e-3, description="Time on, of both pulses")
    intervals: Annotated[Times, ASCENDING] = Field(
        tuple(expand("log 10 ms..100 s x 13", TIME)),
        description="Times from the end of the first pulse to the start of the second; a list, "
        "a range such as 'log 10 ms..100 s x 13', or both",
    )
    states: States = Field(
        (500.0, 1000.0, 2000.0, 4000.0, 7000.0, 8000.0, OPEN),
        min_length=1,
        description="Regulating resistances, in order",
    )
    baseline: Annotated[Time, Field(gt=0)] = Field(
        50e-3, description="Time at 0 A before and after the pair, each read at its end"
    )
    aperture: Annotated[Time, Field(gt=0)] = Field(
        50e-6, description="Averaging time of each reading"
    )

    rest_from: Annotated[Time, Field(gt=0)] = Field(
        5.0, description="Intervals from here on are rested through in a program of their own"
    )

    @model_validator(mode="after")
    def _fits(self) -> Ppf:
        if self.baseline >= self.rest_from:
            raise ValueError(
                f"baseline {TIME.format(self.baseline)} is not shorter than rest_from "
                f"{TIME.format(self.rest_from)}"
            )
        self.fit_aperture({
            "width": self.width, "intervals": self.intervals[0], "baseline": self.baseline,
        })  # fmt: skip
        if (rested := [i for i in self.intervals if i >= self.rest_from]) and (
            rested[0] - self.baseline <= self.aperture
        ):
            raise ValueError(
                f"aperture {TIME.format(self.aperture)} does not fit into what the baseline of "
                f"{TIME.format(self.baseline)} leaves of the interval {TIME.format(rested[0])}"
            )
        return self

    def steps(self) -> Steps:
        """State by state, shortest interval first, each pair from the baseline."""
        for repeat in range(1, self.repeats + 1):
            for resistance in self.states:
                for interval in self.intervals:
                    yield from self.rest_then_select(resistance)
                    for program in self.programs(interval, repeat):
                        yield Play(
                            program,
                            f"{TIME.format(interval)} apart at {RESISTANCE.format(resistance)}",
                        )

    def programs(self, interval: float, repeat: int) -> tuple[PulseProgram, ...]:
        """One pair `interval` seconds apart, with a rest before and after it.

        Returns
        -------
        tuple of PulseProgram
            One program; from `rest_from` on three: first pulse, rest, second pulse.
        """
        first = [
            Segment(0.0, self.baseline, "baseline", Instant.REST, cycle=repeat),
            Segment(self.amplitude, self.width, "pair", Instant.PULSE_END, 1, repeat),
        ]
        second = [
            Segment(self.amplitude, self.width, "pair", Instant.PULSE_END, 2, repeat),
            Segment(0.0, self.baseline, "pair", Instant.GAP_END, 2, repeat),
        ]
        if interval < self.rest_from:
            gap = Segment(0.0, interval, "pair", Instant.GAP_END, 1, repeat)
            return (self._compile(*first, gap, *second),)
        # A pulse is timed to its end only when another segment follows it.
        begin = Segment(0.0, self.baseline, "pair", Instant.REST, 1, repeat)
        rest = Segment(0.0, interval - self.baseline, "pair", Instant.GAP_END, 1, repeat)
        return self._compile(*first, begin), self._compile(rest), self._compile(*second)

    def _compile(self, *segments: Segment) -> PulseProgram:
        return PulseProgram.compile(
            segments, phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture
        )

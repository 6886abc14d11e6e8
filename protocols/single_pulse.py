"""One pulse from the baseline and the decay after it: what intensity and width share."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from protocols.from_baseline import FromBaseline
from protocols.program import Instant, OnLimit, PulseProgram, Segment
from protocols.quantities import Time

_DECADES = 3
"""The first reading after a pulse comes this many decades before the last."""


class SinglePulse(FromBaseline):
    """A protocol whose programs are one pulse each: baseline, pulse, decay.

    The decay is read at log-spaced times over three decades; the last of them is the read
    instant "gap end", the others are "rest".
    """

    phases: ClassVar[tuple[str, ...]] = ("baseline", "pulse", "decay")

    decay: Annotated[Time, Field(gt=0)] = Field(
        1.0, description="Time at 0 A after the pulse, read at log-spaced times"
    )
    decay_readings: int = Field(12, ge=2, le=1000, description="Readings of the decay")

    def ends_of_decay(self) -> NDArray[np.float64]:
        """Ends of the readings of the decay after its start, in s, ascending."""
        return self.decay * np.geomspace(10.0**-_DECADES, 1.0, self.decay_readings)

    def check_aperture(self, name: str, shortest: float) -> None:
        """Refuse an aperture that does not fit into a part of the program.

        Parameters
        ----------
        name, shortest
            Of the parameter that is the pulse's width, and its least value in s.

        Raises
        ------
        ValueError
            With the parameters that do not go together.
        """
        first = float(np.diff(self.ends_of_decay(), prepend=0.0).min())
        self.fit_aperture({
            name: shortest, "baseline": self.baseline,
            "first of decay_readings of the decay": first,
        })  # fmt: skip

    def pulse(
        self, amplitude: float, width: float, number: int, repeat: int, on_limit: OnLimit = "fail"
    ) -> PulseProgram:
        """The program of one pulse.

        Parameters
        ----------
        amplitude, width
            In A and s.
        number
            The readings' pulse index.
        repeat
            The readings' cycle.
        on_limit
            Whether reaching the voltage limit ends the run.
        """
        ends = self.ends_of_decay()
        last = len(ends) - 1
        parts = [
            Segment(0.0, self.baseline, "baseline", Instant.REST, cycle=repeat),
            Segment(amplitude, width, "pulse", Instant.PULSE_END, number, repeat),
        ]
        for k, duration in enumerate(np.diff(ends, prepend=0.0).tolist()):
            instant = Instant.GAP_END if k == last else Instant.REST
            parts.append(Segment(0.0, duration, "decay", instant, number, repeat))
        return PulseProgram.compile(
            parts, phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture,
            on_limit=on_limit,
        )  # fmt: skip

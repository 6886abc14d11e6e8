"""The few things a protocol can ask for: select, play, close a loop, mark.

A protocol is a generator of steps. What was read during a step is sent back to it before
it yields the next one, so a protocol may decide from what it sees.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol as Structure
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from protocols.errors import ProtocolError
from protocols.program import Instant, PulseProgram, Segment
from protocols.quantities import RESISTANCE, TIME, VOLTAGE

RESET = "reset"
"""Name of the phase in which the device returns to its baseline; code 0 in every protocol."""


class Readings(Structure):
    """What comes back from a step: columns of equal length (n,)."""

    @property
    def time(self) -> NDArray[np.float64]:
        """Start of each reading, in s."""

    @property
    def voltage(self) -> NDArray[np.float64]:
        """Voltage across the device, in V."""

    @property
    def current(self) -> NDArray[np.float64]:
        """Current into the terminal, in A."""


@dataclass(frozen=True)
class SelectResistance:
    """Put a regulating resistance in parallel with the device, in ohm (`inf`: open).

    The bank takes its nearest state and fails when that is farther away than `tolerance`,
    a fraction of the value asked for.
    """

    resistance: float
    tolerance: float = 0.02

    def __str__(self) -> str:
        return f"R = {RESISTANCE.format(self.resistance)}"


@dataclass(frozen=True)
class SelectDevice:
    """Connect one device of several, the bank open; whatever was connected is let go first.

    Parameters
    ----------
    name
        Of the device, as in the rig file or as on its box.
    by_hand
        Whether the run pauses, safe, until the operator has connected it and resumes.
    """

    name: str
    by_hand: bool = False

    def __str__(self) -> str:
        return f"device {self.name}"


@dataclass(frozen=True)
class Play:
    """Play one program on the source-measure unit, timed by the instrument.

    Parameters
    ----------
    program
        What is played.
    label
        A few words for people.
    pulses_before, cycles_before
        Added to the program's pulse and cycle numbers in the record, so that one program
        serves many times.
    """

    program: PulseProgram
    label: str
    pulses_before: int = 0
    cycles_before: int = 0

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True)
class Mark:
    """Write a remark into the run's event log."""

    text: str

    def __str__(self) -> str:
        return self.text


class ClosedLoop(ABC):
    """Steps that are decided from what was read; a plan knows their bounds alone."""

    @property
    @abstractmethod
    def expected_duration(self) -> float:
        """Time that it is expected to take, in s."""

    @property
    @abstractmethod
    def most_readings(self) -> int:
        """Upper bound of the readings it records."""

    @property
    @abstractmethod
    def most_plays(self) -> int:
        """Upper bound of the programs it plays."""

    @abstractmethod
    def programs(self) -> tuple[PulseProgram, ...]:
        """Programs that stand for all it may play: what an instrument has to be able to do."""

    def selections(self) -> tuple[SelectResistance, ...]:
        """Every resistance that it may select."""
        return ()

    @abstractmethod
    def steps(self) -> Steps:
        """The steps, each decided from what the ones before read.

        Raises
        ------
        ProtocolError
            The device does not come to where the loop has to bring it.
        """


@dataclass(frozen=True)
class ReturnToBaseline(ClosedLoop):
    """Hold the device at 0 V until it no longer rebounds at open circuit.

    Watching comes first: a device that rests already is not held. Then holding and
    watching alternate until the rebound stays within the tolerance.

    Parameters
    ----------
    tolerance
        Greatest absolute open-circuit voltage that counts as the baseline, in V.
    hold
        Time at 0 V per round, in s.
    watch
        Time at open circuit per round, in s.
    time_limit
        Total time after which the step fails, in s.
    current_limit, voltage_limit
        Greatest current while holding, in A, and compliance while watching, in V.
    phases
        The protocol's phase names.
    """

    tolerance: float
    hold: float
    watch: float
    time_limit: float
    current_limit: float
    voltage_limit: float
    phases: tuple[str, ...]

    def __str__(self) -> str:
        return "return to baseline"

    @property
    def round(self) -> float:
        """Time of one round of holding and watching, in s."""
        return self.hold + self.watch

    @property
    def expected_duration(self) -> float:
        """Time that one round takes after the first watch, in s; most resets take that."""
        return self.watch + self.round

    @property
    def most_rounds(self) -> int:
        """Upper bound of the rounds that fit into the time limit."""
        return 1 + int(max(0.0, self.time_limit - self.watch) // self.round)

    def programs(self) -> tuple[PulseProgram, PulseProgram]:
        """The program that holds and the one that watches."""
        return self._holding().program, self._watching().program

    @property
    def most_readings(self) -> int:
        """Upper bound of the readings this step takes."""
        held, watched = map(len, self.programs())
        return self.most_rounds * (held + watched) + watched

    @property
    def most_plays(self) -> int:
        """Upper bound of the programs this step plays."""
        return 2 * self.most_rounds + 1

    def steps(self) -> Steps:
        elapsed, rebound = 0.0, self._rebound((yield self._watching()))
        elapsed += self.watch
        while not rebound <= self.tolerance:  # NaN is no baseline
            if elapsed + self.round > self.time_limit:
                raise ProtocolError(
                    f"no baseline: the device still rebounds to {VOLTAGE.format(rebound)} after "
                    f"{TIME.format(elapsed)} (tolerance {VOLTAGE.format(self.tolerance)}, time "
                    f"limit {TIME.format(self.time_limit)}); allow more time or a wider tolerance"
                )
            yield self._holding()
            rebound = self._rebound((yield self._watching()))
            elapsed += self.round

    @staticmethod
    def _rebound(readings: Readings | None) -> float:
        if readings is None or not len(readings.voltage):
            raise ProtocolError("a return to baseline needs the readings of its watch")
        return float(np.abs(readings.voltage).max())

    def _holding(self) -> Play:
        return _plays(self)[0]

    def _watching(self) -> Play:
        return _plays(self)[1]


_HELD, _WATCHED = 20, 10
"""Readings while holding and while watching."""
_APERTURE = 20e-3
"""One period of a 50 Hz line, over which its hum averages out, in s."""


def _aperture(segment: float) -> float:
    return min(_APERTURE, segment / 2)


@lru_cache(maxsize=16)
def _plays(reset: ReturnToBaseline) -> tuple[Play, Play]:
    """Holding and watching; a long run has thousands of equal resets, which share them."""
    holding = PulseProgram.compile(
        [_spread(reset.hold, _HELD, Instant.HOLD)], phases=reset.phases, source="voltage",
        limit=reset.current_limit, aperture=_aperture(reset.hold / _HELD), on_limit="flag",
    )  # fmt: skip
    watching = PulseProgram.compile(
        [_spread(reset.watch, _WATCHED, Instant.REST)], phases=reset.phases,
        limit=reset.voltage_limit, aperture=_aperture(reset.watch / _WATCHED),
    )  # fmt: skip
    return (
        Play(holding, f"hold 0 V for {TIME.format(reset.hold)}"),
        Play(watching, f"watch the rebound for {TIME.format(reset.watch)}"),
    )


def _spread(duration: float, count: int, instant: Instant) -> Segment:
    return Segment(0.0, duration / count, RESET, instant, repeat=count)


Step: TypeAlias = SelectResistance | SelectDevice | Play | ClosedLoop | Mark
Steps: TypeAlias = Generator[Step, Readings | None, None]

"""What a run will do, worked out without playing it: time, readings, programs, states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protocols.errors import ProtocolError
from protocols.program import PulseProgram
from protocols.protocol import Protocol
from protocols.steps import (
    ClosedLoop,
    Mark,
    Play,
    ReturnToBaseline,
    SelectDevice,
    SelectResistance,
    Step,
)

MOST_STEPS = 1_000_000
"""Longest run that is planned."""


@dataclass(frozen=True)
class _Nothing:
    """Readings of a device that rests: what a plan assumes it will see."""

    time: NDArray[np.float64]

    @property
    def voltage(self) -> NDArray[np.float64]:
        return np.zeros_like(self.time)

    current = voltage


@dataclass(frozen=True)
class Plan:
    """The steps of a protocol as they come when the device behaves as expected."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, protocol: Protocol) -> Plan:
        """Walk through a protocol, answering each step with a device at rest.

        Raises
        ------
        ProtocolError
            More than `MOST_STEPS`, or what the protocol raises.
        """
        steps: list[Step] = []
        walk = protocol.steps()
        step: Step | None = next(walk, None)
        while step is not None:
            steps.append(step)
            if len(steps) > MOST_STEPS:
                raise ProtocolError(
                    f"{protocol.name} has more than {MOST_STEPS} steps; do they end, whatever is "
                    "read? Steps that depend on it belong into a protocols.steps.ClosedLoop"
                )
            nothing = _Nothing(step.program.start) if isinstance(step, Play) else None
            try:
                step = walk.send(nothing)
            except StopIteration:
                step = None
        return cls(tuple(steps))

    @property
    def programs(self) -> tuple[PulseProgram, ...]:
        """The distinct programs of the stimulus (resets not counted), in order of first use.

        Of a closed loop those that stand for what it may play.
        """
        distinct: dict[str, PulseProgram] = {}
        for step in self.steps:
            if isinstance(step, Play):
                distinct.setdefault(step.program.digest, step.program)
            elif isinstance(step, ClosedLoop) and not isinstance(step, ReturnToBaseline):
                distinct |= {p.digest: p for p in step.programs() if p.digest not in distinct}
        return tuple(distinct.values())

    @property
    def every_program(self) -> tuple[PulseProgram, ...]:
        """The distinct programs, those of the resets included."""
        resets = {p.digest: p for step in self.resets for p in step.programs()}
        return (*self.programs, *resets.values())

    @property
    def resets(self) -> tuple[ReturnToBaseline, ...]:
        """The returns to baseline, in order."""
        return tuple(s for s in self.steps if isinstance(s, ReturnToBaseline))

    @property
    def phases(self) -> tuple[str, ...]:
        """Names that the phase codes of the programs stand for."""
        return self.every_program[0].phases

    @property
    def loops(self) -> tuple[ClosedLoop, ...]:
        """The closed loops, the returns to baseline among them, in order."""
        return tuple(s for s in self.steps if isinstance(s, ClosedLoop))

    @property
    def selections(self) -> tuple[SelectResistance, ...]:
        """Every selection of a resistance, in order; of a closed loop all that it may make."""
        found: list[SelectResistance] = []
        for step in self.steps:
            if isinstance(step, SelectResistance):
                found.append(step)
            elif isinstance(step, ClosedLoop):
                found += step.selections()
        return tuple(found)

    @property
    def resistances(self) -> tuple[float, ...]:
        """The distinct resistances that are selected, in ohm, in order of first use."""
        return tuple(dict.fromkeys(s.resistance for s in self.selections))

    @property
    def devices(self) -> tuple[SelectDevice, ...]:
        """The devices that are connected, in order; empty when there is but one."""
        return tuple(s for s in self.steps if isinstance(s, SelectDevice))

    @cached_property
    def durations(self) -> tuple[float, ...]:
        """Time that each step is expected to take on a device that rests at the start, in s.

        How many rounds of holding a reset takes follows from the charge of either sign that was
        forced since the last one, as the study's device is.
        """
        found, left = [], 0.0
        for step in self.steps:
            seconds = expected_duration(step)
            match step:
                case ReturnToBaseline():
                    rounds = _rounds(step, left)
                    seconds, left = step.watch + rounds * step.round, 0.0 if rounds else left
                case SelectDevice():
                    left = 0.0
                case Play(program=program):
                    left += math.inf if program.source == "voltage" else _moved(program)
                case ClosedLoop():
                    left = math.inf
            found.append(seconds)
        return tuple(found)

    @property
    def stimulus_duration(self) -> float:
        """Time that the programs are expected to take, resets not counted, in s."""
        return sum(expected_duration(s) for s in self.steps if not isinstance(s, ReturnToBaseline))

    @property
    def expected_duration(self) -> float:
        """Time on the instruments, resets included, in s: the sum of `durations`."""
        return sum(self.durations)

    @property
    def most_readings(self) -> int:
        """Upper bound of the readings that the whole run records."""
        return sum(s.program.readings for s in self.steps if isinstance(s, Play)) + sum(
            s.most_readings for s in self.loops
        )

    @property
    def most_plays(self) -> int:
        """Upper bound of the programs of the whole run."""
        return sum(isinstance(s, Play) for s in self.steps) + sum(s.most_plays for s in self.loops)

    @property
    def charge(self) -> float:
        """Net charge forced through the terminal over all programs, in C; loops not counted."""
        return sum(s.program.charge for s in self.steps if isinstance(s, Play))


_CAPACITANCE = 8e-3
"""Of the study's device, in F: how far a charge moves its voltage."""
_COMES_BACK, _HELD = 0.03, 7.0
"""Part of the voltage that comes back after a hold, and the time constant (s) of its fall."""


def _rounds(reset: ReturnToBaseline, left: float) -> int:
    """Rounds of holding that a device needs whose charges moved it by `left` (V)."""
    if left <= reset.tolerance * (1 + 1e-9):
        return 0
    moved = min(left, reset.voltage_limit)
    needed = math.log(max(_COMES_BACK * moved / reset.tolerance, 1.0)) * _HELD / reset.hold
    return min(max(1, math.ceil(needed)), reset.most_rounds)


def _moved(program: PulseProgram) -> float:
    """Voltage that the charges of a current program, signs aside, move the device by, in V."""
    return float(np.abs(program.level) @ program.duration) / _CAPACITANCE


def expected_duration(step: Step) -> float:
    """Time that a step is expected to take, in s; of a reset, that with one round of holding."""
    match step:
        case Play(program=program):
            return program.total_duration
        case ClosedLoop():
            return step.expected_duration
        case SelectResistance() | SelectDevice() | Mark():
            return 0.0

"""Runs to analyse: a reference circuit stepped with matrix exponentials, played as a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from data.run import Outcome, RecordedPlay, RunInfo
from data.samples import COLUMNS, Samples
from protocols.ltp_ltd import LtpLtd
from protocols.plan import Plan
from protocols.program import Instant, PulseProgram
from protocols.protocol import Protocol
from protocols.steps import Play, ReturnToBaseline, SelectResistance

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RecordedRun:
    path: Path
    info: RunInfo
    samples: Samples
    outcome: Outcome
    plays: tuple[RecordedPlay, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Readings (mean over the aperture) and exact energy of each segment of a program."""

    voltage: Array
    energy: Array


@cache
def _propagator(resistance: float, time: float) -> Array:
    """Over (three node voltages, current, integral of u): the circuit of the study's device."""
    rs, c1, r1, c2, r2, c3, leak = 44.2, 0.2954e-3, 112.6, 7.141e-3, 7.0e3, 1.087e-3, 1.0e6
    share = 1.0 if math.isinf(resistance) else resistance / (resistance + rs)
    out = 0.0 if math.isinf(resistance) else 1.0 / (resistance + rs)
    g1, g2 = 1 / r1, 1 / r2
    rates = np.zeros((5, 5))
    rates[0, :2] = np.array([-(1 / leak + g1 + out), g1]) / c1
    rates[1, :3] = np.array([g1, -(g1 + g2), g2]) / c2
    rates[2, 1:3] = np.array([g2, -g2]) / c3
    rates[0, 3] = share / c1
    rates[4, 0], rates[4, 3] = share, rs * share
    return np.asarray(expm(rates * time))


def _step(program: PulseProgram, resistance: float, before: Array | None = None) -> Reference:
    """Play a program from rest, or from the node voltages `before`, which become those after."""
    state, voltage, energy = np.zeros(5), [], []
    state[:3] = 0.0 if before is None else before
    for level, duration in zip(program.level, program.duration, strict=True):
        state[3:] = level, 0.0
        early = _propagator(resistance, float(duration) - program.aperture) @ state
        state = _propagator(resistance, program.aperture) @ early
        voltage.append((state[4] - early[4]) / program.aperture)
        energy.append(level * state[4])
    if before is not None:
        before[:] = state[:3]
    return Reference(np.array(voltage), np.array(energy))


@pytest.fixture(scope="session")
def reference() -> Callable[[LtpLtd, float], Reference]:
    """The reference circuit under one state's program, from rest."""
    known: dict[tuple[str, float], Reference] = {}

    def play(protocol: LtpLtd, resistance: float) -> Reference:
        program = protocol.program()
        key = (program.digest, resistance)
        if key not in known:
            known[key] = _step(program, resistance)
        return known[key]

    return play


@pytest.fixture(scope="session")
def make_run(
    reference: Callable[[LtpLtd, float], Reference],
) -> Callable[..., RecordedRun]:
    """A run of the LTP/LTD protocol on the reference circuit.

    `readings` cuts the run after so many readings; `noise` (V) is added with a fixed seed;
    everything else is a parameter of the protocol.
    """

    def make(
        *,
        readings: int | None = None,
        noise: float = 0.0,
        simulated: bool = True,
        outcome: Outcome = Outcome.FINISHED,
        **values: Any,
    ) -> RecordedRun:
        protocol = LtpLtd.build(**values)
        rng = np.random.default_rng(7)
        blocks = []
        for resistance in protocol.states:
            blocks.append(_rest(10))
            blocks.append(
                _played(protocol, resistance, reference(protocol, resistance), rng, noise)
            )
        samples = Samples.concatenate(blocks)[slice(None, readings)]
        info = RunInfo(
            run_id="0b3e9a52-6f0d-4d0e-9c40-0d7d3a5a3a11",
            protocol=protocol.name,
            preset="paper-20ms",
            parameters=protocol.model_dump(mode="json"),
            phases=protocol.phase_names(),
            programs=(protocol.program(),),
            start=datetime(2025, 3, 4, 15, 6, 7, tzinfo=UTC),
            sample="MX-12",
            notes="",
            user="",
            simulated=simulated,
            instruments={},
            rig={},
            resistors=(),
        )
        return RecordedRun(Path("runs/0b3e9a52.h5"), info, samples, outcome)

    return make


@cache
def _forced(time: float) -> Array:
    """The same circuit with its terminal at a voltage: over (nodes, voltage, integral of n1)."""
    rs, c1, r1, c2, r2, c3, leak = 44.2, 0.2954e-3, 112.6, 7.141e-3, 7.0e3, 1.087e-3, 1.0e6
    rates = np.zeros((5, 5))
    rates[0, :2] = np.array([-(1 / leak + 1 / r1 + 1 / rs), 1 / r1]) / c1
    rates[0, 3] = 1 / rs / c1
    rates[1, :3] = np.array([1 / r1, -(1 / r1 + 1 / r2), 1 / r2]) / c2
    rates[2, 1:3] = np.array([1 / r2, -1 / r2]) / c3
    rates[4, 0] = 1.0
    return np.asarray(expm(rates * time))


@cache
def _sweep_step(program: PulseProgram, resistance: float) -> tuple[Array, Array]:
    state, current = np.zeros(5), []
    for level, duration in zip(program.level, program.duration, strict=True):
        state[3:] = level, 0.0
        state = _forced(float(duration)) @ state
        mean = state[4] / duration
        current.append((level - mean) / 44.2 + level / resistance)
    return program.level.copy(), np.array(current)


@pytest.fixture(scope="session")
def record() -> Callable[..., RecordedRun]:
    """A run of any protocol on the reference circuit, at rest after each reset.

    `plays` cuts the run after so many whole programs and `readings` of the next; `noise` (V)
    is added with a fixed seed.
    """

    def play(program: PulseProgram, resistance: float, nodes: Array) -> tuple[Array, Array]:
        if program.source == "voltage":
            return _sweep_step(program, resistance)
        return _step(program, resistance, nodes).voltage, program.level.copy()

    def make(
        protocol: Protocol,
        *,
        plays: int | None = None,
        readings: int = 0,
        noise: float = 0.0,
        outcome: Outcome = Outcome.FINISHED,
    ) -> RecordedRun:
        plan, rng = Plan.of(protocol), np.random.default_rng(7)
        nodes = np.zeros(3)
        resistance, blocks, recorded, first, elapsed = math.inf, [], [], 0, 0.0
        for step in plan.steps:
            if isinstance(step, SelectResistance):
                resistance = step.resistance
            elif isinstance(step, ReturnToBaseline):
                nodes[:] = 0.0
            elif isinstance(step, Play):
                whole = plays is None or len(recorded) < plays
                program, n = step.program, len(step.program) if whole else readings
                voltage, current = play(program, resistance, nodes)
                ends = elapsed + program.start + program.duration
                kept = np.flatnonzero(program.keep[:n])
                pulse, cycle = program.pulse_index, program.cycle
                pulse = np.where(pulse > 0, pulse + step.pulses_before, 0).astype(np.int32)
                cycle = np.where(cycle > 0, cycle + step.cycles_before, 0).astype(np.int32)
                noisy, n = voltage + rng.normal(0.0, noise, len(program)), len(kept)
                blocks.append(_columns(
                    n, time=(ends - program.aperture)[kept], pulse_index=pulse[kept],
                    phase=program.phase[kept], instant=program.instant[kept], cycle=cycle[kept],
                    source_level=program.level[kept], current=current[kept],
                    voltage=noisy[kept], resistance=np.full(n, resistance),
                ))  # fmt: skip
                recorded.append(
                    RecordedPlay(step.label, program.digest, elapsed, resistance, {}, first, n)
                )
                first, elapsed = first + n, elapsed + program.total_duration
                if not whole:
                    break
        info = RunInfo(
            run_id="0b3e9a52-6f0d-4d0e-9c40-0d7d3a5a3a11",
            protocol=protocol.name,
            preset=next(iter(protocol.presets)),
            parameters=protocol.model_dump(mode="json"),
            phases=protocol.phase_names(),
            programs=plan.every_program,
            start=datetime(2025, 3, 4, 15, 6, 7, tzinfo=UTC),
            sample="MX-12",
            notes="",
            user="",
            simulated=True,
            instruments={},
            rig={},
            resistors=(),
        )
        samples = Samples.concatenate(blocks)
        return RecordedRun(Path("runs/0b3e9a52.h5"), info, samples, outcome, tuple(recorded))

    return make


def _columns(n: int, **given: Any) -> Samples:
    columns = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()}
    return Samples(**{**columns, **given})


def _rest(n: int) -> Samples:
    return _columns(
        n,
        instant=np.full(n, Instant.REST, np.uint8),
        voltage=np.full(n, 5e-4),
        resistance=np.full(n, np.inf),
    )


def _played(
    protocol: LtpLtd, resistance: float, played: Reference, rng: np.random.Generator, noise: float
) -> Samples:
    program = protocol.program()
    return _columns(
        len(program),
        pulse_index=program.pulse_index,
        phase=program.phase,
        instant=program.instant,
        cycle=program.cycle,
        source_level=program.level,
        voltage=played.voltage + rng.normal(0.0, noise, len(program)),
        current=program.level.copy(),
        resistance=np.full(len(program), resistance),
    )

"""Tries a rig before it is used: who is there, do relays and wires do what they should.

Each check says what it did, what it found and what to do. The source is used at a level
that is safe for the device: a current that can raise no more than a small part of its
greatest voltage across the resistor that is checked, with the compliance there too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from drivers.errors import InstrumentError
from drivers.rig import Rig
from drivers.source_meter import Readout
from protocols.capabilities import Capabilities
from protocols.program import Instant, PulseProgram, PulseTrain, Segment
from protocols.quantities import CURRENT, RESISTANCE, TIME, VOLTAGE

_PHASES = ("check",)
_PART = 0.1
"""Part of the device's greatest voltage that a check may put across a resistor."""
_TOLERANCE = 0.1
"""Deviation of a measured resistance from the table from which the wiring is doubted."""
_PULSES = 20
_GRACE = 5.0


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Parameters
    ----------
    what
        What was checked.
    passed
        Whether it is as it should be.
    text
        What was found; where it failed, what to do too.
    values
        Measured numbers in SI units, by name.
    """

    what: str
    passed: bool
    text: str
    values: dict[str, float]


def check(rig: Rig) -> Iterator[Finding]:
    """Check an open rig, one finding after the other; the rig is safe before and after.

    Raises
    ------
    InstrumentError
        The rig cannot be made safe: its state is unknown.
    """
    yield _tried("safe state", lambda: _safe(rig))
    yield Finding("source-measure unit", True, str(rig.meter.identity), {})
    yield Finding("resistor bank", True, str(rig.bank.identity), {})
    yield _tried("device limits", lambda: _limits(rig))
    try:
        for state in rig.bank.states:
            if len(state.channels) <= 1:
                yield _tried(f"R = {state}", partial(_resistor, rig, state.resistance))
        yield _tried("timing", lambda: _timing(rig))
    finally:
        rig.make_safe()
    yield _tried("safe state", lambda: _safe(rig))


_Found = tuple[bool, str, dict[str, float]]


def _tried(what: str, do: Callable[[], _Found]) -> Finding:
    try:
        passed, text, values = do()
    except InstrumentError as error:
        return Finding(what, False, str(error), {})
    return Finding(what, passed, text, values)


def _safe(rig: Rig) -> _Found:
    states = rig.make_safe()
    return True, "; ".join(states.values()), {}


def _limits(rig: Rig) -> _Found:
    most = rig.limits
    text = f"at most {VOLTAGE.format(most.max_voltage)} and {CURRENT.format(most.max_current)}"
    able = rig.meter.capabilities
    if able.least_limit_voltage > most.max_voltage:
        least = VOLTAGE.format(able.least_limit_voltage)
        return False, f"{text}; the {able.model} enforces no limit below {least}", {}
    return True, text, {}


def _resistor(rig: Rig, resistance: float) -> _Found:
    """Select a state, read the relays back, and measure what stands across the terminals."""
    state = rig.bank.select(resistance, 1e-6)
    closed = rig.bank.read_back()
    if closed.channels != state.channels:
        raise InstrumentError(f"relays {sorted(closed.channels)} read back closed")
    if math.isinf(resistance):
        said = _said(rig)
        return True, f"{said} open" if rig.bank.reports else f"open, {said}", {}
    volts = min(_PART * rig.limits.max_voltage, 0.05)
    level = min(volts / resistance, rig.limits.max_current)
    program = _steps(rig, level, (1.0, -1.0))
    readout = _play(rig, program)
    # The difference of both directions: offsets and what a device holds cancel.
    found = float(np.diff(readout.voltage)[0] / np.diff(readout.current)[0])
    text = f"{RESISTANCE.format(found)} measured at {CURRENT.format(level)}, {_said(rig)}"
    values = {"expected": resistance, "measured": found, "current": level}
    if abs(found - resistance) <= _TOLERANCE * resistance:
        return True, text, values
    return (
        False,
        f"{text}; the table says {RESISTANCE.format(resistance)}. A device across the terminals "
        "lowers it: disconnect the device to check the resistors; else look at the wiring",
        values,
    )


def _said(rig: Rig) -> str:
    """What is known of the bank without a measurement."""
    return "relays read back" if rig.bank.reports else "as commanded: the bank does not report it"


def _steps(rig: Rig, level: float, signs: tuple[float, ...]) -> PulseProgram:
    """Both signs of a level, each long enough to average over a period of the line."""
    aperture = min(20e-3, rig.meter.capabilities.longest_aperture)
    segments = [Segment(sign * level, 3 * aperture, "check", Instant.PULSE_END) for sign in signs]
    return PulseProgram.compile(
        segments, phases=_PHASES, limit=_limit(rig), aperture=aperture, on_limit="flag"
    )


def _limit(rig: Rig) -> float:
    return max(_PART * rig.limits.max_voltage, rig.meter.capabilities.least_limit_voltage)


def _timing(rig: Rig) -> _Found:
    """A short train of the shortest pulses that the instrument times, into the least resistor."""
    able = rig.meter.capabilities
    least = min(s.resistance for s in rig.bank.states if len(s.channels) == 1)
    rig.bank.select(least, 1e-6)
    level = min(_PART * rig.limits.max_voltage / least / 2, rig.limits.max_current)
    program = _train(able, level, _limit(rig))
    readout = _play(rig, program)
    lateness = readout.time - readout.requested_time
    jitter, worst = float(lateness.std()), float(np.abs(lateness).max())
    period = float(program.duration[0] + program.duration[1])
    finest = able.time_resolution
    text = (
        f"{_PULSES} pulses at a period of {TIME.format(period)}: jitter {_time(jitter, finest)}, "
        f"at most {_time(worst, finest)} off"
    )
    values = {"period": period, "jitter": jitter, "worst": worst}
    if worst > 0.1 * period:
        return False, f"{text}; it cannot be trusted to time such a train", values
    return True, text, values


def _time(seconds: float, finest: float) -> str:
    return TIME.format(seconds) if seconds >= finest else f"below {TIME.format(finest)}"


def _train(able: Capabilities, level: float, limit: float) -> PulseProgram:
    aperture = max(able.shortest_aperture, 200e-6)
    width = 1e-3
    while True:
        program = PulseProgram.compile(
            [PulseTrain(level, width, width, _PULSES, "check")], phases=_PHASES, limit=limit,
            aperture=aperture, on_limit="flag",
        )  # fmt: skip
        if not able.violations(program) or width > 1.0:
            return program
        width *= 2


def _play(rig: Rig, program: PulseProgram) -> Readout:
    """Play a program by itself; the output is off afterwards."""
    program.check(rig.meter.capabilities)
    rig.limits.check(program)
    rig.meter.load(program)
    rig.meter.start()
    parts: list[Readout] = []
    waited = 0.0
    try:
        while not parts or parts[-1].running:
            parts.append(rig.meter.drain())
            if parts[-1].running:
                if waited > program.total_duration + _GRACE:
                    raise InstrumentError("still running after it should have ended")
                rig.wait(0.02)
                waited += 0.02
    finally:
        rig.meter.stand_by()
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("time", "requested_time", "voltage", "current", "flags")
    }
    return Readout(first=0, running=False, **columns)

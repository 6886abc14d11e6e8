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

import numpy as np

from app.rigs.resistance import PART, PHASES, limit, measure, nothing_between, play
from drivers.errors import InstrumentError
from drivers.resistor_bank import BankState
from drivers.rig import Rig
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram, PulseTrain
from protocols.quantities import CURRENT, RESISTANCE, TIME, VOLTAGE

_TOLERANCE = 0.1
"""Deviation of a measured resistance from the table from which the wiring is doubted."""
_PULSES = 20


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
        bare = False
        for state in rig.bank.states:
            if len(state.channels) <= 1:
                finding = _tried(f"R = {state}", partial(_resistor, rig, state, bare=bare))
                bare = bare or (not state.channels and finding.passed)
                yield finding
        yield _tried("timing", lambda: _timing(rig))
        for name in rig.bank.devices:
            yield _tried(f"device {name}", partial(_device, rig, name))
    finally:
        rig.make_safe()
    yield _tried("error queue", lambda: _errors(rig))
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


def _errors(rig: Rig) -> _Found:
    """What the instruments complain of after all that was done."""
    said, empty = [], True
    for instrument in (rig.meter, rig.bank):
        model, entries = instrument.identity.model, instrument.errors()
        if entries is None:
            said.append(f"none is read of the {model}")
        elif entries:
            empty = False
            said.append(f"the {model} reports {'; '.join(entries)}")
        else:
            said.append(f"that of the {model} is empty")
    return empty, ", ".join(said), {}


def _limits(rig: Rig) -> _Found:
    most = rig.limits
    text = f"at most {VOLTAGE.format(most.max_voltage)} and {CURRENT.format(most.max_current)}"
    able = rig.meter.capabilities
    if able.least_limit_voltage > most.max_voltage:
        least = VOLTAGE.format(able.least_limit_voltage)
        return False, f"{text}; the {able.model} enforces no limit below {least}", {}
    return True, text, {}


def _resistor(rig: Rig, state: BankState, *, bare: bool) -> _Found:
    """Select a state, read the relays back, and measure what stands across the terminals.

    `bare` says that nothing was there with all relays open.
    """
    # By relays where there are some: two resistors may have the same value in the table.
    if rig.bank.switched:
        rig.bank.select_relays(state.channels)
    else:
        rig.bank.select(state.resistance, 1e-6)
    closed = rig.bank.read_back()
    if closed.channels != state.channels:
        raise InstrumentError(f"relays {sorted(closed.channels)} read back closed")
    if not state.channels:
        return _open(rig)
    table = state.resistance
    found = measure(rig, table)
    values = {"expected": table, "measured": found.resistance, "current": found.current}
    if found.accuracy is not None:
        values["accuracy"] = found.accuracy
    at = f"at {CURRENT.format(found.current)}, {_said(rig)}{_history(rig, state)}"
    if math.isinf(found.resistance):
        text = f"no current flows {at}. The relay does not close, or a wire is off"
        return False, text, {"expected": table, "current": found.current}
    text = f"{RESISTANCE.format(found.resistance)} measured {at}"
    if abs(found.resistance - table) <= _TOLERANCE * table:
        return True, text, values
    todo = (
        "Look at the wiring, or correct the table: fmes rig calibrate measures it"
        if bare
        else "A device across the terminals lowers it: disconnect the device to check the "
        "resistors; else look at the wiring"
    )
    return False, f"{text}; the table says {RESISTANCE.format(table)}. {todo}", values


def _open(rig: Rig) -> _Found:
    said = f"{_said(rig)} open" if rig.bank.reports else f"open, {_said(rig)}"
    nothing, text = nothing_between(rig)
    if nothing:
        return True, f"{said}, and nothing conducts: {text}", {}
    return (
        False,
        f"{said}, but something conducts: {text}. Disconnect the device; without it, a relay does "
        "not open whatever it reports, or leads touch",
        {},
    )


def _history(rig: Rig, state: BankState) -> str:
    """Since when the table has its value."""
    row = next((r for r in rig.resistors if {r.channel} == state.channels), None)
    if row is None:
        return ""
    if row.calibrated_on is None:
        return ", calibrated on an unknown day" if row.calibrated != row.nominal else ", nominal"
    if row.uncertainty is None:
        return f", calibrated {row.calibrated_on}"
    exact = f"{RESISTANCE.format(row.uncertainty)} (k = {row.coverage:g})"
    return f", calibrated {row.calibrated_on}, uncertainty {exact}"


def _device(rig: Rig, name: str) -> _Found:
    """Connect a device with the source off; what is behind its relay is not measured."""
    rig.bank.select_device(name)
    return True, "its relay reads back closed, all others open", {}


def _said(rig: Rig) -> str:
    """What is known of the bank without a measurement."""
    return "relays read back" if rig.bank.reports else "as commanded: the bank does not report it"


def _timing(rig: Rig) -> _Found:
    """A short train of the shortest pulses that the instrument times, into the least resistor."""
    able = rig.meter.capabilities
    least = min(s.resistance for s in rig.bank.states if len(s.channels) == 1)
    rig.bank.select(least, 1e-6)
    level = min(PART * rig.limits.max_voltage / least / 2, rig.limits.max_current)
    program = _train(able, level, limit(rig))
    readout = play(rig, program)
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
            [PulseTrain(level, width, width, _PULSES, "check")], phases=PHASES, limit=limit,
            aperture=aperture, on_limit="flag",
        )  # fmt: skip
        if not able.violations(program) or width > 1.0:
            return program
        width *= 2

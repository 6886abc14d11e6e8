"""What would come of the form as it stands: problems, stimulus, estimate, instrument's verdict.

It is worked out without Qt and without an instrument, so that another thread can do it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from app.errors import InputError
from app.gui.stimulus_shape import Shape
from app.rigs.opening import stated_capabilities
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.user_protocol import ProtocolSource
from protocols.errors import ParameterError, ProtocolError
from protocols.plan import Plan
from protocols.program import PulseProgram
from protocols.protocol import Protocol
from protocols.quantities import RESISTANCE, TIME, with_prefix
from protocols.steps import ReturnToBaseline

NO_RIG = "there is no usable rig file to hold the run against; choose one in the rig panel"
_LEVELS = 4
"""Levels that are listed one by one."""


@dataclass(frozen=True, eq=False)
class Draft:
    """What a person asks for.

    Parameters
    ----------
    kind, source
        The protocol and the file of the user's own that it came from.
    preset, values
        Where it starts from and what differs, as JSON values.
    rig
        What it is held against; None when there is none that could be used.
    """

    kind: type[Protocol]
    source: ProtocolSource | None
    preset: str
    values: Mapping[str, Any]
    rig: RigFile | None


@dataclass(frozen=True, eq=False)
class Prospect:
    """What would come of a draft.

    Parameters
    ----------
    draft
        What was asked for.
    problems
        The parameter's name, or "" for several together, and what is wrong with it.
    refusals
        Why the rig cannot do it, one line each.
    shape
        Of the stimulus, also when the rig cannot do it; None when the parameters make none.
    facts
        What it takes: names and texts.
    experiment
        Ready to run; None with any problem or refusal.
    """

    draft: Draft
    problems: tuple[tuple[str, str], ...] = ()
    refusals: tuple[str, ...] = ()
    shape: Shape | None = None
    facts: tuple[tuple[str, str], ...] = ()
    experiment: Experiment | None = None


def foresee(draft: Draft) -> Prospect:
    """Build the protocol, plan it and hold it against the rig; nothing is energised."""
    try:
        with draft.source.blamed() if draft.source else nullcontext():
            _unchanged(draft.source)
            protocol = draft.kind.build(draft.preset, **draft.values)
            planned = Experiment.planned(
                protocol, draft.preset, draft.rig or RigFile(), draft.source
            )
            return _judged(draft, planned)
    except ParameterError as error:
        return Prospect(draft, problems=error.problems)
    except (InputError, ProtocolError) as error:
        return Prospect(draft, problems=tuple(("", line) for line in str(error).splitlines()))
    except (ArithmeticError, MemoryError) as error:
        # Numbers so large or small that the protocol's own arithmetic fails on them.
        return Prospect(draft, problems=(("", f"cannot be worked out: {error}"),))


def _judged(draft: Draft, planned: Experiment) -> Prospect:
    shape, facts = Shape.of(planned.plan), _facts(planned.plan)
    if draft.rig is None:
        return Prospect(draft, refusals=(NO_RIG,), shape=shape, facts=facts)
    refusals = tuple(planned.problems(stated_capabilities(draft.rig)))
    if refusals:
        return Prospect(draft, refusals=refusals, shape=shape, facts=facts)
    facts = (*facts, ("Instrument", _verdict(planned)))
    return Prospect(draft, shape=shape, facts=facts, experiment=planned)


def _unchanged(source: ProtocolSource | None) -> None:
    """The station reads the file again, and it must be the one that the form shows."""
    if source is None:
        return
    try:
        now = hashlib.sha256(source.path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{source.path} cannot be read any more: {error.strerror}") from error
    if now != source.sha256:
        raise InputError(f"{source.path} has changed since it was read; choose the protocol again")


def _facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    stimulus, whole = plan.stimulus_duration, plan.expected_duration
    count = len(plan.resets)
    resets = f" with {count} {'reset' if count == 1 else 'resets'}" if count else ""
    alone = f" (stimulus alone {span(stimulus)})" if count else ""
    most = "at most " if plan.loops else ""
    facts = [
        ("Duration", f"{span(whole)} expected{resets}{alone}"),
        ("Readings", f"{most}{plan.most_readings}"),
        ("Net charge", _charge(plan)),
    ]
    if plan.programs:
        others = len(plan.programs) - 1
        more = f"; {others} other {'program' if others == 1 else 'programs'}" if others else ""
        facts.append(("Levels", _levels(plan.programs[0]) + more))
    if plan.resistances:
        states = ", ".join(RESISTANCE.format(r) for r in plan.resistances)
        facts.append(("Resistances", states))
    if plan.devices:
        facts.append(("Devices", ", ".join(step.name for step in plan.devices)))
    return tuple(facts)


def _charge(plan: Plan) -> str:
    # Rounding errors of a balanced program are no charge.
    charge = with_prefix(0.0 if abs(plan.charge) < 1e-12 else plan.charge, "C")
    decided = any(not isinstance(loop, ReturnToBaseline) for loop in plan.loops)
    return f"{charge}, and what is decided from what is read" if decided else charge


def _levels(program: PulseProgram) -> str:
    table = program.level_table()
    if len(table) > _LEVELS:
        low, high = (program.quantity.format(table[k][0]) for k in (0, -1))
        return f"{len(table)} from {low} to {high}"
    return ", ".join(f"{program.quantity.format(level)} x {count}" for level, count, _ in table)


def _verdict(experiment: Experiment) -> str:
    capabilities = stated_capabilities(experiment.rig)
    timings = (
        (float(p.duration.min()), capabilities.least_segment(p))
        for p in experiment.plan.programs or experiment.plan.every_program
    )
    shortest, least = min(timings, key=lambda timing: timing[0] / timing[1])
    return (
        f"{capabilities.model} can time it; nearest to its limit: a segment of "
        f"{TIME.format(shortest)}, of which it needs {TIME.format(least)}"
    )


def span(seconds: float) -> str:
    """A time as people say it: "48 s", "9 min 4 s", "3 h 24 min", "4 d 15 h"."""
    if seconds < 60:
        return with_prefix(seconds, "s", 3)
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        return _two(days, "d", h, "h")
    return _two(hours, "h", m, "min") if hours else _two(minutes, "min", s, "s")


def _two(large: int, unit: str, small: int, part: str) -> str:
    return f"{large} {unit} {small} {part}" if small else f"{large} {unit}"

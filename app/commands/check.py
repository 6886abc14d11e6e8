"""`fmes check`: what a run would do and whether the rig can, with nothing energised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.commands.stimulus import draw, sketch
from app.rigs.opening import stated_capabilities
from app.running.experiment import Experiment, values_of
from app.running.rehearsal import Rehearsal, is_short, rehearse
from data.run import Outcome
from protocols.plan import Plan
from protocols.program import PulseProgram
from protocols.quantities import RESISTANCE, TIME, VOLTAGE, with_prefix
from protocols.steps import Play, ReturnToBaseline


def check_protocol(
    name: str,
    *,
    preset: str | None,
    settings: Sequence[str],
    rig: Path | None,
    picture: Path | None,
) -> None:
    """Check an experiment and rehearse it on a simulated device; print what comes of it.

    An experiment of very many programs or pulses is not rehearsed, which would take minutes.
    """
    experiment = Experiment.prepare(name, preset=preset, values=values_of(settings), rig=rig)
    plan, console = experiment.plan, Console(highlight=False)
    capabilities = stated_capabilities(experiment.rig)
    rehearsal = rehearse(experiment) if is_short(plan) else None
    console.print(
        f"[bold]{escape(name)}[/] ({escape(experiment.preset)}): "
        f"{escape(experiment.protocol.title)}"
    )
    facts = Table(box=None, show_header=False, pad_edge=False)
    for what, value in (
        ("states", ", ".join(RESISTANCE.format(r) for r in plan.resistances)),
        ("instrument", f"{capabilities.model} can time it: {_margins(experiment)}"),
        ("stimulus", f"{TIME.format(plan.stimulus_duration)} in {len(plan.steps)} steps"),
        *(_rehearsed(rehearsal) if rehearsal else _planned(plan)),
        ("net charge", _charge(plan)),
        ("voltage", _voltage(rehearsal, experiment)),
    ):
        facts.add_row(what, value)
    console.print(facts)
    plays = Counter(step.program.digest for step in plan.steps if isinstance(step, Play))
    for program in plan.programs[:_PROGRAMS]:
        often = plays[program.digest]
        times = f", played {often} times" if often > 1 else ""
        console.print(f"levels      {_levels(program)}{times}\n", soft_wrap=True)
        for line in sketch(program):
            console.print(f"    {line}", markup=False)
    if (more := len(plan.programs) - _PROGRAMS) > 0:
        console.print(f"            and {more} more programs")
    if rehearsal and rehearsal.result.outcome is not Outcome.FINISHED:
        console.print(f"\n[yellow]the rehearsal {rehearsal.result.outcome}:[/] "
                      f"{escape(rehearsal.result.reason)}", soft_wrap=True)  # fmt: skip
    if picture is not None:
        draw(plan.programs[0], picture)
        console.print(f"picture     {picture}", markup=False, soft_wrap=True)


_PROGRAMS, _LEVELS = 3, 6
"""Programs, and levels of each, that are shown; a sweep or a set of widths has many."""


def _rehearsed(rehearsal: Rehearsal) -> tuple[tuple[str, str], ...]:
    outcome = rehearsal.result.outcome
    duration, readings = TIME.format(round(rehearsal.duration)), str(len(rehearsal.samples))
    if outcome is Outcome.FINISHED:
        return ("duration", f"{duration} with resets, as rehearsed"), ("readings", readings)
    so_far = f"until the rehearsal {outcome}, see below"
    return ("duration", f"{duration} {so_far}"), ("readings", f"{readings} {so_far}")


def _planned(plan: Plan) -> tuple[tuple[str, str], ...]:
    return (
        (
            "duration",
            f"{TIME.format(round(plan.expected_duration))} with resets, as planned: too long to be "
            "rehearsed here",
        ),
        ("readings", f"at most {plan.most_readings}"),
    )


def _charge(plan: Plan) -> str:
    """What is known of it before the run: a forced voltage draws what it will."""
    if all(program.source == "voltage" for program in plan.programs):
        return "as the device draws it: the voltage is forced"
    # Rounding errors of a balanced program are no charge.
    charge = with_prefix(0.0 if abs(plan.charge) < 1e-12 else plan.charge, "C")
    decided = any(not isinstance(loop, ReturnToBaseline) for loop in plan.loops)
    return f"{charge}, and what is decided from what is read" if decided else charge


def _voltage(rehearsal: Rehearsal | None, experiment: Experiment) -> str:
    limit = f"limit of the device {VOLTAGE.format(experiment.rig.device.max_voltage)}"
    if rehearsal is None:
        return f"not rehearsed ({limit})"
    found = VOLTAGE.format(rehearsal.largest_voltage)
    return f"at most {found} expected on a nominal device ({limit})"


def _levels(program: PulseProgram) -> str:
    table = program.level_table()
    if len(table) > _LEVELS:
        low, high = (program.quantity.format(table[k][0]) for k in (0, -1))
        return f"{len(table)} from {low} to {high}, {TIME.format(program.total_duration)}"
    return "; ".join(
        f"{program.quantity.format(level)} x {count} ({TIME.format(time)})"
        for level, count, time in table
    )


def _margins(experiment: Experiment) -> str:
    """The segment that comes nearest to what the instrument can time."""
    capabilities = stated_capabilities(experiment.rig)
    timings = (
        (float(p.duration.min()), capabilities.least_segment(p)) for p in experiment.plan.programs
    )
    shortest, least = min(timings, key=lambda timing: timing[0] / timing[1])
    return f"shortest segment {TIME.format(shortest)}, it needs {TIME.format(least)}"

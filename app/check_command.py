"""`fmes check`: what a run would do and whether the rig can, with nothing energised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.experiment import Experiment, values_of
from app.rehearsal import rehearse
from app.rigs import stated_capabilities
from app.stimulus import draw, sketch
from data.run import Outcome
from protocols.program import PulseProgram
from protocols.quantities import RESISTANCE, TIME, VOLTAGE, with_prefix


def check_protocol(
    name: str,
    *,
    preset: str | None,
    settings: Sequence[str],
    rig: Path | None,
    picture: Path | None,
) -> None:
    """Check an experiment and rehearse it on a simulated device; print what comes of it."""
    experiment = Experiment.prepare(name, preset=preset, values=values_of(settings), rig=rig)
    plan, console = experiment.plan, Console(highlight=False)
    capabilities = stated_capabilities(experiment.rig)
    rehearsal = rehearse(experiment)
    console.print(f"[bold]{escape(name)}[/] ({experiment.preset}): {experiment.protocol.title}")
    facts = Table(box=None, show_header=False, pad_edge=False)
    for what, value in (
        ("states", ", ".join(RESISTANCE.format(r) for r in plan.resistances)),
        ("instrument", f"{capabilities.model} can time it: {_margins(experiment)}"),
        ("stimulus", f"{TIME.format(plan.stimulus_duration)} in {len(plan.steps)} steps"),
        ("duration", f"{TIME.format(round(rehearsal.duration))} with resets, as rehearsed"),
        ("readings", f"{len(rehearsal.samples)}"),
        ("net charge", with_prefix(_clean(plan.charge), "C")),
        (
            "voltage",
            f"at most {VOLTAGE.format(rehearsal.largest_voltage)} expected on a nominal device "
            f"(limit of the device {VOLTAGE.format(experiment.rig.device.max_voltage)})",
        ),
    ):
        facts.add_row(what, value)
    console.print(facts)
    for program in plan.programs[:_PROGRAMS]:
        console.print(f"levels      {_levels(program)}\n", soft_wrap=True)
        for line in sketch(program):
            console.print(f"    {line}", markup=False)
    if (more := len(plan.programs) - _PROGRAMS) > 0:
        console.print(f"            and {more} more programs")
    if rehearsal.result.outcome is not Outcome.FINISHED:
        console.print(f"\n[yellow]the rehearsal {rehearsal.result.outcome}:[/] "
                      f"{escape(rehearsal.result.reason)}", soft_wrap=True)  # fmt: skip
    if picture is not None:
        draw(plan.programs[0], picture)
        console.print(f"picture     {picture}", soft_wrap=True)


_PROGRAMS, _LEVELS = 3, 6
"""Programs, and levels of each, that are shown; a sweep or a set of widths has many."""


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
    capabilities = stated_capabilities(experiment.rig)
    shortest = min(float(p.duration.min()) for p in experiment.plan.programs)
    least = max(capabilities.least_segment(p) for p in experiment.plan.programs)
    return f"shortest segment {TIME.format(shortest)}, it needs {TIME.format(least)}"


def _clean(charge: float) -> float:
    """Rounding errors of a balanced program are no charge."""
    return 0.0 if abs(charge) < 1e-12 else charge

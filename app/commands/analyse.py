"""`fmes analyse` and `fmes figure`: the analysis that goes with a run's protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analysis.analysis import Analysis
from analysis.analysis import Table as Measures
from analysis.catalogue import ANALYSES, for_protocol
from app.errors import InputError
from app.figure_file import save_figure
from data.reader import Run, open_run
from data.run import Outcome
from data.timing import Timing, play_timings


def analyse_file(path: Path, *, as_json: bool) -> None:
    """Print the measures of a run, as a table or as JSON."""
    if not as_json:
        show_measures(path, Console())
        return
    run, analysis = _open(path)
    content = analysis.analyse(run).as_json()
    content["timing"] = Timing.together(play_timings(run.samples, run.plays)).as_json()
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def show_measures(path: Path, console: Console) -> None:
    """Print the main measures of a run as a table."""
    run, analysis = _open(path)
    show_table(analysis.analyse(run).table(), console)
    if run.outcome is not Outcome.FINISHED:
        ended = f"{run.outcome}: {run.reason}" if run.reason else f"{run.outcome}"
        console.print(ended, style="yellow", highlight=False, markup=False, soft_wrap=True)
    timing = Timing.together(play_timings(run.samples, run.plays))
    style = "yellow" if timing.overrun else ""
    console.print(f"timing: {timing}", style=style, highlight=False, markup=False)


def show_table(text: Measures, console: Console) -> None:
    """Print a table of measures with its notes, in as many blocks as the width asks for."""
    blocks = _blocks(list(zip(text.columns, *text.rows, strict=True)), console.width)
    for number, columns in enumerate(blocks):
        table = Table(*(name for name, *_ in columns), box=None, pad_edge=False)
        for row in zip(*(cells for _, *cells in columns), strict=True):
            table.add_row(*map(escape, row))
        if number:
            console.print()
        # A terminal that is too narrow for a single column breaks the line; nothing is cut.
        console.print(table, width=max(console.width, _width(columns)), crop=False)
    for note in text.notes:
        console.print(note, highlight=False, markup=False)


_Column: TypeAlias = tuple[str, ...]
"""Heading and cells."""


def _blocks(columns: list[_Column], available: int) -> list[list[_Column]]:
    """As many columns side by side as fit; the others follow, behind those that tell rows apart."""
    count = _telling(columns)
    keys, others = columns[:count], columns[count:]
    blocks = [keys]
    for column in others:
        if len(blocks[-1]) > count and _width([*blocks[-1], column]) > available:
            blocks.append(keys)
        blocks[-1] = [*blocks[-1], column]
    return blocks


def _telling(columns: list[_Column]) -> int:
    """How many columns from the left tell all rows apart; 1 when even all of them do not."""
    rows = [cells for _, *cells in columns]
    for count in range(1, len(columns)):
        if len(set(zip(*rows[:count], strict=True))) == len(rows[0]):
            return count
    return 1


def _width(columns: list[_Column]) -> int:
    """Width of a table, with two blanks between columns."""
    return sum(max(map(len, cells)) for cells in columns) + 2 * (len(columns) - 1)


def draw_file(path: Path, out: Path | None, *, dark: bool, console: Console | None = None) -> None:
    """Draw the figure of a run, beside its file unless told where."""
    run, analysis = _open(path)
    picture = out or path.with_suffix(".png")
    save_figure(analysis.figure(analysis.analyse(run), dark=dark), picture)
    (console or Console()).print(
        f"figure  {picture}", highlight=False, markup=False, soft_wrap=True
    )


def _open(path: Path) -> tuple[Run, Analysis[Any]]:
    run = open_run(path)
    analysis = for_protocol(run.info.protocol)
    if analysis is None:
        raise InputError(
            f"{path}: there is no analysis for protocol {run.info.protocol!r}; there are: "
            f"{', '.join(dict.fromkeys(a.protocol for a in ANALYSES))}"
        )
    return run, analysis

"""`fmes analyse` and `fmes figure`: the analysis that goes with a run's protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from analysis.analysis import Analysis
from analysis.catalogue import ANALYSES, for_protocol
from app.errors import InputError
from app.stimulus import save_figure
from data.reader import Run, open_run


def analyse_file(path: Path, *, as_json: bool) -> None:
    """Print the measures of a run, as a table or as JSON."""
    if not as_json:
        show_measures(path, Console())
        return
    run, analysis = _open(path)
    typer.echo(json.dumps(analysis.analyse(run).as_json(), indent=2, allow_nan=False))


def show_measures(path: Path, console: Console) -> None:
    """Print the main measures of a run as a table."""
    run, analysis = _open(path)
    text = analysis.analyse(run).table()
    table = Table(box=None, pad_edge=False)
    for name, *cells in zip(text.columns, *text.rows, strict=True):
        # Wide enough for the longest word: a heading or a number is never cut.
        words = " ".join([name, *cells]).split()
        table.add_column(name, min_width=max(map(len, words)))
    for row in text.rows:
        table.add_row(*row)
    console.print(table)
    for note in text.notes:
        console.print(note, highlight=False, markup=False)


def draw_file(path: Path, out: Path | None, *, dark: bool, console: Console | None = None) -> None:
    """Draw the figure of a run, beside its file unless told where."""
    run, analysis = _open(path)
    picture = out or path.with_suffix(".png")
    save_figure(analysis.figure(analysis.analyse(run), dark=dark), picture)
    (console or Console()).print(f"figure  {picture}", highlight=False, soft_wrap=True)


def _open(path: Path) -> tuple[Run, Analysis[Any]]:
    run = open_run(path)
    analysis = for_protocol(run.info.protocol)
    if analysis is None:
        raise InputError(
            f"{path}: there is no analysis for protocol {run.info.protocol!r}; there are: "
            f"{', '.join(dict.fromkeys(a.protocol for a in ANALYSES))}"
        )
    return run, analysis

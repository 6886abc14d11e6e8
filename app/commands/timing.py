"""`fmes timing`: how punctual each program of a run was."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data.reader import open_run
from data.timing import Timing, in_words, play_timings
from protocols.quantities import RESISTANCE


def show_timing(path: Path) -> None:
    """Print lateness, jitter and overruns of each program, and of the run."""
    run = open_run(path)
    timings = play_timings(run.samples, run.plays)
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("program", "R", "readings", "late on average", "jitter", "at most", "overrun"):
        table.add_column(heading)
    for play, timing in zip(run.plays, timings, strict=True):
        table.add_row(
            escape(play.label), RESISTANCE.format(play.resistance), str(timing.readings),
            in_words(timing.lateness), in_words(timing.jitter), in_words(timing.latest),
            escape(timing.trouble) or "no", style="yellow" if timing.overrun else "",
        )  # fmt: skip
    console.print(table)
    bad = sum(timing.overrun for timing in timings)
    console.print(
        f"{len(timings)} programs, {bad or 'none'} with an overrun: {Timing.together(timings)}",
        markup=False, soft_wrap=True,
    )  # fmt: skip

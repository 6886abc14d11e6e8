"""`fmes compare`: the curves of several runs of one protocol, laid over each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from app.errors import InputError
from app.figure_file import save_figure
from data.reader import open_run


def compare_files(paths: Sequence[Path], out: Path, *, dark: bool) -> None:
    """Draw runs of one protocol over each other, a panel a state.

    Raises
    ------
    InputError
        Fewer than two runs, runs of several protocols, or nothing that they share.
    """
    from analysis.curves import curves
    from analysis.overlay import names_of, overlay_figure, shared_panels

    if len(paths) < 2:
        raise InputError("compare needs at least two runs")
    runs = [open_run(path) for path in paths]
    if len(protocols := sorted({run.info.protocol for run in runs})) > 1:
        raise InputError(f"compare takes runs of one protocol; these are of {', '.join(protocols)}")
    found = [curves(run) for run in runs]
    if not shared_panels(found):
        has = (f"{run.path}: {', '.join(c.panels) or 'nothing read'}"
               for run, c in zip(runs, found, strict=True))  # fmt: skip
        raise InputError(f"these runs have no curve in common; {'; '.join(has)}")
    save_figure(overlay_figure(runs, found, names_of(runs), dark=dark), out)
    Console().print(f"figure  {out}", highlight=False, markup=False, soft_wrap=True)

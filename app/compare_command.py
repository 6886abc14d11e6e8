"""`fmes compare`: the postsynaptic voltage of several runs of one protocol, laid over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from app.errors import InputError
from app.stimulus import save_figure
from data.reader import open_run


def compare_files(paths: Sequence[Path], out: Path, *, dark: bool) -> None:
    """Draw runs of one protocol over each other, a panel a regulating resistance.

    Raises
    ------
    InputError
        Fewer than two runs, runs of several protocols, or nothing that they share.
    """
    from analysis.overlay import names_of, overlay_figure, shared_resistances

    if len(paths) < 2:
        raise InputError("compare needs at least two runs")
    runs = [open_run(path) for path in paths]
    if len(protocols := sorted({run.info.protocol for run in runs})) > 1:
        raise InputError(f"compare takes runs of one protocol; these are of {', '.join(protocols)}")
    if not shared_resistances(runs):
        raise InputError("these runs have no regulating resistance with pulses in common")
    save_figure(overlay_figure(runs, names_of(runs), dark=dark), out)
    Console().print(f"figure  {out}", highlight=False, soft_wrap=True)

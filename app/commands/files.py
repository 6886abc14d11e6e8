"""`fmes verify` and `fmes recover`: what a run's file proves, and what can be had from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from app.commands.exit_codes import BAD_INPUT, FAILED, NOT_ENDED
from data.errors import DataError
from data.recovery import Recovered, recover
from data.verification import Verification, verify

_SEVERITY = (0, NOT_ENDED, FAILED, BAD_INPUT)
"""Exit codes from good to bad; of several files the worst counts."""


def verify_files(paths: Sequence[Path]) -> int:
    """Say of each file what is proved and what is wrong; returns the exit code."""
    console, codes = Console(soft_wrap=True, highlight=False, markup=False), [0]
    for path in paths:
        try:
            found = verify(path)
        except DataError as error:
            typer.echo(f"error: {error}", err=True)
            codes.append(BAD_INPUT)
            continue
        codes.append(_verdict(found, console))
    return max(codes, key=_SEVERITY.index)


def _verdict(found: Verification, console: Console) -> int:
    if not found.whole:
        code, verdict = FAILED, "DAMAGED"
    elif found.working:
        code, verdict = NOT_ENDED, f"whole so far; the run: {found.outcome}"
    else:
        code, verdict = 0, f"whole; the run: {found.outcome}"
    console.print(f"{found.path.name}: {verdict}")
    for text in found.problems:
        console.print(f"  wrong   {text}")
    for text in found.proved:
        console.print(f"  proved  {text}")
    return code


def recover_files(paths: Sequence[Path], out: Path | None, *, writer_gone: bool) -> int:
    """Make a new file of each; returns the exit code."""
    console, codes = Console(soft_wrap=True, highlight=False, markup=False), [0]
    for path in paths:
        to = out / f"{path.stem}.recovered.h5" if out else None
        try:
            _told(path, recover(path, to, writer_gone=writer_gone), console)
        except DataError as error:
            typer.echo(f"error: {error}", err=True)
            codes.append(BAD_INPUT)
    return max(codes)


def _told(path: Path, made: Recovered, console: Console) -> None:
    console.print(f"{path.name}: {len(made.run.samples)} readings, {made.run.outcome}")
    for text in made.lost or ("nothing",):
        console.print(f"  lost    {text}")
    for text in made.remarks:
        console.print(f"  note    {text}")
    console.print(f"  file    {made.path}")

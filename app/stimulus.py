"""The stimulus as a picture: lines for a terminal, a figure for a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.errors import InputError
from protocols.program import PulseProgram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 6
"""Segments drawn one by one, from the beginning of a program."""


def sketch(program: PulseProgram, width: int = 64) -> list[str]:
    """The first segments as three lines of text: above, at and below 0."""
    shown = slice(0, min(_SHOWN, len(program)))
    duration, level = program.duration[shown], program.level[shown]
    columns = np.maximum(2, np.round(width * duration / duration.sum())).astype(int)
    rows = {1: "", 0: "", -1: ""}
    for sign, count in zip(np.sign(level).astype(int), columns, strict=True):
        for row in rows:
            mark = "▔" if row == 0 and sign != 0 else "█"
            rows[row] += (mark if row == sign else ("─" if row == 0 else " ")) * count
    more = " ..." if len(program) > _SHOWN else ""
    lines = [rows[1], rows[0] + more]
    return [*lines, rows[-1]] if "█" in rows[-1] else lines


def draw(program: PulseProgram, path: Path) -> None:
    """Draw the first pulses and the whole program, with its readings, into an image file.

    Raises
    ------
    InputError
        The file exists already, or its ending names no image format.
    """
    from analysis.style import LIGHT, dress, legend, new_figure

    look = LIGHT
    figure = new_figure(look, 70e-3)
    first, whole = figure.subplots(1, 2, width_ratios=(1, 1.6))
    scale, unit = (1e3, "mA") if program.source == "current" else (1.0, "V")
    level = f"Source {program.source} ({unit})"
    shown = min(_SHOWN, len(program))
    edges = np.append(program.start, program.total_duration)
    dress(first, look, "a", "Time (ms)", level)
    first.stairs(
        program.level[:shown] * scale, edges[: shown + 1] * 1e3, baseline=None, color=look.ink
    )
    ends = edges[1 : shown + 1]
    for k, end in enumerate(ends):
        first.axvspan(
            (end - program.aperture) * 1e3, end * 1e3, color=look.up, alpha=0.35, linewidth=0,
            label="reading" if k == 0 else None,
        )  # fmt: skip
    legend(first, look, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1)
    dress(whole, look, "b", "Time (s)", level)
    whole.stairs(program.level * scale, edges, baseline=None, color=look.ink, linewidth=0.4)
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the file's ending; never over a file.

    Raises
    ------
    InputError
        The file exists, cannot be written, or its ending names no format.
    """
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError(f"{path}: a figure is a .png, .svg or .pdf file")
    try:
        with path.open("xb") as file:
            figure.savefig(file, format=path.suffix[1:].lower())
    except OSError as error:
        raise InputError(f"{path}: the figure cannot be written: {error}") from error

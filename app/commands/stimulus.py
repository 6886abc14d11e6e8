"""The stimulus as a picture: lines for a terminal, a figure for a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.figure_file import save_figure
from protocols.program import PulseProgram

_SHOWN = 6
"""Segments drawn one by one, from the beginning of a program."""
_LEVELS = 6
"""Levels of a program beyond which the whole of it is sketched."""
_HEIGHTS = " ▁▂▃▄▅▆▇█"


def sketch(program: PulseProgram, width: int = 64) -> list[str]:
    """The first segments as lines of text: levels above 0, the line at 0, levels below it.

    A program of many levels, as a staircase, is drawn as a whole.
    """
    whole = len(program.level_table()) > _LEVELS
    shown = np.arange(len(program) if whole else min(_SHOWN, len(program)))
    duration = program.duration[shown]
    if whole:
        middles = (np.arange(width) + 0.5) * duration.sum() / width
        columns, shown = np.ones(width, int), np.searchsorted(np.cumsum(duration), middles)
    else:
        columns = np.maximum(2, np.round(width * duration / duration.sum())).astype(int)
    heights = np.ceil(8 * program.level[shown] / (program.largest_level or 1.0)).astype(int)
    more = " ..." if len(program) > _SHOWN and not whole else ""
    above = "".join(_HEIGHTS[max(h, 0)] * n for h, n in zip(heights, columns, strict=True))
    below = "".join(("█" if h < 0 else " ") * n for h, n in zip(heights, columns, strict=True))
    lines = [above, "─" * int(columns.sum()) + more, below]
    return [line for line in lines if line.strip()]


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

"""Several runs of one protocol over each other, a panel a state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.analysis import Run
from analysis.captions import DOT, left_out
from analysis.curves import Curves
from analysis.curves import weights as weights
from analysis.symbols import symbol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4
_LINES = ("-", "--", ":", "-.")
_MARKED = 40
"""Points up to which each has a marker."""


def names_of(runs: Sequence[Run]) -> list[str]:
    """A name of its own for each run: sample and preset, with time of day and file as needed."""
    names = [f"{r.info.sample or r.path.stem}, {r.info.preset}" for r in runs]
    for more in (
        lambda r: f"{r.info.start:%Y-%m-%d %H:%M:%S}",
        lambda r: r.path.name,
        lambda r: str(r.path),
    ):
        if len(set(names)) < len(names):
            names = [f"{name}, {more(run)}" for name, run in zip(names, runs, strict=True)]
    return names


def shared_panels(found: Sequence[Curves]) -> list[str]:
    """Panels that every run has, in the order of the first."""
    if not found:
        return []
    common = set.intersection(*(set(curves.panels) for curves in found))
    return [panel for panel in found[0].panels if panel in common]


def overlay_figure(
    runs: Sequence[Run], found: Sequence[Curves], labels: Sequence[str], *, dark: bool = False
) -> Figure:
    """Draw the curves of runs of one protocol, one panel for each that they share."""
    from analysis.style import dress, footer, legend, sheet, theme

    look, shared, kind = theme(dark), shared_panels(found), found[0].axes
    columns = min(_COLUMNS, len(shared))
    rows = -(-len(shared) // columns)
    figure, body, strip = sheet(look, (25 + 50 * rows) * 1e-3)
    panels = body.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    colours = look.ordered(len(runs))
    for k, axes in enumerate(panels):
        if k >= len(shared):
            axes.set_visible(False)
            continue
        dress(axes, look, "", kind.x, kind.y if k % columns == 0 else "")
        axes.set_title(symbol(shared[k]), fontsize=7.5, color=look.ink)
        for n, (curves, label) in enumerate(zip(found, labels, strict=True)):
            x, y = curves.panels[shared[k]]
            axes.plot(
                x, y, color=colours[n], label=label, linestyle=_LINES[n % len(_LINES)],
                linewidth=1.2, marker="o" if len(x) <= _MARKED else "", markersize=2.6,
            )  # fmt: skip
        axes.set_xscale("log" if kind.log_x else "linear")
        axes.set_yscale("log" if kind.log_y else "linear")
        axes.minorticks_off()
    legend(panels[0], look, loc="best")
    marks = ["SIMULATED"] if any(run.info.simulated for run in runs) else []
    if over := sum(int(run.samples.over_range.sum()) for run in runs):
        marks.append(left_out(over))
    origin = ", ".join(run.info.run_id[:8] for run in runs[:6])
    footer(strip, look, f"runs {origin}", runs[0].info.protocol, DOT.join(marks))
    return figure

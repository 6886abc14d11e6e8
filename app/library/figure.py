"""A chart as a figure of publication size, in the look of the analyses' own figures."""

from __future__ import annotations

from matplotlib.figure import Figure, SubFigure

from analysis.colours import theme
from analysis.style import SMALL, footer, sheet
from app.library.chart import Chart, Panel
from app.library.looks import Rows, groups_of
from app.library.panel import draw_panel
from app.library.stroke import Dress, run_handles

_ROW, _FOOT, _LINE = 46e-3, 9e-3, 4e-3
"""Height of a row of panels of height 1, of the strip below, of a line of a legend; in m."""
_RUNS = 2
"""Runs that a line of the legend explains."""


def draw(chart: Chart, *, dark: bool = False) -> Figure:
    """Draw all panels of a chart, with its provenance."""
    look, groups = theme(dark), groups_of(chart.rows)
    heights = [sum(map(_height, group)) for group in groups]
    dress = Dress.of(chart, look)
    top = _LINE * -(-len(dress.runs) // _RUNS)
    figure, body, strip = sheet(look, sum(heights) * _ROW + top + _FOOT)
    grid = body.add_gridspec(len(groups), 1, height_ratios=heights)
    if handles := run_handles(chart, dress):
        body.legend(
            handles=handles, loc="outside upper left", ncols=_RUNS, fontsize=SMALL, frameon=False,
            labelcolor=look.ink, handlelength=2.4,
        )  # fmt: skip
    for k, group in enumerate(groups):
        _draw_group(body.add_subfigure(grid[k], facecolor=look.paper), group, dress)
    footer(strip, look, chart.origin, chart.conditions, chart.alert)
    return figure


def _height(row: tuple[Panel, ...]) -> float:
    return max(panel.height for panel in row)


def _draw_group(part: SubFigure, group: Rows, dress: Dress) -> None:
    axes = part.subplots(
        len(group), len(group[0]), squeeze=False, height_ratios=list(map(_height, group)),
        width_ratios=[panel.width for panel in group[0]],
        sharex="col" if len(group) > 1 else False,
    )  # fmt: skip
    for row, line in zip(group, axes, strict=True):
        for panel, one in zip(row, line, strict=True):
            draw_panel(one, panel, dress, alone=len(row) == 1)
            if row is not group[-1]:
                one.set_xlabel("")
                one.tick_params(labelbottom=False)

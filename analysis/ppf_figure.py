"""The figure of paired pulses: the index as curves and as a map, and the shortest pairs."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure, SubFigure

from analysis.captions import alerts, origin, symbol
from analysis.ppf import THRESHOLD, PpfMeasures, PpfResult
from analysis.scales import cell_edges
from analysis.style import (
    SMALL,
    TEXT,
    Theme,
    dress,
    footer,
    legend,
    say,
    sheet,
    state_colours,
    theme,
)
from protocols.quantities import TIME

_INTERVAL = "Interval (s)"
_NAMES = {"ratio": "PPF index $A_2/A_1$ (%)", "difference": "PPF index $(A_2 - A_1)/A_1$ (%)"}


def draw(result: PpfResult, dark: bool = False) -> Figure:
    """Draw every state of a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 122e-3)
    rows = panels.add_gridspec(2, 1, height_ratios=(1.15, 1))
    upper, lower = (panels.add_subfigure(rows[k], facecolor=look.paper) for k in range(2))
    _curves(upper.add_subplot(), result, look)
    grid = lower.add_gridspec(1, 2, width_ratios=(1.2, 1))
    _map(lower, lower.add_subplot(grid[0]), result, look)
    _pairs(lower.add_subplot(grid[1]), result, look)
    footer(
        foot, look, origin(result.provenance), symbol(result.conditions),
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _curves(axes: Axes, result: PpfResult, look: Theme) -> None:
    dress(axes, look, "a", _INTERVAL, _NAMES[result.options.index])
    if not any(len(s.interval) for s in result.states):
        say(axes, look, "nothing was read")
        return
    axes.set_xscale("log")
    base = _base(result)
    for s, colour in zip(result.states, _colours(result, look), strict=True):
        intervals, index = s.mean_index(result.options.index)
        axes.plot(
            intervals, 100 * index, "o", color=colour, markersize=3,
            label=symbol(s.state.label) + _suffix(s),
        )  # fmt: skip
        if s.decay.fit.converged:
            fine = np.geomspace(intervals[0], intervals[-1], 300)
            axes.plot(fine, 100 * (s.decay(fine) + base), color=colour, linewidth=0.9)
    axes.plot([], [], "-", color=look.ink, linewidth=0.9, label="fit, up to two exponentials")
    axes.axhline(
        100 * (base + THRESHOLD), color=look.alert, linewidth=0.8, linestyle=(0, (5, 2)),
        label=f"{100 * (base + THRESHOLD):.0f} %", zorder=0,
    )  # fmt: skip
    axes.axhline(100 * base, color=look.faint, linewidth=0.6, zorder=0)
    axes.minorticks_off()
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.6)


def _map(part: SubFigure, axes: Axes, result: PpfResult, look: Theme) -> None:
    dress(axes, look, "b", _INTERVAL, "R")
    measured = sorted((s for s in result.states if len(s.interval)), key=lambda s: s.state.nominal)
    if not measured:
        say(axes, look, "nothing was read")
        return
    columns = np.unique(np.concatenate([s.interval for s in measured]))
    table = np.full((len(measured), len(columns)), np.nan)
    for row, s in zip(table, measured, strict=True):
        intervals, index = s.mean_index(result.options.index)
        row[np.searchsorted(columns, intervals)] = 100 * index
    axes.set_xscale("log")
    mesh = axes.pcolormesh(
        cell_edges(columns), np.arange(len(measured) + 1), table,
        cmap=colormaps["cividis"], rasterized=True,
        # Spread near 100 %, where most of the intervals lie.
        norm=PowerNorm(0.5, vmin=100 * _base(result)),
    )  # fmt: skip
    axes.set_yticks(np.arange(len(measured)) + 0.5, [symbol(s.state.label) for s in measured])
    axes.set_ylabel("")
    axes.minorticks_off()
    bar = part.colorbar(mesh, ax=axes, pad=0.02, aspect=14)
    bar.set_label(_NAMES[result.options.index], fontsize=TEXT - 0.5, color=look.ink)
    bar.ax.tick_params(labelsize=SMALL, colors=look.ink, width=0.6, length=2)
    bar.outline.set_visible(False)


def _pairs(axes: Axes, result: PpfResult, look: Theme) -> None:
    dress(axes, look, "c", "Time (ms)", "PSV (mV)")
    drawn = [
        (s, colour, s.shortest)
        for s, colour in zip(result.states, _colours(result, look), strict=True)
        if s.shortest
    ]
    if not drawn:
        say(axes, look, "nothing was read")
        return
    for s, colour, pair in drawn:
        axes.plot(
            1e3 * pair.time, 1e3 * pair.voltage, "o", color=colour, markersize=3, linestyle=":",
            linewidth=0.8,
        )  # fmt: skip
        least = float(s.interval[0])
    _, width = result.stimulus
    for start in (0.0, width + least):
        axes.axvspan(
            1e3 * start, 1e3 * (start + width), color=look.faint, alpha=0.4, linewidth=0, zorder=0
        )
    axes.set_title(
        f"{TIME.format(least)} apart; readings, pulses shaded", fontsize=SMALL, color=look.ink
    )


def _colours(result: PpfResult, look: Theme) -> list[str]:
    return state_colours(look, [s.state.nominal for s in result.states])


def _base(result: PpfResult) -> float:
    return 1.0 if result.options.index == "ratio" else 0.0


def _suffix(s: PpfMeasures) -> str:
    if s.state.complete:
        return ""
    return ", partial" if len(s.interval) else ", not measured"

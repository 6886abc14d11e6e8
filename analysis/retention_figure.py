"""The figure of retention: the whole run, and the rest against the logarithm of time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.captions import alerts, origin, symbol
from analysis.retention import FitOfRest, RetentionResult
from analysis.style import SMALL, Theme, dress, footer, legend, say, sheet, theme


def draw(result: RetentionResult, dark: bool = False) -> Figure:
    """Draw a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 82e-3)
    grid = panels.add_gridspec(2, 2, height_ratios=(2.6, 1))
    _whole_run(panels.add_subplot(grid[:, 0]), result, look)
    _rest(panels.add_subplot(grid[0, 1]), result, look)
    _residuals(panels.add_subplot(grid[1, 1]), result, look)
    footer(
        foot, look, origin(result.provenance), symbol(result.conditions),
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _whole_run(axes: Axes, result: RetentionResult, look: Theme) -> None:
    dress(axes, look, "a", "Time since the last pulse (s)", "Postsynaptic voltage (mV)")
    if not result.learning.shape[1]:
        say(axes, look, "nothing was read")
        return
    axes.plot(
        result.learning[0], 1e3 * result.learning[1], color=look.up, linewidth=1.2,
        label="learning, at gap end",
    )  # fmt: skip
    axes.plot(
        result.rest[0], 1e3 * result.rest[1], "o-", color=look.down, markersize=2.6, linewidth=0.9,
        label="rest, open",
    )  # fmt: skip
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.18 * axes.get_ylim()[1])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    legend(axes, look, loc="upper right", ncols=2, handlelength=1.4)


def _rest(axes: Axes, result: RetentionResult, look: Theme) -> None:
    dress(axes, look, "b", "", "Fraction left")
    learned, (time, psv) = result.learned.value, result.rest
    if len(time) < 2 or not learned:
        say(axes, look, "no rest was read")
        return
    axes.plot(time, psv / learned, "o", color=look.down, markersize=2.8, label="read")
    for fit, colour, line in _lines(result, look):
        if fit.converged:
            axes.plot(
                time, (psv - fit.residuals) / learned, color=colour, linestyle=line, linewidth=1.0,
                label=fit.name,
            )  # fmt: skip
    for moment, fraction in result.fractions:
        if fraction.value is not None:
            axes.axvline(moment, color=look.faint, linewidth=0.6, zorder=0)
            axes.annotate(
                f"{fraction.value:.3f}", (moment, 1), xycoords=("data", "axes fraction"),
                xytext=(0, 2), textcoords="offset points", ha="center", fontsize=SMALL,
                color=look.ink,
            )  # fmt: skip
    _log_time(axes, time)
    axes.tick_params(labelbottom=False)
    legend(axes, look, loc="lower left", handlelength=1.6)


def _residuals(axes: Axes, result: RetentionResult, look: Theme) -> None:
    dress(axes, look, "", "Time since the last pulse (s)", "Residual (mV)")
    time, drawn = result.rest[0], False
    for fit, colour, line in _lines(result, look):
        if fit.converged:
            axes.plot(time, 1e3 * fit.residuals, color=colour, linestyle=line, linewidth=1.0)
            drawn = True
    if not drawn:
        say(axes, look, "no fit")
        return
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    _log_time(axes, time)


def _lines(result: RetentionResult, look: Theme) -> tuple[tuple[FitOfRest, str, str], ...]:
    """Each fit with the colour and the style of its line."""
    return (result.stretched, look.up, "--"), (result.exponentials, look.ink, "-")


def _log_time(axes: Axes, time: NDArray[np.float64]) -> None:
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xlim(0.8 * float(time[0]), 1.25 * float(time[-1]))

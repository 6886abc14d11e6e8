"""The figure of endurance: weights of some cycles, and their measures against the cycle."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from analysis.captions import DOT, alerts, origin, symbol
from analysis.endurance import NAMES, EnduranceResult
from analysis.style import Theme, dress, footer, legend, say, sheet, theme
from protocols.quantities import CURRENT, RESISTANCE, TIME

_CYCLES = 6
"""Cycles whose weights are drawn."""
_VECTORS = 500
"""Markers of a series that are drawn as vectors; thousands would make a file large."""
_DELTA, _MINUS = "\N{GREEK CAPITAL LETTER DELTA}", "\N{MINUS SIGN}"


def draw(result: EnduranceResult, dark: bool = False) -> Figure:
    """Draw a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 108e-3)
    grid = panels.add_gridspec(2, 2)
    _weights(panels.add_subplot(grid[0, 0]), result, look)
    _over_cycles(panels.add_subplot(grid[0, 1]), result, look, "b", f"Range {_DELTA}w (mV)", (
        ("range_up", "o", look.up, 1e3, f"LTP: {_DELTA}w"),
        ("range_down", "s", look.down, -1e3, f"LTD: {_MINUS}{_DELTA}w"),
    ))  # fmt: skip
    _deviation(panels.add_subplot(grid[1, 0]), result, look)
    _over_cycles(panels.add_subplot(grid[1, 1]), result, look, "d", "Non-linearity NL", (
        ("nl_up", "o", look.up, 1.0, "LTP: NL"),
        ("nl_down", "s", look.down, -1.0, f"LTD: {_MINUS}NL"),
    ))  # fmt: skip
    amplitude, width, gap = result.stimulus
    conditions = DOT.join((
        f"{RESISTANCE.format(result.nominal)}, \N{PLUS-MINUS SIGN}{CURRENT.format(amplitude)}, "
        f"{TIME.format(width)} on, {TIME.format(gap)} off",
        "read at gap end",
        f"{result.cycles} of {result.planned} cycles",
    ))  # fmt: skip
    footer(
        foot, look, origin(result.provenance), symbol(conditions),
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _weights(axes: Axes, result: EnduranceResult, look: Theme) -> None:
    dress(axes, look, "a", "Pulse number", "Postsynaptic voltage (mV)")
    numbers = list(result.full)
    if not numbers:
        say(axes, look, "no cycle was recorded in full")
        return
    shown = [numbers[i] for i in np.unique(np.rint(np.linspace(0, len(numbers) - 1, _CYCLES)))
             .astype(int)]  # fmt: skip
    places = np.linspace(*look.states, len(shown))
    for number, place in zip(shown, places, strict=True):
        weights = np.concatenate([b.weights for b in result.full[number]])
        axes.plot(
            np.arange(1, len(weights) + 1), 1e3 * weights, "-", linewidth=1.0,
            color=to_hex(colormaps["viridis"](float(place))), label=f"cycle {number}",
        )  # fmt: skip
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)


def _over_cycles(
    axes: Axes,
    result: EnduranceResult,
    look: Theme,
    letter: str,
    y: str,
    series: tuple[tuple[str, str, str, float, str], ...],
) -> None:
    dress(axes, look, letter, "Cycle", y)
    if not any(len(result.followed[key].value) for key, *_ in series):
        say(axes, look, f"no {' or '.join(NAMES[key] for key, *_ in series)}")
        return
    for key, marker, colour, factor, label in series:
        f = result.followed[key]
        axes.plot(
            f.cycle, factor * f.value, marker, color=colour, markersize=2.6, markeredgewidth=0,
            rasterized=len(f.cycle) > _VECTORS, label=label,
        )  # fmt: skip
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(0.0, bottom), top + 0.1 * (top - min(0.0, bottom)))
    _cycles(axes, result, look)


def _deviation(axes: Axes, result: EnduranceResult, look: Theme) -> None:
    dress(axes, look, "c", "Cycle", "Deviation from the mean (%)")
    series = (
        ("w_max", "o", look.up, "$W_{max}$"), ("range_down", "s", look.down, f"LTD: {_DELTA}w"),
    )  # fmt: skip
    drawn = False
    for key, marker, colour, label in series:
        f = result.followed[key]
        if f.mean.value:
            axes.plot(
                f.cycle, 100 * (f.value / f.mean.value - 1), marker, color=colour, markersize=2.6,
                markeredgewidth=0, rasterized=len(f.cycle) > _VECTORS, label=label,
            )  # fmt: skip
            drawn = True
    if not drawn:
        say(axes, look, "too few cycles for a mean")
        return
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    _cycles(axes, result, look)


def _cycles(axes: Axes, result: EnduranceResult, look: Theme) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.8, 1.25 * max(result.cycles, 2))
    axes.minorticks_off()
    # Above the panel, where no point can be.
    legend(
        axes, look, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, columnspacing=0.9,
        handletextpad=0.3, handlelength=1.2, borderpad=0,
    )  # fmt: skip

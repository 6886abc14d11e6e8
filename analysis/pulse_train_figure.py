"""The figure of pulse trains: the postsynaptic voltage against time, a panel a kind of pulse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.captions import alerts, origin, symbol
from analysis.pulse_train import PulseTrainResult, Shape
from analysis.style import SMALL, Theme, dress, footer, legend, say, sheet, state_colours, theme

_PANELS = 9
"""Most panels on a page; the footer says how many kinds of pulse there are beyond."""


def draw(result: PulseTrainResult, dark: bool = False) -> Figure:
    """Draw the first repeat of every kind of pulse in every state."""
    look = theme(dark)
    shapes = result.shapes[:_PANELS]
    columns = min(3, max(1, len(shapes)))
    rows = max(1, math.ceil(len(shapes) / columns))
    figure, panels, foot = sheet(look, (30 + 45 * rows) * 1e-3 if rows < 3 else 150e-3)
    grid = panels.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(shapes) :]:
        axes.set_visible(False)
    if not shapes:
        grid[0, 0].set_visible(True)
        dress(grid[0, 0], look, "a", "Time (s)", "PSV (mV)")
        say(grid[0, 0], look, "nothing was read")
    for k, shape in enumerate(shapes):
        _train(grid.flat[k], result, shape, "abcdefghi"[k], look)
    if shapes:
        legend(grid[0, -1], look, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.4)
    conditions = "line: end of the pulse; dotted: end of the gap"
    if any(train.repeat > 1 for train in result.trains):
        conditions += "; first repeat"
    if len(result.shapes) > _PANELS:
        conditions += f"; {_PANELS} of {len(result.shapes)} kinds of pulse"
    footer(
        foot, look, origin(result.provenance), conditions,
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _train(axes: Axes, result: PulseTrainResult, shape: Shape, letter: str, look: Theme) -> None:
    dress(axes, look, letter, "Time (s)", "PSV (mV)")
    axes.set_title(symbol(str(shape)), fontsize=SMALL, color=look.ink)
    colours = state_colours(look, [s.nominal for s in result.states])
    for state, colour in zip(result.states, colours, strict=True):
        train = next((t for t in result.trains if t.state is state and t.shape == shape), None)
        name = symbol(state.label)
        if train is None:
            axes.plot([], [], color=colour, label=f"{name}, not measured")
            continue
        whole = int(np.count_nonzero(train.peak)) == train.planned
        style: dict[str, Any] = {
            "color": colour,
            "markersize": 2.6 if train.planned <= 60 else 0.0,
            "marker": "o",
        }
        axes.plot(
            train.time[train.peak], 1e3 * train.voltage[train.peak], linewidth=0.9,
            label=name if whole else f"{name}, partial", **style,
        )  # fmt: skip
        axes.plot(
            train.time[~train.peak], 1e3 * train.voltage[~train.peak], linewidth=0.9,
            linestyle=":", markerfacecolor=look.paper, **style,
        )  # fmt: skip

"""The figure of single pulses: PSV against intensity or width, and against the resistance."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.captions import DOT, alerts, origin, symbol
from analysis.pulse_response import QUANTITIES, ResponseMeasures, ResponseResult
from analysis.style import (
    RESISTANCE_LABEL,
    Theme,
    dress,
    footer,
    legend,
    resistance_axis,
    say,
    sheet,
    state_colours,
    theme,
)

_LABELS = {"intensity": ("Pulse intensity (mA)", 1e3), "width": ("Pulse width (s)", 1.0)}
"""Label of the abscissa and its factor from SI."""
_CHOSEN = 5
"""Intensities or widths that are drawn against the resistance."""
_MARKERS = "osD^v"
_PSV = "PSV at pulse end (mV)"


def draw(result: ResponseResult, dark: bool = False) -> Figure:
    """Draw every state of a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 78e-3)
    left, right = panels.subplots(1, 2, width_ratios=(1.25, 1))
    _against_stimulus(left, result, look)
    _against_resistance(right, result, look)
    conditions = f"{symbol(result.stimulus)}{DOT}read at pulse end{DOT}from {result.options.zero}"
    if any(s.limited.any() for s in result.states):
        conditions += f"{DOT}hollow: at the voltage limit"
    footer(
        foot, look, origin(result.provenance), conditions,
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _against_stimulus(axes: Axes, result: ResponseResult, look: Theme) -> None:
    label, factor = _LABELS[result.abscissa]
    dress(axes, look, "a", label, _PSV)
    colours = state_colours(look, [s.state.nominal for s in result.states])
    for s, colour in zip(result.states, colours, strict=True):
        name = symbol(s.state.label) + _suffix(s)
        axes.plot(
            factor * s.x, 1e3 * s.psv, "-", color=colour, linewidth=0.9,
            marker="o", markersize=3, label=name,
        )  # fmt: skip
        axes.plot(
            factor * s.x[s.limited], 1e3 * s.psv[s.limited], "o", color=colour, markersize=3.4,
            markerfacecolor=look.paper,
        )  # fmt: skip
        if np.isfinite(s.spread).any():
            axes.errorbar(
                factor * s.x, 1e3 * s.psv, 1e3 * np.nan_to_num(s.spread), fmt="none", ecolor=colour,
                elinewidth=0.8, capsize=1.8,
            )  # fmt: skip
    if result.abscissa == "width" and any(len(s.x) for s in result.states):
        axes.set_xscale("log")
        axes.minorticks_off()
    if not any(len(s.x) for s in result.states):
        say(axes, look, "nothing was read")
    legend(axes, look, loc="upper left", handlelength=1.4)


def _against_resistance(axes: Axes, result: ResponseResult, look: Theme) -> None:
    dress(axes, look, "b", RESISTANCE_LABEL, _PSV)
    measured = sorted((s for s in result.states if len(s.x)), key=lambda s: s.state.nominal)
    if not measured:
        say(axes, look, "nothing was read")
        return
    places, _ = resistance_axis(axes, [s.state.resistance for s in measured])
    every = np.unique(np.concatenate([s.x for s in measured]))
    picked = np.unique(np.linspace(0, len(every) - 1, _CHOSEN).round().astype(int))
    unit = QUANTITIES[result.abscissa]
    greys = look.greys(len(picked))
    for x, marker, colour in reversed(list(zip(every[picked], _MARKERS, greys, strict=False))):
        found = [
            (place, 1e3 * float(s.psv[s.x == x][0]))
            for place, s in zip(places, measured, strict=True)
            if x in s.x
        ]
        axes.plot(
            *zip(*found, strict=True), marker=marker, color=colour, markersize=3.2, linewidth=0.9,
            label=symbol(unit.format(float(x))),
        )  # fmt: skip
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.4)


def _suffix(s: ResponseMeasures) -> str:
    if s.state.complete:
        return ""
    return ", partial" if len(s.x) else ", not measured"

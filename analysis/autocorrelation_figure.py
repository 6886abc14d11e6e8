"""The figure of the autocorrelation measure: the functions, and their deviation over T and R."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.autocorrelation import AutocorrelationResult, MemoryMeasures
from analysis.captions import DOT, alerts, origin, symbol
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
from protocols.quantities import TIME

_CHOSEN = 4
"""Stimulation times that are drawn against the resistance."""
_MARKERS = "osD^"


def draw(result: AutocorrelationResult, dark: bool = False) -> Figure:
    """Draw every state of a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 74e-3)
    left, middle, right = panels.subplots(1, 3, width_ratios=(1, 1, 0.9))
    unit = result.unit.replace("^2", "\N{SUPERSCRIPT TWO}")
    _functions(left, result, look, f"$r_k$ ({unit})" if unit else "$r_k / r_0$")
    deviation = f"Std of $r_k$ ({unit})" if unit else "Std of $r_k / r_0$"
    _over_time(middle, result, look, deviation)
    _over_resistance(right, result, look, deviation)
    o = result.options
    conditions = DOT.join((symbol(result.stimulus), o.variant, f"grid: {o.grid}"))
    footer(
        foot, look, origin(result.provenance), conditions,
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _functions(axes: Axes, result: AutocorrelationResult, look: Theme, label: str) -> None:
    dress(axes, look, "a", "Lag / length of the curve", label)
    for s, colour in zip(result.states, _colours(result, look), strict=True):
        name = symbol(s.state.label) + _suffix(s)
        axes.plot(s.lag, s.correlation, color=colour, linewidth=0.9, label=name)
    if not any(len(s.time) for s in result.states):
        say(axes, look, "no curve of three widths")
    legend(axes, look, loc="upper right", handlelength=1.4)


def _over_time(axes: Axes, result: AutocorrelationResult, look: Theme, label: str) -> None:
    dress(axes, look, "b", "Stimulation time T (s)", label)
    if not any(len(s.time) for s in result.states):
        say(axes, look, "no values")
        return
    for s, colour in zip(result.states, _colours(result, look), strict=True):
        axes.plot(s.time, s.deviation, "-", marker="o", color=colour, markersize=3, linewidth=0.9)
    axes.set_xscale("log")
    if result.options.variant != "normalised":
        axes.set_yscale("log")
    axes.minorticks_off()


def _over_resistance(axes: Axes, result: AutocorrelationResult, look: Theme, label: str) -> None:
    dress(axes, look, "c", RESISTANCE_LABEL, label)
    measured = sorted((s for s in result.states if len(s.time)), key=lambda s: s.state.nominal)
    if not measured:
        say(axes, look, "no values")
        return
    places, _ = resistance_axis(axes, [s.state.resistance for s in measured])
    every = np.unique(np.concatenate([s.time for s in measured]))
    # The longest ones: the deviation spans decades.
    picked = every[-_CHOSEN:]
    for time, marker, colour in reversed(
        list(zip(picked, _MARKERS, look.greys(len(picked)), strict=False))
    ):
        found = [
            (place, float(s.deviation[s.time == time][0]))
            for place, s in zip(places, measured, strict=True)
            if time in s.time
        ]
        axes.plot(
            *zip(*found, strict=True), marker=marker, color=colour, markersize=3.2, linewidth=0.9,
            label=f"T = {TIME.format(float(time))}",
        )  # fmt: skip
    legend(
        axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.4
    )  # fmt: skip


def _colours(result: AutocorrelationResult, look: Theme) -> list[str]:
    return state_colours(look, [s.state.nominal for s in result.states])


def _suffix(s: MemoryMeasures) -> str:
    if s.state.complete:
        return ""
    return ", partial" if len(s.time) else ", not measured"

"""The figure of learning: PSV against time under the states' bands, and the states compared."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.captions import DOT, alerts, origin, symbol
from analysis.learning import LearningResult, Stretch
from analysis.style import (
    RESISTANCE_LABEL,
    SMALL,
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
from protocols.quantities import CURRENT, TIME, VOLTAGE

_MOST_POINTS = 1500
"""Readings of a stretch that are drawn; more cannot be told apart."""
_LABEL = 0.06
"""Share of the time that a label of a state takes across."""
_NAMES = {"learning": "learn", "forgetting": "forget", "relearning": "relearn"}


def draw(result: LearningResult, dark: bool = False) -> Figure:
    """Draw every stretch of a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 108e-3)
    grid = panels.add_gridspec(2, 2, height_ratios=(1.35, 1))
    _against_time(panels.add_subplot(grid[0, :]), result, look)
    threshold = VOLTAGE.format(result.options.threshold)
    _per_state(
        panels.add_subplot(grid[1, 0]), result, look, "b", "PSV per pulse (mV)", "per_pulse", 1e3
    )
    _per_state(
        panels.add_subplot(grid[1, 1]), result, look, "c", f"Time to +{threshold} (s)",
        "rise_time", 1.0,
    )  # fmt: skip
    amplitude, width, gap = result.stimulus
    conditions = (
        f"{CURRENT.format(amplitude)}, {TIME.format(width)} on, {TIME.format(gap)} off{DOT}"
        f"line: PSV at {result.options.instant.replace('-', ' ')}, shade: between gap end and "
        "pulse end"
    )
    footer(
        foot, look, origin(result.provenance), symbol(conditions),
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _against_time(axes: Axes, result: LearningResult, look: Theme) -> None:
    dress(axes, look, "a", "Time (s)", "Postsynaptic voltage (mV)")
    read = [s for s in result.stretches if len(s.time)]
    if not read:
        say(axes, look, "nothing was read")
        return
    colours = dict(
        zip(result.stretches, state_colours(look, [s.nominal for s in result.stretches]),
            strict=True)
    )  # fmt: skip
    end = max(float(s.trace[0, -1]) for s in read)
    for s in read:
        first, last = float(s.trace[0, 0]), float(s.trace[0, -1])
        axes.axvspan(first, last, color=colours[s], alpha=0.16, linewidth=0, zorder=0)
        _curve(axes, s, look)
        wide = last - first > _LABEL * end
        _above(axes, look, (first + last) / 2, symbol(s.label), *((2, 0) if wide else (-2, 90)))
    for phase in dict.fromkeys(s.phase for s in read):
        of_phase = result.of(phase)
        spans = [s.trace[0, [0, -1]] for s in of_phase if len(s.time)]
        _above(axes, look, float(spans[0][0] + spans[-1][1]) / 2, _NAMES[phase], 10, 0)
    axes.set_xlim(-0.01 * end, 1.01 * end)
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)


def _above(axes: Axes, look: Theme, x: float, text: str, up: float, turned: float) -> None:
    """Write `up` points above the panel, where no curve can be; turned, below its upper edge."""
    axes.annotate(
        text, (x, 1), xycoords=("data", "axes fraction"), xytext=(0, up), rotation=turned,
        textcoords="offset points", ha="center", va="top" if turned else "bottom",
        fontsize=SMALL, color=look.ink,
    )  # fmt: skip


def _curve(axes: Axes, s: Stretch, look: Theme) -> None:
    every = max(1, len(s.psv) // _MOST_POINTS)
    time, voltage = s.trace
    if s.phase != "forgetting" and len(time) > 1:
        n = len(time) // 2 * 2
        low, high = np.sort(voltage[:n].reshape(-1, 2), axis=1).T
        axes.fill_between(
            time[1:n:2][::every], 1e3 * low[::every], 1e3 * high[::every], color=look.ink,
            alpha=0.25, linewidth=0,
        )  # fmt: skip
    axes.plot(s.time[::every], 1e3 * s.psv[::every], color=look.ink, linewidth=1.0)


def _per_state(
    axes: Axes, result: LearningResult, look: Theme, letter: str, y: str, name: str, factor: float
) -> None:
    dress(axes, look, letter, RESISTANCE_LABEL, y)
    trains = [s for s in result.stretches if s.phase != "forgetting" and len(s.psv)]
    drawn = [(s, factor * value) for s in trains if (value := getattr(s, name).value) is not None]
    if not drawn:
        say(axes, look, "no values")
        return
    places, apart = resistance_axis(axes, [s.nominal for s in trains])
    where = {s.nominal: place for s, place in zip(trains, places, strict=True)}
    for phase, marker, colour, aside in (
        ("learning", "o", look.up, -0.5), ("relearning", "s", look.down, 0.5),
    ):  # fmt: skip
        points = [(where[s.nominal] + aside * apart, v, s) for s, v in drawn if s.phase == phase]
        axes.plot([], [], marker, color=colour, markersize=4, label=f"{phase}")
        for x, value, s in points:
            axes.plot(
                x, value, marker, color=colour, markersize=4.5,
                # Hollow: from a part of the train.
                markerfacecolor=colour if s.complete else look.paper,
            )  # fmt: skip
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(0.0, bottom), top + 0.1 * (top - min(0.0, bottom)))
    legend(
        axes, look, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, columnspacing=0.9,
        handletextpad=0.3, handlelength=1.2, borderpad=0,
    )  # fmt: skip

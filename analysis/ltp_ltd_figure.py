"""The figure of an LTP/LTD run: the branches, and their measures against the resistance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.captions import DOT, alerts, origin, symbol
from analysis.ltp_ltd import BranchMeasures, CycleMeasures, LtpLtdResult, StateMeasures
from analysis.measure import Measure
from analysis.style import (
    SMALL,
    TEXT,
    Theme,
    dress,
    footer,
    legend,
    new_figure,
    resistance_axis,
    theme,
)
from analysis.weight_change import CRITERION

_RESISTANCE = "Regulating resistance (k\N{GREEK CAPITAL LETTER OMEGA})"
_MINUS, _DELTA = "\N{MINUS SIGN}", "\N{GREEK CAPITAL LETTER DELTA}"


def draw(result: LtpLtdResult, dark: bool = False) -> Figure:
    """Draw the first cycle of every state, and the others as thin lines.

    Parameters
    ----------
    result
        Complete or not; states without readings are named in the legend.
    dark
        For a dark background.
    """
    look = theme(dark)
    figure = new_figure(look, height=122e-3)
    # Rows of their own, so that the legend of the upper one takes no width from the lower.
    grid = figure.add_gridspec(3, 1, height_ratios=(1.15, 1, 0.11))
    upper, lower, foot = (figure.add_subfigure(grid[row], facecolor=look.paper) for row in range(3))
    _branches(upper.add_subplot(), result, look)
    for panel, column in ((_nonlinearity, 1), (_change, 2), (_range, 3)):
        panel(lower.add_subplot(1, 3, column), result, look)
    footer(foot, look, *_provenance(result))
    return figure


def _branches(axes: Axes, result: LtpLtdResult, look: Theme) -> None:
    dress(axes, look, "a", "Pulse number", f"Postsynaptic voltage at {_instant(result)} (mV)")
    ranks = {r: i for i, r in enumerate(sorted({s.state.nominal for s in result.states}))}
    colours = look.ordered(len(ranks))
    turn, down = result.states[0].state.planned
    for s in result.states:
        colour, name = colours[ranks[s.state.nominal]], symbol(s.state.label)
        if s.first is None:
            axes.plot([], [], "o", color=colour, markersize=3, label=f"{name}, not measured")
            continue
        for measures, first in ((s.first.up, 0), (s.first.down, turn)):
            _branch(axes, measures, first, colour, look)
        for cycle in s.cycles[1:]:
            for branch, first in ((cycle.up.branch, 0), (cycle.down.branch, turn)):
                axes.plot(
                    first + branch.pulses, branch.weights * 1e3, "-", color=colour, alpha=0.4,
                    linewidth=0.6, zorder=1,
                )  # fmt: skip
        suffix = "" if s.state.complete else ", partial"
        axes.plot([], [], "o", color=colour, markersize=3, label=name + suffix)
    axes.plot([], [], "-", color=look.ink, linewidth=0.6, label=_fit_name(result))
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    axes.set_xlim(0, turn + down + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    if down:
        axes.axvline(turn + 0.5, color=look.faint, linewidth=0.6, zorder=0)
    for place, text in ((turn / 2, "LTP"), (turn + down / 2, "LTD"))[: 2 if down else 1]:
        axes.annotate(
            text, (place, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), ha="center",
            textcoords="offset points", fontsize=TEXT, color=look.ink,
        )  # fmt: skip
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.4)


def _branch(axes: Axes, measures: BranchMeasures, first: int, colour: str, look: Theme) -> None:
    pulses, weights = measures.branch.pulses, measures.branch.weights
    axes.plot(
        first + pulses, weights * 1e3, "o", color=colour, markeredgewidth=0,
        markersize=2.4 if measures.branch.planned > 60 else 4,
    )  # fmt: skip
    if measures.nonlinearity.fit and measures.nonlinearity.fit.converged:
        fine = np.linspace(pulses[0], pulses[-1], 200)
        curve = measures.nonlinearity.weight(fine)
        axes.plot(first + fine, curve * 1e3, color=look.ink, linewidth=0.6, zorder=3)


@dataclass(frozen=True)
class _Series:
    """One measure of every state: its name, what it is drawn with, and where it is found."""

    name: str
    marker: str
    colour: str
    measure: Callable[[CycleMeasures], Measure]
    branches: Callable[[CycleMeasures], tuple[BranchMeasures, ...]]
    factor: float = 1.0


def _nonlinearity(axes: Axes, result: LtpLtdResult, look: Theme) -> None:
    alpha = result.options.nonlinearity == "alpha"
    dress(axes, look, "b", _RESISTANCE, "Exponent alpha" if alpha else "Non-linearity NL")
    names = ("LTP", "LTD") if alpha else ("LTP: NL", f"LTD: {_MINUS}NL")
    axes.axhline(1 if alpha else 0, color=look.faint, linewidth=0.6, zorder=0)
    _against_resistance(axes, result.states, look, (
        _Series(names[0], "o", look.up, lambda c: c.up.nonlinearity.label, _up),
        _Series(
            names[1], "s", look.down, lambda c: c.down.nonlinearity.label, _down,
            1.0 if alpha else -1.0,
        ),
    ))  # fmt: skip


def _change(axes: Axes, result: LtpLtdResult, look: Theme) -> None:
    dress(axes, look, "c", _RESISTANCE, f"Range {_DELTA}w (mV)")
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    _against_resistance(axes, result.states, look, (
        _Series(f"LTP: {_DELTA}w", "o", look.up, lambda c: c.up.range, _up, 1e3),
        _Series(f"LTD: {_MINUS}{_DELTA}w", "s", look.down, lambda c: c.down.range, _down, -1e3),
    ))  # fmt: skip


def _range(axes: Axes, result: LtpLtdResult, look: Theme) -> None:
    dress(axes, look, "d", _RESISTANCE, "Dynamic range $W_{max}/W_{min}$")
    axes.axhline(
        CRITERION, color=look.alert, linewidth=0.8, linestyle=(0, (5, 2)),
        label=f"criterion > {CRITERION:g}", zorder=0,
    )  # fmt: skip
    _against_resistance(
        axes, result.states, look, (_Series("LTP", "o", look.up, lambda c: c.dynamic_range, _up),)
    )


def _against_resistance(
    axes: Axes, states: Sequence[StateMeasures], look: Theme, series: Sequence[_Series]
) -> None:
    places, apart = resistance_axis(
        axes, [s.state.resistance if s.first else s.state.nominal for s in states]
    )
    drawn = False
    for i, one in enumerate(series):
        # Side by side, so that equal values hide neither.
        aside = (i - (len(series) - 1) / 2) * apart
        axes.plot([], [], one.marker, color=one.colour, markersize=4, label=one.name)
        for place, s in zip(places, states, strict=True):
            if s.first is None or (measure := one.measure(s.first)).value is None:
                continue
            value = one.factor * measure.value
            ends = [one.factor * end for end in (measure.low, measure.high) if end is not None]
            error = [[value - min(ends)], [max(ends) - value]] if ends else None
            whole = all(b.branch.complete for b in one.branches(s.first))
            axes.errorbar(
                place + aside, value, error, fmt=one.marker, color=one.colour, markersize=4,
                elinewidth=0.9, capsize=2.2,
                # Hollow: taken from a part of the pulses.
                markerfacecolor=one.colour if whole else look.paper,
            )  # fmt: skip
            drawn = True
    if not drawn:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="bottom",
            fontsize=SMALL, color=look.ink,
        )  # fmt: skip
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(bottom, 0.0), top + 0.05 * (top - bottom))
    # Above the panel, where no point can be.
    legend(
        axes, look, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, columnspacing=0.9,
        handletextpad=0.3, handlelength=1.2, borderpad=0,
    )  # fmt: skip


def _up(cycle: CycleMeasures) -> tuple[BranchMeasures, ...]:
    return (cycle.up,)


def _down(cycle: CycleMeasures) -> tuple[BranchMeasures, ...]:
    return (cycle.down,)


def _fit_name(result: LtpLtdResult) -> str:
    return {"neurosim": "fit, W = B(1 \N{MINUS SIGN} e$^{-P/A}$) + W$_0$", "alpha": "fit, alpha"}[
        result.options.nonlinearity
    ]


def _provenance(result: LtpLtdResult) -> tuple[str, str, str]:
    """Origin, conditions, and what must not be overlooked."""
    alert = alerts(result.provenance, result.complete)
    if not result.complete:
        alert += ": hollow markers, part of the pulses"
    conditions = symbol(result.conditions)
    if any(len(s.cycles) > 1 for s in result.states):
        conditions += f"{DOT}thin: the other cycles"
    return origin(result.provenance), conditions, alert


def _instant(result: LtpLtdResult) -> str:
    return result.options.instant.replace("-", " ")

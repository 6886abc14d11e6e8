"""The figure of current-voltage loops: the loops, and their values against the resistance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.captions import DOT, alerts, origin, symbol
from analysis.iv_sweep import CycleMeasures, IvSweepResult, SweepMeasures
from analysis.measure import Measure
from analysis.style import (
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
from protocols.quantities import CURRENT, RATE, VOLTAGE

_MARKERS = "osD^v"
_SIGNS = "\u25cf\u25a0\u25c6\u25b2\u25bc"
"""The markers as characters."""


def draw(result: IvSweepResult, dark: bool = False) -> Figure:
    """Draw the chosen cycle of every state and rate."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 88e-3)
    grid = panels.add_gridspec(2, 3, width_ratios=(2.1, 1, 1))
    o = result.options
    _loops(panels.add_subplot(grid[:, 0]), result, look)
    small: list[tuple[str, str, float, Callable[[CycleMeasures], Measure]]] = [
        (symbol(f"I at {VOLTAGE.format(o.at_voltage)}"), "mA", 1e3, lambda c: c.current_at),
        (symbol(f"U at {CURRENT.format(o.at_current)}"), "V", 1.0, lambda c: c.voltage_at),
        ("Capacitance", "mF", 1e3, lambda c: c.capacitance),
        ("Efficiency", "", 1.0, lambda c: c.efficiency),
    ]
    for k, (name, unit, factor, measure) in enumerate(small):
        axes = panels.add_subplot(grid[k // 2, 1 + k % 2])
        x = "Rate (mV/s)" if _by_rate(result) else symbol("R (kohm)")
        dress(axes, look, "bcde"[k], x, f"{name} ({unit})" if unit else name)
        _values(axes, result, look, factor, measure)
    shown = sorted({s.chosen.loop.number for s in result.sweeps})
    conditions = f"cycle {', '.join(map(str, shown))}{DOT}" if shown else ""
    rates = [RATE.format(r) for r in result.rates]
    if len(rates) > 1 and not _by_rate(result):
        rates = [f"{sign} {rate}" for sign, rate in zip(_SIGNS * len(rates), rates, strict=False)]
    if _by_rate(result):
        rates = [symbol(result.states[0].label)]
    conditions += DOT.join(rates)
    footer(
        foot, look, origin(result.provenance), conditions,
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _loops(axes: Axes, result: IvSweepResult, look: Theme) -> None:
    dress(axes, look, "a", "Voltage (V)", "Current (mA)")
    if not result.sweeps:
        say(axes, look, "nothing was read")
    several = len(result.states) > 1
    # Colours tell the states apart; where there is one state, its rates.
    kinds = [s.state.nominal if several else s.rate for s in result.sweeps]
    for s, colour in zip(result.sweeps, state_colours(look, kinds), strict=True):
        loop, faint = s.chosen.loop, result.rates.index(s.rate) > 0 and several
        label = symbol(s.state.label) if several else RATE.format(s.rate)
        axes.plot(
            loop.line[0], 1e3 * loop.line[1], color=colour, linewidth=0.6 if faint else 1.0,
            label=None if faint else label + ("" if loop.complete else ", partial"),
        )  # fmt: skip
        if not faint:
            _points(axes, s, result, colour, look)
    for state in result.states:
        if not any(s.state is state for s in result.sweeps):
            axes.plot([], [], label=f"{symbol(state.label)}, not measured", linestyle="none")
    if result.sweeps:
        o = result.options
        for line, place in ((axes.axvline, o.at_voltage), (axes.axhline, 1e3 * o.at_current)):
            line(place, color=look.faint, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
        axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    legend(axes, look, loc="upper left", handlelength=1.4)


def _points(axes: Axes, s: SweepMeasures, result: IvSweepResult, colour: str, look: Theme) -> None:
    o, c = result.options, s.chosen
    for u, i in (
        (o.at_voltage, c.current_at.value),
        (c.voltage_at.value, o.at_current),
    ):
        if u is not None and i is not None:
            axes.plot(
                u, 1e3 * i, "o", color=colour, markersize=4, markeredgecolor=look.paper,
                markeredgewidth=0.6, zorder=4,
            )  # fmt: skip


def _by_rate(result: IvSweepResult) -> bool:
    """Whether there is one state at several rates, so that the rate is what values depend on."""
    return len(result.states) == 1 and len(result.rates) > 1


def _rate_axis(axes: Axes, rates: Sequence[float]) -> list[float]:
    """A logarithmic axis of sweep rates (V/s) in mV/s; returns the place of each."""
    places = [1e3 * r for r in rates]
    low, high = min(places), max(places)
    marked: list[float] = []
    for place in sorted(set(places), reverse=True):
        # Two that are nearer than a text is wide share one.
        if not marked or math.log(marked[-1] / place) > 0.2 * math.log(high / low):
            marked.append(place)
    axes.set_xscale("log")
    aside = (high / low) ** 0.12 if high > low else 2.0
    axes.set_xlim(low / aside, high * aside)
    axes.set_xticks(marked, [f"{place:.3g}" for place in marked])
    axes.minorticks_off()
    return places


def _values(
    axes: Axes, result: IvSweepResult, look: Theme, factor: float,
    measure: Callable[[CycleMeasures], Measure],
) -> None:  # fmt: skip
    found = [(s, m.value) for s in result.sweeps if (m := measure(s.chosen)).value is not None]
    if not found:
        say(axes, look, "no values")
        return
    rates, by_rate = result.rates, _by_rate(result)
    if by_rate:
        places = _rate_axis(axes, [s.rate for s, _ in found])
    else:
        places, _ = resistance_axis(axes, [s.state.resistance for s, _ in found])
    colours = state_colours(look, rates) if by_rate else look.greys(len(rates))
    for rate, marker, colour in zip(rates, _MARKERS * len(rates), colours, strict=False):
        marker = "o" if by_rate else marker
        at = [k for k, (s, _) in enumerate(found) if s.rate == rate]
        axes.plot(
            [places[k] for k in at], [factor * (found[k][1] or 0.0) for k in at], marker,
            color=colour, markersize=3.6,
        )  # fmt: skip
    values = np.array([factor * (value or 0.0) for _, value in found])
    if np.ptp(values) < 0.1 * abs(values.mean()):
        # A range in which a small difference looks small.
        axes.set_ylim(0.9 * values.min(), 1.1 * values.max())

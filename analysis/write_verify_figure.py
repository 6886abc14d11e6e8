"""The figure of write and verify: the judged voltage and its error after each try."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.captions import DOT, alerts, origin, symbol
from analysis.style import SMALL, Theme, dress, footer, legend, say, sheet, state_colours, theme
from analysis.write_verify import WriteVerifyResult
from protocols.quantities import CURRENT, RESISTANCE, TIME, VOLTAGE

_MOST_LABELS = 12
"""Tries up to which each has its count of pulses beside it."""
_MARKERS = "osD^vP*X"
_MINUS = "\N{MINUS SIGN}"


def draw(result: WriteVerifyResult, dark: bool = False) -> Figure:
    """Draw the tries of a run, whether it reached its target or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 72e-3)
    left, right = panels.subplots(1, 2, width_ratios=(1.3, 1))
    _voltages(left, result, look)
    _errors(right, result, look)
    conditions = (
        f"target {VOLTAGE.format(result.target)} \N{PLUS-MINUS SIGN} "
        f"{VOLTAGE.format(result.tolerance)}{DOT}{CURRENT.format(result.amplitude)}, "
        f"{TIME.format(result.width)}{DOT}judged open, after {TIME.format(result.settle)}"
        f"{DOT}b: pulses of each try"
    )
    alert = alerts(result.provenance, result.complete)
    if result.complete and not result.reached:
        alert = DOT.join(filter(None, (alert, "TARGET NOT REACHED")))
    footer(foot, look, origin(result.provenance), symbol(conditions), alert)
    return figure


def _voltages(axes: Axes, result: WriteVerifyResult, look: Theme) -> None:
    dress(axes, look, "a", "Try", "Open-circuit voltage (mV)")
    if not result.tries:
        say(axes, look, "no reading was judged")
        return
    low, high = (1e3 * (result.target + side * result.tolerance) for side in (-1, 1))
    axes.axhspan(low, high, color=look.up, alpha=0.3, linewidth=0, label="target, tolerance")
    axes.axhline(1e3 * result.target, color=look.up, linewidth=0.6)
    numbers = [t.number for t in result.tries]
    axes.plot(
        numbers, [1e3 * t.voltage for t in result.tries], "-", color=look.faint, linewidth=0.8,
        zorder=1,
    )  # fmt: skip
    nominal = sorted({t.resistance for t in result.tries if t.pulses})
    colours = dict(zip(nominal, state_colours(look, nominal), strict=True))
    for k, resistance in enumerate(nominal):
        axes.plot([], [], _MARKERS[k % len(_MARKERS)], color=colours[resistance], markersize=4,
                  label=symbol(RESISTANCE.format(float(f"{resistance:.3g}"))))  # fmt: skip
    for t in result.tries:
        marker = _MARKERS[nominal.index(t.resistance) % len(_MARKERS)] if t.pulses else "."
        axes.plot(
            t.number, 1e3 * t.voltage, marker, color=colours.get(t.resistance, look.ink),
            markersize=4,
        )  # fmt: skip
    axes.margins(y=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.4)


def _errors(axes: Axes, result: WriteVerifyResult, look: Theme) -> None:
    dress(axes, look, "b", "Try", "|Error| (mV)")
    if not result.tries:
        say(axes, look, "no reading was judged")
        return
    error = np.array([abs(1e3 * (t.voltage - result.target)) for t in result.tries])
    numbers = [t.number for t in result.tries]
    # A logarithmic axis has no place for 0.
    axes.plot(numbers, np.maximum(error, 1e-4), "o-", color=look.ink, markersize=3.2, linewidth=0.9)
    axes.axhline(
        1e3 * result.tolerance, color=look.up, linewidth=0.8, linestyle=(0, (5, 2)), zorder=0
    )
    axes.set_yscale("log")
    axes.minorticks_off()
    if len(result.tries) <= _MOST_LABELS:
        for t, value in zip(result.tries, error, strict=True):
            if t.pulses:
                axes.annotate(
                    f"{t.pulses:+d}".replace("-", _MINUS), (t.number, max(value, 1e-4)), (3, 3),
                    textcoords="offset points", fontsize=SMALL, color=look.ink, zorder=4,
                    # The line passes behind the number.
                    bbox={"facecolor": look.paper, "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
                )  # fmt: skip
    axes.margins(x=0.12, y=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))

"""The figure of an array: the curves of all devices, and their measures beside each other."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.array import ArrayResult
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

_MARKERS = "osD^vP*X"
_SIGNS = "\u25cf\u25a0\u25c6\u25b2\u25bc"
"""The first markers as characters."""
_ROOM = 60
"""Letters of names that a line has room for."""
_DELTA = "\N{GREEK CAPITAL LETTER DELTA}"


def draw(result: ArrayResult, dark: bool = False) -> Figure:
    """Draw every device of a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 112e-3)
    grid = panels.add_gridspec(2, 1, height_ratios=(1.15, 1))
    upper, lower = (panels.add_subfigure(grid[row], facecolor=look.paper) for row in range(2))
    _curves(upper.add_subplot(), result, look)
    panels_of = (
        ("b", "$W_{max}/W_{min}$", "Wmax/Wmin", 1.0),
        ("c", "NL LTP", "NL LTP", 1.0),
        ("d", f"{_DELTA}w LTP (mV)", "delta-w LTP", 1e3),
    )
    for k, (letter, label, name, factor) in enumerate(panels_of, start=1):
        _devices(lower.add_subplot(1, 3, k), result, look, letter, label, name, factor)
    conditions = DOT.join((
        f"{len(result.devices)} of {len(result.planned)} devices", result.protocol,
        "first cycle", "bar: mean and standard deviation",
    ))  # fmt: skip
    if signs := _signs(list(result.devices)):
        conditions = f"{signs}{DOT}{conditions}"
    footer(
        foot, look, origin(result.provenance), conditions,
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _curves(axes: Axes, result: ArrayResult, look: Theme) -> None:
    dress(axes, look, "a", "Pulse number", "Postsynaptic voltage (mV)")
    named: set[float] = set()
    for device in result.devices.values():
        states = [s for s in device.states if s.first]
        colours = state_colours(look, [s.state.nominal for s in device.states])
        by_nominal = dict(zip([s.state.nominal for s in device.states], colours, strict=True))
        for s in states:
            if s.first is None:
                continue
            turn, colour = s.state.planned[0], by_nominal[s.state.nominal]
            for branch, first in ((s.first.up.branch, 0), (s.first.down.branch, turn)):
                axes.plot(
                    first + branch.pulses, 1e3 * branch.weights, color=colour, linewidth=0.7,
                    alpha=0.85,
                )  # fmt: skip
            if s.state.nominal not in named:
                axes.plot([], [], color=colour, linewidth=1.4, label=symbol(s.state.label))
                named.add(s.state.nominal)
    if not named:
        say(axes, look, "no LTP/LTD was read")
        return
    axes.axhline(0, color=look.faint, linewidth=0.6, zorder=0)
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.4)


def _devices(
    axes: Axes,
    result: ArrayResult,
    look: Theme,
    letter: str,
    label: str,
    name: str,
    factor: float,
) -> None:
    dress(axes, look, letter, RESISTANCE_LABEL, label)
    spreads = [s for s in result.of(name) if any(v is not None for v in s.values.values())]
    if not spreads:
        say(axes, look, "no values")
        return
    places, apart = resistance_axis(axes, [s.nominal for s in spreads])
    devices = list(result.devices)
    for place, s in zip(places, spreads, strict=True):
        for k, device in enumerate(devices):
            if (value := s.values[device]) is not None:
                # Side by side, within the width of the bar.
                aside = (k / max(len(devices) - 1, 1) - 0.5) * 2 * apart
                axes.plot(
                    place + aside, factor * value, _MARKERS[k % len(_MARKERS)], color=look.up,
                    markersize=2.8, markeredgewidth=0,
                )  # fmt: skip
        if s.mean.value is not None and s.spread.value is not None:
            deviation = abs(factor * s.mean.value) * s.spread.value
            axes.errorbar(
                place, factor * s.mean.value, deviation, fmt="_", color=look.ink, markersize=11,
                elinewidth=0.8, capsize=2.2,
            )  # fmt: skip
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(0.0, bottom), top + 0.05 * (top - min(0.0, bottom)))


def _signs(devices: list[str]) -> str:
    """The markers with the names of the devices, where there is room for them."""
    text = "  ".join(f"{sign} {name}" for sign, name in zip(_SIGNS, devices, strict=False))
    return text if 1 < len(devices) <= len(_SIGNS) and len(text) <= _ROOM else ""

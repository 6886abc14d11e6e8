"""The figure of waveforms: voltage and current against time, an edge and the last gap closely."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.captions import DOT, alerts, origin, symbol
from analysis.style import Theme, dress, footer, legend, say, sheet, state_colours, theme
from analysis.waveform import StateWaveform, WaveformResult
from protocols.quantities import TIME

_MARGIN = 0.1
"""Part of the pulse and the gap that is shown on either side of the first edge, of the pulse."""


def draw(result: WaveformResult, dark: bool = False) -> Figure:
    """Draw every state of a run, complete or not."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 100e-3)
    grid = panels.add_gridspec(2, 2, height_ratios=(2.4, 1), width_ratios=(1.5, 1))
    voltage = panels.add_subplot(grid[0, 0])
    current = panels.add_subplot(grid[1, 0], sharex=voltage)
    _course(voltage, current, result, look)
    _edge(panels.add_subplot(grid[0, 1]), result, look)
    _gap(panels.add_subplot(grid[1, 1]), result, look)
    conditions = symbol(f"{result.stimulus}{DOT}settling {TIME.format(result.options.settling)}")
    footer(
        foot, look, origin(result.provenance), conditions,
        alerts(result.provenance, result.complete),
    )  # fmt: skip
    return figure


def _course(voltage: Axes, current: Axes, result: WaveformResult, look: Theme) -> None:
    dress(voltage, look, "a", "", "Voltage (mV)")
    dress(current, look, "b", "Time (ms)", "Current (mA)")
    voltage.tick_params(labelbottom=False)
    for s, colour in _coloured(result, look):
        name = symbol(s.state.label) + _suffix(s)
        voltage.plot(1e3 * s.time, 1e3 * s.voltage, color=colour, linewidth=0.9, label=name)
        current.plot(
            1e3 * s.time, 1e3 * s.current, color=colour, linewidth=0.9, drawstyle="steps-mid"
        )
    if not any(len(s.time) for s in result.states):
        say(voltage, look, "nothing was read")
        return
    legend(voltage, look, loc="upper right", handlelength=1.4)


def _edge(axes: Axes, result: WaveformResult, look: Theme) -> None:
    """The first pulse's beginning, reading by reading."""
    dress(axes, look, "c", "Time since the edge (ms)", "Voltage (mV)")
    shown = False
    for s, colour in _coloured(result, look):
        program = s.state.plays[0].program if s.state.plays else None
        if program is None or not len(s.time):
            continue
        driven = np.flatnonzero(program.level)
        edge = float(program.start[driven[0]])
        first_off = driven[0] + int(np.argmin(program.level[driven[0] :] != 0))
        span = max(_MARGIN * float(program.start[first_off] - edge), 10 * program.duration[0])
        rows = np.abs(s.time - edge - span / 2) <= span
        axes.plot(
            1e3 * (s.time[rows] - edge), 1e3 * s.voltage[rows], "o-", color=colour,
            markersize=2.0 if np.count_nonzero(rows) < 80 else 0.0, linewidth=0.8,
        )  # fmt: skip
        if s.step_on.value is not None:
            shown = True
    axes.axvline(0, color=look.faint, linewidth=0.6, zorder=0)
    axes.axvspan(
        0, 1e3 * result.options.settling, color=look.faint, alpha=0.35, linewidth=0, zorder=0
    )
    if not shown:
        say(axes, look, "no edge was read")


def _gap(axes: Axes, result: WaveformResult, look: Theme) -> None:
    """The last gap as a part of the voltage at its beginning, with its fit."""
    dress(axes, look, "d", "Time since the last pulse (ms)", "Voltage (mV)")
    drawn = False
    for s, colour in _coloured(result, look):
        rows = s.time > s.decay_from
        if s.decay is None or not rows.any():
            continue
        t = s.time[rows] - s.decay_from
        axes.plot(1e3 * t, 1e3 * s.voltage[rows], color=colour, linewidth=0.9)
        if s.decay.fit.converged:
            axes.plot(
                1e3 * t, 1e3 * s.decay(t), color=look.ink, linewidth=0.8, linestyle=(0, (4, 3)),
                label=None if drawn else "fit",
            )  # fmt: skip
        drawn = True
    if not drawn:
        say(axes, look, "no gap was read")
        return
    legend(axes, look, loc="upper right", handlelength=1.8)


def _coloured(result: WaveformResult, look: Theme) -> Iterator[tuple[StateWaveform, str]]:
    colours = state_colours(look, [s.state.nominal for s in result.states])
    yield from zip(result.states, colours, strict=True)


def _suffix(s: StateWaveform) -> str:
    if s.state.complete:
        return ""
    return ", partial" if len(s.time) else ", not measured"

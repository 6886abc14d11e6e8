"""What is laid over each other of several runs: of each protocol the curve that it is made for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Run
from analysis.endurance import EnduranceAnalysis
from analysis.iv_sweep import IvSweepAnalysis
from analysis.ppf import PpfAnalysis
from analysis.pulse_response import IntensityAnalysis, WidthAnalysis
from analysis.retention import RetentionAnalysis
from analysis.waveform import WaveformAnalysis
from analysis.write_verify import WriteVerifyAnalysis
from data.samples import Samples
from protocols.program import Instant
from protocols.quantities import RATE, RESISTANCE

Array = NDArray[np.float64]
Found: TypeAlias = Iterator[tuple[str, Array, Array]]
"""Panel, and x and y of its curve in the units of the axes."""


@dataclass(frozen=True)
class Axes:
    """What the curves of a protocol are drawn against; log axes as said."""

    x: str
    y: str
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Curves:
    """The curves of one run.

    Parameters
    ----------
    axes
        The same for all runs of a protocol.
    panels
        By the panel's title, x and y.
    """

    axes: Axes
    panels: Mapping[str, tuple[Array, Array]]


def curves(run: Run) -> Curves:
    """The curves of a run; of a protocol that has none of its own the PSV of each pulse."""
    axes, find = _KINDS.get(run.info.protocol, _PULSES)
    return Curves(axes, {panel: (x, y) for panel, x, y in find(run) if len(x)})


def weights(run: Run) -> Samples:
    """One reading a pulse: at the end of the gap where there is one, else of the pulse.

    NaN where it was beyond the measuring range.
    """
    samples = run.samples.blanked()
    pulses = samples.pulse_index > 0
    gaps = pulses & (samples.instant == Instant.GAP_END)
    return samples[gaps if gaps.any() else pulses & (samples.instant == Instant.PULSE_END)]


def _pulses(run: Run) -> Found:
    read = weights(run)
    for resistance in np.unique(read.resistance):
        psv = read.voltage[read.resistance == resistance]
        yield _panel(float(resistance)), np.arange(1.0, len(psv) + 1), 1e3 * psv


def _loops(run: Run) -> Found:
    for s in IvSweepAnalysis().analyse(run).sweeps:
        panel = f"{_panel(s.state.nominal)}, {RATE.format(s.rate)}"
        voltage, current = s.chosen.loop.line
        yield panel, voltage, 1e3 * current


def _facilitation(run: Run) -> Found:
    for s in PpfAnalysis().analyse(run).states:
        interval, index = s.mean_index("ratio")
        yield _panel(s.state.nominal), interval, 100 * index


def _response(analysis: IntensityAnalysis | WidthAnalysis, factor: float) -> Callable[[Run], Found]:
    def find(run: Run) -> Found:
        for s in analysis.analyse(run).states:
            yield _panel(s.state.nominal), factor * s.x, 1e3 * s.psv

    return find


def _rest(run: Run) -> Found:
    result = RetentionAnalysis().analyse(run)
    time, psv = result.rest
    if result.learned.value:
        yield "rest at open circuit", time, psv / result.learned.value


def _course(run: Run) -> Found:
    for s in WaveformAnalysis().analyse(run).states:
        yield _panel(s.state.nominal), 1e3 * s.time, 1e3 * s.voltage


def _endurance(run: Run) -> Found:
    result = EnduranceAnalysis().analyse(run)
    for key, name, sign in (("range_up", "LTP", 1.0), ("range_down", "LTD", -1.0)):
        found = result.followed[key]
        yield (
            f"{name}, {_panel(result.nominal)}",
            found.cycle.astype(float),
            (sign * 1e3 * found.value),
        )


def _tries(run: Run) -> Found:
    result = WriteVerifyAnalysis().analyse(run)
    error = np.array([abs(t.voltage - result.target) for t in result.tries])
    # A logarithmic axis has no place for 0.
    number = np.array([t.number for t in result.tries], dtype=float)
    yield "write and verify", number, np.maximum(1e3 * error, 1e-4)


def _panel(resistance: float) -> str:
    return f"R = {RESISTANCE.format(resistance)}"


_PSV = "Postsynaptic voltage (mV)"
_PULSES: tuple[Axes, Callable[[Run], Found]] = (Axes("Pulses read", _PSV), _pulses)
_KINDS: Mapping[str, tuple[Axes, Callable[[Run], Found]]] = {
    "iv-sweep": (Axes("Voltage (V)", "Current (mA)"), _loops),
    "ppf": (Axes("Interval (s)", "PPF index $A_2/A_1$ (%)", log_x=True), _facilitation),
    "intensity": (
        Axes("Pulse intensity (mA)", "PSV at pulse end (mV)"), _response(IntensityAnalysis(), 1e3),
    ),
    "width": (
        Axes("Pulse width (s)", "PSV at pulse end (mV)", log_x=True), _response(WidthAnalysis(), 1),
    ),
    "retention": (Axes("Time since the last pulse (s)", "Fraction left", log_x=True), _rest),
    "waveform": (Axes("Time (ms)", "Voltage (mV)"), _course),
    "endurance": (Axes("Cycle", "Range (mV)", log_x=True), _endurance),
    "write-verify": (Axes("Try", "|Error| (mV)", log_y=True), _tries),
}  # fmt: skip
"""Axes and curves, by protocol."""

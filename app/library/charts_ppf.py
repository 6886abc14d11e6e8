"""The chart of paired pulses: the index over the interval, as curves and as a map, and pairs."""

from __future__ import annotations

import numpy as np

from analysis.captions import symbol
from analysis.ppf import THRESHOLD, PpfMeasures, PpfResult
from analysis.scales import cell_edges
from app.library.chart import Axis, Cells, Chart, Curve, Panel
from app.library.page import NOTHING, PSV, level, page
from protocols.quantities import TIME

_INTERVAL = Axis("Interval", "s", log=True)
_NAMES = {"ratio": "PPF index A2/A1", "difference": "PPF index (A2 - A1)/A1"}


def chart(result: PpfResult) -> Chart:
    """Every state of a run, complete or not."""
    return page(
        "Paired-pulse facilitation", result, ((_index(result),), (_map(result), _pairs(result)))
    )


def _index(result: PpfResult) -> Panel:
    y = Axis(_NAMES[result.options.index])
    measured = [s for s in result.states if len(s.interval)]
    if not measured:
        return Panel("", _INTERVAL, y, note=NOTHING)
    base, curves = _base(result), []
    for s in measured:
        intervals, index = s.mean_index(result.options.index)
        curves.append(
            Curve(_name(s), intervals, index, marks=True, line=False, state=s.state.nominal)
        )
        if s.decay.fit.converged:
            fine = np.geomspace(intervals[0], intervals[-1], 300)
            curves.append(Curve(_name(s), fine, s.decay(fine) + base, "fit", state=s.state.nominal))
    guides = level(base), level(base + THRESHOLD, f"index = {base + THRESHOLD:g}")
    return Panel("fit: up to two exponentials", _INTERVAL, y, (*guides, *curves), height=1.1)


def _map(result: PpfResult) -> Panel:
    measured = sorted((s for s in result.states if len(s.interval)), key=lambda s: s.state.nominal)
    ticks = tuple((k + 0.5, symbol(s.state.label)) for k, s in enumerate(measured))
    y = Axis("R", ticks=ticks)
    if not measured:
        return Panel("", _INTERVAL, y, note=NOTHING)
    columns = np.unique(np.concatenate([s.interval for s in measured]))
    table = np.full((len(measured), len(columns)), np.nan)
    for row, s in zip(table, measured, strict=True):
        intervals, index = s.mean_index(result.options.index)
        row[np.searchsorted(columns, intervals)] = index
    cells = Cells(
        cell_edges(columns), np.arange(len(measured) + 1.0), table, _NAMES[result.options.index],
        # Spread near no facilitation, where most of the intervals lie; as in the figure.
        least=_base(result), power=0.5,
    )  # fmt: skip
    return Panel("", _INTERVAL, y, cells=cells, width=1.3)


def _pairs(result: PpfResult) -> Panel:
    drawn = [(s, s.shortest) for s in result.states if s.shortest]
    x = Axis("Time", "s")
    if not drawn:
        return Panel("", x, PSV, note=NOTHING)
    least = float(drawn[0][0].interval[0])
    curves = tuple(
        Curve(_name(s), pair.time, pair.voltage, marks=True, state=s.state.nominal)
        for s, pair in drawn
    )
    return Panel(symbol(f"a pair {TIME.format(least)} apart"), x, PSV, curves)


def _name(s: PpfMeasures) -> str:
    return symbol(s.state.label) + ("" if s.state.complete else ", partial")


def _base(result: PpfResult) -> float:
    return 1.0 if result.options.index == "ratio" else 0.0

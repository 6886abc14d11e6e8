"""The chart of current-voltage loops: the loops, and their values against the resistance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.captions import symbol
from analysis.iv_sweep import CycleMeasures, IvSweepResult, SweepMeasures
from analysis.measure import Measure
from app.library.chart import Axis, Chart, Curve, Panel
from app.library.page import NOTHING, Series, against_resistance, level, page, upright
from protocols.quantities import CURRENT, RATE, VOLTAGE

VOLTAGE_AXIS, CURRENT_AXIS = Axis("Voltage", "V"), Axis("Current", "A")


def chart(result: IvSweepResult) -> Chart:
    """The chosen cycle of every state and rate, complete or not."""
    o = result.options
    measures: list[tuple[Axis, Callable[[CycleMeasures], Measure]]] = [
        (Axis(symbol(f"I at {VOLTAGE.format(o.at_voltage)}"), "A"), lambda c: c.current_at),
        (Axis(symbol(f"U at {CURRENT.format(o.at_current)}"), "V"), lambda c: c.voltage_at),
        (Axis("Capacitance", "F"), lambda c: c.capacitance),
        (Axis("Efficiency"), lambda c: c.efficiency),
    ]
    small = tuple(against_resistance("", y, _by_rate(result, m)) for y, m in measures)
    return page("Current-voltage loops", result, ((_loops(result),), small))


def _loops(result: IvSweepResult) -> Panel:
    if not result.sweeps:
        return Panel("", VOLTAGE_AXIS, CURRENT_AXIS, note=NOTHING)
    o = result.options
    guides = level(0.0), level(o.at_current), upright(o.at_voltage)
    curves = [curve for s in result.sweeps for curve in _loop(s, result)]
    return Panel("", VOLTAGE_AXIS, CURRENT_AXIS, (*guides, *curves), height=1.3)


def _loop(s: SweepMeasures, result: IvSweepResult) -> list[Curve]:
    """The loop, and the points on it where its values were taken."""
    loop, o = s.chosen.loop, result.options
    name, state = sweep_name(s, result)
    name += "" if loop.complete else ", partial"
    taken = [
        (u, i)
        for u, i in (
            (o.at_voltage, s.chosen.current_at.value),
            (s.chosen.voltage_at.value, o.at_current),
        )
        if u is not None and i is not None
    ]
    u, i = np.array(taken).reshape(-1, 2).T
    return [
        Curve(name, *loop.line, state=state),
        *([Curve(name, u, i, "fit", marks=True, line=False, state=state)] if taken else []),
    ]


def sweep_name(s: SweepMeasures, result: IvSweepResult) -> tuple[str, float | None]:
    """What tells a loop from the others of a run: name, and state unless there is but one."""
    if len(result.states) == 1 and len(result.rates) > 1:
        return RATE.format(s.rate), None
    label = symbol(s.state.label)
    return (label if len(result.rates) == 1 else symbol(s.label)), s.state.nominal


def _by_rate(result: IvSweepResult, measure: Callable[[CycleMeasures], Measure]) -> list[Series]:
    return [
        Series(
            RATE.format(rate) if len(result.rates) > 1 else "",
            [(s.state.resistance, measure(s.chosen)) for s in result.sweeps if s.rate == rate],
        )
        for rate in result.rates
    ]

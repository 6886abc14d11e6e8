"""The chart of potentiation and depression: weights with fit and residuals, and the measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from analysis.captions import symbol
from analysis.ltp_ltd import BranchMeasures, CycleMeasures, LtpLtdResult
from analysis.measure import Measure
from analysis.weight_change import CRITERION
from app.library.chart import Array, Axis, Chart, Curve, Panel
from app.library.page import NOTHING, Series, against_resistance, level, page, upright

_PULSE = Axis("Pulse number")
_MINUS, _DELTA = "\N{MINUS SIGN}", "\N{GREEK CAPITAL LETTER DELTA}"


def chart(result: LtpLtdResult) -> Chart:
    """The first cycle of every state, complete or not."""
    rows = (_weights(result),), (_residuals(result),), _measures(result)
    return page("LTP/LTD", result, rows, "hollow markers, part of the pulses")


def _weights(result: LtpLtdResult) -> Panel:
    instant = result.options.instant.replace("-", " ")
    y = Axis(f"PSV at {instant}", "V")
    data = [
        Curve(name, _numbers(first, b), b.branch.weights, marks=True, line=False, state=r)
        for name, r, first, b in _branches(result)
        if len(b.branch.pulses)
    ]
    fits = [
        Curve(name, first + fine, b.nonlinearity.weight(fine), "fit", state=r)
        for name, r, first, b in _fitted(result)
        for fine in [np.linspace(b.branch.pulses[0], b.branch.pulses[-1], 200)]
    ]
    if not data:
        return Panel("", _PULSE, y, note=NOTHING)
    turn, down = result.states[0].state.planned
    guides = (level(0.0), *((upright(turn + 0.5),) if down else ()))
    title = f"potentiation, then depression from pulse {turn + 1}" if down else "potentiation"
    return Panel(title, _PULSE, y, (*guides, *data, *fits), height=1.2)


def _residuals(result: LtpLtdResult) -> Panel:
    y = Axis("Data minus fit", "V")
    curves = [
        Curve(
            name, _numbers(first, b),
            b.branch.weights - b.nonlinearity.weight(b.branch.pulses.astype(np.float64)), state=r,
        )
        for name, r, first, b in _fitted(result)
    ]  # fmt: skip
    note = "" if curves else "no fit"
    return Panel("", _PULSE, y, (level(0.0), *curves) if curves else (), note=note, height=0.6)


def _measures(result: LtpLtdResult) -> tuple[Panel, ...]:
    alpha = result.options.nonlinearity == "alpha"
    shape = Axis("Exponent alpha" if alpha else "Non-linearity NL")
    names = ("LTP", "LTD") if alpha else ("LTP: NL", f"LTD: {_MINUS}NL")
    changes = (f"LTP: {_DELTA}w", f"LTD: {_MINUS}{_DELTA}w")
    sign = 1.0 if alpha else -1.0

    def up_and_down(
        names: tuple[str, str], measure: Callable[[BranchMeasures], Measure], sign: float
    ) -> list[Series]:
        return [
            *_series(result, names[0], _up, lambda c: measure(c.up)),
            *_series(result, names[1], _down, lambda c: measure(c.down), sign),
        ]

    return (
        against_resistance(
            "", shape, up_and_down(names, lambda b: b.nonlinearity.label, sign),
            (level(1.0 if alpha else 0.0),),
        ),
        against_resistance(
            "", Axis(f"Range {_DELTA}w", "V"), up_and_down(changes, lambda b: b.range, -1.0),
            (level(0.0),),
        ),
        against_resistance(
            "", Axis("Wmax/Wmin"),
            list(_series(result, "LTP", _up, lambda c: c.dynamic_range)),
            (level(CRITERION, f"criterion > {CRITERION:g}"),),
        ),
    )  # fmt: skip


def _series(
    result: LtpLtdResult,
    name: str,
    branch: Callable[[CycleMeasures], BranchMeasures],
    measure: Callable[[CycleMeasures], Measure],
    factor: float = 1.0,
) -> Iterator[Series]:
    """The measure of all states, those taken from a part of the pulses apart."""
    found = [(s.state.resistance, s.first) for s in result.states if s.first]
    for partial in (False, True):
        chosen = [(r, measure(c)) for r, c in found if branch(c).branch.complete is not partial]
        if chosen:
            yield Series(name, chosen, factor, partial)


def _branches(result: LtpLtdResult) -> Iterator[tuple[str, float, float, BranchMeasures]]:
    """Name, nominal resistance, pulses before it and measures of each branch of first cycles."""
    turn, _ = result.states[0].state.planned
    for s in result.states:
        if s.first:
            name = symbol(s.state.label) + ("" if s.state.complete else ", partial")
            yield name, s.state.nominal, 0.0, s.first.up
            yield name, s.state.nominal, float(turn), s.first.down


def _fitted(result: LtpLtdResult) -> Iterator[tuple[str, float, float, BranchMeasures]]:
    for name, r, first, b in _branches(result):
        if b.nonlinearity.fit and b.nonlinearity.fit.converged:
            yield name, r, first, b


def _numbers(first: float, b: BranchMeasures) -> Array:
    return np.add(first, b.branch.pulses, dtype=np.float64)


def _up(cycle: CycleMeasures) -> BranchMeasures:
    return cycle.up


def _down(cycle: CycleMeasures) -> BranchMeasures:
    return cycle.down

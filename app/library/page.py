"""What charts of all analyses have in common: provenance, the table, axes of resistances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.analysis import Provenance, Table
from analysis.captions import alerts, origin, symbol
from analysis.measure import Measure
from analysis.scales import ResistanceScale
from app.library.chart import Axis, Chart, Curve, Panel
from protocols.quantities import with_prefix

PSV = Axis("PSV", "V")
"""The postsynaptic voltage."""
NOTHING = "nothing was read"


class Result(Protocol):
    """What a chart is made from: the result of an analysis."""

    @property
    def provenance(self) -> Provenance:
        """Where it comes from."""

    @property
    def complete(self) -> bool:
        """Whether everything that was planned was read."""

    @property
    def conditions(self) -> str:
        """How it was measured."""

    def table(self) -> Table:
        """The main measures."""


def page(title: str, result: Result, rows: Iterable[tuple[Panel, ...]], remark: str = "") -> Chart:
    """A chart of panels with all else that a result says; `remark` is what a partial one adds."""
    table, alert = result.table(), alerts(result.provenance, result.complete)
    return Chart(
        title=title,
        rows=tuple(rows),
        columns=tuple(map(symbol, table.columns)),
        table=tuple(tuple(map(symbol, row)) for row in table.rows),
        notes=tuple(map(symbol, table.notes)),
        origin=origin(result.provenance),
        conditions=symbol(result.conditions),
        alert=alert if result.complete or not remark else f"{alert}: {remark}",
    )


def level(value: float, name: str = "") -> Curve:
    """A helper line across a panel at a height."""
    return Curve(name, np.array([-np.inf, np.inf]), np.array([value, value]), "guide")


def upright(value: float, name: str = "") -> Curve:
    """A helper line from bottom to top of a panel."""
    return Curve(name, np.array([value, value]), np.array([-np.inf, np.inf]), "guide")


@dataclass(frozen=True)
class Series:
    """One measure of several states: its name, and resistance (ohm) and measure of each.

    The measures are drawn times `factor`, and as `partial` says.
    """

    name: str
    found: Sequence[tuple[float, Measure]]
    factor: float = 1.0
    partial: bool = False


def against_resistance(
    title: str, y: Axis, series: Sequence[Series], guides: tuple[Curve, ...] = ()
) -> Panel:
    """Measures, with their intervals, over the regulating resistance; open at its own place."""
    resistances = sorted({r for one in series for r, m in one.found if m.value is not None})
    x, places = _axis(resistances)
    curves = tuple(_points(one, places) for one in series)
    drawn = tuple(c for c in curves if len(c.x))
    return Panel(title, x, y, (*guides, *drawn) if drawn else (), note="" if drawn else "no values")


def _axis(resistances: Sequence[float]) -> tuple[Axis, dict[float, float]]:
    """A logarithmic axis in ohm, and the place of each resistance on it."""
    scale = ResistanceScale.of(resistances)
    places = {
        r: 10**place if math.isinf(r) else r
        for r, place in zip(resistances, scale.places, strict=True)
    }
    # A resistance shares the tick of another that is too close to it.
    marked = {place for place, _ in scale.ticks}
    ticks = tuple(
        (places[r], _short(r))
        for r, place in zip(resistances, scale.places, strict=True)
        if place in marked
    )
    return Axis("R", "ohm", log=True, ticks=ticks), places


def _points(one: Series, places: dict[float, float]) -> Curve:
    known = [(places[r], m, m.value) for r, m in one.found if m.value is not None]
    ends = one.factor * np.array([_ends(m) for _, m, _ in known]).reshape(-1, 2)
    bounded = bool(np.isfinite(ends).any())
    return Curve(
        one.name,
        np.array([place for place, _, _ in known]),
        one.factor * np.array([value for _, _, value in known]),
        marks=True, line=False, partial=one.partial,
        low=ends.min(axis=1) if bounded else None, high=ends.max(axis=1) if bounded else None,
    )  # fmt: skip


def _ends(measure: Measure) -> tuple[float, float]:
    if measure.low is None or measure.high is None:
        return math.nan, math.nan
    return measure.low, measure.high


def _short(resistance: float) -> str:
    """A resistance in ohm with its prefix and without its unit: ``"8k"``."""
    if math.isinf(resistance):
        return "open"
    return with_prefix(resistance, "ohm", 3).removesuffix("ohm").replace(" ", "")

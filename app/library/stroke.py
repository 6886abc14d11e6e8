"""With which line and mark a curve of a chart is drawn, in a panel and in its legend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from matplotlib.lines import Line2D

from analysis.colours import Theme
from app.library.chart import Axis, Chart, Curve, Panel
from app.library.looks import (
    DENSE,
    Scale,
    colours_of,
    is_kind,
    kinds_of,
    letters_of,
    over_dense,
    scales_of,
)

_DASHES, _MARKS = ("-", "--", "-.", ":"), "osD^v"


@dataclass
class Dress:
    """What the panels of one figure share.

    Parameters
    ----------
    look
        Colours of the appearance.
    colours
        Of each curve.
    scales
        Of each axis.
    kinds
        Number of each name that stands for a kind.
    runs
        The runs that curves are of.
    letters
        For the panels that are not drawn yet.
    told
        Names and colours that a legend has explained.
    """

    look: Theme
    colours: Mapping[Curve, str]
    scales: Mapping[Axis, Scale]
    kinds: Mapping[str, int]
    runs: list[str]
    letters: Iterator[str]
    told: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, chart: Chart, look: Theme) -> Dress:
        """The dress of a chart of which nothing is drawn yet."""
        curves = [c for row in chart.rows for panel in row for c in panel.curves]
        runs = list(dict.fromkeys(c.run for c in curves if c.run))
        return cls(
            look, colours_of(chart, look), scales_of(chart), kinds_of(chart), runs,
            iter(letters_of(chart)),
        )  # fmt: skip


def stroke(curve: Curve, panel: Panel, dress: Dress) -> dict[str, Any]:
    """Line and mark as `matplotlib.lines.Line2D` takes them."""
    colour, rank = dress.colours[curve], dress.kinds[curve.name] if is_kind(curve) else 0
    if curve.role == "guide":
        dash: Any = (0, (5, 2)) if curve.name else "-"
        return {"color": colour, "linewidth": 0.7, "linestyle": dash}
    if over_dense(curve, panel):
        return {"color": dress.look.ink, "linewidth": 0.6}
    dense = len(curve.x) > DENSE
    dash = "-"
    if curve.run:
        place = dress.runs.index(curve.run)
        # Another dash for runs that share a colour, too.
        dash = _DASHES[(place + place // len(dress.look.runs)) % len(_DASHES)]
    elif curve.role == "fit":
        dash = _DASHES[rank % len(_DASHES)]
    line = {"color": colour, "linewidth": 1.0, "linestyle": dash if curve.line else "none"}
    if not curve.marks:
        return line
    return {
        **line, "marker": _MARKS[rank % len(_MARKS)],
        "markersize": 2.0 if dense else 3.6, "markeredgewidth": 0.0 if dense else 0.8,
        "markerfacecolor": dress.look.paper if curve.partial else colour,
    }  # fmt: skip


def run_handles(chart: Chart, dress: Dress) -> list[Line2D]:
    """A line of a legend for each run of a chart that shows several."""
    first: dict[str, Line2D] = {}
    for panel in (panel for row in chart.rows for panel in row):
        for curve in panel.curves:
            if curve.run and curve.run not in first:
                first[curve.run] = Line2D([], [], **stroke(curve, panel, dress), label=curve.run)
    return list(first.values())

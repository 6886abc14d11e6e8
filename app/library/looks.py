"""How a chart is dressed, for the window and for exports alike: colours and prefixes of units."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.colours import Theme, state_colours
from app.library.chart import Array, Axis, Chart, Curve, Panel

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "\N{MICRO SIGN}", -3: "m", 0: "", 3: "k", 6: "M"}
DENSE = 60
"""Points of a curve from which on its marks are small, and fits are drawn over them in ink."""
Rows = Sequence[tuple[Panel, ...]]
_SIGNS = {"ohm": "\N{GREEK CAPITAL LETTER OMEGA}"}


@dataclass(frozen=True)
class Scale:
    """The numbers along an axis are values in SI units times `factor`; `label` says of what."""

    factor: float
    label: str


def scale_of(axis: Axis, values: Iterable[Array]) -> Scale:
    """The prefix that suits the greatest of some values, and the label that goes with it.

    Logarithmic axes and those with texts for ticks stay without prefix; seconds have none
    above 1.
    """
    unit = _SIGNS.get(axis.unit, axis.unit)
    exponent = 0 if axis.log or axis.ticks or not unit else _exponent(values)
    if axis.unit == "s":
        exponent = min(exponent, 0)
    if not unit:
        return Scale(1.0, axis.label)
    return Scale(10.0**-exponent, f"{axis.label} ({_PREFIXES[exponent]}{unit})")


def scales_of(chart: Chart) -> dict[Axis, Scale]:
    """The scale of each axis; equal axes of several panels have one."""
    values: dict[Axis, list[Array]] = {}
    for row in chart.rows:
        for panel in row:
            curves = [c for c in panel.curves if c.role != "guide"]
            values.setdefault(panel.x, []).extend(c.x for c in curves)
            values.setdefault(panel.y, []).extend(c.y for c in curves)
            if panel.cells:
                values[panel.x].append(panel.cells.x_edges)
                values[panel.y].append(panel.cells.y_edges)
    return {axis: scale_of(axis, along) for axis, along in values.items()}


def colours_of(chart: Chart, look: Theme) -> Mapping[Curve, str]:
    """A colour for each curve: of its state, of its run, or of its name.

    The first kind of a panel is drawn as potentiation is and the second as depression.
    """
    panels = [panel for row in chart.rows for panel in row]
    curves = [curve for panel in panels for curve in panel.curves]
    states = sorted({c.state for c in curves if c.state is not None})
    of_state = dict(zip(states, state_colours(look, states), strict=True))
    runs = list(dict.fromkeys(c.run for c in curves if c.run))
    kinds = (look.up, look.down, look.ink, *look.runs[2:])
    places, found = kinds_of(chart), {}
    for c in curves:
        if c.role == "guide":
            found[c] = look.alert if c.name else look.faint
        elif c.run:
            found[c] = look.runs[runs.index(c.run) % len(look.runs)]
        elif c.state is not None:
            found[c] = of_state[c.state]
        else:
            found[c] = kinds[places[c.name] % len(kinds)]
    return found


def letters_of(chart: Chart) -> list[str]:
    """A letter for each panel, row by row; none where there is but one."""
    count = sum(map(len, chart.rows))
    if count < 2:
        return [""] * count
    single = string.ascii_lowercase
    more = ("".join(pair) for pair in itertools.product(single, repeat=2))
    return list(itertools.islice(itertools.chain(single, more), count))


def kinds_of(chart: Chart) -> dict[str, int]:
    """A number for each name that stands for a kind, from 0, the same throughout a chart.

    A name that is new has that of its place among those of its panel, or the next that is free.
    """
    found: dict[str, int] = {}
    for row in chart.rows:
        for panel in row:
            names = kinds_in(panel)
            taken = {found[name] for name in names if name in found}
            for place, name in enumerate(names):
                if name not in found:
                    found[name] = next(n for n in itertools.count(place) if n not in taken)
                    taken.add(found[name])
    return found


def kinds_in(panel: Panel) -> list[str]:
    """The names of a panel that stand for kinds, in order."""
    return list(dict.fromkeys(c.name for c in panel.curves if is_kind(c)))


def is_kind(curve: Curve) -> bool:
    """Whether the name of a curve stands for what it is: of no state and of no run."""
    return curve.role != "guide" and not curve.run and curve.state is None


def groups_of(rows: Rows) -> list[Rows]:
    """Rows by what is aligned: single panels over each other that share an x axis are one."""
    groups: list[list[tuple[Panel, ...]]] = []
    for row in rows:
        above = groups[-1][-1] if groups else ()
        if len(row) == len(above) == 1 and row[0].x == above[0].x:
            groups[-1].append(row)
        else:
            groups.append([row])
    return list(groups)


def over_dense(curve: Curve, panel: Panel) -> bool:
    """Whether a curve is the fit of one whose marks would hide it."""
    return curve.role == "fit" and any(
        c.role == "data" and c.marks and len(c.x) > DENSE and c.name == curve.name
        for c in panel.curves
    )


def beside(curve: Curve, panel: Panel) -> Array:
    """The places of a curve, those of several kinds at one place side by side."""
    names = kinds_in(panel)
    if not (panel.x.log and panel.x.ticks and curve.name in names and len(names) > 1):
        return curve.x
    aside = names.index(curve.name) / (len(names) - 1) - 0.5
    shifted: Array = curve.x * spread(panel.x) ** (0.03 * aside)
    return shifted


def spread(axis: Axis) -> float:
    """How many times the least place of an axis its greatest is, at least 3."""
    places = [place for place, _ in axis.ticks]
    return max(3.0, max(places) / min(places))


def _exponent(values: Iterable[Array]) -> int:
    greatest = max(
        (float(np.max(np.abs(v), initial=0.0, where=np.isfinite(v))) for v in values), default=0.0
    )
    if greatest == 0:
        return 0
    # From 0.5 on a value is read without a smaller prefix: 0.8 V, but 400 mV.
    return min(6, max(-15, 3 * math.floor((math.log10(greatest) + math.log10(2)) / 3)))

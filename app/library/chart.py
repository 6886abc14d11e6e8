"""What is drawn, as data: panels of curves and cells with axes, a table, and provenance.

A chart is made by the library, drawn by the window and by the export alike, and travels
between the two as a frame (`encode`, `decode`). Values are in SI units; whoever draws
chooses prefixes and colours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Role = Literal["data", "fit", "guide"]


@dataclass(frozen=True)
class Axis:
    """One axis of a panel.

    Parameters
    ----------
    label
        What is along it, without the unit.
    unit
        SI unit; empty for a pure number and for places that only `ticks` name.
    log
        Whether it is logarithmic; everything along it is then above 0.
    ticks
        Places and their texts, instead of numbers; empty for numbers.
    """

    label: str
    unit: str = ""
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Curve:
    """Points in the order they are joined; a point with a NaN is left out and breaks the line.

    Parameters
    ----------
    name
        For the legend. Curves of one name and colour share an entry; "" has none.
    x, y
        Shape (n,), in the units of the panel's axes.
    role
        "data" as measured, "fit" as computed from it, "guide" for a helper line: one that
        goes from `-inf` to `inf` along an axis spans the panel.
    marks, line
        Whether the points are marked, and whether they are joined.
    state
        Regulating resistance in ohm, `inf` when open: curves of one state have one colour,
        in the order of the resistances. None where colour does not stand for a state.
    run
        Name of the run it is of where a chart shows several: then the colour is the run's.
        Curves without state and run have a colour a name.
    partial
        Whether it was taken from a part of what was planned: its marks are hollow.
    low, high
        Ends of an interval around each `y`, shape (n,), NaN for none; None for a curve
        without intervals.
    """

    name: str
    x: Array
    y: Array
    role: Role = "data"
    marks: bool = False
    line: bool = True
    state: float | None = None
    run: str = ""
    partial: bool = False
    low: Array | None = None
    high: Array | None = None

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise ValueError(
                f"curve {self.name!r}: role {self.role!r} is not one of {get_args(Role)}"
            )
        for name in ("x", "y", "low", "high"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != (len(self.x),):
                raise ValueError(
                    f"curve {self.name!r}: {name} has shape {np.shape(values)}, x has "
                    f"{np.shape(self.x)}"
                )
        if (self.low is None) != (self.high is None):
            raise ValueError(f"curve {self.name!r}: low and high come together")


@dataclass(frozen=True, eq=False)
class Cells:
    """A map of values over two axes.

    Parameters
    ----------
    x_edges, y_edges
        Where cells begin and end, rising, shape (n + 1,) and (m + 1,); on a log axis halfway
        in the logarithm between the places that were measured, so cells are as wide as the
        axis makes them and never merely equal.
    values
        Shape (m, n), NaN where nothing was measured.
    label, unit
        What the colour stands for, and its SI unit.
    least, power
        The colours go from `least` (None: the least value) to the greatest value, with this power
        of the share of the way; below 1 spreads the values near `least`.
    """

    x_edges: Array
    y_edges: Array
    values: Array
    label: str
    unit: str = ""
    least: float | None = None
    power: float = 1.0

    @property
    def levels(self) -> tuple[float, float]:
        """Values at the ends of the colours."""
        known = self.values[np.isfinite(self.values)]
        if not len(known):
            return 0.0, 1.0
        low = float(known.min()) if self.least is None else self.least
        high = float(known.max())
        return (low, high) if low < high else (high - 0.5, high + 0.5)

    def shade(self, values: Array) -> Array:
        """Where the colours of values are along all colours, from 0 to 1; NaN stays."""
        low, high = self.levels
        shades: Array = np.clip((values - low) / (high - low), 0.0, 1.0) ** self.power
        return shades

    def __post_init__(self) -> None:
        for name in ("x_edges", "y_edges"):
            edges = getattr(self, name)
            if np.ndim(edges) != 1 or not np.all(np.diff(edges) > 0):
                raise ValueError(f"cells of {self.label!r}: {name} do not rise: {edges}")
        expected = (len(self.y_edges) - 1, len(self.x_edges) - 1)
        if self.values.shape != expected:
            raise ValueError(
                f"cells of {self.label!r}: {self.values.shape} values between edges for {expected}"
            )


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of axes.

    Parameters
    ----------
    title
        Over it; may be empty.
    x, y
        The axes. Panels above each other whose `x` is equal are read together.
    curves, cells
        What is in it.
    note
        A remark beside it; all there is to show when there are no curves and no cells.
    width, height
        Its share of its row, and its row's of the chart, beside others of 1.
    """

    title: str
    x: Axis
    y: Axis
    curves: tuple[Curve, ...] = ()
    cells: Cells | None = None
    note: str = ""
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True, eq=False)
class Chart:
    """One page of results.

    Parameters
    ----------
    title
        What it shows.
    rows
        Panels from top to bottom, in each row from left to right.
    columns, table
        Headings and rows of the main measures, as text with units.
    notes
        What to mind; one line each.
    origin, conditions
        Where the data come from, and how they were measured.
    alert
        What must not be overlooked, in each picture of it: "SIMULATED", a partial run.
    files
        The runs it was made from.
    """

    title: str
    rows: tuple[tuple[Panel, ...], ...]
    columns: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    origin: str = ""
    conditions: str = ""
    alert: str = ""
    files: tuple[str, ...] = ()


def encode(chart: Chart) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """A chart as a message of JSON values and the arrays that it names."""
    arrays: dict[str, NDArray[Any]] = {}
    return {"chart": _plain(chart, arrays)}, arrays


def decode(message: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Chart:
    """The chart that `encode` took apart."""
    content = message["chart"]
    return Chart(**{
        **content,
        "rows": tuple(tuple(_panel(panel, arrays) for panel in row) for row in content["rows"]),
        "table": tuple(tuple(row) for row in content["table"]),
        **{name: tuple(content[name]) for name in ("columns", "notes", "files")},
    })  # fmt: skip


def _plain(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(value, (Chart, Panel, Axis, Curve, Cells)):
        return {f.name: _plain(getattr(value, f.name), arrays) for f in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item, arrays) for item in value]
    if isinstance(value, np.ndarray):
        name = f"array {len(arrays)}"
        arrays[name] = value
        return name
    # JSON has no infinity: an open branch is the word that people type.
    return "open" if value == math.inf else value


def _panel(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Panel:
    cells = content["cells"]
    return Panel(**{
        **content,
        "x": _axis(content["x"]),
        "y": _axis(content["y"]),
        "curves": tuple(_curve(curve, arrays) for curve in content["curves"]),
        "cells": cells and Cells(**{**cells, **_named(cells, _CELLS, arrays)}),
    })  # fmt: skip


def _axis(content: Mapping[str, Any]) -> Axis:
    ticks = tuple((place, text) for place, text in content["ticks"])
    return Axis(**{**content, "ticks": ticks})


def _curve(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Curve:
    state = math.inf if content["state"] == "open" else content["state"]
    return Curve(**{**content, "state": state, **_named(content, _CURVE, arrays)})


def _named(
    content: Mapping[str, Any], names: tuple[str, ...], arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any] | None]:
    return {name: content[name] and arrays[content[name]] for name in names}


_CELLS = ("x_edges", "y_edges", "values")
_CURVE = ("x", "y", "low", "high")

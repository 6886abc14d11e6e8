"""A chart as CSV: a column a quantity, with units in the headings and provenance above them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from analysis.analysis import Table
from app.library.chart import Array, Axis, Cells, Chart, Curve, Panel
from app.library.looks import letters_of

Column = tuple[str, Sequence[Any]]


def chart_csv(chart: Chart) -> str:
    """The curves and cells of a chart, in SI units; helper lines are left out."""
    panels = [panel for row in chart.rows for panel in row]
    # What tells the panels apart, as in the figure.
    letters = [f"{letter}: " if letter else "" for letter in letters_of(chart)]
    named = list(zip(letters, panels, strict=True))
    columns = [column for letter, panel in named for column in _panel(letter, panel)]
    remarks = [
        f"fmes-lab: {chart.title}", chart.alert, chart.origin, chart.conditions,
        *(f"file: {file}" for file in chart.files),
        *(f"{letter}{panel.title}" for letter, panel in named if panel.title),
    ]  # fmt: skip
    remarks += [" | ".join(row) for row in (chart.columns, *chart.table) if row] + list(chart.notes)
    return csv_text(remarks, columns)


def csv_text(remarks: Sequence[str], columns: Sequence[Column]) -> str:
    """Remarks as lines with ``#``, then the columns, shorter ones filled up with nothing."""
    lines = [line for remark in remarks if remark for line in remark.splitlines()]
    out = io.StringIO(newline="")
    out.write(f"# the table begins after {len(lines) + 1} lines that begin with #\n")
    out.writelines(f"# {line}\n" for line in lines)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(name for name, _ in columns)
    writer.writerows(zip_longest(*(values for _, values in columns), fillvalue=""))
    return out.getvalue()


def table_csv(table: Table, remarks: Sequence[str]) -> str:
    """The main measures as people read them, with their notes."""
    columns = [(name, [row[k] for row in table.rows]) for k, name in enumerate(table.columns)]
    return csv_text([*remarks, *table.notes], columns)


def _panel(letter: str, panel: Panel) -> Iterator[Column]:
    if panel.cells:
        yield from _cells(letter, panel.cells, panel)
    # Curves that one entry of the legend stands for follow each other in one column.
    merged: dict[str, list[Curve]] = {}
    for curve in panel.curves:
        if curve.role != "guide":
            merged.setdefault(letter + _name(curve), []).append(curve)
    for name, curves in merged.items():
        yield name + _quantity(panel.x), _texts(panel.x, np.concatenate([c.x for c in curves]))
        y = name + _quantity(panel.y)
        yield y, _texts(panel.y, np.concatenate([c.y for c in curves]))
        if any(c.low is not None for c in curves):
            for end, values in (
                ("low", [c.low for c in curves]),
                ("high", [c.high for c in curves]),
            ):
                known = [
                    np.full(len(c.x), np.nan) if v is None else v
                    for c, v in zip(curves, values, strict=True)
                ]
                yield f"{y} {end}", _texts(panel.y, np.concatenate(known))


def _name(curve: Curve) -> str:
    kinds = [
        kind for kind, is_so in (("fit", curve.role == "fit"), ("partial", curve.partial)) if is_so
    ]
    name = f"{curve.name} ({', '.join(kinds)})" if kinds else curve.name
    return f"{name}: " if name else ""


def _cells(letter: str, cells: Cells, panel: Panel) -> Iterator[Column]:
    """One row a cell that was measured."""
    rows, columns = np.nonzero(np.isfinite(cells.values))
    for axis, edges, places in ((panel.x, cells.x_edges, columns), (panel.y, cells.y_edges, rows)):
        low, high = edges[places], edges[places + 1]
        if axis.ticks:
            texts = [
                next((t for place, t in axis.ticks if a <= place < b), "")
                for a, b in zip(low, high, strict=True)
            ]
            yield f"{letter}{axis.label}", texts
        else:
            yield f"{letter}from {_quantity(axis)}", low.tolist()
            yield f"{letter}to {_quantity(axis)}", high.tolist()
    yield letter + _quantity(Axis(cells.label, cells.unit)), cells.values[rows, columns].tolist()


def _quantity(axis: Axis) -> str:
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _texts(axis: Axis, values: Array) -> list[Any]:
    """Values as they are written: open at its word, and nothing for what is not known."""
    words = {place: text for place, text in axis.ticks if text == "open"}
    return ["" if np.isnan(v) else words.get(v, v) for v in values.tolist()]

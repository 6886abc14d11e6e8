"""One panel of a chart in a figure: its axes, curves or cells, and legend."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.style import SMALL, TEXT, dress, legend, say
from app.library.chart import Axis, Cells, Curve, Panel
from app.library.looks import Scale, beside, over_dense, scale_of, spread
from app.library.stroke import Dress, stroke


def draw_panel(axes: Axes, panel: Panel, style: Dress, *, alone: bool) -> None:
    """Draw a panel; one that is alone in its row has its legend beside it."""
    look = style.look
    x, y = style.scales[panel.x], style.scales[panel.y]
    dress(axes, look, next(style.letters), x.label, y.label)
    if not panel.curves and panel.cells is None:
        say(axes, look, panel.note)
        return
    axes.set_title(panel.title, fontsize=SMALL, color=look.ink)
    axes.set_title(panel.note, fontsize=SMALL, color=look.ink, loc="right")
    axes.set_xscale("log" if panel.x.log else "linear")
    axes.set_yscale("log" if panel.y.log else "linear")
    if panel.cells:
        _draw_cells(axes, panel.cells, x, y, style)
    for curve in panel.curves:
        _draw_curve(axes, curve, panel, x, y, style)
    _set_ticks(axes, panel, x, y, style)
    if panel.x.ticks and panel.curves:
        _set_limits(axes, panel, y)
    _add_legend(axes, panel, style, alone=alone)


def _draw_cells(axes: Axes, cells: Cells, x: Scale, y: Scale, style: Dress) -> None:
    scale = scale_of(Axis(cells.label, cells.unit), [cells.values])
    mesh = axes.pcolormesh(
        cells.x_edges * x.factor, cells.y_edges * y.factor, cells.values * scale.factor,
        cmap=colormaps["cividis"], rasterized=True,
        norm=PowerNorm(
            cells.power, vmin=cells.levels[0] * scale.factor, vmax=cells.levels[1] * scale.factor
        ),
    )  # fmt: skip
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, aspect=14)
    bar.set_label(scale.label, fontsize=TEXT - 0.5, color=style.look.ink)
    bar.ax.tick_params(labelsize=SMALL, colors=style.look.ink, width=0.6, length=2)
    bar.outline.set_visible(False)


def _draw_curve(axes: Axes, curve: Curve, panel: Panel, x: Scale, y: Scale, style: Dress) -> None:
    line = stroke(curve, panel, style)
    if curve.role == "guide":
        # Behind all else; one across the panel has no part in how far the axes reach.
        if np.isinf(curve.x).all():
            axes.axhline(curve.y[0] * y.factor, zorder=0, **line)
        elif np.isinf(curve.y).all():
            axes.axvline(curve.x[0] * x.factor, zorder=0, **line)
        else:
            axes.plot(curve.x * x.factor, curve.y * y.factor, zorder=0, **line)
        return
    places, heights = beside(curve, panel) * x.factor, curve.y * y.factor
    axes.plot(places, heights, zorder=3 if curve.role == "fit" else 2, **line)
    if curve.low is not None and curve.high is not None:
        known = np.isfinite(curve.low) & np.isfinite(curve.high)
        ends = [heights - curve.low * y.factor, curve.high * y.factor - heights]
        axes.errorbar(
            places[known], heights[known], [end[known] for end in ends], fmt="none",
            ecolor=line["color"], elinewidth=0.9, capsize=2.2, zorder=1,
        )  # fmt: skip


def _set_ticks(axes: Axes, panel: Panel, x: Scale, y: Scale, style: Dress) -> None:
    for given, axis, scale in ((panel.x, axes.xaxis, x), (panel.y, axes.yaxis, y)):
        if given.ticks:
            places, texts = zip(*given.ticks, strict=True)
            axis.set_ticks(np.array(places) * scale.factor, texts)
        low, high = sorted(axis.get_view_interval())
        # Within a decade the ticks between the powers of ten carry numbers, too.
        if given.ticks or (given.log and high > 10 * low):
            axis.set_minor_locator(NullLocator())
        axis.set_tick_params(
            which="minor", labelsize=TEXT - 0.5, colors=style.look.ink, width=0.6, length=1.5
        )


def _set_limits(axes: Axes, panel: Panel, y: Scale) -> None:
    if panel.x.log:
        places, wide = [place for place, _ in panel.x.ticks], spread(panel.x) ** 0.12
        axes.set_xlim(min(places) / wide, max(places) * wide)
    values = np.concatenate([c.y for c in panel.curves if c.role != "guide"]) * y.factor
    if values.min() > 0 and np.ptp(values) < 0.1 * values.mean():
        # A range in which a small difference looks small.
        axes.set_ylim(0.9 * values.min(), 1.1 * values.max())


def _add_legend(axes: Axes, panel: Panel, style: Dress, *, alone: bool) -> None:
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    for curve in panel.curves:
        key = (curve.name, style.colours[curve])
        if not curve.name or curve.run or key in style.told or over_dense(curve, panel):
            continue
        line, entry = stroke(curve, panel, style), entries.setdefault(key, {})
        # What any curve of that name has: a mark, a line. Whole ones stand for hollow ones.
        entry |= {name: v for name, v in line.items() if v != "none" and name not in entry}
    style.told |= entries.keys()
    handles = [
        Line2D([], [], **{"linestyle": "none", **entry}, label=name)
        for (name, _), entry in entries.items()
    ]
    if handles and any(over_dense(c, panel) for c in panel.curves):
        handles.append(Line2D([], [], color=style.look.ink, linewidth=0.6, label="fit"))
    if not handles:
        return
    place: dict[str, Any] = {"loc": "best"}
    if alone:
        place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    elif not panel.title:
        # Above the panel, where no point can be.
        place = {
            "loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": len(handles),
            "columnspacing": 0.9, "handletextpad": 0.3, "borderpad": 0,
        }  # fmt: skip
    legend(axes, style.look, handles=handles, handlelength=1.6, **place)

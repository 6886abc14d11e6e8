"""One look for every figure: sizes, labels and (from `analysis.colours`) colours.

There is no global state; what draws passes the look on.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from analysis.colours import DARK as DARK
from analysis.colours import LIGHT as LIGHT
from analysis.colours import Theme as Theme
from analysis.colours import state_colours as state_colours
from analysis.colours import theme as theme
from analysis.scales import ResistanceScale

WIDTH = 180e-3
"""Width of a two-column figure, in m."""
TEXT, SMALL = 7.5, 6.0
"""Font sizes in points: labels and numbers; legends and provenance."""
RESISTANCE_LABEL = "Regulating resistance (k\N{GREEK CAPITAL LETTER OMEGA})"

_INCH = 25.4e-3
_FOOT = 7e-3
"""Height of the strip of a footer, in m."""


class _ShownFigure(Figure):
    """A figure that a notebook shows, though pyplot does not know of it."""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()


def new_figure(look: Theme, height: float, width: float = WIDTH, dpi: float = 200) -> Figure:
    """An empty figure with a canvas of its own; `height` and `width` in m."""
    figure = _ShownFigure(
        figsize=(width / _INCH, height / _INCH), dpi=dpi, facecolor=look.paper,
        layout="constrained",
    )  # fmt: skip
    FigureCanvasAgg(figure)
    return figure


def sheet(look: Theme, height: float) -> tuple[Figure, SubFigure, SubFigure]:
    """An empty figure of that height (m), its part for the panels and its strip for a footer."""
    figure = new_figure(look, height)
    grid = figure.add_gridspec(2, 1, height_ratios=(height - _FOOT, _FOOT))
    panels, foot = (figure.add_subfigure(grid[row], facecolor=look.paper) for row in range(2))
    return figure, panels, foot


def dress(axes: Axes, look: Theme, letter: str, x: str, y: str) -> None:
    """Give a panel its letter, its labels ("quantity (unit)") and the look of the theme."""
    axes.set_facecolor(look.paper)
    axes.set_title(letter, loc="left", fontsize=TEXT + 1.5, fontweight="bold", color=look.ink)
    axes.set_xlabel(x, fontsize=TEXT, color=look.ink)
    axes.set_ylabel(y, fontsize=TEXT, color=look.ink)
    axes.tick_params(labelsize=TEXT - 0.5, colors=look.ink, width=0.6, length=2.5)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(look.ink)
        spine.set_linewidth(0.6)


def legend(axes: Axes, look: Theme, **place: Any) -> None:
    """Add a frameless legend in small type; `place` as `Axes.legend` takes it."""
    axes.legend(fontsize=SMALL, frameon=False, labelcolor=look.ink, **place)


def footer(strip: SubFigure, look: Theme, origin: str, conditions: str, alert: str) -> None:
    """Small type in a strip under the panels: `alert` and the conditions over the origin."""
    right, left = 0.992, 0.008
    strip.text(left, 0.72, alert, color=look.alert, fontweight="bold", fontsize=SMALL, va="center")
    for text, height in ((conditions, 0.72), (origin, 0.24)):
        strip.text(right, height, text, color=look.ink, fontsize=SMALL, ha="right", va="center")


def say(axes: Axes, look: Theme, text: str) -> None:
    """Write in the middle of a panel that has nothing to show."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=SMALL,
        color=look.ink,
    )  # fmt: skip


def resistance_axis(axes: Axes, resistances: Sequence[float]) -> tuple[list[float], float]:
    """A logarithmic axis of regulating resistances (ohm), open at a place of its own.

    Returns
    -------
    places : list of float
        The place of each resistance on the axis.
    apart : float
        Distance on the axis at which two markers at one place can be told apart.
    """
    scale = ResistanceScale.of(resistances)
    places, span = list(scale.places), scale.span
    ticks = [place for place, _ in scale.ticks]
    if scale.divider is not None:
        axes.axvline(
            scale.divider, color=axes.spines["left"].get_edgecolor(), linewidth=0.5,
            linestyle=(0, (1, 3)),
        )  # fmt: skip
    axes.set_xticks(ticks, [text for _, text in scale.ticks])
    axes.set_xticks(sorted(set(places) - set(ticks)), minor=True)
    low, high = min([*places, *ticks]), max([*places, *ticks])
    axes.set_xlim(low - 0.12 * span, high + 0.12 * span)
    return places, 0.03 * (high - low + 0.24 * span)

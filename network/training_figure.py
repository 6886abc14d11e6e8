"""The figure of trainings: accuracy by epoch and by state, pulses and energy."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.style import (
    RESISTANCE_LABEL,
    SMALL,
    Theme,
    dress,
    footer,
    legend,
    new_figure,
    resistance_axis,
    say,
    state_colours,
    theme,
)
from analysis.symbols import DOT, symbol
from network.summary import PAPER, PAPER_EPOCHS, Kind, Summary
from protocols.quantities import RESISTANCE


def draw(summary: Summary, dark: bool = False) -> Figure:
    """Draw trainings; a line is the mean over the seeds, its band their least to greatest."""
    look = theme(dark)
    figure = new_figure(look, height=118e-3)
    grid = figure.add_gridspec(3, 1, height_ratios=(1.1, 1, 0.12))
    upper, lower, foot = (figure.add_subfigure(grid[row], facecolor=look.paper) for row in range(3))
    _accuracy(upper.add_subplot(), summary, look)
    _by_state(lower.add_subplot(1, 3, 1), summary, look)
    _spent(
        lower.add_subplot(1, 3, 2), summary, look, "c", "Pulses per epoch (millions)",
        {"up": ("o", look.up, "up"), "down": ("s", look.down, "down")}, 1e-6,
    )  # fmt: skip
    _spent(
        lower.add_subplot(1, 3, 3), summary, look, "d", "Energy per epoch (J)",
        {
            "delivered": ("o", look.up, "delivered"),
            "returned": ("s", look.down, "returned"),
        }, 1.0,
    )  # fmt: skip
    footer(foot, look, *provenance(summary))
    return figure


def provenance(summary: Summary) -> tuple[str, str, str]:
    """Origin, conditions, and what must not be overlooked, for a footer."""
    tasks = [t.task for k in summary.kinds for t in k.trained]
    curves = dict.fromkeys(t["curve"]["source"] for t in tasks if t["curve"])
    seeds = sorted({int(t["seed"]) for t in tasks})
    conditions = DOT.join((
        f"{summary.epochs} epochs in batches of {tasks[0]['batch']}",
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}",
        "line: mean, band: least to greatest",
    ))  # fmt: skip
    simulated = "CURVES OF THE SIMULATED RIG" if summary.simulated else ""
    alert = DOT.join(filter(None, (simulated, summary.alert)))
    return f"update curves of {', '.join(curves)}" if curves else "", conditions, alert


def colours(summary: Summary, look: Theme) -> list[str]:
    """A colour for each kind: that of its state, the ink for plain numbers."""
    states = [k.resistance for k in summary.kinds if not math.isnan(k.resistance)]
    known = dict(zip(states, state_colours(look, states), strict=True))
    return [known.get(k.resistance, look.ink) for k in summary.kinds]


def names(summary: Summary) -> list[str]:
    """A name for each kind, with what tells kinds of one state apart."""
    found = []
    several = {
        "rate": len({k.rate for k in summary.kinds}) > 1
        or any(k.effective_rate != k.rate for k in summary.kinds),
        "noise": len({k.noise for k in summary.kinds if k.noise is not None} | {0.0}) > 2
        and len({(k.label, k.rate) for k in summary.kinds}) < len(summary.kinds),
    }
    for kind in summary.kinds:
        name = symbol(kind.label)
        if several["rate"]:
            name += f", rate {kind.effective_rate:.2g}"
        if several["noise"] and kind.noise is not None:
            name += f", noise {kind.noise:.2g}"
        found.append(name)
    return found


def _accuracy(axes: Axes, summary: Summary, look: Theme) -> None:
    dress(axes, look, "a", "Epoch", "Accuracy on the test set (%)")
    floor = 1.0
    for kind, colour, name in zip(
        summary.kinds, colours(summary, look), names(summary), strict=True
    ):
        accuracy = 100 * kind.over_epochs("accuracy")
        epochs = np.arange(accuracy.shape[1])
        style = "--" if math.isnan(kind.resistance) else "-"
        axes.plot(
            epochs, accuracy.mean(axis=0), style, color=colour, linewidth=1.1, label=name,
            marker="o" if len(epochs) < 30 else None, markersize=2.5,
        )  # fmt: skip
        if len(accuracy) > 1:
            axes.fill_between(
                epochs, accuracy.min(axis=0), accuracy.max(axis=0), color=colour, alpha=0.25,
                linewidth=0,
            )  # fmt: skip
        floor = min(floor, float(accuracy[:, 1:].min()) / 100)
    paper = PAPER if summary.of_mnist else {}
    for resistance, share in paper.items():
        state = symbol(RESISTANCE.format(resistance))
        best = share == max(PAPER.values())
        axes.axhline(100 * share, color=look.alert, linewidth=0.8, linestyle=(0, (5, 2)))
        axes.annotate(
            f"study, {state}: {share:.0%}", (1, 100 * share),
            xycoords=("axes fraction", "data"), xytext=(-2, 1 if best else -1),
            textcoords="offset points", ha="right", va="bottom" if best else "top",
            fontsize=SMALL, color=look.alert,
        )  # fmt: skip
    axes.set_xlim(0, max(1, summary.epochs))
    # What happens after the first epoch is to be told apart; chance, at epoch 0, is off the axis.
    axes.set_ylim(100 * min([floor, *paper.values()]) - 3, 100)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes, look, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _by_state(axes: Axes, summary: Summary, look: Theme) -> None:
    dress(axes, look, "b", RESISTANCE_LABEL, f"Accuracy after {summary.epochs} epochs (%)")
    kinds = _devices(summary)
    if not kinds:
        say(axes, look, "no devices: plain numbers")
        return
    places, apart = resistance_axis(axes, [k.resistance for k in kinds])
    _reference(axes, summary, look)
    rng = np.random.default_rng(0)
    for place, kind in zip(places, kinds, strict=True):
        final = 100 * kind.final
        # Beside each other, so that equal values hide none.
        aside = rng.uniform(-apart / 2, apart / 2, len(final))
        axes.plot(place + aside, final, "o", color=look.up, markersize=2.5, alpha=0.6)
        axes.errorbar(
            place, final.mean(), final.std(ddof=1) if len(final) > 1 else None, fmt="_",
            color=look.ink, markersize=8, elinewidth=0.9, capsize=2.2,
        )  # fmt: skip
        if kind.paper is not None:
            axes.plot(place, 100 * kind.paper, "D", color=look.alert, markersize=4)
    axes.plot([], [], "o", color=look.up, markersize=2.5, label="each seed")
    if summary.of_mnist:
        text = f"study, {PAPER_EPOCHS} epochs"
        axes.plot([], [], "D", color=look.alert, markersize=4, label=text)
    legend(
        axes, look, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, columnspacing=0.8,
        handletextpad=0.3, handlelength=1.2, borderpad=0,
    )  # fmt: skip


def _reference(axes: Axes, summary: Summary, look: Theme) -> None:
    reference = [k for k in summary.kinds if math.isnan(k.resistance)]
    if reference:
        best = max(float(k.final.mean()) for k in reference)
        axes.axhline(100 * best, color=look.ink, linestyle="--", linewidth=0.8)


def _spent(
    axes: Axes,
    summary: Summary,
    look: Theme,
    letter: str,
    label: str,
    series: dict[str, tuple[str, str, str]],
    scale: float,
) -> None:
    dress(axes, look, letter, RESISTANCE_LABEL, label)
    kinds = _devices(summary)
    if not kinds:
        say(axes, look, "no devices: plain numbers")
        return
    places, apart = resistance_axis(axes, [k.resistance for k in kinds])
    for number, (name, (marker, colour, said)) in enumerate(series.items()):
        values = [scale * k.per_epoch(name) for k in kinds]
        aside = (number - (len(series) - 1) / 2) * apart
        axes.plot(
            [p + aside for p in places], values, marker, color=colour, markersize=4, label=said
        )
    # Nothing is below 0, and the markers at the top are whole.
    axes.margins(y=0.1)
    axes.set_ylim(bottom=0)
    legend(
        axes, look, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, columnspacing=0.9,
        handletextpad=0.3, handlelength=1.2, borderpad=0,
    )  # fmt: skip


def _devices(summary: Summary) -> list[Kind]:
    return [k for k in summary.kinds if not math.isnan(k.resistance)]

"""What the weights look like: maps of one digit, and histograms before and after."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.style import SMALL, TEXT, Theme, dress, legend, sheet, theme
from analysis.style import footer as strip
from analysis.symbols import DOT, symbol
from network.summary import Summary
from network.training import Snapshot
from network.training_figure import colours, names, provenance

DIGIT = 3
"""Of which the study shows the map."""


def digit_map(weights: tuple[NDArray[np.float32], ...], digit: int) -> NDArray[np.float32]:
    """How much each pixel speaks for a digit rather than for the mean of all ten.

    The study shows "784 synaptic weights connected to the output digit" of a network that has
    a hidden layer between. This reading is ours: the product of both layers, without the biases,
    less its mean over the digits, which moves no output against another.
    """
    hidden, output = weights
    outputs = output[:-1]
    product: NDArray[np.float32] = hidden[:-1] @ (outputs[:, digit] - outputs.mean(axis=1))
    return product


def draw_maps(summary: Summary, digit: int = DIGIT, dark: bool = False) -> Figure:
    """Draw the map of a digit at the start and after the training of each kind's first seed."""
    look = theme(dark)
    shown: list[tuple[str, NDArray[np.float32]]] = []
    for kind, name in zip(summary.kinds, names(summary), strict=True):
        snapshot = kind.trained[0].snapshot
        if not shown:
            shown.append(("initial", digit_map(snapshot.start, digit)))
        shown.append((name, digit_map(snapshot.weights, digit)))
    columns = min(len(shown), 6)
    rows = math.ceil(len(shown) / columns)
    figure, panels, foot = sheet(look, rows * 40e-3 + 10e-3)
    axes_of = panels.subplots(rows, columns, squeeze=False).ravel()
    for axes in axes_of:
        axes.axis("off")
    for axes, (name, values) in zip(axes_of, shown, strict=False):
        side = round(math.sqrt(len(values)))
        # Each map has a scale of its own: at the start the weights are a tenth of those after.
        most = float(np.abs(values).max()) or 1.0
        axes.imshow(values.reshape(side, -1), cmap="RdBu_r", vmin=-most, vmax=most)
        axes.set_title(name, fontsize=TEXT, color=look.ink)
        axes.text(
            0.5, -0.03, f"\N{PLUS-MINUS SIGN}{most:.2g}", transform=axes.transAxes, ha="center",
            va="top", fontsize=SMALL, color=look.ink,
        )  # fmt: skip
    origin, _, alert = provenance(summary)
    seed = summary.kinds[0].trained[0].task["seed"]
    conditions = DOT.join((
        f"for digit {digit} (red) and against it (blue), layers multiplied, less the mean digit",
        f"{summary.epochs} epochs, seed {seed}",
    ))  # fmt: skip
    # The longer of the two has the line without the alert.
    strip(foot, look, conditions, origin, alert)
    return figure


def draw_histograms(summary: Summary, dark: bool = False) -> Figure:
    """Draw the weights of both layers before and after, of each kind's first seed.

    Weights of devices are counted over the window that they can be in.
    """
    look = theme(dark)
    columns = min(len(summary.kinds), 5)
    rows = math.ceil(len(summary.kinds) / columns)
    figure, panels, foot = sheet(look, rows * 46e-3 + 12e-3)
    axes_of = panels.subplots(rows, columns, squeeze=False).ravel()
    for number, axes in enumerate(axes_of):
        if number >= len(summary.kinds):
            axes.axis("off")
            continue
        kind = summary.kinds[number]
        trained = kind.trained[0]
        rule = trained.task["rule"]
        _histogram(
            axes, trained.snapshot, rule["scale"] if rule else None, look,
            chr(ord("a") + number), colours(summary, look)[number],
        )  # fmt: skip
        axes.set_title(symbol(names(summary)[number]), fontsize=TEXT, color=look.ink)
        if number % columns:
            axes.set_ylabel("")
    origin, _, alert = provenance(summary)
    conditions = f"{summary.epochs} epochs, seed {summary.kinds[0].trained[0].task['seed']}"
    strip(foot, look, origin, conditions, alert)
    return figure


def _histogram(
    axes: Axes, snapshot: Snapshot, scale: float | None, look: Theme, letter: str, colour: str
) -> None:
    dress(axes, look, letter, "Weight", "Weights")
    before, after = (
        np.concatenate([w.ravel() for w in pair]) for pair in (snapshot.start, snapshot.weights)
    )
    most = scale or float(np.abs(after).max())
    edges = np.linspace(-most, most, 61)
    axes.stairs(
        np.histogram(before, edges)[0], edges, color=look.ink, label="before", linewidth=0.8
    )
    axes.stairs(
        np.histogram(after, edges)[0], edges, color=colour, label="after", fill=True, alpha=0.6
    )
    axes.set_yscale("log")
    axes.tick_params(which="minor", colors=look.ink, width=0.4)
    # Room for the legend above the highest bar.
    axes.set_ylim(top=20 * axes.get_ylim()[1])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    legend(axes, look, loc="upper right", borderpad=0, handlelength=1.2)

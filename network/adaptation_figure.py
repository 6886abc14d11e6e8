"""The figure of the study of adaptation: courses, weight maps, confusion, probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure

from analysis.captions import DOT
from analysis.style import SMALL, TEXT, Theme, dress, footer, legend, sheet, theme
from network.adaptation_result import SECOND, Adaptation, Outcomes, rows_of
from network.mapped_devices import Array

_PAPER = (0.08, 0.73)
"""Accuracy on dataset 2 before and after, as the study prints them (Fig. 5f)."""
_MINUS = "\N{EN DASH}"


def draw(result: Adaptation, dark: bool = False) -> Figure:
    """Draw a study of adaptation; its footer says whose algorithm it is."""
    look = theme(dark)
    figure, panels, foot = sheet(look, 176e-3)
    grid = panels.add_gridspec(3, 1, height_ratios=(1.25, 1.2, 1.15))
    top, middle, bottom = (panels.add_subfigure(grid[k], facecolor=look.paper) for k in range(3))
    _courses(top, result, look)
    _maps(middle, result, look)
    _samples(bottom, result, look)
    options = result.options
    footer(
        foot, look,
        f"mapping and pairing are ours: the study's are in a supplement not at hand{DOT}"
        f"{options.pulses} pulse{'s' if options.pulses > 1 else ''} of "
        f"{1e3 * options.amplitude:g} mA, {1e3 * options.width:g} ms an image{DOT}"
        f"{options.law} linear in brightness",
        f"update curve of {result.source}{DOT}seed {options.seed}"
        f"{DOT}digits {result.digits[0][:8]}",
        DOT.join(filter(None, ("SIMULATED", result.alert))),
    )  # fmt: skip
    return figure


def _courses(part: SubFigure, result: Adaptation, look: Theme) -> None:
    left, right = part.subplots(1, 2, width_ratios=(2.6, 1))
    dress(left, look, "a", "Mapped images of dataset 2", "Accuracy on dataset 2 (%)")
    styles = ((look.up, "-", 1.6), (look.up, (0, (4, 1.5)), 0.9),
              (look.down, "-", 1.2), (look.ink, (0, (1, 1.2)), 1.2))  # fmt: skip
    for (what, course), (colour, line, width) in zip(result.courses(), styles, strict=True):
        # A logarithmic axis has no place for 0 images: they stand at a half.
        x = np.maximum(course.images, 0.5)
        left.plot(x, 100 * course.accuracy, color=colour, linestyle=line, linewidth=width,
                  label=what.replace("-", _MINUS) if "mapped" in what else what)  # fmt: skip
        if course.stopped:
            left.plot(x[-1], 100 * course.accuracy[-1], "x", color=colour, markersize=4)
    most = int(result.mapped.images[-1])
    for value, word, at, side, above in (
        (_PAPER[0], "before", most, "right", "top"), (_PAPER[1], "after", 0.5, "left", "bottom"),
    ):  # fmt: skip
        left.axhline(100 * value, color=look.faint, linewidth=0.7, zorder=0)
        left.text(at, 100 * value, f"study, {word}: {100 * value:.0f} %", fontsize=SMALL,
                  color=look.ink, va=above, ha=side)  # fmt: skip
    left.set_xscale("log")
    ticks = [10**k for k in range(math.floor(math.log10(max(most, 1))) + 1)]
    left.set_xticks([0.5, *ticks], ["0", *(str(t) for t in ticks)])
    left.minorticks_off()
    left.set_ylim(0, 100)
    # Above the panel: where curves leave room differs from one study to the next.
    legend(
        left, look, loc="lower left", bbox_to_anchor=(0.03, 0.97), ncols=2, handlelength=2.4,
        borderaxespad=0.2,
    )  # fmt: skip
    dress(right, look, "b", "Epoch", "Accuracy on dataset 1 (%)")
    epochs = np.arange(1, len(result.training) + 1)
    right.plot(epochs, 100 * result.training, color=look.ink, linewidth=1.0)
    right.axhline(95, color=look.faint, linewidth=0.7, zorder=0)
    right.text(epochs[-1], 94.9, "study: 95 %", fontsize=SMALL, color=look.ink, va="top",
               ha="right")  # fmt: skip


def _maps(part: SubFigure, result: Adaptation, look: Theme) -> None:
    axes, pairing = part.subplots(2, 4), result.options.pairing
    colours = LinearSegmentedColormap.from_list("weights", [look.down, look.paper, look.up])
    for row, (letter, psv, digits, when) in enumerate((
        ("c", result.trained[:, rows_of(pairing)], pairing, "trained"),
        ("d", result.mapped.psv, SECOND, "adapted"),
    )):  # fmt: skip
        # Against the mean of the rows: what all rows have in common decides nothing.
        own = 1e3 * (psv - psv.mean(axis=1, keepdims=True))
        most = max(float(np.abs(own).max()), 1e-9)
        side = math.isqrt(len(psv))
        image = None
        for k, digit in enumerate(digits):
            one = axes[row, k]
            image = one.imshow(own[:, k].reshape(side, -1), cmap=colours, vmin=-most, vmax=most)
            one.set_xticks([])
            one.set_yticks([])
            one.set_title(f"{when}: {digit}", fontsize=TEXT, color=look.ink, pad=2)
            for spine in one.spines.values():
                spine.set_color(look.faint)
        axes[row, 0].set_title(letter, loc="left", fontsize=TEXT + 1.5, fontweight="bold",
                               color=look.ink, pad=2)  # fmt: skip
        if image is not None:
            bar = part.colorbar(image, ax=list(axes[row]), fraction=0.02, pad=0.01)
            bar.set_label("PSV above\nmean of rows (mV)", fontsize=SMALL, color=look.ink)
            bar.ax.tick_params(labelsize=SMALL, colors=look.ink, width=0.5, length=2)
            bar.outline.set_edgecolor(look.faint)


def _samples(part: SubFigure, result: Adaptation, look: Theme) -> None:
    axes = part.subplots(1, 4, width_ratios=(1, 1, 1.5, 1.5))
    both = ((result.before, "before"), (result.after, "after"))
    for k, (outcomes, when) in enumerate(both):
        _confusion(axes[k], outcomes, look, "ef"[k], when)
        _probabilities(axes[2 + k], outcomes, look, "gh"[k], when)


def _confusion(axes: Axes, outcomes: Outcomes, look: Theme, letter: str, when: str) -> None:
    dress(axes, look, letter, "Answered", "Sample")
    counts = outcomes.confusion
    colours = LinearSegmentedColormap.from_list("counts", [look.paper, look.up])
    axes.imshow(counts, cmap=colours, vmin=0, vmax=counts.sum(axis=1).max())
    for (i, j), count in np.ndenumerate(counts):
        axes.text(j, i, str(count), ha="center", va="center", fontsize=SMALL, color=look.ink)
    _digits(axes, look, f"{when}: {outcomes.accuracy:.0%} of {len(outcomes.labels)}")
    axes.set_yticks(range(len(SECOND)), [str(d) for d in SECOND])


def _probabilities(axes: Axes, outcomes: Outcomes, look: Theme, letter: str, when: str) -> None:
    dress(axes, look, letter, "Outcome", "Sample, by its digit")
    order = np.argsort(outcomes.labels, kind="stable")
    colours = LinearSegmentedColormap.from_list("chance", [look.paper, look.ink])
    axes.imshow(
        outcomes.probabilities[order], cmap=colours, vmin=0, vmax=1, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    _digits(axes, look, f"probability, {when}")
    ends = np.cumsum(np.bincount(outcomes.labels, minlength=len(SECOND)))
    for end in ends[:-1]:
        axes.axhline(end - 0.5, color=look.alert, linewidth=0.5)
    middles: Array = ends - np.diff(ends, prepend=0) / 2
    axes.set_yticks(middles.tolist(), [str(d) for d in SECOND])


def _digits(axes: Axes, look: Theme, title: str) -> None:
    names: Sequence[str] = [str(d) for d in SECOND]
    axes.set_xticks(range(len(names)), names)
    axes.set_title(title, fontsize=SMALL + 0.5, color=look.ink)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(look.faint)

"""The lines that set trainings beside what the study says of its Fig. 4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.study import Row
from analysis.update_curve import UpdateCurve
from network.summary import PAPER, PAPER_EPOCHS, Kind, Summary, percent
from network.synapses import Rule
from network.training import effective_rate, set_by_resistor
from protocols.quantities import OPEN, RESISTANCE

RULE = "the study's update rule is in a supplement that is not at hand: network and rule are ours"
EDGE = 0.1
"""Share of the window at each end that counts as a side of the histogram."""


def rows(summary: Summary, curves: Sequence[UpdateCurve]) -> Iterator[Row]:
    """Beside the study's statements, as far as states were trained and measured that they need."""
    states = {kind.resistance: kind for kind in summary.kinds}
    # Accuracies of other digits are no comparison.
    paper = PAPER if summary.of_mnist else {}
    after = f"after {summary.epochs} epochs"
    for resistance, accuracy in paper.items():
        if kind := states.get(resistance):
            found = float(kind.final.mean())
            yield _row(
                "4d", f"accuracy {_where(resistance)} {after}",
                f"{100 * accuracy:.0f} % after {PAPER_EPOCHS} epochs", percent(kind.final),
                summary, found >= accuracy - 0.005, f"reached: at least; {RULE}",
            )  # fmt: skip
    if paper and all(r in states for r in paper):
        pair = [states[r] for r in paper]
        closed, opened = (float(kind.final.mean()) for kind in pair)
        yield _row(
            "4d", "accuracy at 8 kohm against open", "8 kohm higher, 90 % and 89 %",
            f"{100 * (closed - opened):+.2f} points, seeds: {len(pair[0].trained)}", summary,
            closed > opened, "the sign of the difference, whatever its size",
        )  # fmt: skip
    if kind := states.get(8000.0) or states.get(OPEN):
        share = _at_the_sides(kind)
        yield _row(
            "4f", f"weights at the sides of the window {_where(kind.resistance)} {after}",
            "begin to gather on both sides",
            f"{100 * share[0]:.2f} % and {100 * share[1]:.2f} %", summary, min(share) > EDGE / 2,
            f"in the outer {50 * EDGE:.0f} % of the window at each end; gathered: more than even",
        )  # fmt: skip
    if len(curves) > 1:
        yield _learning_rate(curves, summary)


def _where(resistance: float) -> str:
    return "open" if resistance == OPEN else f"at {RESISTANCE.format(resistance)}"


def _learning_rate(curves: Sequence[UpdateCurve], summary: Summary) -> Row:
    ordered = sorted(curves, key=lambda c: c.resistance)
    greatest = ordered[-1]
    rates = [effective_rate(curve, set_by_resistor(Rule(), curve, greatest)) for curve in ordered]
    found = ", ".join(f"{c.label} {r:.2f}" for c, r in zip(ordered, rates, strict=True))
    return _row(
        "4b", "learning rate that the resistor sets", "the resistor determines it", found,
        summary, bool(np.all(np.diff(rates) > 0)),
        f"change by a pulse in the middle of the window, over that at {greatest.label}; rising",
    )  # fmt: skip


def _at_the_sides(kind: Kind) -> tuple[float, float]:
    """Share of the weights in the lowest and the highest part of the window."""
    low, high = [], []
    for one in kind.trained:
        scale = one.task["rule"]["scale"]
        weights = np.concatenate([w.ravel() for w in one.snapshot.weights]) / scale
        low.append(np.mean(weights < -(1 - EDGE)))
        high.append(np.mean(weights > 1 - EDGE))
    return float(np.mean(low)), float(np.mean(high))


def _row(
    panel: str, quantity: str, paper: str, found: str, summary: Summary, agrees: bool, remark: str
) -> Row:
    return Row(
        panel, quantity, paper, found, "", "predicted" if summary.simulated else "measured",
        "agrees" if agrees else "disagrees", remark,
    )  # fmt: skip

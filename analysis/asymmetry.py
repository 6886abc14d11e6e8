"""How far depression is from retracing potentiation."""

from __future__ import annotations

from typing import Literal

import numpy as np

from analysis.branches import Branch
from analysis.measure import Definition, Measure

Normalisation = Literal["raw", "min-max"]

_SCALE = (
    "Option raw: weights as read, range = Wmax - Wmin of the potentiation. Option min-max: "
    "each branch scaled to 0...1 between its own ends, so that shape alone counts."
)
AR = Definition(
    "asymmetry ratio", "",
    "max |Wp(n) - Wd(n')| over the range, n' the pulse of the depression that mirrors n: the "
    f"first depression weight stands against the last potentiation weight. {_SCALE}",
    "Asymmetry ratio as used for weight-update curves",
)  # fmt: skip
ANL = Definition(
    "asymmetric non-linearity", "",
    f"[Wp(N/2) - Wd(N/2)] over the range, each after half of its pulses. {_SCALE}",
    "ANL as used for weight-update curves",
)  # fmt: skip


def asymmetry(up: Branch, down: Branch, scale: Normalisation = "raw") -> tuple[Measure, Measure]:
    """`AR` and `ANL` of one cycle."""
    if why := _problem(up, down):
        return Measure.undefined(AR, why), Measure.undefined(ANL, why)
    p, d = up.weights, down.weights
    if scale == "raw":
        span = float(p.max() - p.min())
    else:
        p, d, span = (p - p[0]) / (p[-1] - p[0]), (d - d[-1]) / (d[0] - d[-1]), 1.0
    half = len(p) // 2 - 1
    return (
        Measure(AR, float(np.abs(p - d[::-1]).max()) / span, note=scale),
        Measure(ANL, float(p[half] - d[half]) / span, note=scale),
    )


def _problem(up: Branch, down: Branch) -> str:
    if not down.planned:
        return "the protocol has no depression"
    if up.planned != down.planned:
        return f"{up.planned} pulses up and {down.planned} down have no mirrored pulses"
    if up.planned < 2:
        return "a single pulse has no half"
    if not (up.complete and down.complete):
        return (
            f"{len(up.pulses)} of {up.planned} pulses up and {len(down.pulses)} of "
            f"{down.planned} down were read; all are needed"
        )
    if up.weights[0] == up.weights[-1] or down.weights[0] == down.weights[-1]:
        return "a branch ends where it begins"
    return ""

"""Which colour a resistor state has while a run goes on: the same as in the run's figure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from analysis.colours import blend, state_colours
from analysis.symbols import symbol
from app.gui.theme import Look
from protocols.quantities import RESISTANCE

_CLOSE = 0.05
"""How far an actual resistance is from the nominal one at most, as a share."""


def palette(
    look: Look, asked: Iterable[float], measured: Collection[float], seen: Collection[float]
) -> dict[float, str]:
    """Colours of states, by resistance in ohm.

    Parameters
    ----------
    look
        Of the window.
    asked
        Nominal states that the run's protocol asks for; they settle the order of the colours
        before all of them were reached.
    measured
        Actual resistances with pulses.
    seen
        Every actual resistance. One that is neither asked for nor measured, as the open bank
        of a reset, is grey.
    """
    ordered = {_actual(nominal, seen) for nominal in asked} | set(measured) or set(seen)
    colours = state_colours(look.figure, list(ordered))
    grey = blend(look.figure.ink, look.figure.paper, 0.6)
    return dict.fromkeys(seen, grey) | dict(zip(ordered, colours, strict=True))


def name(resistance: float) -> str:
    """A state as people read it: "8 kΩ", "open"."""
    return symbol(RESISTANCE.format(resistance))


def _actual(nominal: float, seen: Collection[float]) -> float:
    """The resistance that stands for a nominal one, itself while there is none."""
    if math.isinf(nominal):
        return nominal
    near = [r for r in seen if abs(r - nominal) <= _CLOSE * nominal]
    return min(near, key=lambda r: abs(r - nominal), default=nominal)

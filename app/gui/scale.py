"""Axes as people read them: SI prefixes, decades with their unit, texts for places."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.symbols import symbol
from app.gui.binding import pg
from protocols.quantities import with_prefix

_PREFIXED = ("V", "A", "s", "ohm", "F", "C", "J", "W", "V/s")
"""Units that take a prefix; one of a ratio, as %, does not."""
_PREFIX = {
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "\N{MICRO SIGN}",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
}


class Scale(pg.AxisItem):
    """An axis of a plot.

    A linear axis has one prefix, beside its label. A logarithmic one, whose places are common
    logarithms, has a value with its unit at every tick.

    Parameters
    ----------
    side
        "left", "right", "top" or "bottom".
    """

    # Known to the class, for pyqtgraph asks for a prefix before `__init__` is done.
    log = False
    _unit = ""
    _ticks: tuple[tuple[float, str], ...] = ()
    _exponent: int | None = None

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.setStyle(hideOverlappingLabels=True)

    def describe(
        self,
        label: str,
        unit: str = "",
        log: bool = False,
        ticks: Sequence[tuple[float, str]] = (),
    ) -> None:
        """Say what is along the axis, in which SI unit; `ticks` stand instead of numbers."""
        self.log, self._unit, self._ticks = log, unit, tuple(ticks)
        self.setTicks(
            [[(math.log10(x) if log else x, text) for x, text in ticks]] if ticks else None
        )
        self._exponent = None
        # A logarithmic axis has its unit at each tick.
        written = "" if log and not ticks else symbol(unit)
        self.setLabel(label, units=written)

    def written(self, place: float) -> str:
        """What is at a place of the axis: the text of the nearest tick, or value and unit."""
        if self._ticks:
            places = [(math.log10(x) if self.log else x, text) for x, text in self._ticks]
            text = min(places, key=lambda tick: abs(tick[0] - place))[1]
            return text if text == "open" else text + symbol(self._unit)
        return written(10.0**place if self.log else place, self._unit, digits=5)

    def updateAutoSIPrefix(self) -> None:  # noqa: N802 (pyqtgraph's name)
        exponent = 0
        largest = max(abs(end) for end in self.range)
        if self._unit in _PREFIXED and not self.log and not self._ticks and largest > 0:
            exponent = min(9, max(-15, 3 * math.floor(math.log10(largest) / 3 + 1e-12)))
            if self._unit == "s":
                exponent = min(exponent, 0)
        if exponent != self._exponent:
            self._exponent = exponent
            self.autoSIPrefixScale, self.labelUnitPrefix = 10.0**-exponent, _PREFIX[exponent]
            self._updateLabel()
        # Ticks are drawn again for each range; the label above only for another prefix.
        self.picture = None
        self.update()

    def tickValues(  # noqa: N802 (pyqtgraph's name)
        self, lo: float, hi: float, size: float
    ) -> list[tuple[float | None, list[float]]]:
        lo, hi = sorted((lo, hi))
        if self.log:
            return _log_ticks(lo, hi, size)
        ticks: list[tuple[float | None, list[float]]] = super().tickValues(lo, hi, size)
        return ticks

    def tickStrings(  # noqa: N802 (pyqtgraph's name)
        self, values: Sequence[float], scale: float, spacing: float | None
    ) -> list[str]:
        if self.log:
            return [written(10.0**value, self._unit) if spacing else "" for value in values]
        # As many digits as tell neighbours apart, however far from zero.
        places = max(0, math.ceil(-math.log10(spacing * scale) - 1e-9)) if spacing else 0
        return [f"{value * scale:.{places}f}" for value in values]


def written(value: float, unit: str, digits: int = 4) -> str:
    """A value as people read it, with its unit; a prefix or a power of ten where it suits."""
    if unit in _PREFIXED:
        return symbol(with_prefix(value, unit, digits))
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = f"10{_raised(int(exponent))}"
        text = power if mantissa == "1" else f"{mantissa}\N{MIDDLE DOT}{power}"
    return f"{text} {unit}".strip()


def _log_ticks(lo: float, hi: float, room: float) -> list[tuple[float | None, list[float]]]:
    """Decades, with 2 and 5 between few of them, and lines without a text at the others.

    The spacing is that of the texts; None for lines that have none.
    """
    if hi - lo < 0.7:
        return [(1.0, [math.log10(v) for v in _round_values(10.0**lo, 10.0**hi)])]
    first, last = math.floor(lo), math.ceil(hi)
    # A text takes about 70 pixels.
    stride = max(1, math.ceil((hi - lo) * 70 / max(room, 1.0)))
    digits = (1, 2, 5) if (hi - lo) * 220 < room else (1,)
    written = [
        decade + math.log10(digit)
        for decade in range(first, last + 1) if decade % stride == 0
        for digit in digits
    ]  # fmt: skip
    lines = [decade + math.log10(digit) for decade in range(first, last) for digit in range(1, 10)]
    lines = [x for x in lines if x not in written] if stride == 1 else []
    levels: list[tuple[float | None, list[float]]] = [(float(stride), written), (None, lines)]
    return [(spacing, [x for x in level if lo <= x <= hi]) for spacing, level in levels]


def _round_values(lo: float, hi: float) -> list[float]:
    """A few round numbers between two positive ones."""
    step = 10.0 ** math.floor(math.log10(hi - lo))
    step *= next((f for f in (5.0, 2.0, 1.0) if (hi - lo) / (f * step) >= 2), 0.5)
    first = math.ceil(lo / step)
    return [n * step for n in range(first, math.floor(hi / step) + 1) if n > 0]


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))

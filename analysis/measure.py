"""A number with its definition: what every analysis returns instead of a bare float."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from protocols.quantities import with_prefix


@dataclass(frozen=True)
class Definition:
    """What a measure means.

    Parameters
    ----------
    name
        Key in tables and files.
    unit
        SI unit; empty for a pure number.
    text
        The definition, its options and its conditions.
    source
        Paper or convention that it comes from.
    """

    name: str
    unit: str
    text: str
    source: str

    def as_json(self) -> dict[str, str]:
        """The definition as JSON values."""
        return {"unit": self.unit, "text": self.text, "source": self.source}


@dataclass(frozen=True)
class Measure:
    """The value of a defined quantity.

    Parameters
    ----------
    definition
        What it is.
    value
        In the definition's unit; None when it is undefined or could not be determined.
    low, high
        Ends of the interval that the definition states; None when there is none.
    note
        Why there is no value or no interval, or what to mind about it.
    """

    definition: Definition
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @classmethod
    def undefined(cls, definition: Definition, why: str) -> Measure:
        """No value, and the reason."""
        return cls(definition, None, note=why)

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        # A prefix would be raised to the power too.
        if "^" in (unit := self.definition.unit):
            return f"{self.value:.3g} {unit}"
        text = with_prefix(self.value, unit, 3)
        if self.low is None or self.high is None:
            return text
        # The ends in the prefix of the value: "4.13 uJ [3.79, 4.47]".
        prefixed = bool(unit) and self.value != 0
        shown = abs(float(f"{self.value:.3g}"))
        thousands = math.floor(math.log10(shown) / 3 + 1e-12) if prefixed else 0
        # Seconds have no prefix above 1, as in `with_prefix`.
        scale = 1000.0 ** (min(thousands, 0) if unit == "s" else thousands)
        return f"{text} [{self.low / scale:.3g}, {self.high / scale:.3g}]"

    def noted(self, remark: str) -> Measure:
        """The same with a remark more."""
        return replace(self, note="; ".join(filter(None, (self.note, remark))))

    def as_json(self) -> dict[str, Any]:
        """Value, interval and note as JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high, "note": self.note}


def measures_of(record: Any) -> dict[str, Measure]:
    """The fields of a dataclass instance that are measures, by field name."""
    found = {f.name: getattr(record, f.name) for f in fields(record)}
    return {name: value for name, value in found.items() if isinstance(value, Measure)}


def as_json(record: Any) -> dict[str, Any]:
    """The measures of a dataclass instance as JSON values, by field name."""
    return {name: measure.as_json() for name, measure in measures_of(record).items()}


def definitions(measures: Iterable[Measure]) -> dict[str, dict[str, str]]:
    """The distinct definitions that the measures refer to, as JSON values."""
    return {m.definition.name: m.definition.as_json() for m in measures}

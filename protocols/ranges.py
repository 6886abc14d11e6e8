"""Lists and ranges of quantities as people write them.

A parameter that takes several values accepts a list of numbers in SI units, or text: values
and ranges between commas or semicolons.

- ``"1 ms, 2 ms, 5 ms"``: values
- ``"0.1 mA..1 mA x 10"``: ten values at equal steps, both ends included
- ``"log 10 ms..100 s x 13"``: thirteen values at equal ratios
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from protocols.quantities import CURRENT, RATE, TIME, Current, Quantity, Rate, Time

MOST_VALUES = 10_000
"""Longest range that is expanded."""

_LISTED = 7
"""Values that are written one by one even when they are a range."""
_RANGE = re.compile(r"(log\s*)?(.*?)\s*\.\.\s*(.*?)\s*[x\u00d7*]\s*(\d+)")


def expand(text: str, quantity: Quantity) -> list[float]:
    """Turn text with values and ranges into SI floats, in the order written.

    Raises
    ------
    ValueError
        Not a value or range of this quantity; a range of which only one end has a unit, of
        fewer than 2 values, or at equal ratios through 0; a comma that could be a decimal one.
    """
    if re.search(r"\d,\d", text):
        raise ValueError(
            f"{text!r}: a comma between two digits may be a decimal comma; write 1.5 for one "
            "number, or a space after the comma for two"
        )
    values: list[float] = []
    for item in filter(None, map(str.strip, re.split("[,;]", text))):
        values += _expand_range(item, quantity) if ".." in item else [quantity.parse(item)]
    return values


def _expand_range(text: str, quantity: Quantity) -> list[float]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a range; write FIRST..LAST x COUNT, for example "
            f"'{quantity.example}..{quantity.example} x 10', with log before it for equal ratios"
        )
    first, last = quantity.parse(match[2]), quantity.parse(match[3])
    if _is_bare(match[2]) != _is_bare(match[3]):
        raise ValueError(f"{text!r}: give a unit to both ends, or to none for {quantity.unit}")
    count = int(match[4]) if len(match[4]) < 9 else MOST_VALUES + 1
    if not 2 <= count <= MOST_VALUES:
        raise ValueError(f"{text!r}: a range has 2 to {MOST_VALUES} values, not {match[4]}")
    if match[1] is None:
        return _clean(np.linspace(first, last, count).tolist())
    if first * last <= 0:
        raise ValueError(f"{text!r}: equal ratios need two ends of one sign, neither of them 0")
    return _clean(np.geomspace(first, last, count).tolist())


def write(values: Sequence[float], quantity: Quantity) -> str:
    """Write SI floats so that they read back exactly: as a range where that is shorter."""
    if len(values) > _LISTED and all(map(math.isfinite, values)):
        ends = f"{quantity.write(values[0])}..{quantity.write(values[-1])} x {len(values)}"
        for text in (ends, f"log {ends}"):
            try:
                if expand(text, quantity) == list(values):
                    return text
            except ValueError:  # equal ratios through 0
                continue
    return ", ".join(map(quantity.write, values))


def _is_bare(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _clean(values: list[float]) -> list[float]:
    """Round to 12 digits: the third of 0.1 to 1 mA at 10 values is 0.3 mA."""
    return [float(f"{value:.12g}") for value in values]


def several(quantity: Quantity) -> BeforeValidator:
    """What makes a list parameter accept text, or one number instead of a list."""

    def convert(value: object) -> object:
        if isinstance(value, str):
            return expand(value, quantity)
        return [value] if isinstance(value, (int, float)) else value

    return BeforeValidator(convert)


_FEW = Field(min_length=1, max_length=MOST_VALUES)

Currents = Annotated[tuple[Current, ...], several(CURRENT), _FEW]
"""Currents in A, of either sign."""
PositiveCurrents = Annotated[tuple[Annotated[Current, Field(gt=0)], ...], several(CURRENT), _FEW]
"""Positive currents in A."""
Times = Annotated[tuple[Annotated[Time, Field(gt=0)], ...], several(TIME), _FEW]
"""Positive times in s."""
Rates = Annotated[tuple[Annotated[Rate, Field(gt=0)], ...], several(RATE), _FEW]
"""Positive sweep rates in V/s."""

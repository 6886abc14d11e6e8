"""Physical quantities: SI floats inside, text with units at the edges.

A parameter is declared with one of the annotated types below (`Current`, `Time`, ...).
It then accepts a number in SI units or text such as ``"1 mA"``, ``"20ms"``, ``"8 kohm"``,
``"10m"`` (a bare SI prefix), ``"0,5 mA"`` or, for resistances, ``"open"``, and always
holds a float.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

if TYPE_CHECKING:
    import pint

OPEN = math.inf
"""The resistance of an open regulating branch, in ohm."""

_PREFIXES = {
    "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6,
    "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9,
}  # fmt: skip
_LEAST, _MOST = 1e-18, 1e18
"""Sizes, in SI units, beyond which a number is a mistake and arithmetic would fail on it."""
_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


class QuantityError(ValueError):
    """Text or a value that is not the quantity.

    Parameters
    ----------
    reason
        What is wrong with it.
    advice
        What would be accepted, as the end of a sentence.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason}; {advice}" if advice else reason)
        self.reason = reason


@dataclass(frozen=True)
class Quantity:
    """The unit and name of a physical quantity; metadata of an annotated float.

    Parameters
    ----------
    name
        What it is, as in an error message: "a current".
    unit
        The SI unit's symbol, as pint spells it.
    example
        Text that is accepted, shown when something else was given.
    """

    name: str
    unit: str
    example: str

    def parse(self, value: object) -> float:
        """Turn a number or text with a unit into an SI float.

        Raises
        ------
        ValueError
            Not a number, another dimension, not finite (resistances may be open), or so large
            or small that it must be a mistake.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise QuantityError(f"{value!r} is not {self.name}", self._advice)
        noun = self.name.split(" ", 1)[1]
        try:
            number = float(value) if not isinstance(value, str) else self._parse_text(value)
        except OverflowError:
            raise QuantityError(f"{value!r} is not a finite {noun}") from None
        if self.unit == "ohm" and number == OPEN:
            return number
        if not math.isfinite(number):
            raise QuantityError(f"{value!r} is not a finite {noun}")
        if number and not _LEAST <= abs(number) <= _MOST:
            size = "small" if abs(number) < _LEAST else "large"
            raise QuantityError(f"{value!r} is too {size} for {self.name}", self._advice)
        return number

    def _parse_text(self, text: str) -> float:
        if self.unit == "ohm" and text.strip().lower() in ("open", "inf"):
            return OPEN
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise QuantityError(f"{text!r} is not {self.name}", self._advice)
        number, suffix = float(match[1].replace(",", ".")), match[2]
        # A bare prefix, or one with the SI unit itself: most of what people type.
        if (prefix := suffix.removesuffix(self.unit)) in _PREFIXES:
            return _scaled(number, _PREFIXES[prefix])
        import pint

        try:
            # One unit through pint, the number through float: 1 mA stays exactly 0.001.
            factor = _registry().Quantity(1.0, suffix).to(self.unit)
        except pint.DimensionalityError as error:
            raise QuantityError(
                f"{text!r} has the unit of another quantity ({error.units1})",
                f"{self.name} is expected, for example {self.example!r}",
            ) from None
        except Exception as error:  # pint raises many kinds for text that is no unit
            raise QuantityError(f"{text!r}: {suffix!r} is not a unit", self._advice) from error
        return _scaled(number, float(factor.magnitude))

    @property
    def _advice(self) -> str:
        return f"give for example {self.example!r}"

    def format(self, value: float) -> str:
        """Write an SI float the way people read it, for example ``"1 mA"``."""
        if math.isinf(value) and self.unit == "ohm":
            return "open"
        return with_prefix(value, self.unit)

    def write(self, value: float) -> str:
        """Write an SI float so that it reads back exactly, for example ``"21.5443469003 ms"``."""
        if math.isinf(value) and self.unit == "ohm":
            return "open"
        for digits in range(4, 17):
            if self._reads_as(text := with_prefix(value, self.unit, digits), value):
                return text
        # Scaling by the prefix may cost the last digit; without a prefix nothing is lost.
        return f"{value!r} {self.unit}".strip()

    def _reads_as(self, text: str, value: float) -> bool:
        try:
            return self.parse(text) == value
        except QuantityError:  # of a value that is refused, written to say so
            return False


def with_prefix(value: float, unit: str, digits: int = 4) -> str:
    """Write a value with an SI prefix: ``with_prefix(1e-3, "A") == "1 mA"``."""
    if not math.isfinite(value):
        return f"{value} {unit}".strip()
    if value == 0 or not unit:
        return f"{_digits(value, digits)} {unit}".strip()
    # Of the digits that are written: 0.99999 mA is 1 mA, not 1000 uA.
    written = int(f"{value:.{digits - 1}e}".partition("e")[2])
    exponent = min(9, max(-15, written - written % 3))
    prefix = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
    if unit == "s" and exponent > 0:
        exponent = 0
    return f"{_digits(value / 10.0**exponent, digits)} {prefix[exponent]}{unit}"


def _digits(number: float, digits: int) -> str:
    """So many digits, or up to two more before the point: 10800, not 1.08e+04."""
    whole = 10**digits <= abs(number) < 10 ** (digits + 2)
    return f"{number:.0f}" if whole else f"{number:.{digits}g}"


def _scaled(number: float, factor: float) -> float:
    """Multiply so that 20 ms is the float 0.02 and not 0.020000000000000004."""
    if factor < 1 and (inverse := round(1 / factor)) and math.isclose(inverse * factor, 1.0):
        return number / inverse
    return number * factor


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    # Without pint's cache on disk: it names files of the environment that wrote it, and fails
    # in every other one once that is gone.
    return pint.UnitRegistry()


def _annotation(quantity: Quantity) -> tuple[Quantity, BeforeValidator]:
    return quantity, BeforeValidator(quantity.parse)


CURRENT = Quantity("a current", "A", "1 mA")
VOLTAGE = Quantity("a voltage", "V", "0.8 V")
TIME = Quantity("a time", "s", "20 ms")
RESISTANCE = Quantity("a resistance", "ohm", "8 kohm")
RATE = Quantity("a sweep rate", "V/s", "50 mV/s")
NUMBER = Quantity("a number", "", "3")

Current = Annotated[float, *_annotation(CURRENT)]
Voltage = Annotated[float, *_annotation(VOLTAGE)]
Time = Annotated[float, *_annotation(TIME)]
Resistance = Annotated[
    float,
    *_annotation(RESISTANCE),
    # JSON has no infinity: an open branch is written as the word that people type.
    PlainSerializer(lambda r: "open" if math.isinf(r) else r, when_used="json"),
]
Rate = Annotated[float, *_annotation(RATE)]


def split_list(text: str) -> list[str]:
    """The items of text such as ``"500, 1k, open"``."""
    return [item for item in map(str.strip, re.split(r"[,;]", text)) if item]

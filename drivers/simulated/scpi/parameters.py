"""What a command accepts: numbers with units, booleans, words, strings, channels, blocks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.header import Header, compile_header, short_form
from drivers.simulated.scpi.program import Element
from drivers.simulated.scpi.response import Style

INFINITY, NOT_A_NUMBER = 9.9e37, 9.91e37
"""What SCPI has in place of infinity and of no number."""

_MULTIPLIERS = {
    "EX": 1e18, "PE": 1e15, "T": 1e12, "G": 1e9, "MA": 1e6, "K": 1e3, "": 1.0, "M": 1e-3,
    "U": 1e-6, "N": 1e-9, "P": 1e-12, "F": 1e-15, "A": 1e-18,
}  # fmt: skip
_MEGA = ("OHM", "HZ")
"""Units before which M is mega and not milli (IEEE 488.2, 7.7.3)."""
_REFUSED = {"number": -128, "word": -148, "string": -158, "block": -168, "expression": -178}


class Kind(ABC):
    """A type of parameter with what is accepted and what *RST restores."""

    default: Any
    """Value after *RST, and of a parameter that is left out; None: it cannot be left out."""

    @abstractmethod
    def accept(self, element: Element) -> Any:
        """The value that an element stands for.

        Raises
        ------
        ScpiError
            It is none of this kind.
        """

    @abstractmethod
    def answer(self, value: Any, style: Style) -> str:
        """A value as a query answers it."""


@dataclass(frozen=True)
class Number(Kind):
    """A number between two limits.

    Parameters
    ----------
    least, most
        Limits; what MINimum and MAXimum stand for.
    default
        What DEFault stands for as well.
    unit
        That may be written behind it, with a multiplier; "" for none.
    whole
        Whether it is rounded to an integer, and answered as one.
    words
        Words that stand for numbers, which need not be within the limits.
    """

    least: float
    most: float
    default: float | None = None
    unit: str = ""
    whole: bool = False
    words: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def accept(self, element: Element) -> float:
        if element.form == "word":
            return self._word(element.text)
        value = _only(element, "number").number * self._multiplier(element.suffix)
        if self.whole and math.isfinite(value):
            value = float(math.floor(value + 0.5))
        if not self.least <= value <= self.most:
            raise ScpiError(-222)
        return value

    def answer(self, value: float, style: Style) -> str:
        return style.integer(int(value)) if self.whole else style.number(value)

    def limit(self, word: str) -> float | None:
        """What MINimum, MAXimum or DEFault stands for; None for another word."""
        limits = {"MINimum": self.least, "MAXimum": self.most, "DEFault": self.default}
        return next((v for name, v in limits.items() if _spells(name, word)), None)

    def _word(self, text: str) -> float:
        known = {"INFinity": INFINITY, "NINFinity": -INFINITY, **self.words}
        for notation, value in known.items():
            if _spells(notation, text):
                if notation not in self.words and not self.least <= value <= self.most:
                    raise ScpiError(-222)
                return value
        if (limit := self.limit(text)) is not None:
            return limit
        raise ScpiError(-224)

    def _multiplier(self, suffix: str) -> float:
        text = suffix.upper()
        if not text:
            return 1.0
        unit = self.unit.upper()
        if not unit:
            raise ScpiError(-138)
        prefix = text.removesuffix(unit)
        if prefix == text or prefix not in _MULTIPLIERS:
            raise ScpiError(-131)
        return 1e6 if prefix == "M" and unit in _MEGA else _MULTIPLIERS[prefix]


@dataclass(frozen=True)
class Boolean(Kind):
    """ON or OFF, or a number, of which 0 is OFF."""

    default: bool | None = None

    def accept(self, element: Element) -> bool:
        if element.form == "word":
            if element.text.upper() not in ("ON", "OFF"):
                raise ScpiError(-224)
            return element.text.upper() == "ON"
        number = _only(element, "number")
        if number.suffix:
            raise ScpiError(-138)
        return abs(number.number) >= 0.5

    def answer(self, value: bool, style: Style) -> str:  # noqa: ARG002 (the same in every style)
        return str(int(value))


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words, in short or long form; its value is the short form.

    Parameters
    ----------
    words
        In the notation of headers, separated by `|`: ``"CURRent|VOLTage[:DC]"``.
    default
        Its short form.
    quoted
        Whether it is written and answered as a string.
    """

    words: str
    default: str | None = None
    quoted: bool = False

    def accept(self, element: Element) -> str:
        text = _only(element, "string" if self.quoted else "word").text.strip()
        for notation in self.words.split("|"):
            if _spells(notation, text):
                return short_form(notation)
        raise ScpiError(-224)

    def answer(self, value: str, style: Style) -> str:
        return style.string(value) if self.quoted else value


@dataclass(frozen=True)
class Text(Kind):
    """A string in quotes.

    Parameters
    ----------
    longest
        Characters that it may have.
    """

    longest: int = 255
    default: str | None = None

    def accept(self, element: Element) -> str:
        text = _only(element, "string").text
        if len(text) > self.longest:
            raise ScpiError(-223)
        return text

    def answer(self, value: str, style: Style) -> str:
        return style.string(value)


@dataclass(frozen=True)
class Channels(Kind):
    """A channel list such as ``(@101,105:107)``; its value is a tuple in that order.

    Parameters
    ----------
    known
        Channels that exist.
    """

    known: Container[int]
    default: tuple[int, ...] | None = None

    def accept(self, element: Element) -> tuple[int, ...]:
        # Instruments with channels call everything that is no list a syntax error.
        if element.form != "expression" or not element.text.startswith("@"):
            raise ScpiError(-102)
        channels: list[int] = []
        for part in element.text[1:].split(","):
            bounds = [bound.strip() for bound in part.split(":")]
            if len(bounds) > 2 or not all(b.isascii() and b.isdigit() for b in bounds):
                raise ScpiError(-102)
            if any(len(bound) > 9 for bound in bounds):
                raise ScpiError(-222)
            first, last = int(bounds[0]), int(bounds[-1])
            if first > last or first not in self.known or last not in self.known:
                raise ScpiError(-222)
            channels.extend(n for n in range(first, last + 1) if n in self.known)
        return tuple(channels)

    def answer(self, value: tuple[int, ...], style: Style) -> str:  # noqa: ARG002 (in every style)
        return f"(@{','.join(map(str, value))})"


@dataclass(frozen=True)
class Block(Kind):
    """Arbitrary bytes, of definite or indefinite length.

    Parameters
    ----------
    longest
        Bytes that it may have.
    """

    longest: int = 65_536
    default: bytes | None = None

    def accept(self, element: Element) -> bytes:
        content = _only(element, "block").text.encode("latin-1")
        if len(content) > self.longest:
            raise ScpiError(-223)
        return content

    def answer(self, value: bytes, style: Style) -> str:
        return style.block(value).decode("latin-1")


@dataclass(frozen=True)
class Many:
    """The last parameter of a command, given once or more; its value is a tuple.

    Parameters
    ----------
    kind
        Of each.
    most
        How many are accepted.
    default
        As for a single one.
    """

    kind: Kind
    most: int
    default: tuple[Any, ...] | None = None


Parameter = Kind | Many


def bind(parameters: Sequence[Parameter], data: Sequence[Element]) -> list[Any]:
    """One value a parameter from the data of a unit.

    Raises
    ------
    ScpiError
        Too few, too many, or one that its parameter does not accept.
    """
    values, left = [], list(data)
    for parameter in parameters:
        if not left:
            if parameter.default is None:
                raise ScpiError(-109)
            values.append(parameter.default)
        elif isinstance(parameter, Many):
            if len(left) > parameter.most:
                raise ScpiError(-223)
            values.append(tuple(parameter.kind.accept(element) for element in left))
            left = []
        else:
            values.append(parameter.accept(left.pop(0)))
    if left:
        raise ScpiError(-108)
    return values


def _only(element: Element, form: str) -> Element:
    if element.form != form:
        raise ScpiError(_REFUSED[element.form])
    return element


def _spells(notation: str, written: str) -> bool:
    """Whether a word is written in one of the forms that its notation stands for."""
    header: Header = compile_header(notation)
    return header.spelling.fullmatch(":" + written.upper()) is not None

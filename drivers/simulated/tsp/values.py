"""The kinds of value an attribute takes: what is accepted, and what reset restores."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from drivers.simulated.tsp.errors import Fault, too_big, too_small, wrong_type

Value = float | bool | str


class Kind(Protocol):
    """A type with limits and a default."""

    @property
    def default(self) -> Value:
        """What reset restores."""

    def accept(self, name: str, value: object) -> Value:
        """The value to store; raises `Fault` when it is not acceptable."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two limits, or one of a few values with a meaning of their own."""

    default: float
    least: float = -math.inf
    most: float = math.inf
    special: Collection[float] = ()
    whole: bool = False

    def accept(self, name: str, value: object) -> float:
        """A float within the limits, rounded down when whole."""
        number = to_number(name, value)
        if number in self.special:
            return number
        if number < self.least:
            raise too_small(f"{name} = {number:.9g}, least {self.least:.9g}")
        if not number <= self.most:
            raise too_big(f"{name} = {number:.9g}, most {self.most:.9g}")
        return float(math.floor(number)) if self.whole else number


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few named constants."""

    default: int
    values: Collection[int]

    def accept(self, name: str, value: object) -> float:
        """The constant, as the number that the instrument reports."""
        number = to_number(name, value)
        if number not in self.values:
            known = ", ".join(str(v) for v in self.values)
            raise Fault(-224, f"Illegal parameter value: {name} = {number:.9g}, not in {known}")
        return number


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean; numbers are not booleans."""

    default: bool

    def accept(self, name: str, value: object) -> bool:
        """The boolean."""
        if not isinstance(value, bool):
            raise wrong_type(f"{name} takes true or false")
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    default: str = ""

    def accept(self, name: str, value: object) -> str:
        """The string."""
        if not isinstance(value, str):
            raise wrong_type(f"{name} takes a string")
        return value


def to_number(name: str, value: object) -> float:
    """A Lua number, or a string that Lua would convert to one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    raise wrong_type(f"{name} takes a number")

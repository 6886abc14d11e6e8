"""A field for a quantity: free text with or without a prefix and a unit, checked as it is typed."""

from __future__ import annotations

from app.gui.binding import QtWidgets
from app.gui.checked import CheckedEdit
from protocols.quantities import Quantity, QuantityError


class QuantityEdit(CheckedEdit):
    """A field for a quantity, typed with or without a prefix and a unit.

    Parameters
    ----------
    quantity
        What is typed.
    low, high
        Least and greatest value that are accepted, in SI units.
    """

    def __init__(
        self,
        quantity: Quantity,
        low: float | None = None,
        high: float | None = None,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        self._quantity, self._low, self._high = quantity, low, high
        super().__init__(self._within, parent)
        self.edit.setToolTip(f"{quantity.name}; {self._accepted()}")

    def set_value(self, value: float) -> None:
        """Replace what stands in the field by a value in SI units."""
        self.set_text(self._quantity.write(value))

    def _within(self, text: str) -> float:
        if not text.strip():
            raise ValueError(f"{self._quantity.name} is needed; {self._accepted()}")
        try:
            value = self._quantity.parse(text)
        except QuantityError as error:
            raise ValueError(f"{error.reason}; {self._accepted()}") from None
        below = self._low is not None and value < self._low
        if below or (self._high is not None and value > self._high):
            raise ValueError(f"{text.strip()!r} is not accepted; {self._accepted()}")
        return value

    def _accepted(self) -> str:
        limits = [
            f"{words} {self._quantity.format(bound)}"
            for words, bound in (("at least", self._low), ("at most", self._high))
            if bound is not None
        ]
        return "; ".join([*limits, f"for example {self._example()}"])

    def _example(self) -> str:
        try:
            usual = self._quantity.parse(self._quantity.example)
        except QuantityError:
            return self._quantity.example
        low = usual if self._low is None else max(usual, self._low)
        return self._quantity.write(low if self._high is None else min(low, self._high))

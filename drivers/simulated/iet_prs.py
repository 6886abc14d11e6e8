"""Emulated IET Labs PRS-200 Series decades with the IEEE-488 option.

Facts from the PRS-200 Series Operation Manual, chapter 7: the string of ten characters and its
places, decades that are not there are ignored, the character of the open and short circuit
options, the model code in ``*IDN?``. Not in what could be read of it, and so assumed: that a string
of another length is an error, that contacts move at once, and what stands after power-on (zero).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.simulated.bench import Bench
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import ScpiInstrument
from drivers.simulated.scpi.parameters import Kind
from drivers.simulated.scpi.program import Element
from drivers.simulated.scpi.response import Style
from drivers.simulated.scpi.table import Action, Row
from protocols.quantities import OPEN

_PLACES = 10
RESIDUAL = 0.01
"""What contacts leave of 0 ohm, in ohm; an assumption, as models differ."""
_STEPS = {"1m": 1e-3, "10m": 0.01, "100m": 0.1, "1": 1.0, "10": 10.0, "100": 1e2, "1K": 1e3,
          "10K": 1e4, "100K": 1e5, "1M": 1e6, "10M": 1e7}  # fmt: skip


@dataclass(frozen=True)
class _Digits(Kind):
    """Ten digits, as many as there are thumbwheels."""

    default: None = None

    def accept(self, element: Element) -> str:
        if element.form != "number" or not element.text.isdigit():
            raise ScpiError(-104)
        if len(element.text) != _PLACES:
            raise ScpiError(-222)
        return element.text

    def answer(self, value: str, style: Style) -> str:  # noqa: ARG002 (as it was sent)
        return value


class EmulatedPrs(ScpiInstrument):
    """A decade box across the bench's device."""

    driver = "iet-prs"
    models = ("PRS-200", "PRS-201", "PRS-202")
    serial_number = "D6-0211201"

    def __init__(self, bench: Bench, model: str = "PRS-200") -> None:
        self.code = "F-7-100m-0-1"
        """Tolerance, number of decades, least decade, its slot, and option (0 none, 1 open, 2
        short, 3 both), as they follow the model in its code."""
        super().__init__(bench, model)

    @property
    def identity(self) -> str:
        return f"IET Labs,{self.model}-{self.code},{self.serial_number},D6"

    def rows(self) -> Sequence[Row]:
        return [Action("SOURce:DATA", self._set, _Digits())]

    def _set(self, digits: str) -> None:
        _, count, least, slot, option = self.code.split("-")
        lowest, decades = int(slot), int(count)
        value = int(digits) // 10**lowest
        extra = value // 10**decades % 10
        resistance = max(value % 10**decades * _STEPS[least], RESIDUAL)
        # Of the character for the options, bit 0 opens and bit 1 shorts; 4 and 8 mean nothing.
        if option in "13" and extra & 3 == 1:
            resistance = OPEN
        elif option in "23" and extra & 2:
            resistance = RESIDUAL
        self.log(f"set {digits}")
        self.bench.set_resistance(self.bench.clock.now, resistance)

"""How exact an instrument is by its data sheet: greatest errors, range by range.

A data sheet promises ±(part of the reading + offset) for a year at 23 °C ± 5 °C and readings
averaged over a period of the line. It does not say how the two are made up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Accuracy:
    """Greatest errors of one quantity.

    Parameters
    ----------
    rows
        Full scale in V or A, ascending; part of the reading; offset in V or A.
    """

    rows: tuple[tuple[float, float, float], ...]

    def greatest_error(self, held: float, value: float) -> float:
        """Greatest error of a reading, in V or A.

        Parameters
        ----------
        held
            What the measuring range holds: the lowest that does is in use.
        value
            The reading.
        """
        row = next((r for r in self.rows if held <= r[0] * (1 + 1e-9)), self.rows[-1])
        return row[1] * abs(value) + row[2]

    def standard_uncertainty(self, held: float, value: float) -> float:
        """Of a reading, in V or A: any error up to the greatest is as likely (GUM, 4.3.7)."""
        return self.greatest_error(held, value) / math.sqrt(3.0)

"""Signs in texts: of units, and between the parts of a line. Needs nothing of an analysis."""

from __future__ import annotations

import re

DOT = " \N{MIDDLE DOT} "
"""Between the items of a line."""


def symbol(label: str) -> str:
    """A label with the signs of its units, of ohm and of micro, and that of negative numbers."""
    label = label.replace("ohm", "\N{GREEK CAPITAL LETTER OMEGA}")
    label = re.sub(r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}", label)
    return re.sub(r"(?<=\d )u(?=\w)", "\N{MICRO SIGN}", label)

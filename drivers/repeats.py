"""How a list repeats itself, so that an instrument is given one period of it only."""

from __future__ import annotations


def period(values: list[float]) -> int:
    """After how many values a list repeats itself; its length when it does not.

    By the failure function of Knuth, Morris and Pratt: linear in the length.
    """
    border = [0] * len(values)
    matched = 0
    for k in range(1, len(values)):
        while matched and values[k] != values[matched]:
            matched = border[matched - 1]
        matched += values[k] == values[matched]
        border[k] = matched
    return len(values) - matched

"""How a measure is written: the ends of its interval stand in the prefix of its value."""

from __future__ import annotations

import pytest

from analysis.measure import Definition, Measure


@pytest.mark.parametrize(
    ("unit", "value", "ends", "text"),
    [
        ("J", 4.13e-6, (3.79e-6, 4.47e-6), "4.13 uJ [3.79, 4.47]"),
        ("J", 0.9996e-3, (0.99e-3, 1.01e-3), "1 mJ [0.99, 1.01]"),
        ("s", 1234.0, (1200.0, 1300.0), "1234 s [1.2e+03, 1.3e+03]"),
        ("", 0.5, (0.4, 0.6), "0.5 [0.4, 0.6]"),
        ("V", 0.0, (-1e-3, 1e-3), "0 V [-0.001, 0.001]"),
        ("V^2", 1e-3, (None, None), "0.001 V^2"),
        ("V", None, (None, None), "-"),
    ],
)
def test_a_measure_in_words(
    unit: str, value: float | None, ends: tuple[float | None, float | None], text: str
) -> None:
    assert str(Measure(Definition("it", unit, "", ""), value, *ends)) == text

"""Axes: prefixes, decades, digits that tell ticks apart, texts for places."""

import math

import pytest

from app.gui.scale import Scale


@pytest.fixture
def scale(qapp):
    return lambda *what, **how: made(Scale("bottom"), *what, **how)


def made(axis, *what, **how):
    axis.describe(*what, **how)
    return axis


def ticks(axis, lo, hi, size=600):
    """The texts along an axis whose ends are in its own coordinates."""
    axis.setRange(lo, hi)
    factor = axis.autoSIPrefixScale * axis.scale
    return [
        text
        for spacing, values in axis.tickValues(lo, hi, size)[:1]
        for text in axis.tickStrings(values, factor, spacing)
    ]


@pytest.mark.parametrize(
    ("unit", "hi", "label"),
    [
        ("V", 0.4, "(mV)"), ("V", 2.0, "(V)"), ("A", 3e-6, "(µA)"), ("ohm", 8e3, "(kΩ)"),
        ("s", 0.02, "(ms)"), ("s", 7200.0, "(s)"), ("%", 5e4, "(%)"), ("J", 9e-13, "(fJ)"),
    ],
)  # fmt: skip
def test_the_prefix_suits_what_is_seen(scale, unit, hi, label):
    axis = scale("What", unit)
    axis.setRange(-hi / 3, hi)
    assert f"What {label}" in axis.labelString()


def test_an_axis_of_another_unit_has_its_own_prefix(scale):
    axis = scale("PSV", "V")
    axis.setRange(0, 0.4)
    axis.describe("Voltage", "V")
    axis.setRange(0, 0.3)
    assert "Voltage (mV)" in axis.labelString()


def test_neighbours_can_be_told_apart_far_from_zero(scale):
    axis = scale("Time", "s")
    found = ticks(axis, 36_000.0, 36_000.02)
    assert len(set(found)) == len(found) >= 2
    assert found[0].startswith("36000.0")


def test_a_logarithmic_axis_names_values_with_their_units(scale):
    axis = scale("Interval", "s", log=True)
    assert ticks(axis, -3.1, 0.1, 300) == ["1 ms", "10 ms", "100 ms", "1 s"]
    assert ticks(axis, -2.1, -0.9, 600) == ["10 ms", "20 ms", "50 ms", "100 ms"]
    assert "(" not in axis.labelString()
    wide = ticks(axis, -12.0, 6.0, 300)
    assert 2 <= len(wide) <= 6
    close = ticks(axis, math.log10(0.0100), math.log10(0.0104))
    assert len(close) >= 2
    assert len(set(close)) == len(close)


def test_texts_stand_for_places(scale):
    axis = scale("R", "ohm", log=True, ticks=((500.0, "500"), (8e3, "8k"), (2e4, "open")))
    assert "R (Ω)" in axis.labelString()
    assert axis.written(math.log10(7800.0)) == "8kΩ"
    assert axis.written(math.log10(3e4)) == "open"


def test_a_place_is_written_with_prefix_and_unit(scale):
    assert scale("PSV", "V").written(0.02592) == "25.92 mV"
    assert scale("Interval", "s", log=True).written(-2.0) == "10 ms"
    assert scale("Ratio").written(1.1221) == "1.1221"
    assert scale("Ratio", log=True).written(6.0) == "10⁶"

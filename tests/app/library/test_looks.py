"""Prefixes and colours of a chart, the same in the window and on paper."""

import math

import numpy as np
import pytest

from analysis.colours import DARK, LIGHT
from app.library.chart import Axis, Chart, Curve, Panel
from app.library.looks import colours_of, letters_of, scale_of, scales_of

OHM = "\N{GREEK CAPITAL LETTER OMEGA}"
X = np.array([1.0, 2.0])
AXIS = Axis("x")


def chart(*panels):
    return Chart("t", tuple((panel,) for panel in panels))


@pytest.mark.parametrize(
    ("axis", "greatest", "label", "factor"),
    [
        (Axis("PSV", "V"), 0.42, "PSV (mV)", 1e3),
        (Axis("PSV", "V"), -0.8, "PSV (V)", 1.0),
        (Axis("I", "A"), 3e-7, "I (nA)", 1e9),
        (Axis("I", "A"), 7e-7, "I (\N{MICRO SIGN}A)", 1e6),
        (Axis("t", "s"), 7200.0, "t (s)", 1.0),
        (Axis("t", "s"), 0.02, "t (ms)", 1e3),
        (Axis("t", "s", log=True), 0.02, "t (s)", 1.0),
        (Axis("R", "ohm", log=True, ticks=((8e3, "8k"),)), 8e3, f"R ({OHM})", 1.0),
        (Axis("NL"), 1e-4, "NL", 1.0),
        (Axis("PSV", "V"), 0.0, "PSV (V)", 1.0),
        (Axis("PSV", "V"), math.nan, "PSV (V)", 1.0),
    ],
)  # fmt: skip
def test_the_prefix_suits_the_greatest_value(axis, greatest, label, factor):
    found = scale_of(axis, [np.array([greatest, math.nan, 0.0])])
    assert (found.label, found.factor) == (label, pytest.approx(factor))


def test_equal_axes_have_one_prefix_and_helper_lines_none():
    volts = Axis("PSV", "V")
    panels = (
        Panel("", AXIS, volts, (Curve("a", X, X * 1e-3), Curve("", X, X * 1e3, "guide"))),
        Panel("", AXIS, volts, (Curve("a", X, X * 1e-1),)),
    )
    assert scales_of(chart(*panels))[volts].label == "PSV (mV)"


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_colour_is_that_of_the_state_the_run_or_the_name(look):
    states = [Curve("", X, X, state=r) for r in (math.inf, 500.0, 500.0)]
    runs = [Curve("", X, X, run=run) for run in ("a", "b", "a")]
    kinds = [Curve(name, X, X) for name in ("LTP", "LTD")]
    guides = [Curve("", X, X, "guide"), Curve("criterion", X, X, "guide")]
    curves = (*states, *runs, *kinds, *guides)
    colours = colours_of(chart(Panel("", AXIS, AXIS, curves)), look)
    of = [[colours[c] for c in some] for some in (states, runs, kinds, guides)]
    assert of[0] == [*look.ordered(2)[::-1], look.ordered(2)[0]]
    assert of[1] == [look.runs[0], look.runs[1], look.runs[0]]
    assert of[2] == [look.up, look.down]
    assert of[3] == [look.faint, look.alert]


def test_a_name_keeps_its_colour_and_shares_it_with_none_of_its_panel():
    panels = [
        Panel("", AXIS, AXIS, tuple(Curve(name, X, X) for name in names))
        for names in (("a", "b"), ("c", "a"), ("b", "d"))
    ]
    colours = colours_of(chart(*panels), LIGHT)
    of = {}
    for panel in panels:
        for c in panel.curves:
            assert of.setdefault(c.name, colours[c]) == colours[c]
        assert len({colours[c] for c in panel.curves}) == 2


def test_panels_have_letters_unless_there_is_but_one():
    panel = Panel("", AXIS, AXIS)
    assert letters_of(chart(panel)) == [""]
    assert letters_of(chart(*[panel] * 28))[24:] == ["y", "z", "aa", "ab"]

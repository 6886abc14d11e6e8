"""Charts as frames: what is taken apart comes together again; what is crooked is refused."""

import json
import math

import numpy as np
import pytest

from app.library.chart import Axis, Cells, Chart, Curve, Panel, decode, encode

X = np.array([1e-3, 1e-2, 1e-1])


def test_a_chart_survives_the_journey():
    curves = (
        Curve("open", X, 2 * X, "fit", marks=True, state=math.inf, low=X, high=3 * X),
        Curve("", np.array([-np.inf, np.inf]), np.array([1.0, 1.0]), "guide"),
        Curve("a run", X, np.array([np.nan, 1.0, 2.0]), run="b.h5", line=False),
    )
    cells = Cells(np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0]), np.array([[1.0, np.nan]]), "I")
    axis = Axis("R", "ohm", ticks=((2.7, "500"), (5.0, "open")))
    panel = Panel("p", Axis("t", "s", log=True), axis, curves, note="n", height=0.4)
    chart = Chart(
        "title", ((panel,), (Panel("map", axis, axis, cells=cells),)), ("a", "b"), (("1", "2"),),
        ("mind",), "origin", "conditions", "SIMULATED", ("a.h5", "b.h5"),
    )  # fmt: skip
    message, arrays = encode(chart)
    back = decode(json.loads(json.dumps(message, allow_nan=False)), arrays)
    again, same = encode(back)
    assert again == message
    assert all(np.array_equal(same[name], arrays[name], equal_nan=True) for name in arrays)
    assert back.rows[0][0].curves[0].state == math.inf
    assert back.rows[0][0].curves[1].low is None
    assert back.rows[0][0].y == axis
    assert back.rows[1][0].cells.values.shape == (1, 2)
    assert back.table == (("1", "2"),)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Curve("c", X, X[:2]), r"curve 'c': y has shape \(2,\)"),
        (lambda: Curve("c", X, X, low=X), "low and high come together"),
        (lambda: Curve("c", X, X, "line"), "role 'line' is not one of"),
        (lambda: Cells(X[::-1], X, np.ones((2, 2)), "I"), "x_edges do not rise"),
        (lambda: Cells(X, X, np.ones((3, 2)), "I"), r"\(3, 2\) values between edges for \(2, 2\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()

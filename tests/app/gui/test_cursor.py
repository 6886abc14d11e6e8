"""The cursor of a plot goes from point to point."""

import numpy as np

from app.gui.cursor import Cursor, Place

A = (np.array([0.0, 1.0, np.nan, 3.0]), np.array([0.0, 10.0, 0.0, 30.0]))
B = (np.array([0.0, 3.0]), np.array([100.0, 130.0]))


def on(curves):
    cursor = Cursor()
    cursor.set_curves(curves)
    return cursor


def test_the_nearest_point_is_the_nearest_on_the_screen():
    cursor, view = on({"a": A, "b": B}), (-1.0, 4.0)
    assert cursor.nearest(2.9, 40.0, (0.01, 1.0), view) == Place("a", 2, 3.0, 30.0)
    assert cursor.nearest(2.9, 120.0, (0.01, 1.0), view) == Place("b", 1, 3.0, 130.0)
    # With pixels that are high, a place far away along y is near on the screen.
    assert cursor.nearest(1.2, 130.0, (0.01, 100.0), view) == Place("a", 1, 1.0, 10.0)
    assert cursor.nearest(2.9, 40.0, (0.01, 1.0), (-1.0, 2.0)).x <= 2.0
    assert on({}).nearest(0, 0, (1, 1), view) is None


def test_it_steps_along_a_curve_to_its_ends_and_over_to_others():
    cursor = on({"a": A, "b": B})
    steps = [cursor.step(1) for _ in range(4)]
    assert [p.x for p in steps] == [0.0, 1.0, 3.0, 3.0]
    assert cursor.change(1) == Place("b", 1, 3.0, 130.0)
    assert cursor.step(-1) == Place("b", 0, 0.0, 100.0)
    assert cursor.change(1).curve == "a"
    assert on({"a": A}).step(-1).x == 3.0


def test_it_stays_where_it_is_when_points_come():
    cursor = on({"a": (np.array([1.0, 2.0]), np.array([5.0, 6.0]))})
    cursor.step(1)
    cursor.step(1)
    cursor.set_curves({"a": (np.array([0.0, 1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0, 7.0]))})
    assert cursor.step(1) == Place("a", 3, 3.0, 7.0)
    cursor.set_curves({})
    assert cursor.place is None
    assert cursor.step(1) is None

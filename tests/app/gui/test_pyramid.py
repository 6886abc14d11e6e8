"""The min/max pyramid against a count by hand of what each column of pixels holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gui.pyramid import Pyramid

VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf]))


@st.composite
def traces(draw):
    """Steps of x with long gaps and standstills, any y, cut into blocks anywhere."""
    n = draw(st.integers(1, 400))
    steps = draw(st.lists(st.sampled_from([0.0, 1e-3, 0.02, 1.0, 300.0]), min_size=n, max_size=n))
    y = draw(st.lists(VALUES, min_size=n, max_size=n))
    cuts = sorted(draw(st.lists(st.integers(0, n), max_size=5)))
    return np.cumsum(steps), np.array(y), cuts


def filled(x, y, cuts=(), **options):
    pyramid = Pyramid(**options)
    for part_x, part_y in zip(np.split(x, cuts), np.split(y, cuts), strict=True):
        pyramid.append(part_x, part_y)
    return pyramid


def columns(x, lo, hi, pixels):
    """Column by column the places of its points, by the definition of a column."""
    borders = lo + (hi - lo) / pixels * np.arange(pixels + 1)
    for k in range(pixels):
        last = k == pixels - 1
        yield np.flatnonzero((x >= borders[k]) & ((x < borders[k + 1]) | (last & (x <= hi))))


@given(
    traces(), st.integers(1, 40), st.floats(-0.2, 1.2), st.floats(1e-6, 1.5),
    st.sampled_from([2, 3, 16]),
)  # fmt: skip
def test_a_view_has_the_extrema_of_every_column(trace, pixels, start, length, factor):
    x, y, cuts = trace
    pyramid = filled(x, y, cuts, factor=factor, finest=8 * factor * 100)
    finite = np.isfinite(y)
    assert pyramid.missing == np.count_nonzero(~finite)
    x, y = x[finite], y[finite]
    whole = x[-1] - x[0] + 1.0 if len(x) else 1.0
    lo = (x[0] if len(x) else 0.0) + start * whole
    hi = lo + length * whole
    seen_x, seen_y = pyramid.view(lo, hi, pixels)
    assert len(seen_x) <= 2 * pixels + 4
    assert (np.diff(seen_x) >= 0).all()
    assert set(zip(seen_x.tolist(), seen_y.tolist(), strict=True)) <= set(
        zip(x.tolist(), y.tolist(), strict=True)
    )
    # A border may lie on a point; which side it is counted to is a matter of rounding.
    slack = 1e-9 * (abs(lo) + abs(hi))
    for places in columns(x, lo, hi, pixels):
        places = places[places >= 0]
        if not len(places):
            continue
        inside = (seen_x >= x[places[0]] - slack) & (seen_x <= x[places[-1]] + slack)
        assert inside.any()
        assert seen_y[inside].min() <= y[places].min()
        assert seen_y[inside].max() >= y[places].max()
    before, after = np.flatnonzero(x < lo), np.flatnonzero(x > hi)
    if len(before):
        assert (seen_x[0], seen_y[0]) == (x[before[-1]], y[before[-1]])
    if len(after):
        assert (seen_x[-1], seen_y[-1]) == (x[after[0]], y[after[0]])


@given(traces(), st.lists(st.integers(0, 400), max_size=4))
def test_how_a_trace_was_cut_into_blocks_does_not_matter(trace, other):
    x, y, cuts = trace
    one, two = filled(x, y, cuts), filled(x, y, sorted(min(c, len(x)) for c in other))
    lo, hi = x[0] - 1, x[-1] + 1
    for a, b in zip(one.view(lo, hi, 7), two.view(lo, hi, 7), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("empty", [1, 2, 97])
def test_a_line_over_a_gap_has_its_true_ends(empty):
    # A burst within one pixel, then columns without any point, then another burst.
    burst, pixels = np.array([0.0, 9.0, -9.0, 1.0]), empty + 2
    x = np.concatenate((np.arange(4) * 1e-3, empty + 1 + np.arange(4) * 1e-3))
    seen_x, seen_y = filled(x, np.tile(burst, 2)).view(0, pixels, pixels)
    np.testing.assert_array_equal(seen_y, np.tile(burst, 2))
    np.testing.assert_array_equal(seen_x, x)


def test_points_at_the_very_end_of_a_view_are_in_it():
    x, y = np.array([0.0, 1.0, 2.0, 2.0, 2.0]), np.array([0.0, 0.0, 1.0, 7.0, -7.0])
    _, seen_y = filled(x, y).view(0, 2, 4)
    assert (seen_y.max(), seen_y.min()) == (7.0, -7.0)


def test_ten_million_points_are_drawn_with_two_a_pixel_and_one_odd_reading_is_seen():
    pyramid, n = Pyramid(), 10_000_000
    y = np.zeros(1_000_000)
    for part in range(10):
        y[:] = 0.1
        if part == 2:
            y[123_456] = 0.7
            y[654_321] = -0.3
        pyramid.append(np.arange(part * len(y), (part + 1) * len(y)) * 1e-3, y)
    assert len(pyramid) == n
    seen_x, seen_y = pyramid.view(0, n * 1e-3, 1000)
    assert len(seen_x) <= 2004
    assert seen_x[np.argmax(seen_y)] == pytest.approx(2123.456)
    assert seen_x[np.argmin(seen_y)] == pytest.approx(2654.321)
    assert (seen_y.max(), seen_y.min()) == (0.7, -0.3)


def test_memory_stays_bounded_and_old_readings_are_seen_through_coarser_levels():
    finest, block = 16 * 8 * 16, np.arange(1000)
    pyramid = Pyramid(finest=finest)
    for k in range(500):
        y = np.zeros(1000)
        y[77] = 5.0 if k == 3 else 0.0
        pyramid.append(1e-3 * (1000 * k + block), y)
    # 16 bytes a reading and as many a level: 500,000 readings need five levels.
    assert pyramid.nbytes <= 5 * 16 * finest
    assert len(pyramid) == 500_000
    seen_x, seen_y = pyramid.view(*pyramid.span, 200)
    assert seen_y.max() == 5.0
    assert seen_x[np.argmax(seen_y)] == pytest.approx(3.077, abs=1e-9)
    assert (np.diff(seen_x) >= 0).all()
    # The newest are still there one by one.
    last_x, _ = pyramid.view(499.99, 500.0, 500)
    np.testing.assert_allclose(np.diff(last_x), 1e-3, rtol=1e-6)


def test_what_does_not_fit_is_refused_whole():
    pyramid = filled(np.array([0.0, 1.0]), np.array([5.0, 6.0]))
    with pytest.raises(ValueError, match=r"x must never fall; point 1 has 1\.5 after 2"):
        pyramid.append(np.array([2.0, 1.5]), np.array([0.0, 0.0]))
    with pytest.raises(ValueError, match="one length"):
        pyramid.append(np.array([2.0]), np.array([0.0, 0.0]))
    with pytest.raises(ValueError, match="lo < hi"):
        pyramid.view(1.0, 1.0, 100)
    with pytest.raises(ValueError, match="multiple of 128"):
        Pyramid(finest=1000)
    assert len(pyramid) == 2
    assert pyramid.span == (0.0, 1.0)


def test_without_a_point_there_is_nothing_to_see():
    pyramid = filled(np.array([1.0, 2.0]), np.array([np.nan, np.nan]))
    assert pyramid.span is None
    assert [len(v) for v in pyramid.view(0, 1, 10)] == [0, 0]

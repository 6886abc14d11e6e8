"""Lateness, jitter and overruns of readings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.samples import COLUMNS, Flag, Samples
from data.timing import Timing


def samples(lateness, flags=None):
    n = len(lateness)
    columns = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()}
    columns["requested_time"] = np.arange(n) * 1e-3
    columns["time"] = columns["requested_time"] + lateness
    columns["flags"] = np.zeros(n, np.uint8) if flags is None else np.array(flags, np.uint8)
    return Samples(**columns)


LATENESS = st.lists(st.floats(-1e-3, 1e-3), min_size=1, max_size=30)


@given(st.lists(LATENESS, min_size=1, max_size=5))
def test_parts_together_are_the_whole(parts):
    whole = Timing.of(samples(np.concatenate(parts)))
    together = Timing.together([Timing.of(samples(np.array(part))) for part in parts])
    assert together.readings == whole.readings
    for name in ("lateness", "jitter", "latest"):
        assert getattr(together, name) == pytest.approx(getattr(whole, name), abs=1e-12)


def test_what_is_told():
    timing = Timing.of(samples([0.0, 2e-6, 4e-6], [0, Flag.LIMIT, 0]))
    assert not timing.overrun
    assert (timing.lateness, timing.latest) == pytest.approx((2e-6, 4e-6))
    assert timing.jitter == pytest.approx(np.std([0, 2e-6, 4e-6]))
    assert str(timing).endswith("at most 4 us; no overrun")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([0, Flag.LATE, Flag.LATE], "OVERRUN: 2 late beyond the instrument's timing error"),
        ([0, 0, Flag.OVERRUN], "OVERRUN: the instrument reports a trigger overrun"),
    ],
)
def test_an_overrun_is_told(flags, says):
    timing = Timing.of(samples([0.0, 1e-3, 0.0], flags))
    assert timing.overrun
    assert says in str(timing)


def test_no_readings_have_no_timing_trouble():
    assert Timing.of(samples([])) == Timing(0, 0.0, 0.0, 0.0, 0, 0) == Timing.together([])

"""Rows find their order, whatever order they come in, and what is not shown is counted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from live_run import columns

from app.gui.inbox import Inbox
from app.gui.readings import Readings
from data.samples import Flag
from protocols.program import Instant


def trace(readings):
    points = readings.trace.curves[None].points
    lo, hi = points.span
    return points.view(lo, hi + 1e-9, 10_000)


def pulses(n, **given):
    return columns(
        n, time=np.arange(1.0, n + 1), pulse_index=np.arange(1, n + 1), instant=Instant.GAP_END,
        voltage=np.arange(n) * 1e-3, **given,
    )  # fmt: skip


def part(block, rows):
    return {name: column[rows] for name, column in block.items()}


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 40)), min_size=1), st.randoms())
def test_pieces_in_any_order_and_twice_give_the_rows_once_and_in_order(pieces, random):
    whole = pulses(100, resistance=500.0)
    starts = list(range(0, 100, 17))
    pieces += [(start, 17) for start in starts]
    random.shuffle(pieces)
    readings = Readings(rows_in_file=100)
    for first, n in pieces:
        readings.add(first, part(whole, slice(first, first + n)))
    assert (readings.rows, readings.pulses, readings.missing) == (100, 100, 0)
    x, y = trace(readings)
    np.testing.assert_array_equal(x, whole["time"])
    np.testing.assert_array_equal(y, whole["voltage"])


def test_rows_that_never_come_are_counted_and_the_later_ones_seen():
    whole = pulses(100, resistance=500.0)
    readings = Readings()
    readings.add(0, part(whole, slice(0, 10)))
    readings.add(30, part(whole, slice(30, 100)))
    assert (readings.rows, readings.missing) == (100, 20)
    assert len(trace(readings)[0]) == 80


def test_rows_wait_for_those_of_the_file_until_these_are_given_up():
    whole = pulses(100, resistance=500.0)
    readings = Readings(rows_in_file=60)
    readings.add(60, part(whole, slice(60, 100)))
    assert readings.waiting
    assert readings.rows == 0
    readings.give_up_recorded()
    assert (readings.rows, readings.missing, readings.waiting) == (100, 60, False)


def test_pulses_are_counted_over_all_states_and_in_each():
    resistance = np.array([500.0, 500, np.inf, np.inf, np.inf, 500])
    readings = Readings()
    readings.add(0, pulses(6, resistance=resistance))
    order = {r: c.points.view(0, 10, 100)[0].tolist() for r, c in readings.in_order.curves.items()}
    state = {r: c.points.view(0, 10, 100)[0].tolist() for r, c in readings.in_state.curves.items()}
    assert order == {500.0: [1, 2, 6], np.inf: [3, 4, 5]}
    assert state == {500.0: [1, 2, 3], np.inf: [1, 2, 3]}
    assert [readings.in_order.stretches.at(x) for x in (0.5, 2, 3, 5.5, 6)] == [
        None, 500.0, np.inf, np.inf, 500.0,
    ]  # fmt: skip


def test_only_the_end_of_a_pulses_gap_is_its_psv():
    instants = [Instant.PULSE_END, Instant.GAP_END, Instant.REST, Instant.GAP_END]
    block = columns(
        4, time=np.arange(4.0), pulse_index=[1, 1, 0, 0], voltage=[0.3, 0.1, 0.2, 0.4],
        instant=instants,
    )  # fmt: skip
    readings = Readings()
    readings.add(0, block)
    assert readings.pulses == 1
    (curve,) = readings.in_order.curves.values()
    assert curve.points.view(0, 2, 10)[1].tolist() == [0.1]


def test_what_is_wrong_with_readings_is_counted():
    flags = np.array([Flag.OVERRUN, Flag.LIMIT, Flag.LIMIT | Flag.LATE, 0, Flag.OVERRANGE, 0])
    block = pulses(6, resistance=500.0) | {"flags": flags.astype(np.uint8)}
    block["voltage"] = np.array([0.1, 0.2, 0.3, np.nan, 9.91e37, 0.1])
    block["time"] = np.array([1.0, 2, 3, 4, 5, 4.5])
    readings = Readings()
    readings.add(0, block)
    assert readings.flagged == {
        Flag.LIMIT: 2, Flag.OVERRANGE: 1, Flag.LATE: 1, Flag.OVERRUN: 1,
    }  # fmt: skip
    assert readings.without_value == 2
    assert readings.turned_back == 1
    assert trace(readings)[1].tolist() == [0.1, 0.2, 0.3]
    marks = readings.trace.curves[None].marks
    assert marks[Flag.LIMIT].view(0, 9, 100)[0].tolist() == [2, 3]
    assert marks[Flag.LATE].view(0, 9, 100)[0].tolist() == [3]


def test_an_inbox_joins_what_goes_on_and_splits_what_is_too_much():
    whole, inbox = pulses(100, resistance=500.0), Inbox()
    for first, last in ((0, 10), (10, 30), (50, 100), (40, 50)):
        inbox.put(first, part(whole, slice(first, last)))
    assert inbox.rows == 90
    taken = [(first, block["time"].tolist()) for first, block in inbox.take(60)]
    assert [(first, len(times)) for first, times in taken] == [(0, 30), (50, 30)]
    assert inbox.rows == 30
    taken = list(inbox.take(1000))
    assert [(first, len(block["time"])) for first, block in taken] == [(80, 20), (40, 10)]
    np.testing.assert_array_equal(taken[0][1]["time"], whole["time"][80:])
    inbox.put(0, part(whole, slice(0, 10)))
    inbox.close()
    assert (inbox.rows, list(inbox.take(10))) == (0, [])

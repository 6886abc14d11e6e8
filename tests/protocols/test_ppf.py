import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.ppf import Ppf
from protocols.program import Instant
from protocols.steps import Play

GOOD = st.fixed_dictionaries(
    {
        "amplitude": st.floats(1e-6, 0.1), "width": st.floats(1e-3, 1.0),
        "intervals": st.lists(st.floats(1e-3, 100.0), min_size=1, max_size=6),
        "baseline": st.floats(1e-3, 1.0), "rest_from": st.floats(1.5, 50.0),
        "repeats": st.integers(1, 2),
        "states": st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=3),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    protocol = Ppf.build(**values)
    plan = Plan.of(protocol)
    intervals = sorted(set(values["intervals"]))
    times_played = len(values["states"]) * values["repeats"]
    assert len(plan.resets) == len(intervals) * times_played
    assert plan.charge == pytest.approx(
        2 * values["amplitude"] * values["width"] * len(intervals) * times_played
    )
    assert plan.stimulus_duration == pytest.approx(
        times_played * sum(2 * values["baseline"] + 2 * values["width"] + dt for dt in intervals)
    )


@given(GOOD)
def test_the_interval_counts_from_the_first_pulses_end_to_the_seconds_start(values):
    protocol = Ppf.build(**values)
    for interval in protocol.intervals:
        programs = protocol.programs(interval, 1)
        start = np.concatenate(
            [p.start + sum(q.total_duration for q in programs[:k]) for k, p in enumerate(programs)]
        )
        instant, index, level = (
            np.concatenate([getattr(p, name) for p in programs])
            for name in ("instant", "pulse_index", "level")
        )
        first, second = np.flatnonzero(instant == Instant.PULSE_END)
        assert start[second] - start[first] - values["width"] == pytest.approx(interval)
        assert index[[first, second]].tolist() == [1, 2]
        assert level[[first, second]].tolist() == [values["amplitude"]] * 2
        assert np.count_nonzero(level) == 2


def test_a_long_interval_is_rested_through_at_0_amperes_in_a_program_of_its_own():
    protocol = Ppf.build(rest_from="5 s")
    assert len(protocol.programs(4.9, 1)) == 1
    first, rest, second = protocol.programs(5.0, 1)
    assert rest.largest_level == 0
    assert first.level[-1] == 0, "the first pulse is timed to its end"
    assert first.duration[-1] + rest.total_duration == pytest.approx(5.0)
    assert second.instant[0] == Instant.PULSE_END


def test_states_come_one_after_the_other_each_with_rising_intervals():
    plan = Plan.of(Ppf.build(intervals="1 s, 10 ms", states="500, 8k"))
    gaps = [s.program.duration[2] for s in plan.steps if isinstance(s, Play)]
    assert gaps == [0.01, 1.0, 0.01, 1.0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"intervals": "3 V"}, "intervals: '3 V' has the unit of another quantity"),
        ({"intervals": "log 10 ms..100 s"}, "intervals: .* is not a range"),
        ({"intervals": "0 s"}, "intervals.0"),
        ({"intervals": ""}, "intervals"),
        ({"intervals": "40 us"}, "aperture 50 us does not fit into the intervals of 40 us"),
        ({"width": "1 mA"}, "width: '1 mA' has the unit of another"),
        ({"amplitude": "-1 mA"}, "amplitude: '-1 mA' is not accepted"),
        ({"repeats": 0}, "repeats: 0 is not accepted"),
        ({"baseline": "6 s"}, "baseline 6 s is not shorter than rest_from 5 s"),
        ({"aperture": "20 ms"}, "aperture 20 ms does not fit"),
        ({"states": "7k, shut"}, "states.1"),
        ({"interval": "10 ms"}, "no parameter 'interval'"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Ppf.build(**values)


@pytest.mark.parametrize("preset", Ppf.presets)
def test_presets_survive_json(preset):
    protocol = Ppf.build(preset)
    assert Ppf.model_validate_json(protocol.model_dump_json()) == protocol


def test_the_default_covers_the_study():
    plan = Plan.of(Ppf.build())
    assert plan.resistances == (math.inf, 500.0, 1000.0, 2000.0, 4000.0, 7000.0, 8000.0)
    assert len(plan.resets) == 7 * 13
    assert plan.expected_duration < 3600

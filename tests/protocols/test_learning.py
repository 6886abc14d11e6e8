import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.learning import Learning
from protocols.plan import Plan
from protocols.steps import Play, SelectResistance

STATES = st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=4)
GOOD = st.fixed_dictionaries(
    {
        "amplitude": st.floats(1e-6, 0.1), "width": st.floats(1e-3, 0.1),
        "gap": st.floats(1e-3, 0.1), "dwell": st.floats(0.2, 2.0), "states": STATES,
        "relearn_states": STATES | st.just([]), "forget_time": st.just(0.0) | st.floats(1.0, 1e3),
        "forget_readings": st.integers(1, 100), "forget_resistance": st.floats(1, 1e6),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    protocol = Learning.build(**values)
    plan = Plan.of(protocol)
    plays = [s for s in plan.steps if isinstance(s, Play)]
    trains = [p for p in plays if p.program.largest_level > 0]
    period = values["width"] + values["gap"]
    assert len(trains) == len(values["states"]) + len(values["relearn_states"])
    for play in trains:
        assert values["dwell"] - period <= play.program.total_duration <= values["dwell"] * 1.0001
        ((rest, _, _), (level, count, time)) = play.program.level_table()
        assert (rest, level, count) == (0.0, values["amplitude"], protocol.pulses)
        assert time == pytest.approx(protocol.pulses * values["width"])
    pulses = len(trains) * protocol.pulses
    assert plan.charge == pytest.approx(pulses * values["amplitude"] * values["width"])
    rests = [p for p in plays if p not in trains]
    assert len(rests) == (values["forget_time"] > 0)
    for play in rests:
        assert play.program.total_duration == pytest.approx(values["forget_time"])
    forgets = [values["forget_resistance"]] if rests else []
    chosen = [s.resistance for s in plan.steps if isinstance(s, SelectResistance)]
    assert chosen[2:] == [*values["states"], *forgets, *values["relearn_states"]]
    assert len(plan.resets) == 1


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"dwell": "1 ms"},
            "dwell 1 ms is shorter than one pulse with its gap; at least width . gap, 2 ms",
        ),
        ({"dwell": "1e6 s"}, "dwell 1e.06 s is more than 1000000 pulses of width 1 ms and gap"),
        ({"dwell": "0 s"}, "dwell: '0 s' is not accepted; > 0 s"),
        ({"states": ""}, "states"),
        ({"forget_time": "1 ms"}, "forget_time 1 ms is too short for 100 readings"),
        ({"forget_resistance": "0"}, "forget_resistance: '0' is not accepted"),
        ({"relearn_states": "5 V"}, "relearn_states.0: '5 V' has the unit of another"),
        ({"aperture": "1 ms"}, "aperture 1 ms does not fit into the width of 1 ms"),
        ({"widht": 1}, "learning has no parameter 'widht'"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Learning.build(**values)


def test_the_presets_are_500_hz_and_end_with_an_open_state():
    for preset in Learning.presets:
        protocol = Learning.build(preset)
        assert protocol.width + protocol.gap == 2e-3
        assert math.isinf(protocol.states[-1])
        assert np.all(np.diff(protocol.states) > 0)

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.program import Instant
from protocols.steps import Mark, Play
from protocols.width import Width

GOOD = st.fixed_dictionaries(
    {
        "amplitude": st.floats(1e-6, 0.1),
        "widths": st.lists(st.floats(1e-3, 10.0), min_size=1, max_size=6),
        "repeats": st.integers(1, 2), "on_limit": st.sampled_from(["fail", "flag"]),
        "states": st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=3),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    protocol = Width.build(**values)
    plan = Plan.of(protocol)
    played = [s.program for s in plan.steps if isinstance(s, Play)]
    widths = sorted(set(values["widths"]))
    times_played = len(values["states"]) * values["repeats"]
    assert len(played) == len(plan.resets) == len(widths) * times_played
    assert plan.charge == pytest.approx(sum(widths) * values["amplitude"] * times_played)
    assert plan.stimulus_duration == pytest.approx(
        times_played * sum(w + protocol.baseline + protocol.decay for w in widths)
    )
    for program in played:
        pulse = program.instant == Instant.PULSE_END
        assert program.level[pulse].tolist() == [values["amplitude"]]
        assert program.duration[pulse] == widths[program.pulse_index[pulse][0] - 1]
        assert program.on_limit == values["on_limit"]
        assert not program.level[~pulse].any()


@dataclass
class Seen:
    time: np.ndarray
    voltage: np.ndarray
    current: np.ndarray


def widths_played(protocol, volts_per_second):
    """Walk through the steps on a device that charges linearly and count the pulses."""
    walk, played, marks, resistance = protocol.steps(), [], [], math.inf
    step = next(walk)
    try:
        while True:
            readings = None
            if isinstance(step, Play):
                program = step.program
                width = float(program.duration[program.instant == Instant.PULSE_END][0])
                played.append((resistance, width))
                peak = min(width * volts_per_second[resistance], program.limit)
                voltage = np.where(program.instant == Instant.PULSE_END, peak, 0.0)
                readings = Seen(program.start, voltage, program.level)
            elif isinstance(step, Mark):
                marks.append(step.text)
            else:
                resistance = getattr(step, "resistance", resistance)
            step = walk.send(readings)
    except StopIteration:
        return played, marks


def test_widths_beyond_one_that_reached_the_limit_are_left_out_in_that_state_only():
    protocol = Width.build(widths="1 s, 2 s, 3 s, 4 s", states="500, open", on_limit="flag")
    played, marks = widths_played(protocol, {500.0: 0.1, math.inf: 0.4})
    assert [w for r, w in played if r == 500.0] == [1.0, 2.0, 3.0, 4.0]
    assert [w for r, w in played if math.isinf(r)] == [1.0, 2.0]
    assert [m.split(" left out")[0] for m in marks] == ["3 s at open", "4 s at open"]


def test_near_the_limit_no_width_is_left_out_where_reaching_it_ends_the_run():
    protocol = Width.build(widths="1 s, 2 s", states="open")
    assert protocol.on_limit == "fail"
    played, marks = widths_played(protocol, {math.inf: 0.797})
    assert [w for _, w in played] == [1.0, 2.0]
    assert not marks


def test_each_repeat_begins_anew():
    protocol = Width.build(widths="1 s, 2 s", states="open", on_limit="flag", repeats=2)
    played, _ = widths_played(protocol, {math.inf: 1.0})
    assert [w for _, w in played] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"widths": "3 V"}, "widths: '3 V' has the unit of another quantity"),
        ({"widths": "log 0 s..1 s x 3"}, "widths: .* neither of them 0"),
        ({"widths": "-1 ms"}, "widths.0"),
        ({"widths": "1,5 ms"}, "widths: .* decimal comma"),
        ({"amplitude": "0 A"}, "amplitude: '0 A' is not accepted; > 0 A"),
        ({"on_limit": "ignore"}, "on_limit"),
        ({"voltage_limit": "-1 V"}, "voltage_limit: '-1 V' is not accepted"),
        ({"aperture": "2 ms"}, "aperture 2 ms does not fit into the widths of 1 ms"),
        ({"states": ""}, "states"),
        ({"width": "1 ms"}, "no parameter 'width'; it has "),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Width.build(**values)


@pytest.mark.parametrize("preset", Width.presets)
def test_presets_survive_json(preset):
    protocol = Width.build(preset)
    assert Width.model_validate_json(protocol.model_dump_json()) == protocol

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.ltp_ltd import LtpLtd
from protocols.plan import Plan
from protocols.program import Instant
from protocols.steps import Play, ReturnToBaseline, SelectResistance

GOOD = st.fixed_dictionaries(
    {
        "amplitude": st.floats(1e-6, 0.1), "width": st.floats(1e-3, 1.0),
        "gap": st.floats(1e-3, 1.0), "up": st.integers(1, 60), "down": st.integers(0, 60),
        "cycles": st.integers(1, 3),
        "states": st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=4),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    protocol = LtpLtd.build(**values)
    plan = Plan.of(protocol)
    (program,) = plan.programs
    pulses = values["cycles"] * (values["up"] + values["down"])
    net = values["cycles"] * (values["up"] - values["down"])
    assert len(program) == 2 * pulses
    assert program.total_duration == pytest.approx(pulses * (values["width"] + values["gap"]))
    assert program.charge == pytest.approx(net * values["amplitude"] * values["width"], abs=1e-12)
    driven = program.instant == Instant.PULSE_END
    up, down = [values["amplitude"]] * values["up"], [-values["amplitude"]] * values["down"]
    assert program.level[driven].tolist() == (up + down) * values["cycles"]
    assert not program.level[~driven].any()
    assert np.all(program.duration[driven] == values["width"])
    assert np.all(program.duration[~driven] == values["gap"])
    assert np.array_equal(driven, np.arange(2 * pulses) % 2 == 0), "each pulse before its gap"
    table = {level: (count, time) for level, count, time in program.level_table()}
    assert table[values["amplitude"]] == (
        values["cycles"] * values["up"],
        pytest.approx(values["cycles"] * values["up"] * values["width"]),
    )
    numbers = [*range(1, values["up"] + 1), *range(1, values["down"] + 1)]
    assert program.pulse_index[driven].tolist() == numbers * values["cycles"]
    selected = [s.resistance for s in plan.steps if isinstance(s, SelectResistance)]
    assert selected[1::2] == list(values["states"])
    assert all(math.isinf(r) for r in selected[::2]), "resets happen with the bank open"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"width": "3 V"}, "width: '3 V' has the unit of another quantity"),
        ({"widht": "3 ms"}, "no parameter 'widht'; it has amplitude, width"),
        ({"width": "-3 ms"}, "width: '-3 ms' is not accepted; > 0 s"),
        ({"width": "30 ms", "period": "20 ms"}, "width 30 ms does not fit into the period"),
        ({"up": 10**5, "cycles": 10}, "up 100000, down 150 and cycles 10 make 1001500 pulses"),
        ({"period": "20.1 ms"}, r"does not fit into the gap .period - width. of 100 us"),
        (
            {"reset_time_limit": "5 s"},
            "reset_watch 10 s does not fit into the reset_time_limit of 5",
        ),
        ({"up": 0}, "up: 0 is not accepted; >= 1"),
        ({"up": "many"}, "up: 'many'"),
        ({"states": "500, 1 V"}, r"states.1: '1 V' has the unit of another"),
        ({"states": ""}, "states"),
        ({"states": "0"}, "states.0"),
        ({"aperture": "20 ms"}, "aperture 20 ms does not fit"),
        ({"amplitude": "open"}, "amplitude: 'open' is not a current"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        LtpLtd.build(**values)


def test_an_unknown_preset_lists_those_that_exist():
    with pytest.raises(ProtocolError, match="paper-20ms, text-500Hz"):
        LtpLtd.build("paper-21ms")


def test_presets_and_the_period():
    assert LtpLtd.build().width == 20e-3
    fast = LtpLtd.build("text-500Hz")
    assert (fast.width, fast.gap) == (1e-3, 1e-3)
    assert LtpLtd.build(period="50 ms").gap == pytest.approx(30e-3)
    assert LtpLtd.build(states="500, 8k; open").states == (500.0, 8000.0, math.inf)


def test_parameters_survive_json():
    protocol = LtpLtd.build(states="500, open", width="5 ms")
    assert LtpLtd.model_validate_json(protocol.model_dump_json()) == protocol


@dataclass
class Seen:
    time: np.ndarray
    voltage: np.ndarray
    current: np.ndarray


def reset_with(rebounds, **changes):
    """Play a reset against a device that rebounds as told; count what was played."""
    settings = {
        "tolerance": 1e-3, "hold": 10.0, "watch": 5.0, "time_limit": 60.0, "current_limit": 1e-2,
        "voltage_limit": 0.8, "phases": ("reset",), **changes,
    }  # fmt: skip
    step, played, answers = ReturnToBaseline(**settings), [], iter(rebounds)
    plays = step.steps()
    play = next(plays)
    try:
        while True:
            played.append(play)
            watching = play.program.source == "current"
            peak = next(answers) if watching else 0.0
            n = len(play.program)
            play = plays.send(Seen(np.zeros(n), np.linspace(0, peak, n), np.zeros(n)))
    except StopIteration:
        return step, played


def test_a_device_at_rest_is_not_held():
    _, played = reset_with([1e-4])
    assert len(played) == 1
    assert played[0].program.source == "current"


def test_holding_goes_on_until_the_rebound_stays_within_the_tolerance():
    step, played = reset_with([0.5, 1e-2, -2e-3, 5e-4])
    assert [p.program.source for p in played] == ["current"] + ["voltage", "current"] * 3
    assert sum(len(p.program) for p in played) <= step.most_readings
    assert len(played) <= step.most_plays


def test_a_reset_that_finds_no_baseline_fails_with_the_rebound_and_the_limit():
    with pytest.raises(ProtocolError, match=r"rebounds to 10 mV after 50 s .* time limit 60 s"):
        reset_with([1e-2] * 99)


def test_a_rebound_that_is_no_number_is_no_baseline():
    _, played = reset_with([math.nan, 5e-4])
    assert [p.program.source for p in played] == ["current", "voltage", "current"]


def test_the_plan_bounds_what_a_run_can_take():
    plan = Plan.of(LtpLtd.build())
    assert plan.resistances == (math.inf, 500.0, 1000.0, 8000.0)
    assert plan.stimulus_duration == pytest.approx(4 * 12.0)
    # At rest at first, the device is only watched; then each reset holds it once.
    assert plan.expected_duration == pytest.approx(4 * 12.0 + 10.0 + 3 * 60.0)
    assert plan.most_readings > 4 * 600
    assert sum(isinstance(s, Play) for s in plan.steps) == 4

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.iv_sweep import IvSweep
from protocols.plan import Plan
from protocols.steps import Play

GOOD = st.fixed_dictionaries(
    {
        "lower": st.integers(-800, 0).map(lambda mv: mv / 1e3),
        "upper": st.floats(0.05, 0.8), "step": st.floats(5e-3, 0.2),
        "rates": st.lists(st.floats(5e-3, 1.0), min_size=1, max_size=3),
        "cycles": st.integers(1, 3),
        "states": st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=3),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_sweep_is_the_staircase_it_describes(values):
    protocol = IvSweep.build(**values)
    lower, upper = values["lower"], values["upper"]
    for rate in values["rates"]:
        program = protocol.program(rate)
        ramp = values["cycles"] * 2 * (upper - lower) / rate
        # The steps last whole microseconds.
        assert program.total_duration == pytest.approx(ramp, abs=1e-6 * len(program))
        levels = np.concatenate([[lower], program.level]).reshape(-1)
        assert np.abs(np.diff(levels)).max() <= values["step"] * (1 + 1e-9)
        assert program.level.max() == pytest.approx(upper)
        assert program.level.min() == pytest.approx(lower)
        assert program.level[-1] == pytest.approx(lower)
        up = program.phase == program.phases.index("up")
        assert np.all((np.diff(levels) > 0) == up)
        assert np.bincount(program.cycle)[1:].tolist() == (
            [len(program) // values["cycles"]] * values["cycles"]
        )
        assert program.source == "voltage"
        assert program.charge == 0
    plan = Plan.of(protocol)
    sweeps = len(values["rates"]) * len(values["states"])
    assert sum(isinstance(s, Play) for s in plan.steps) == len(plan.resets) == sweeps


@given(GOOD)
def test_a_reading_averages_nearly_its_whole_step(values):
    protocol = IvSweep.build(**values)
    for rate in values["rates"]:
        program = protocol.program(rate)
        assert program.aperture < program.duration.min()
        assert program.aperture == pytest.approx(program.duration.min(), abs=101e-6)
        assert program.aperture <= protocol.aperture


def test_a_slow_sweep_gets_finer_steps_rather_than_steps_averaged_in_part():
    quick, slow = (IvSweep.build().program(rate) for rate in (0.05, 0.005))
    assert quick.duration[0] == pytest.approx(0.1)
    assert slow.duration[0] <= 0.4
    assert slow.total_duration == pytest.approx(10 * quick.total_duration)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"rates": "3 V"}, "rates: '3 V' has the unit of another quantity"),
        ({"rates": "0 V/s"}, "rates.0"),
        ({"rates": ""}, "rates"),
        ({"rates": "1 kV/s"}, "rates 1 kV/s lasts 5 us; at least 200 us"),
        (
            {"upper": "1 nV"},
            "lower to upper leave of it, at rates 50 mV/s lasts 0 s; at least 200 us",
        ),
        ({"lower": "0.8 V"}, "lower 800 mV is not below upper 800 mV"),
        ({"upper": "0.9 V"}, "upper 900 mV is beyond the voltage_limit of 800 mV"),
        ({"lower": "-1 V"}, "lower -1 V is beyond the voltage_limit of 800 mV"),
        ({"step": "0 V"}, "step: '0 V' is not accepted; > 0 V"),
        (
            {"step": "1 nV"},
            "step 1 nV and aperture 400 ms at rates 50 mV/s from lower to upper and cycles 3 make",
        ),
        ({"step": "5 mA"}, "step: '5 mA' has the unit of another"),
        ({"cycles": 0}, "cycles: 0 is not accepted"),
        ({"current_limit": "-1 mA"}, "current_limit"),
        ({"states": "500, nothing"}, "states.1"),
        ({"speed": 1}, "no parameter 'speed'"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        IvSweep.build(**values)


@pytest.mark.parametrize("preset", IvSweep.presets)
def test_presets_survive_json(preset):
    protocol = IvSweep.build(preset, states="500, open")
    assert IvSweep.model_validate_json(protocol.model_dump_json()) == protocol


def test_the_default_takes_96_s_a_state():
    plan = Plan.of(IvSweep.build())
    assert plan.stimulus_duration == pytest.approx(5 * 96.0)
    assert plan.resistances[1:] == (500.0, 1000.0, 2000.0, 4000.0, 8000.0)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.intensity import Intensity
from protocols.plan import Plan
from protocols.program import Instant
from protocols.steps import Play, ReturnToBaseline, SelectResistance

GOOD = st.fixed_dictionaries(
    {
        "amplitudes": st.lists(st.floats(1e-6, 0.1), min_size=1, max_size=6),
        "width": st.floats(1e-3, 1.0), "baseline": st.floats(1e-3, 1.0),
        "decay": st.floats(1.0, 10.0), "decay_readings": st.integers(2, 12),
        "repeats": st.integers(1, 2),
        "states": st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=3),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    protocol = Intensity.build(**values)
    plan = Plan.of(protocol)
    played = [s.program for s in plan.steps if isinstance(s, Play)]
    amplitudes = sorted(set(values["amplitudes"]))
    states, repeats = len(values["states"]), values["repeats"]
    assert len(played) == len(plan.resets) == len(amplitudes) * states * repeats
    assert plan.charge == pytest.approx(sum(amplitudes) * values["width"] * states * repeats)
    for program in played:
        assert len(program) == 2 + values["decay_readings"]
        assert program.total_duration == pytest.approx(
            values["baseline"] + values["width"] + values["decay"]
        )
        pulse = program.instant == Instant.PULSE_END
        assert program.duration[pulse].tolist() == [values["width"]]
        assert program.level[pulse] == amplitudes[program.pulse_index[pulse][0] - 1]
        assert not program.level[~pulse].any()
        assert np.flatnonzero(program.instant == Instant.GAP_END).tolist() == [len(program) - 1]


def test_every_state_gets_the_weakest_pulse_before_any_gets_the_next():
    plan = Plan.of(Intensity.build(amplitudes="1 mA, 0.5 mA", states="500, open"))
    programs = [s.program for s in plan.steps if isinstance(s, Play)]
    assert [p.largest_level for p in programs] == [5e-4, 5e-4, 1e-3, 1e-3]
    assert [type(s) for s in plan.steps[:4]] == [
        SelectResistance, ReturnToBaseline, SelectResistance, Play
    ]  # fmt: skip
    selected = [s.resistance for s in plan.steps if isinstance(s, SelectResistance)]
    assert selected == [math.inf, 500.0, math.inf, math.inf] * 2


def test_the_decay_is_read_at_equal_ratios_of_time():
    program = Intensity.build(decay="10 s", decay_readings=4).program(1, 1)
    assert np.cumsum(program.duration[2:]) == pytest.approx([0.01, 0.1, 1.0, 10.0])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"amplitudes": "3 V"}, "amplitudes: '3 V' has the unit of another quantity"),
        ({"amplitudes": "0.1..1 mA x 10"}, "amplitudes: .* give a unit to both ends"),
        ({"amplitudes": "0 A, 1 mA"}, "amplitudes.0"),
        ({"amplitudes": ""}, "amplitudes"),
        ({"width": "0 s"}, "width: '0 s' is not accepted; > 0 s"),
        ({"decay": "1 V"}, "decay: '1 V' has the unit"),
        ({"decay_readings": 1}, "decay_readings: 1 is not accepted; >= 2"),
        ({"repeats": 0}, "repeats: 0 is not accepted"),
        ({"aperture": "1 ms"}, "aperture 1 ms does not fit into the width of 1 ms"),
        ({"states": "0"}, "states.0"),
        ({"amplitude": "1 mA"}, "no parameter 'amplitude'; it has amplitudes"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Intensity.build(**values)


@pytest.mark.parametrize("preset", Intensity.presets)
def test_presets_survive_json(preset):
    protocol = Intensity.build(preset)
    assert Intensity.model_validate_json(protocol.model_dump_json()) == protocol

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.program import Instant
from protocols.pulse_train import PulseTrains
from protocols.steps import Play, ReturnToBaseline, SelectResistance

currents = st.integers(-(10**8), 10**8).map(lambda nanoamperes: nanoamperes * 1e-9)
times = st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=3)
GOOD = st.fixed_dictionaries(
    {
        "amplitudes": st.lists(currents, min_size=1, max_size=3),
        "widths": times, "gaps": times, "count": st.integers(1, 9), "repeats": st.integers(1, 3),
        "states": st.lists(st.floats(1, 1e6) | st.just(math.inf), min_size=1, max_size=3),
        "reset": st.sampled_from(["train", "repeat", "state", "start"]),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    plan = Plan.of(PulseTrains.build(**values))
    played = [s.program for s in plan.steps if isinstance(s, Play)]
    trains = list(itertools.product(values["amplitudes"], values["widths"], values["gaps"]))
    times_played = values["count"] * values["repeats"] * len(values["states"])
    assert sum(map(len, played)) == 2 * times_played * len(trains)
    assert plan.stimulus_duration == pytest.approx(
        times_played * sum(width + gap for _, width, gap in trains)
    )
    assert plan.charge == pytest.approx(
        times_played * sum(amplitude * width for amplitude, width, _ in trains), abs=1e-12
    )
    resets = {
        "train": len(trains) * values["repeats"] * len(values["states"]),
        "repeat": values["repeats"] * len(values["states"]),
        "state": len(values["states"]),
        "start": 1,
    }
    assert len(plan.resets) == resets[values["reset"]]


@given(GOOD)
def test_the_nesting_does_not_depend_on_where_the_device_is_reset(values):
    protocol = PulseTrains.build(**values)
    trains = list(itertools.product(values["amplitudes"], values["widths"], values["gaps"]))
    level, width, index, cycle = (
        np.concatenate([getattr(p, name)[p.instant == Instant.PULSE_END] for p in programs])
        for programs in [protocol.programs()]
        for name in ("level", "duration", "pulse_index", "cycle")
    )
    each = [train for train in trains for _ in range(values["count"])] * values["repeats"]
    assert level.tolist() == [amplitude for amplitude, _, _ in each]
    assert width.tolist() == [on for _, on, _ in each]
    per_repeat = len(trains) * values["count"]
    assert index.tolist() == list(range(1, per_repeat + 1)) * values["repeats"]
    assert cycle.tolist() == np.repeat(range(1, values["repeats"] + 1), per_repeat).tolist()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"widths": "3 V"}, "widths: '3 V' has the unit of another quantity"),
        ({"widths": "1..5 ms x 3"}, "widths: .* give a unit to both ends"),
        ({"widths": "1 ms..5 ms"}, "widths: .* is not a range"),
        ({"widths": ""}, "widths"),
        ({"gaps": "0 s, 1 s"}, "gaps.0"),
        ({"amplitudes": "open"}, "amplitudes: 'open' is not a current"),
        ({"count": 0}, "count: 0 is not accepted; >= 1"),
        ({"repeats": "x"}, "repeats"),
        ({"states": "500, 1 V"}, "states.1"),
        ({"reset": "sometimes"}, "reset"),
        ({"width": "1 ms"}, "no parameter 'width'; it has amplitudes, widths"),
        ({"aperture": "20 ms"}, "aperture 20 ms does not fit into the shortest of widths and gaps"),
        ({"count": 1000, "repeats": 101}, "amplitudes, widths and gaps make 1 trains; with count"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        PulseTrains.build(**values)


def test_one_reset_at_the_start_leaves_the_states_to_follow_each_other():
    plan = Plan.of(PulseTrains.build(states="500, 8k", reset="start"))
    kinds = [type(step) for step in plan.steps]
    assert kinds == [
        SelectResistance, ReturnToBaseline, SelectResistance, Play, SelectResistance, Play
    ]  # fmt: skip


@pytest.mark.parametrize("preset", PulseTrains.presets)
def test_presets_survive_json(preset):
    protocol = PulseTrains.build(preset, amplitudes="0.1 mA..1 mA x 10")
    assert PulseTrains.model_validate_json(protocol.model_dump_json()) == protocol

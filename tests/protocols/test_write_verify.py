import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.steps import Mark, Play, ReturnToBaseline, SelectResistance
from protocols.write_verify import TuneToTarget, WriteVerify

GOOD = st.fixed_dictionaries(
    {
        "target": st.integers(-700, 700).map(lambda mv: mv / 1e3),
        "amplitude": st.floats(1e-5, 0.01),
        "width": st.floats(1e-3, 0.1), "gap": st.floats(1e-3, 0.1),
        "most_pulses": st.integers(1, 500), "tries": st.integers(1, 30),
        "settle": st.floats(0.1, 10.0),
    }
)  # fmt: skip


@dataclass
class Seen:
    time: np.ndarray
    voltage: np.ndarray
    current: np.ndarray


class Capacitor:
    """A leaky capacitor under the very charge balance that the protocol assumes."""

    def __init__(self, capacitance, tau=math.inf):
        self.capacitance, self.tau = capacitance, tau
        self.voltage, self.resistance = 0.0, math.inf

    def answer(self, step):
        if isinstance(step, SelectResistance):
            self.resistance = step.resistance
        if not isinstance(step, Play):
            return None
        seen = []
        for level, duration in zip(step.program.level, step.program.duration, strict=True):
            r = min(self.resistance, self.tau / self.capacitance)
            if math.isinf(r):
                self.voltage += level * duration / self.capacitance
            else:
                end, left = level * r, math.exp(-duration / (r * self.capacitance))
                self.voltage = end + (self.voltage - end) * left
            seen.append(self.voltage)
        return Seen(step.program.start, np.array(seen), np.zeros(len(seen)))


def tune(device, **values):
    loop, steps = TuneToTarget(WriteVerify.build(**values)), []
    walk = loop.steps()
    step = next(walk)
    try:
        while True:
            steps.append(step)
            step = walk.send(device.answer(step))
    except StopIteration:
        return loop, steps


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    plan = Plan.of(WriteVerify.build(**values))
    write, verify = plan.programs
    most, sign = values["most_pulses"], 1 if values["target"] >= 0 else -1
    net = sign * most * values["amplitude"] * values["width"]
    assert write.charge == pytest.approx(net)
    table = {level: (count, time) for level, count, time in write.level_table()}
    assert table == {
        0.0: (most, pytest.approx(most * values["gap"])),
        sign * values["amplitude"]: (most, pytest.approx(most * values["width"])),
    }
    assert write.total_duration == pytest.approx(most * (values["width"] + values["gap"]))
    assert verify.level_table() == [(0.0, 1, values["settle"])]
    assert plan.most_plays == 2 * values["tries"] + 1 + plan.resets[0].most_plays
    assert set(plan.resistances) == {500.0, 1000.0, 8000.0, math.inf}


@given(
    st.floats(2e-3, 2e-2), st.integers(-500, 500).map(lambda mv: mv / 1e3),
    st.just(math.inf) | st.floats(50, 1000),
)  # fmt: skip
@example(0.002, 0.14719152296255789, math.inf)  # no single try ends within the tolerance
@example(0.002, 0.011657911932824616, math.inf)
def test_it_reaches_the_target_on_any_capacitor_within_its_bounds(capacitance, target, tau):
    device = Capacitor(capacitance, tau)
    loop, steps = tune(device, target=target)
    assert abs(device.voltage - target) <= loop.protocol.tolerance
    plays = [s for s in steps if isinstance(s, Play)]
    assert len(plays) <= loop.most_plays
    assert sum(p.program.readings for p in plays) <= loop.most_readings
    chosen = {s.resistance for s in steps if isinstance(s, SelectResistance)}
    assert chosen <= {s.resistance for s in loop.selections()} | {math.inf}
    assert isinstance(steps[-1], Mark)


def test_every_verification_happens_with_the_bank_open_and_nothing_driven():
    _, steps = tune(Capacitor(5e-3), target=0.21)
    verified = [
        (before, step) for before, step in itertools.pairwise(steps)
        if isinstance(step, Play) and step.label.startswith("verify")
    ]  # fmt: skip
    assert verified
    for before, step in verified:
        assert isinstance(before, SelectResistance)
        assert math.isinf(before.resistance)
        assert step.program.largest_level == 0


def test_pulses_and_resistance_follow_from_what_was_read():
    plays = {}
    for capacitance in (4e-3, 12e-3):
        _, steps = tune(Capacitor(capacitance), target=0.3)
        plays[capacitance] = [str(s) for s in steps if isinstance(s, Play) and s.label[0] == "t"]
    first = [labels[0] for labels in plays.values()]
    assert first[0] == first[1], "nothing is known before the first try"
    assert plays[4e-3][1:] != plays[12e-3][1:]
    down = "-" in plays[4e-3][1] or "open" not in plays[4e-3][1]
    assert down, "too far is taken back by pulses downwards or through a resistance"
    assert ": +" in plays[12e-3][1], "not far enough is carried on"


def test_the_fewest_pulses_that_come_near_enough_are_taken():
    # A pulse moves 8 mF by 0.625 mV; a quarter of the tolerance, 25 mV, is near enough.
    _, steps = tune(Capacitor(8e-3), target=0.3002, tolerance=0.1)
    tries = [str(s) for s in steps if isinstance(s, Play) and s.label.startswith("try")]
    assert tries == ["try 1: +441 pulses at open"]


def test_a_target_that_cannot_be_reached_fails_with_the_nearest():
    # At 500 ohm 1 mA of 50 % duty leads to 0.25 V at most.
    with pytest.raises(ProtocolError, match=r"500 mV not reached within 1 mV in 8 tries; the near"):
        tune(Capacitor(8e-3), target=0.5, states="500", tries=8)
    try:
        tune(Capacitor(8e-3), target=0.5, states="500", tries=8)
    except ProtocolError as error:
        nearest = float(str(error).split("nearest was ")[1].split(" mV")[0])
        assert 240 < nearest <= 250


def test_it_may_go_on_from_the_present_voltage():
    plan = Plan.of(WriteVerify.build(from_baseline=False))
    assert not any(isinstance(s, ReturnToBaseline) for s in plan.steps)
    device = Capacitor(8e-3)
    device.voltage = 0.4
    tune(device, target=-0.1, from_baseline=False)
    assert device.voltage == pytest.approx(-0.1, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"target": "0.8 V"}, "target 800 mV must stay below the voltage_limit of 800 mV"),
        ({"target": "3 mA"}, "target: '3 mA' has the unit of another quantity"),
        ({"tolerance": 0}, "tolerance: 0 is not accepted; > 0 V"),
        ({"tries": 0}, "tries: 0 is not accepted"),
        ({"settle": "10 ms"}, "verify_aperture 20 ms does not fit into settle 10 ms"),
        ({"aperture": "5 ms"}, "aperture 5 ms does not fit into the width of 5 ms"),
        ({"capacitance": "8 ohm"}, "capacitance: '8 ohm' has the unit of another"),
        ({"states": ""}, "states"),
        ({"from_baseline": "perhaps"}, "from_baseline"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        WriteVerify.build(**values)

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rigs.opening import open_rig
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from data.reader import open_run
from data.run import Outcome
from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.program import Instant
from protocols.retention import LearnToLevel, Retention
from protocols.steps import Mark, Play, SelectResistance

GOOD = st.fixed_dictionaries(
    {
        "amplitude": st.floats(1e-6, 0.1), "width": st.floats(1e-3, 1.0),
        "gap": st.floats(1e-3, 1.0), "pulses": st.integers(1, 100),
        "first": st.floats(0.2, 10.0), "rest": st.floats(11.0, 1e4),
        "per_decade": st.integers(1, 10),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_compiles_to_what_it_describes(values):
    plan = Plan.of(Retention.build(**values))
    learning, rest = plan.programs
    pulses = values["pulses"]
    assert len(learning) == 2 * pulses
    assert learning.level_table() == [
        (0.0, pulses, pytest.approx(pulses * values["gap"])),
        (values["amplitude"], pulses, pytest.approx(pulses * values["width"])),
    ]
    assert learning.total_duration == pytest.approx(pulses * (values["width"] + values["gap"]))
    assert plan.charge == pytest.approx(pulses * values["amplitude"] * values["width"])
    assert rest.level_table() == [(0.0, len(rest), pytest.approx(values["rest"]))]
    assert np.all(rest.instant == Instant.REST)
    ends = np.cumsum(rest.duration)
    assert ends[0] == pytest.approx(values["first"])
    steps = np.diff(np.log10(ends))
    assert np.allclose(steps, steps[0]), "equal steps on a logarithmic scale"
    wanted = math.log10(values["rest"] / values["first"]) * values["per_decade"]
    assert abs(len(steps) - wanted) < 1
    selected = [s.resistance for s in plan.steps if isinstance(s, SelectResistance)]
    assert math.isinf(selected[-1])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"level": "0.9 V"}, "level 900 mV is above the voltage_limit of 800 mV"),
        ({"level": "1 mA"}, "level: '1 mA' has the unit of another quantity"),
        ({"rest": "0.1 s"}, "rest 100 ms must be longer than first 200 ms"),
        ({"per_decade": 100}, "rest_aperture 20 ms does not fit between readings"),
        ({"pulses": 0}, "pulses: 0 is not accepted; >= 1 and <= 1000000"),
        ({"chunk": 0}, "chunk: 0 is not accepted; >= 1"),
        ({"most_chunks": "some"}, "most_chunks"),
        ({"zero_offset": "-1 nA"}, "zero_offset: '-1 nA' is not accepted; >= 0 A"),
        ({"aperture": "2 ms"}, "aperture 2 ms does not fit into the width"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Retention.build(**values)


@dataclass
class Seen:
    time: np.ndarray
    voltage: np.ndarray
    current: np.ndarray


def learn(gain, lost=0.0, **values):
    """Play the learning against a device that gains volts a pulse and loses some per pause."""
    loop, voltage, steps = LearnToLevel(Retention.build(**values)), 0.0, []
    walk = loop.steps()
    step = next(walk)
    try:
        while True:
            steps.append(step)
            seen = None
            if isinstance(step, Play):
                rows = np.arange(1, len(step.program) + 1)
                curve = voltage - lost + gain * (rows // 2)
                voltage = curve[-1]
                seen = Seen(rows * 0.0, curve, rows * 0.0)
            step = walk.send(seen)
    except StopIteration:
        return loop, steps, voltage


@given(st.floats(1e-5, 1e-3), st.floats(0, 2e-3))
def test_the_level_is_met_and_not_passed_by_a_chunk(gain, lost):
    loop, steps, voltage = learn(gain, lost, most_chunks=2000)
    assert loop.protocol.level - 1e-3 <= voltage
    # What it lost in its pauses is known to it from the last, so a pulse's gain is all it passes.
    assert voltage <= loop.protocol.level + gain + 1e-9
    plays = [s for s in steps if isinstance(s, Play)]
    assert [p.pulses_before for p in plays] == list(
        np.cumsum([0] + [len(p.program) // 2 for p in plays[:-1]])
    )
    assert len(plays) <= loop.most_plays
    assert sum(p.program.readings for p in plays) <= loop.most_readings


def test_the_mark_says_what_the_offset_of_0_a_does():
    _, steps, _ = learn(1.25e-4)
    (mark,) = [s for s in steps if isinstance(s, Mark)]
    # 1 uC a pulse and 125 uV a pulse are 8 mF; 800 pA x 120 s / 8 mF are 12 uV.
    assert "800 pA" in mark.text
    assert "8 mF" in mark.text
    assert "12 uV in 120 s" in mark.text


@pytest.mark.parametrize("resistance", ["open", "8k", "2k", "500"])
@pytest.mark.parametrize("level", [0.02, 0.1, 0.2])
def test_a_device_that_relaxes_in_every_pause_learns_to_the_level(tmp_path, resistance, level):
    experiment = Experiment.prepare(
        "retention", preset=None, rig=None,
        values={"level": level, "resistance": resistance, "rest": "1 s"},
    )  # fmt: skip
    rig = open_rig(experiment.rig)
    path = tmp_path / "run.h5"
    info = experiment.info(rig, sample="", notes="")
    result = Runner(rig, [FileSink(path)]).run(experiment.protocol, experiment.plan, info)
    rig.close()
    assert result.outcome is Outcome.FINISHED, result.reason
    run = open_run(path)
    learned = run.samples[run.samples.phase == run.info.phases.index("learning")].voltage[-1]
    assert level - 1.1e-3 <= learned <= level + max(1.1e-3, 0.05 * level)


def test_a_level_that_is_not_reached_is_an_error_with_what_was_reached():
    with pytest.raises(ProtocolError, match=r"level 600 mV not reached: 1005 pulses came to 1.005"):
        learn(1e-6, most_chunks=3)

"""How long a run takes, as planned and as it goes on."""

import numpy as np
import pytest

from app.rigs.opening import make_bench, open_rig
from app.running.experiment import Experiment
from app.running.rehearsal import rehearse
from app.running.runner import Runner
from app.running.sinks import Sink
from protocols.catalogue import PROTOCOLS

_LONG = ("thousand", "hours", "rates", "open-2s", "four-states")
_FOR_OTHERS = ("digitizer",)
"""Not for the instrument of the embedded rig."""
PRESETS = [
    (p.name, preset) for p in PROTOCOLS for preset in p.presets
    if p.name != "array" and preset not in _LONG and preset not in _FOR_OTHERS
]  # fmt: skip


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_the_plan_is_near_to_what_the_simulated_device_takes(name, preset):
    experiment = Experiment.prepare(name, preset=preset, values={}, rig=None)
    assert 0.7 < experiment.plan.expected_duration / rehearse(experiment).duration < 1.4


class Listener(Sink):
    def __init__(self):
        self.told, self.times = [], []

    def block(self, samples):
        self.times.append(samples.time[-1])

    def progress(self, progress):
        self.told.append((progress.fraction, progress.remaining))


def listen(name, **values):
    experiment = Experiment.prepare(name, preset=None, values=values, rig=None)
    rig, listener = open_rig(experiment.rig, make_bench(experiment.rig, noise=False)), Listener()
    info = experiment.info(rig, sample="", notes="")
    Runner(rig, [listener]).run(experiment.protocol, experiment.plan, info)
    rig.close()
    fraction, remaining = np.array(listener.told).T
    return np.array(listener.times), fraction, remaining


def test_what_is_left_and_what_is_over_add_up_on_the_way():
    times, fraction, remaining = listen("ltp-ltd")
    assert np.all(np.diff(fraction) >= 0)
    assert fraction[-1] == pytest.approx(1.0, abs=0.01)
    assert remaining[-1] == pytest.approx(0.0, abs=1.0)
    assert times + remaining == pytest.approx(times[-1], rel=0.05)


def test_resets_that_take_longer_than_planned_correct_the_rest():
    # A narrow tolerance: the plan counts on one hold of 2 s a reset, the device needs more.
    values = {"widths": "20 ms", "states": ["500"] * 8, "reset_hold": "2 s", "reset_watch": "3 s",
              "reset_tolerance": "0.2 mV"}  # fmt: skip
    times, fraction, remaining = listen("width", **values)
    whole = times[-1]
    error = np.abs(times + remaining - whole) / whole
    begun, late = error[times < 0.1 * whole].mean(), error[times > 0.6 * whole].mean()
    assert begun > 0.2, "the plan was wrong"
    assert late < begun / 2
    assert np.all(np.diff(fraction) >= 0)

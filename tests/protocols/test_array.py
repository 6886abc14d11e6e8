import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InputError
from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.rehearsal import rehearse
from app.running.runner import Runner
from app.running.sinks import RunState, Sink
from data.reader import open_run
from data.run import Outcome
from drivers.errors import LimitError
from protocols.array import Array
from protocols.catalogue import find
from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.program import Instant

WIRED = """
[resistor_bank]
devices = [{name = "D1", channel = 111}, {name = "D2", channel = 112}, {name = "D3", channel = 113}]
[simulation]
noise = false
"""
FAST = "up=10; down=5; states=500, open"


@pytest.fixture
def wired(tmp_path):
    """Write a rig file with three devices, and more lines at its end."""

    def write(more=""):
        path = tmp_path / "rig.toml"
        path.write_text(WIRED + more, encoding="utf-8")
        return path

    return write


def play(path, rig, sinks=(), **values):
    experiment = Experiment.prepare("array", preset=None, values=values, rig=rig)
    bench = make_bench(experiment.rig)
    instruments = open_rig(experiment.rig, bench)
    runner = Runner(instruments, [FileSink(path), *sinks])
    for sink in sinks:
        sink.runner = runner
    try:
        result = runner.run(
            experiment.protocol, experiment.plan, experiment.info(instruments, sample="", notes="")
        )
    finally:
        instruments.close()
    return result, open_run(path), bench


def weights(run, device):
    """PSV after each pulse on one device, reset and later devices left out."""
    rows = [run.samples[p.rows] for p in run.plays if p.device == device]
    return np.concatenate([r.voltage[(r.instant == Instant.GAP_END)] for r in rows])


NAMES = st.lists(st.text("abcD123-", min_size=1, max_size=8), min_size=1, max_size=5, unique=True)


@given(NAMES, st.integers(1, 20), st.sampled_from(["ltp-ltd", "retention", "write-verify"]))
def test_any_valid_array_is_its_protocol_on_every_device(names, count, inner):
    settings = {"up": count} if inner == "ltp-ltd" else {}
    plan = Plan.of(Array.build(devices=names, protocol=inner, settings=settings))
    alone = Plan.of(find(inner).build(**settings))
    assert [s.name for s in plan.devices] == names
    assert not any(s.by_hand for s in plan.devices)
    assert len(plan.steps) == len(names) * (1 + len(alone.steps))
    assert plan.charge == pytest.approx(len(names) * alone.charge)
    assert plan.most_readings == len(names) * alone.most_readings
    assert plan.most_plays == len(names) * alone.most_plays
    assert plan.expected_duration == pytest.approx(len(names) * alone.expected_duration)
    assert [p.digest for p in plan.every_program] == [p.digest for p in alone.every_program]
    assert plan.phases == find(inner).phase_names()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"devices": ""}, "devices"),
        ({"devices": "D1, D2, D1"}, "devices: 'D1' is given twice"),
        ({"devices": ["D1", " "]}, r"devices.1"),
        ({"by": "mail"}, "by: .*'bank' or 'hand'"),
        ({"protocol": "ltd-ltp"}, "there is no protocol 'ltd-ltp'"),
        ({"protocol": "array"}, "an array of arrays is not possible"),
        ({"protocol_preset": "nicest"}, "ltp-ltd has no preset 'nicest'"),
        ({"settings": "up=many"}, "settings: up: 'many'"),
        ({"settings": "up"}, "settings: 'up': write parameter=value; parameter=value"),
        ({"settings": {"width": "3 V"}}, "settings: width: '3 V' has the unit of another"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Array.build(**values)


def test_settings_are_read_as_text():
    inner = Array.build(settings=FAST).on_each()
    assert (inner.up, inner.down, inner.states) == (10, 5, (500.0, math.inf))


def test_each_device_is_connected_alone_and_named_in_the_record(tmp_path, wired):
    result, run, bench = play(tmp_path / "run.h5", wired(), devices="D2, D1", settings=FAST)
    assert result.outcome is Outcome.FINISHED, result.reason
    assert list(dict.fromkeys(p.device for p in run.plays)) == ["D2", "D1"]
    assert run.info.phases == ("reset", "potentiation", "depression")
    closed, connected = set(), []
    for entry in bench.journal:
        if entry.what.startswith("relay"):
            _, channel, action = entry.what.split()
            (closed.add if action == "close" else closed.discard)(int(channel))
            devices = closed & {111, 112, 113}
            assert len(devices) <= 1, "break before make"
            if action == "close" and devices:
                connected += [c for c in devices if c not in connected[-1:]]
                if int(channel) in devices:
                    assert closed == devices, "no resistance while a device is connected"
    assert connected == [112, 111]
    assert closed == set(), "the safe state lets go of the device too"
    nominal, other = weights(run, "D1"), weights(run, "D2")
    assert np.allclose(nominal, other, atol=1e-9), "nominal devices are equal"


def test_spread_makes_devices_differ_and_is_seeded(tmp_path, wired):
    runs = [
        play(tmp_path / f"{k}.h5", wired(f"spread = 0.05\nseed = {seed}"), devices=names,
             settings=FAST)[1]
        for k, (seed, names) in enumerate([(1, "D1, D2"), (1, "D1, D2"), (2, "D1"), (1, "D2")])
    ]  # fmt: skip
    assert np.array_equal(weights(runs[0], "D1"), weights(runs[1], "D1"))
    assert not np.allclose(weights(runs[0], "D1"), weights(runs[0], "D2"), rtol=1e-3)
    assert not np.allclose(weights(runs[0], "D1"), weights(runs[2], "D1"), rtol=1e-3)
    peaks = [weights(runs[0], device).max() for device in ("D1", "D2")]
    assert abs(np.log(peaks[0] / peaks[1])) < 0.5
    assert np.allclose(weights(runs[0], "D2"), weights(runs[3], "D2"), rtol=1e-6), "its own seed"


def test_a_device_that_is_let_go_keeps_its_state_and_relaxes(wired):
    rig = RigFile.read(wired())
    bench = make_bench(rig)
    instruments = open_rig(rig, bench)
    stage = bench.stage("a")
    instruments.bank.select_device("D1")
    stage.drive(bench.clock.now, "current", 1e-3, 0.8, 1e-3)
    bench.clock.advance(1.0)
    stage.drive(bench.clock.now, "high_z", 0.0, 0.8, 1e-3)
    charged, _ = stage.terminal(bench.clock.now)
    instruments.bank.select_device("D2")
    assert stage.terminal(bench.clock.now)[0] == 0
    bench.clock.advance(10.0)
    instruments.bank.select_device("D1")
    kept, _ = stage.terminal(bench.clock.now)
    assert 0.5 * charged < kept < charged
    with pytest.raises(LimitError, match="no device 'D9' is wired to the bank; there are: D1, D2"):
        instruments.bank.select_device("D9")
    instruments.bank.select(500.0, 0.02)
    assert instruments.bank.read_back().resistance == 500.0
    assert bench.device.resistance == 500.0
    instruments.make_safe()
    assert stage.terminal(bench.clock.now)[0] == pytest.approx(0, abs=1e-9)
    instruments.close()


class Operator(Sink):
    """Connects what a pause asks for, from another thread."""

    def __init__(self):
        self.asked = []

    def state(self, state, reason):
        if state is RunState.PAUSED:
            self.asked.append(reason)
            threading.Timer(0.01, self.runner.resume).start()


def test_devices_are_connected_by_hand_one_after_another(tmp_path):
    operator = Operator()
    result, run, _ = play(
        tmp_path / "run.h5", None, [operator], devices="A, B", by="hand", settings=FAST
    )
    assert result.outcome is Outcome.FINISHED, result.reason
    assert operator.asked == ["connect A, then resume", "connect B, then resume"]
    assert list(dict.fromkeys(p.device for p in run.plays)) == ["A", "B"]


class Refusal(Sink):
    """Aborts at the first pause."""

    def state(self, state, reason):
        if state is RunState.PAUSED:
            self.runner.abort("not today")


def test_an_abort_while_the_operator_is_waited_for(tmp_path):
    result, run, bench = play(
        tmp_path / "run.h5", None, [Refusal()], devices="A, B", by="hand", settings=FAST
    )
    assert (result.outcome, result.reason) == (Outcome.ABORTED, "not today")
    assert run.plays == ()
    assert bench.stage("a").mode == "high_z"


def test_a_rehearsal_waits_for_nobody():
    values = {"devices": "A, B", "by": "hand", "settings": FAST}
    experiment = Experiment.prepare("array", preset=None, values=values, rig=None)
    assert rehearse(experiment).result.outcome is Outcome.FINISHED


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("array", {"devices": "D1, D7"}, "device 'D7' is not wired to the bank; .* has D1, D2, D3"),
        ("array", {"by": "hand"}, "behind relays; give by=bank"),
        ("ltp-ltd", {}, "wires devices D1, D2, D3 behind relays and ltp-ltd connects none"),
    ],
)
def test_what_does_not_fit_the_rig_is_found_before_anything_is_touched(wired, name, values, says):
    with pytest.raises(InputError, match=says):
        Experiment.prepare(name, preset=None, values=values, rig=wired())


def test_without_wired_devices_the_array_says_what_to_do():
    with pytest.raises(InputError, match=r"'D1' is not wired .* has none .by=hand"):
        Experiment.prepare("array", preset=None, values={}, rig=None)


@pytest.mark.parametrize(
    ("devices", "says"),
    [
        ("{name='A', channel=101}", "channel 101 is given twice in resistors and devices"),
        ("{name='A', channel=111}, {name='A', channel=112}", "the name 'A' is given twice"),
        ("{name='', channel=111}", "devices.0.name"),
        ("{nam='A', channel=111}", "devices.0.nam; accepted here: name, channel"),
    ],
)
def test_a_rig_file_that_wires_devices_wrongly_is_refused(tmp_path, devices, says):
    path = tmp_path / "rig.toml"
    path.write_text(f"[resistor_bank]\ndevices = [{devices}]\n")
    with pytest.raises(InputError, match=says):
        RigFile.read(path)

"""Whatever goes wrong, the source ends at 0 and high-impedance, the bank opens, data stay."""

import math

import pytest

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from app.running.sinks import RunState, Sink
from data.errors import DataError
from data.reader import open_run
from data.run import Outcome
from drivers.keithley_2600b import Keithley2600B
from drivers.keysight_34970a import Keysight34970A
from drivers.rig import Rig
from drivers.simulated.links import simulated_links

FAST = {"states": "500,open", "up": 30, "down": 30}


class Saboteur(Sink):
    """Does something once, when the first block with pulses arrives."""

    def __init__(self):
        self.act = None
        self.states = []

    def state(self, state, reason):
        self.states.append(state)

    def block(self, samples):
        if self.act and samples.pulse_index.any():
            act, self.act = self.act, None
            act()


class Bench:
    """A rig on a simulated bench that a test can tamper with."""

    def __init__(self, tmp_path, values, rig=None):
        self.file = rig or RigFile()
        self.bench = make_bench(self.file, noise=False)
        self.links = simulated_links(self.bench, "keithley-2600b", "keysight-34970a")
        self.rig = Rig(
            meter=Keithley2600B.connect(self.links[0], "a", "4-wire"),
            bank=Keysight34970A.connect(self.links[1], self.file.resistors, 0.0),
            limits=self.file.limits, resistors=self.file.resistors, wait=lambda _: None,
            simulated=True, addresses={"source_meter": "smu", "resistor_bank": "bank"},
            description={},
        )  # fmt: skip
        self.experiment = Experiment.prepare(
            "ltp-ltd", preset=None, values={**FAST, **values}, rig=None
        )
        self.path = tmp_path / "run.h5"
        self.saboteur = Saboteur()
        self.runner = Runner(self.rig, [FileSink(self.path), self.saboteur])

    def run(self):
        experiment = self.experiment
        return self.runner.run(
            experiment.protocol, experiment.plan, experiment.info(self.rig, sample="", notes="")
        )

    def assert_safe(self):
        stage = self.bench.stage("a")
        assert stage.mode == "high_z"
        assert stage.terminal(self.bench.clock.now)[1] == 0
        assert math.isinf(self.bench.device.resistance)

    def assert_recorded(self, outcome, reason):
        run = open_run(self.path)
        assert run.outcome is outcome
        assert reason in run.reason
        return run


@pytest.fixture
def on_bench(tmp_path):
    return lambda **values: Bench(tmp_path, values)


def test_a_run_that_finishes_leaves_the_rig_safe(on_bench):
    bench = on_bench()
    assert bench.run().outcome is Outcome.FINISHED
    bench.assert_safe()
    assert bench.saboteur.states == [RunState.RUNNING, RunState.FINISHED]


def test_a_link_cut_mid_train(on_bench):
    bench = on_bench()
    bench.saboteur.act = bench.links[0].cut
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "no reply from" in result.reason
    bench.assert_safe()
    run = bench.assert_recorded(Outcome.FAILED, "no reply from")
    assert (run.samples.pulse_index > 0).any()
    assert any("safe state" in e.message for e in run.events)


def test_a_link_that_stays_cut_is_reported_as_unknown_and_the_bank_still_opens(on_bench):
    bench = on_bench()
    bench.saboteur.act = lambda: bench.links[0].cut(for_good=True)
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "state UNKNOWN of source_meter" in result.reason
    assert math.isinf(bench.bench.device.resistance)
    bench.assert_recorded(Outcome.FAILED, "Switch it off by hand")
    # The program on the instrument ends at 0 A by itself.
    bench.bench.clock.advance(60.0)
    bench.bench.run_to(bench.bench.clock.now)
    assert abs(bench.bench.stage("a").terminal(bench.bench.clock.now)[1]) < 1e-9


def test_an_entry_in_the_error_queue_at_the_upload(on_bench):
    bench = on_bench()
    # The bench's own hand on the instrument: a setting that the next upload trips over.
    tsp = bench.rig.meter._tsp
    original = tsp.write

    def misspell(command, **rest):
        original(command.replace("timer[2].count=1", "timer[2].cuont=1"), **rest)

    tsp.write = misspell
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "cuont" in result.reason
    assert not any("output on" in e.what for e in bench.bench.journal)
    bench.assert_safe()
    bench.assert_recorded(Outcome.FAILED, "the upload")


def test_the_voltage_limit_fails_the_run_and_says_at_which_pulse(on_bench):
    bench = on_bench(voltage_limit="200 mV", states="open", up=150)
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "limit of 200 mV at pulse" in result.reason
    bench.assert_safe()
    run = bench.assert_recorded(Outcome.FAILED, "limit of 200 mV")
    assert (run.samples.flags & 1).any(), "the limited readings are kept, flagged"


def test_a_relay_that_reads_back_wrong(on_bench):
    bench = on_bench()
    bench.links[1].instrument.stuck.add(101)
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "relays none read back closed where 101 should be" in result.reason
    bench.assert_safe()
    bench.assert_recorded(Outcome.FAILED, "relays none")


def test_a_relay_that_does_not_open_is_reported_as_unknown_and_the_source_is_safe(on_bench):
    bench = on_bench()
    bench.saboteur.act = lambda: bench.links[1].instrument.stuck.add(101)
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "relays 101 read back closed where none should be" in result.reason
    assert "state UNKNOWN of resistor_bank" in result.reason
    assert bench.bench.stage("a").mode == "high_z"


def test_a_reset_that_finds_no_baseline_fails(on_bench):
    bench = on_bench(reset_time_limit="11 s", reset_hold="1 s", states="open,500")
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert "no baseline" in result.reason
    bench.assert_safe()


def test_an_abort_from_another_thread(on_bench):
    bench = on_bench()
    bench.saboteur.act = lambda: bench.runner.abort("enough")
    assert bench.run().outcome is Outcome.ABORTED
    bench.assert_safe()
    bench.assert_recorded(Outcome.ABORTED, "enough")


def test_a_sink_that_cannot_write_ends_the_run(on_bench):
    bench = on_bench()

    def full():
        raise DataError("the disk is full")

    bench.saboteur.act = full
    assert bench.run().outcome is Outcome.FAILED
    bench.assert_safe()
    bench.assert_recorded(Outcome.FAILED, "the disk is full")


def test_an_unforeseen_error_is_raised_after_the_rig_is_safe(on_bench):
    bench = on_bench()

    def bug():
        raise RuntimeError("a bug")

    bench.saboteur.act = bug
    with pytest.raises(RuntimeError, match="a bug"):
        bench.run()
    bench.assert_safe()
    bench.assert_recorded(Outcome.FAILED, "RuntimeError: a bug")


def test_a_file_that_appeared_meanwhile_is_not_replaced(on_bench):
    bench = on_bench()
    bench.path.write_bytes(b"mine")
    result = bench.run()
    assert result.outcome is Outcome.FAILED
    assert bench.path.read_bytes() == b"mine"
    bench.assert_safe()

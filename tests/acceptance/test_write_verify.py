"""Write and verify on the real drivers: random targets, two noise levels, an unreachable one."""

import numpy as np
import pytest

from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from data.reader import open_run
from data.run import Outcome
from protocols.program import Instant

WITHIN = 2e-3
TARGETS = np.random.default_rng(20).uniform(0.02, 0.5, 20) * np.tile([1, -1], 10)


def write(path, noise, **values):
    """One run; its file, and the true open-circuit voltage that it left behind."""
    bench = make_bench(RigFile(), noise=noise)
    rig = open_rig(RigFile(), bench)
    experiment = Experiment.prepare("write-verify", preset=None, values=values, rig=None)
    try:
        result = Runner(rig, [FileSink(path)]).run(
            experiment.protocol, experiment.plan, experiment.info(rig, sample="", notes="")
        )
        left, _ = bench.stage("a").terminal(bench.clock.now)
    finally:
        rig.close()
    return result, open_run(path), left


@pytest.mark.parametrize("noise", [False, True])
def test_twenty_random_targets_are_reached(tmp_path, noise):
    for number, target in enumerate(TARGETS):
        result, run, left = write(tmp_path / f"{number}.h5", noise, target=float(target))
        assert result.outcome is Outcome.FINISHED, f"{target} V: {result.reason}"
        read = run.samples[run.samples.phase == run.info.phases.index("verify")].voltage[-1]
        assert abs(read - target) <= WITHIN
        assert abs(left - target) <= WITHIN, "not only the reading, the device too"
        tries = [p for p in run.plays if p.label.startswith("verify try")]
        assert 1 <= len(tries) <= run.info.parameters["tries"]


def test_the_file_holds_the_programs_that_the_loop_made(tmp_path):
    _, run, _ = write(tmp_path / "run.h5", True, target=0.33)
    programs = {p.digest: p for p in run.info.programs}
    tries = [p for p in run.plays if p.label.startswith("try")]
    assert len(tries) > 1
    for play in tries:
        program, samples = programs[play.digest], run.samples[play.rows]
        assert np.array_equal(samples.source_level, program.level)
        assert np.array_equal(samples.pulse_index, program.pulse_index)
    verified = run.samples[run.samples.instant == Instant.REST]
    assert np.all(np.isinf(verified.resistance))


def test_an_unreachable_target_fails_and_says_what_was_nearest(tmp_path):
    result, run, left = write(
        tmp_path / "run.h5", True, target=0.5, states="500, 1000", amplitude="0.5 mA", tries=6
    )
    assert result.outcome is run.outcome is Outcome.FAILED
    assert "target 500 mV not reached within 1 mV in 6 tries; the nearest was" in run.reason
    nearest = float(run.reason.split("nearest was ")[1].split(" mV")[0]) * 1e-3
    verified = run.samples[run.samples.phase == run.info.phases.index("verify")].voltage
    assert nearest == pytest.approx(verified[np.argmin(np.abs(verified - 0.5))], abs=1e-4)
    assert abs(left) < 0.3

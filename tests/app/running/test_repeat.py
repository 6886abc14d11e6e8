"""`fmes run --repeat`: the same run once more, or every difference named."""

import numpy as np
import pytest
from typer.testing import CliRunner

from app import lab
from app.cli import app
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from data.samples import COLUMNS
from protocols.catalogue import PROTOCOLS

OWN = """
from protocols.device_parameters import DeviceProtocol
from protocols.program import Instant, PulseProgram, Segment
from protocols.protocol import Preset
from protocols.steps import Play


class Mine(DeviceProtocol):
    name = "mine"
    title = "A single hold"
    phases = ("hold",)
    presets = {"default": Preset("To try.")}

    def steps(self):
        program = PulseProgram.compile(
            [Segment(1e-4, 0.1, "hold", Instant.HOLD, repeat=5)], phases=self.phases, limit=0.5,
            aperture=1e-3,
        )
        yield Play(program, "hold")
"""


def fmes(*words):
    done = CliRunner().invoke(app, ["run", *map(str, words), "--no-figure"])
    return done.exit_code, done.output


def repeated(run, *options):
    new = run.path.with_name("again.h5")
    code, output = fmes("--repeat", run.path, "--out", new, *options)
    assert code == 0, output
    return lab.open_run(new)


@pytest.fixture
def run(tmp_path):
    return lab.run("ltp-ltd", up=5, down=5, states="500, open", sample="D7", out=tmp_path / "a.h5")


def test_the_same_seed_gives_the_same_readings(run):
    again = repeated(run)
    for name in COLUMNS:
        np.testing.assert_array_equal(
            getattr(again.samples, name), getattr(run.samples, name), err_msg=name
        )
    assert again.info.repeats == run.info.run_id
    assert again.info.run_id != run.info.run_id
    assert (again.info.sample, again.info.parameters) == ("D7", run.info.parameters)
    assert f"repeats run {run.info.run_id} (a.h5)" in [event.message for event in again.events]


def test_a_closed_loop_is_repeated(tmp_path):
    run = lab.run("write-verify", target="60 mV", states="open", out=tmp_path / "a.h5")
    again = repeated(run)
    np.testing.assert_array_equal(again.samples.voltage, run.samples.voltage)


def test_another_rig_is_refused_with_every_difference_unless_that_is_allowed(run, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text(
        '[simulation]\nseed = 2\n[source_meter]\nmodel = "2612B"\n[device]\nmax_voltage = "1 V"\n'
    )
    words = ("--repeat", run.path, "--rig", rig, "--out", tmp_path / "b.h5")
    code, output = fmes(*words)
    assert code == 2
    assert "rig file: simulation.seed: was 1, is 2" in output
    assert "rig file: device.max_voltage: was 0.8, is 1.0" in output
    assert "rig file: source_meter.model: was " in output
    assert "--allow-differences" in output
    assert not (tmp_path / "b.h5").exists()
    code, output = fmes(*words, "--allow-differences")
    assert code == 0, output
    assert "differs: source_meter model: was '2602B', is '2612B'" in output
    again = lab.open_run(tmp_path / "b.h5")
    said = [event.message for event in again.events if event.level == "mark"]
    assert "differs: rig file: simulation.seed: was 1, is 2" in said
    assert not np.array_equal(again.samples.voltage, run.samples.voltage)


def test_how_fast_a_simulated_bench_goes_makes_no_difference(run, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text('[simulation]\nspeed = "1000000x"\n')
    repeated(run, "--rig", rig)


def test_a_protocol_of_ones_own_is_known_by_its_digest(tmp_path):
    own = tmp_path / "mine.py"
    own.write_text(OWN)
    run = lab.run(f"{own}:Mine", out=tmp_path / "a.h5")
    np.testing.assert_array_equal(repeated(run).samples.voltage, run.samples.voltage)
    own.rename(tmp_path / "moved.py")
    code, output = fmes("--repeat", run.path, "--out", tmp_path / "b.h5")
    assert code == 2
    assert "mine.py cannot be read" in output
    code, output = fmes("--repeat", run.path, f"{tmp_path}/moved.py:Mine", "--out", tmp_path)
    assert code == 0, output
    own.write_text(OWN + "# changed\n")
    code, output = fmes("--repeat", run.path, "--out", tmp_path / "b.h5", "--allow-differences")
    assert code == 2
    assert "is not the file that the run was recorded with: its SHA-256 is " in output
    code, output = fmes("--repeat", run.path, f"{own}:Mine", "--out", tmp_path / "b.h5")
    assert code == 2
    assert "is not the protocol that " in output


@pytest.mark.parametrize("words", [["ppf"], ["--set", "up=3"], ["--preset", "text-500Hz"]])
def test_what_contradicts_the_file_is_refused(run, words, tmp_path):
    code, _ = fmes("--repeat", run.path, *words, "--out", tmp_path / "b.h5")
    assert code == 2
    assert not (tmp_path / "b.h5").exists()


def test_without_a_protocol_there_is_nothing_to_run():
    code, output = fmes()
    assert code == 2
    assert "name a protocol" in output


@pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda kind: kind.name)
def test_what_a_file_keeps_of_parameters_makes_the_same_protocol(kind):
    for preset in kind.presets:
        protocol = kind.build(preset)
        again = kind.build(preset, **protocol.model_dump(mode="json"))
        assert again.model_dump(mode="json") == protocol.model_dump(mode="json")


def test_a_rig_is_read_back_as_it_was_recorded():
    rig = RigFile()
    experiment = Experiment.prepare("ppf", preset=None, values={}, rig=rig)
    assert RigFile(**experiment.rig.model_dump(mode="json")) == rig

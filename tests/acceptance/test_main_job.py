"""The main job as a stranger runs it: the command, the file, the measures, the figure."""

import json
import math
from pathlib import Path

import h5py
import numpy as np
import pytest
from reference import mean_voltages

from data.reader import open_run
from data.run import Outcome
from protocols.program import Instant

STATES = [500.0, 1000.0, 8000.0, math.inf]


@pytest.fixture(scope="module")
def main_job(tmp_path_factory, command):
    """One full run with the defaults."""
    folder = tmp_path_factory.mktemp("main")
    done = command(folder, "run", "ltp-ltd", "--sample", "Gerät 7", "--note", "first", "--out", ".")
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob("*.h5")
    return done.stdout, file


def test_it_ends_with_a_file_a_figure_and_a_table_per_state(main_job):
    printed, file = main_job
    for state in ("500 ohm", "1 kohm", "8 kohm", "open"):
        assert state in printed
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_terminal_is_too_narrow_for_a_whole_value(command, main_job, columns):
    done = command(main_job[1].parent, "analyse", str(main_job[1]), columns=columns)
    measures = json.loads(command(main_job[1].parent, "analyse", str(main_job[1]), "--json").stdout)
    assert "energy of last LTP pulse" in done.stdout
    for state in measures["states"]:
        label = state["cycles"][0]["potentiation"]["nonlinearity"]["label"]
        assert "{value:.3g} [{low:.3g}, {high:.3g}]".format(**label) in done.stdout


def test_the_file_says_what_was_done(main_job):
    run = open_run(main_job[1])
    assert run.outcome is Outcome.FINISHED
    assert run.info.sample == "Gerät 7"
    assert run.info.notes == "first"
    assert run.info.simulated
    assert run.info.instruments["source_meter"]["model"] == "2602B"
    assert run.info.instruments["resistor_bank"]["model"] == "34970A"
    trains = [p for p in run.plays if "up" in p.label]
    assert [p.resistance for p in trains] == STATES
    assert all(p.settings["source.offmode"] == 2 for p in trains), "off is high-impedance"
    assert any("safe state" in e.message for e in run.events)
    late = run.samples.time - run.samples.requested_time
    assert np.abs(late).max() < 1e-4


def test_the_measures_come_out_as_the_study_says(fmes, main_job):
    printed = json.loads(fmes("analyse", str(main_job[1]), "--json").stdout)
    states = printed["states"]
    assert [s["resistance"] for s in states] == [500.0, 1000.0, 8000.0, "open"]
    cycles = [s["cycles"][0] for s in states]
    assert min(c["dynamic_range"]["value"] for c in cycles) > 6
    for branch, sign in (("potentiation", 1), ("depression", -1)):
        label = [sign * c[branch]["nonlinearity"]["label"]["value"] for c in cycles]
        change = [sign * c[branch]["range"]["value"] for c in cycles]
        assert min(label) > 0
        assert label == sorted(label, reverse=True), "NL falls with R"
        assert change == sorted(change), "delta-w rises with R"


@pytest.mark.parametrize("state", ["500", "1k", "8k", "open"])
def test_without_noise_every_pulse_agrees_with_an_independent_solver(fmes, tmp_path, state):
    rig = tmp_path / "quiet.toml"
    rig.write_text("[simulation]\nnoise = false\n")
    out = tmp_path / "quiet.h5"
    done = fmes("run", "ltp-ltd", "--rig", str(rig), "--set", f"states={state}", "--out", str(out))
    assert done.returncode == 0, done.stderr
    samples = open_run(out).samples
    train = samples[samples.pulse_index > 0]
    resistance = float(train.resistance[0])
    # Readings end 60 us before their segment does, as the recorded times say.
    train_of_currents = [(1e-3, 20e-3), (0.0, 20e-3)] * 150 + [(-1e-3, 20e-3), (0.0, 20e-3)] * 150
    expected = mean_voltages(resistance, train_of_currents, aperture=200e-6, end=60e-6)
    starts = train.time - train.time[0]
    assert np.allclose(np.diff(starts), 20e-3, atol=2e-6)
    weights = train.instant == Instant.GAP_END
    span = np.ptp(expected[weights])
    assert np.abs(train.voltage - expected)[weights].max() < 1e-6 * span
    assert np.abs(train.voltage - expected).max() < 1e-6 * np.ptp(expected)


OWN = {
    # Of a run and its time of day, or of the way to the instruments; all else is the same.
    "run_id", "entry/identifier_experiment", "entry/process/pid", "entry/process/birth",
    "content_sha256", "file_time", "start", "end",
    "entry/start_time", "entry/end_time", "entry/duration", "entry/process/date",
    "entry/blocks/host_time", "entry/instrument/resistor_log/time@start",
    "simulated", "entry/process/simulated", "entry/rig/data", "entry/rig/sha256",
    "entry/instrument/settings/data", "entry/instrument/settings/sha256",
}  # fmt: skip


def contents(path):
    """Every value and attribute of an HDF5 file by its name."""
    found = {}

    def note(name, item):
        found.update({f"{name}@{key}": value for key, value in item.attrs.items()})
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        found.update(file.attrs)
        file.visititems(note)
    return found


def settings_but_addresses(content):
    settings = json.loads(content["entry/instrument/settings/data"])
    for instrument in settings.values():
        instrument.pop("address", None)
        instrument.pop("serial", None)  # a served one has its port in it
    return settings


def test_over_the_socket_through_visa_the_whole_file_is_the_same(fmes, served, tmp_path, main_job):
    bench = served(math.inf, noise=True)
    out = tmp_path / "socket.h5"
    done = fmes(
        "run", "ltp-ltd", "--rig", str(bench.rig), "--out", str(out), "--no-figure",
        "--sample", "Gerät 7", "--note", "first",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    socket, inside = contents(out), contents(main_job[1])
    assert socket.keys() == inside.keys()
    differing = {n for n, value in inside.items() if not np.array_equal(socket[n], value)}
    assert differing <= OWN
    assert len(inside) > 200
    assert settings_but_addresses(socket) == settings_but_addresses(inside)


def test_both_presets_run_and_the_short_pulse_is_less_linear(fmes, tmp_path):
    nl = {}
    for preset in ("paper-20ms", "text-500Hz"):
        out = tmp_path / f"{preset}.h5"
        done = fmes("run", "ltp-ltd", "--preset", preset, "--set", "states=8k", "--out", str(out))
        assert done.returncode == 0, done.stderr
        printed = json.loads(fmes("analyse", str(out), "--json").stdout)
        (cycle,) = printed["states"][0]["cycles"]
        nl[preset] = cycle["potentiation"]["nonlinearity"]["label"]["value"]
    assert nl["text-500Hz"] > 3 > nl["paper-20ms"]


def test_the_figure_is_drawn_in_every_format_and_never_over_a_file(fmes, main_job, tmp_path):
    for name, begins in (("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.png", b"\x89PNG")):
        done = fmes("figure", str(main_job[1]), "--out", str(tmp_path / name), "--dark")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).read_bytes().startswith(begins)
    again = fmes("figure", str(main_job[1]), "--out", str(tmp_path / "a.png"))
    assert again.returncode == 2
    assert "exists" in again.stderr.lower()
    assert isinstance(main_job[1], Path)

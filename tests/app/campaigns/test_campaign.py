"""A campaign measures each run once, whatever happens between two starts."""

import json

import pytest
from typer.testing import CliRunner

from app.campaigns.campaign import Campaign
from app.campaigns.campaign_folder import measured_in
from app.cli import app
from data.reader import open_run
from data.run import Outcome
from drivers.errors import InstrumentError
from drivers.rig import Rig
from protocols.program import Instant

FAST = "set = { reset_tolerance = '50 mV', reset_watch = '0.1 s', count = 2 }\n"
DEFAULTS = f"[defaults]\nprotocol = 'pulse-train'\n{FAST}"
FAULT = "[[run]]\nset = { voltage_limit = '15 mV' }\n"
AMPLITUDES = "[[run]]\nsweep = { amplitudes = ['0.1 mA', '0.2 mA'] }\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def campaign(tmp_path, folder):
    def run(text, *options):
        (tmp_path / "c.toml").write_text(text, encoding="utf-8")
        arguments = ["campaign", str(tmp_path / "c.toml"), "--out", str(folder), *options]
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def names(folder):
    return sorted(path.name for path in folder.glob("*.h5"))


def states(folder):
    lines = (folder / "campaign.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["run"]: (entry["state"], entry["file"]) for entry in map(json.loads, lines)}


def test_each_run_has_a_file_and_a_line_in_the_index(campaign, folder):
    done = campaign(DEFAULTS + "sample = 'D7'\nnote = 'night'\n" + AMPLITUDES)
    assert done.exit_code == 0, done.output
    assert names(folder) == ["0001_pulse-train_D7.h5", "0002_pulse-train_D7.h5"]
    assert states(folder) == {
        1: ("finished", "0001_pulse-train_D7.h5"), 2: ("finished", "0002_pulse-train_D7.h5"),
    }  # fmt: skip
    runs = [open_run(folder / name) for name in names(folder)]
    assert [run.info.parameters["amplitudes"] for run in runs] == [[1e-4], [2e-4]]
    assert {(run.info.sample, run.info.notes) for run in runs} == {("D7", "night")}


def test_started_again_nothing_is_measured_and_the_index_is_made_anew(campaign, folder):
    campaign(DEFAULTS + AMPLITUDES)
    before = {path: path.read_bytes() for path in folder.glob("*.h5")}
    (folder / "campaign.jsonl").unlink()
    done = campaign(DEFAULTS + AMPLITUDES)
    assert done.exit_code == 0
    assert "2 runs, 2 of them complete" in done.output
    assert {path: path.read_bytes() for path in folder.glob("*.h5")} == before
    assert set(states(folder)) == {1, 2}


def test_only_what_is_new_is_measured_when_the_file_has_been_edited(campaign, folder):
    campaign(DEFAULTS + AMPLITUDES)
    edited = AMPLITUDES.replace("['0.1 mA', '0.2 mA']", "['0.2 mA', '0.4 mA', '0.1 mA']")
    assert "3 runs, 2 of them complete" in campaign(DEFAULTS + edited).output
    assert states(folder) == {
        1: ("finished", "0002_pulse-train.h5"), 2: ("finished", "0002_pulse-train_2.h5"),
        3: ("finished", "0001_pulse-train.h5"),
    }  # fmt: skip


def test_repeats_and_samples_are_counted_apart(campaign, folder):
    campaign(DEFAULTS + "[[run]]\nrepeat = 2\nsample = 'A'\n")
    again = campaign(DEFAULTS + "[[run]]\nrepeat = 3\nsample = 'A'\n[[run]]\nsample = 'B'\n")
    assert "4 runs, 2 of them complete" in again.output
    samples = [open_run(folder / name).info.sample for name in names(folder)]
    assert samples == ["A", "A", "A", "B"]


def test_what_is_not_whole_or_not_finished_is_kept_and_measured_again(campaign, folder):
    campaign(DEFAULTS + AMPLITUDES)
    damaged = folder / "0001_pulse-train.h5"
    damaged.write_bytes(damaged.read_bytes()[:-3000])
    broken = damaged.read_bytes()
    done = campaign(DEFAULTS + AMPLITUDES)
    assert "2 runs, 1 of them complete" in done.output
    assert "not counted" in done.output
    assert damaged.read_bytes() == broken
    assert states(folder)[1] == ("finished", "0001_pulse-train_2.h5")


def test_a_run_of_a_real_rig_is_not_taken_for_that_of_a_simulated_one(campaign, folder, tmp_path):
    campaign(DEFAULTS + AMPLITUDES)
    measured = measured_in(folder)
    (tmp_path / "rig.toml").write_text(
        "[source_meter]\naddress = 'GPIB0::26::INSTR'\n"
        "[resistor_bank]\naddress = 'GPIB0::9::INSTR'\n"
    )
    assert len(Campaign.read(tmp_path / "c.toml").complete(measured)) == 2
    (tmp_path / "real.toml").write_text(f"rig = 'rig.toml'\n{DEFAULTS}{AMPLITUDES}")
    assert Campaign.read(tmp_path / "real.toml").complete(measured) == {}


def test_a_fault_stops_the_campaign(campaign, folder):
    done = campaign(DEFAULTS + FAULT + AMPLITUDES)
    assert done.exit_code == 1
    assert "the source reached its limit" in done.output
    assert [state for state, _ in states(folder).values()] == ["failed", "pending", "pending"]
    assert open_run(folder / "0001_pulse-train.h5").outcome is Outcome.FAILED


def test_a_fault_may_leave_the_rest_to_be_measured(campaign, folder):
    text = DEFAULTS + FAULT + "on_fault = 'continue'\n" + AMPLITUDES
    done = campaign(text)
    assert done.exit_code == 1
    assert [state for state, _ in states(folder).values()] == ["failed", "finished", "finished"]
    assert "3 runs, 2 of them complete" in campaign(text).output
    assert states(folder)[1] == ("failed", "0001_pulse-train_2.h5")


def test_a_rig_that_cannot_be_made_safe_stops_it_in_any_case(campaign, folder, monkeypatch):
    def unsafe(_rig):
        raise InstrumentError("state UNKNOWN of source_meter")

    monkeypatch.setattr(Rig, "make_safe", unsafe)
    done = campaign(DEFAULTS + "on_fault = 'continue'\n" + AMPLITUDES)
    assert done.exit_code == 1
    assert "stopped whatever on_fault says: state UNKNOWN" in done.output
    assert [state for state, _ in states(folder).values()] == ["failed", "pending"]


def test_a_rig_that_cannot_be_opened_fails_with_nothing_measured(campaign, folder, tmp_path):
    (tmp_path / "rig.toml").write_text(
        "[source_meter]\naddress = 'TCPIP0::127.0.0.1::1::SOCKET'\n"
        "[resistor_bank]\naddress = 'TCPIP0::127.0.0.1::2::SOCKET'\n"
        "[visa]\nlibrary = '@py'\ntimeout = '1 s'\n"
    )
    done = campaign("rig = 'rig.toml'\n" + DEFAULTS + AMPLITUDES)
    assert done.exit_code == 1
    assert "127.0.0.1" in done.output
    assert names(folder) == []


def test_waiting_for_the_baseline_is_recorded_in_the_run(campaign, folder):
    campaign(DEFAULTS + "[[run]]\n[[run]]\nwait_for_baseline = { tolerance = '0.3 mV' }\n")
    plain, waited = (open_run(folder / name) for name in names(folder))
    assert plain.info.parameters == waited.info.parameters
    (mark,) = [event.message for event in waited.events if event.level == "mark"]
    assert mark == "wait for the baseline within 300 uV, at most 300 s"
    labels = [play.label for play in waited.plays]
    assert labels.count("hold 0 V for 40 s") >= 1, "the first run has charged the device"
    watched = [
        waited.samples[play.rows].voltage for play in waited.plays if "for 10 s" in play.label
    ]
    assert abs(watched[0]).max() > 3e-4 >= abs(watched[-1]).max()
    held = waited.samples.instant == Instant.HOLD
    assert {waited.info.phases[code] for code in waited.samples.phase[held]} == {"reset"}


def test_a_baseline_that_does_not_come_is_a_fault(campaign, folder):
    wait = "wait_for_baseline = { tolerance = '1 nV', time_limit = '60 s' }\n"
    done = campaign(DEFAULTS + "[[run]]\n" + wait + AMPLITUDES)
    assert done.exit_code == 1
    assert "no baseline" in done.output
    assert [state for state, _ in states(folder).values()] == ["failed", "pending", "pending"]


OWN = """
from protocols.pulse_train import PulseTrains

class Own(PulseTrains):
    name = "own"
"""


def test_a_users_own_protocol_is_measured_again_when_its_file_has_changed(
    campaign, folder, tmp_path
):
    (tmp_path / "own.py").write_text(OWN)
    text = f"[[run]]\nprotocol = 'own.py:Own'\n{FAST}"
    assert campaign(text).exit_code == 0
    assert "1 runs, 1 of them complete" in campaign(text).output
    (tmp_path / "own.py").write_text(OWN + "# another rise\n")
    assert "1 runs, 0 of them complete" in campaign(text).output
    assert names(folder) == ["0001_own.h5", "0001_own_2.h5"]


def test_a_check_tells_the_time_and_what_is_complete_and_writes_nothing(campaign, folder):
    done = campaign(DEFAULTS + AMPLITUDES, "--check")
    assert done.exit_code == 0
    assert done.output.count("pending") == 2
    assert "2 runs, expected 0:01:21 on the instruments; 2 still to measure" in done.output
    assert not folder.exists()
    campaign(DEFAULTS + AMPLITUDES)
    done = campaign(DEFAULTS + AMPLITUDES + "[[run]]\n", "--check")
    assert done.output.count("finished") == 2
    assert "3 runs, expected 0:02:01 on the instruments; 1 still to measure" in done.output


def test_a_folder_that_is_a_file_is_refused(campaign, folder):
    folder.write_text("mine")
    done = campaign(DEFAULTS + AMPLITUDES)
    assert done.exit_code == 2
    assert "cannot be made" in done.output
    assert folder.read_text() == "mine"


def test_a_run_that_was_recovered_counts_once(campaign, folder):
    assert campaign(DEFAULTS + "[[run]]\n").exit_code == 0
    (name,) = names(folder)
    copy = folder / name.replace(".h5", ".recovered.h5")
    copy.write_bytes((folder / name).read_bytes())
    done = campaign(DEFAULTS + "[[run]]\nrepeat = 2\n")
    assert done.exit_code == 0, done.output
    assert states(folder)[1] == ("finished", name)
    assert states(folder)[2] == ("finished", "0002_pulse-train.h5")

"""`--transcript`: all that passed to and from the instruments, in a file beside the run's."""

import json
import math
import sys

import numpy as np
import pytest

from app import lab
from app.rigs.opening import open_bank, open_meter
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from data.reader import open_run
from drivers.replay import replayed
from drivers.rig import Rig
from drivers.transcript import What, read_transcript

FEW = {"up": "5", "down": "0", "states": "500", "reset_watch": "0.2", "reset_tolerance": "10mV"}
SHORT = [word for name, value in FEW.items() for word in ("--set", f"{name}={value}")]
RELAYS = "[resistor_bank]\ndevices = [{ name = 'A', channel = 110 }]\n"


def test_a_whole_run_over_sockets_plays_again_from_its_transcript(fmes, served, tmp_path):
    bench, out = served(math.inf), tmp_path / "run.h5"
    arguments = ("--rig", str(bench.rig), "--out", str(out), *SHORT, "--transcript")
    done = fmes("run", "ltp-ltd", *arguments, "--no-figure")
    assert done.returncode == 0, done.stdout + done.stderr
    path, file = tmp_path / "run.transcript.jsonl", RigFile.read(bench.rig)
    with replayed(path, "source_meter") as meter, replayed(path, "resistor_bank") as bank:
        assert meter.address == file.source_meter.address
        rig = Rig(
            meter=open_meter(file, meter), bank=open_bank(file, bank), limits=file.limits,
            resistors=file.resistors, wait=meter.wait, simulated=False,
            addresses={"source_meter": "file", "resistor_bank": "file"}, description={},
        )  # fmt: skip
        experiment = Experiment.prepare("ltp-ltd", preset=None, values=FEW, rig=file)
        runner = Runner(rig, [FileSink(tmp_path / "again.h5")])
        info = experiment.info(rig, sample="", notes="")
        runner.run(experiment.stimulus, experiment.plan, info)
        rig.close()
    first, again = open_run(out), open_run(tmp_path / "again.h5")
    assert again.outcome == "finished", again.reason
    assert np.array_equal(first.samples.voltage, again.samples.voltage)
    assert np.array_equal(first.samples.time, again.samples.time)


def test_a_notebook_keeps_one_too(tmp_path):
    run = lab.run("ltp-ltd", out=tmp_path / "run.h5", transcript=True, **FEW)
    assert len(run.samples)
    sent = [m.data for m in read_transcript(tmp_path / "run.transcript.jsonl")]
    assert b"*IDN?\n" in sent
    assert any(b"trigger.initiate()" in data for data in sent)


def test_a_rig_file_asks_for_them(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(RELAYS + "[transcript]\nkeep = true\n")
    (tmp_path / "one.toml").write_text("[transcript]\nkeep = true\n")
    done = fmes("run", "ltp-ltd", "--rig", "one.toml", "--out", "run.h5", *SHORT, "--no-figure")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_transcript(tmp_path / "run.transcript.jsonl")[0].what is What.OPENED
    lab.run("ltp-ltd", rig=tmp_path / "one.toml", out=tmp_path / "lab.h5", **FEW)
    assert read_transcript(tmp_path / "lab.transcript.jsonl")
    assert fmes("rig", "check", "rig.toml", "--to", "result.json").returncode == 0
    assert read_transcript(tmp_path / "result.transcript.jsonl")
    assert fmes("safe", "rig.toml").returncode == 0
    assert len(list(tmp_path.glob("rig-safe-*.transcript.jsonl"))) == 1
    # Whether one is kept is no difference between a run and its repetition.
    done = fmes("run", "--repeat", "run.h5", "--out", "again.h5", "--no-figure")
    assert done.returncode == 0, done.stderr
    assert read_transcript(tmp_path / "again.transcript.jsonl")


def test_each_run_of_a_campaign_has_one_of_its_own_when_the_rig_file_asks(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text("[transcript]\nkeep = true\n")
    sets = ", ".join(f"{name} = '{value}'" for name, value in FEW.items())
    (tmp_path / "two.toml").write_text(
        f"rig = 'rig.toml'\n[[run]]\nprotocol = 'ltp-ltd'\nrepeat = 2\nset = {{ {sets} }}\n"
    )
    done = fmes("campaign", "two.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    runs = sorted((tmp_path / "runs" / "two").glob("*.h5"))
    assert len(runs) == 2
    for path in runs:
        messages = read_transcript(path.with_suffix(".transcript.jsonl"))
        assert sum(b"trigger.initiate()" in m.data for m in messages) > 1


def test_a_transcript_never_replaces_a_file(fmes, tmp_path):
    (tmp_path / "run.transcript.jsonl").write_text("mine")
    done = fmes("run", "ltp-ltd", "--out", "run.h5", *SHORT, "--transcript")
    assert done.returncode == 2
    assert "exists already, and is not replaced" in done.stderr
    assert (tmp_path / "run.transcript.jsonl").read_text() == "mine"
    assert not (tmp_path / "run.h5").exists()


def test_a_failure_is_in_the_transcript_that_was_asked_for(fmes, served, tmp_path):
    bench, out = served(math.inf), tmp_path / "run.h5"
    bench.bank.stuck.add(101)
    arguments = ("--rig", str(bench.rig), "--out", str(out), *SHORT, "--transcript")
    done = fmes("run", "ltp-ltd", *arguments)
    assert done.returncode == 1
    assert "the last messages are in run.transcript.jsonl" in done.stdout
    assert not list(tmp_path.glob("*.failure.jsonl"))


def test_last_messages_never_replace_those_of_another_failure(fmes, served, tmp_path):
    bench, out = served(math.inf), tmp_path / "run.h5"
    bench.bank.stuck.add(101)
    (tmp_path / "run.failure.jsonl").write_text("mine")
    done = fmes("run", "ltp-ltd", "--rig", str(bench.rig), "--out", str(out), *SHORT)
    assert "the last messages are in run-2.failure.jsonl" in done.stdout
    assert (tmp_path / "run.failure.jsonl").read_text() == "mine"
    assert read_transcript(tmp_path / "run-2.failure.jsonl")


def test_what_another_instrument_answered_is_kept_although_no_run_began(fmes, served, tmp_path):
    bench, out = served(math.inf), tmp_path / "run.h5"
    meter, bank = (server.resource_name for server in bench.servers)
    bench.rig.write_text(bench.rig.read_text().replace(meter, bank))
    done = fmes("run", "ltp-ltd", "--rig", str(bench.rig), "--out", str(out), *SHORT)
    assert done.returncode == 1
    assert "the last messages are in run.failure.jsonl" in done.stderr
    assert not out.exists()
    answers = [m.data for m in read_transcript(tmp_path / "run.failure.jsonl")]
    assert any(data.startswith(b"HEWLETT-PACKARD,34970A") for data in answers)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_what_a_killed_run_sent_is_in_its_transcript(start, served, tmp_path):
    bench, out = served(1.0), tmp_path / "run.h5"
    arguments = ("--rig", str(bench.rig), "--out", str(out), *SHORT, "--transcript")
    process = start("run", "ltp-ltd", "--events", *arguments)
    for line in process.stdout:
        if json.loads(line)["event"] == "block":
            break
    process.kill()
    process.wait()
    messages = read_transcript(tmp_path / "run.transcript.jsonl")
    assert any(b"trigger.initiate()" in m.data for m in messages)
    assert any(m.data.startswith(b"#0") for m in messages), "readings that came before the kill"


def test_a_campaign_keeps_one_with_a_note_before_each_run(fmes, tmp_path):
    sets = ", ".join(f"{name} = '{value}'" for name, value in FEW.items())
    (tmp_path / "two.toml").write_text(
        f"[[run]]\nprotocol = 'ltp-ltd'\nrepeat = 2\nset = {{ {sets} }}\n"
    )
    done = fmes("campaign", "two.toml", "--transcript")
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (tmp_path / "runs" / "two").glob("campaign-*.transcript.jsonl")
    messages = read_transcript(path)
    notes = [m.text for m in messages if m.what is What.NOTE]
    assert [text[:7] for text in notes if text.startswith("run ")] == ["run 1/2", "run 2/2"]
    assert messages[-1].what is What.CLOSED


def test_a_check_of_a_campaign_has_none(fmes, tmp_path):
    (tmp_path / "one.toml").write_text("[[run]]\nprotocol = 'ltp-ltd'\n")
    done = fmes("campaign", "one.toml", "--check", "--transcript")
    assert done.returncode == 2
    assert "--check reaches no instrument" in done.stderr
    assert done.stdout == ""


def test_checks_of_a_rig_and_safe_keep_one(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(RELAYS)
    assert fmes("rig", "check", "rig.toml", "--to", "result.json", "--transcript").returncode == 0
    notes = [
        m.text for m in read_transcript(tmp_path / "result.transcript.jsonl") if m.what is What.NOTE
    ]
    assert any(text.startswith("timing: ") for text in notes)
    assert fmes("safe", "rig.toml", "--transcript").returncode == 0
    (path,) = tmp_path.glob("rig-safe-*.transcript.jsonl")
    assert any(b"output=2" in m.data for m in read_transcript(path))

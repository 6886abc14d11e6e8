"""A long campaign of the installed command: memory, and what a kill leaves of it."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from app.campaigns.campaign import Campaign
from app.campaigns.campaign_folder import measured_in

RUNS = 200
FILE = """
[defaults]
protocol = "pulse-train"
set = { count = 2, reset_tolerance = "50 mV", reset_watch = "0.1 s" }
[[run]]
sweep = { amplitudes = "0.1 mA..1 mA x 10", states = ["500", "open"] }
repeat = 10
"""
LEAST = 25
"""Runs after which a process holds all that it needs."""
PER_RUN = 60
"""Memory that may be gained for each further run, in kB: a tenth of what a run's plan takes."""


def resident(process):
    """Memory of a process in kB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return None


def measured(folder):
    return len(list(folder.glob("*.h5")))


def follow(process, folder, until):
    """Wait for so many files, or the end; count of files and memory (kB) on the way."""
    seen = []
    while process.poll() is None and measured(folder) < until:
        try:
            memory = resident(process)
        except OSError:  # it ended between the two looks
            break
        if memory is not None:
            seen.append((measured(folder), memory))
        time.sleep(0.05)
    return seen


@pytest.fixture
def begin(tmp_path):
    """Start the command with its output in a file: nobody reads it while it goes on."""
    started = []

    def run(*arguments):
        with (tmp_path / "said.txt").open("ab") as said:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("fmes"), *arguments], cwd=tmp_path,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a process's memory")
def test_a_campaign_that_is_killed_twice_measures_every_run_once_in_flat_memory(begin, tmp_path):
    (tmp_path / "night.toml").write_text(FILE)
    folder, said = tmp_path / "out", tmp_path / "said.txt"
    for until in (15, 30):
        killed = begin("campaign", "night.toml", "--out", "out")
        follow(killed, folder, until)
        assert killed.poll() is None, said.read_text()
        killed.kill()
        killed.wait()
    begun = measured(folder)
    assert 30 <= begun < RUNS

    last = begin("campaign", "night.toml", "--out", "out")
    seen = follow(last, folder, RUNS + 10)
    assert last.wait(timeout=120) == 0, said.read_text()

    found = measured_in(folder)
    planned = Campaign.read(tmp_path / "night.toml").runs
    assert len(planned) == RUNS
    finished = {identity: len(files) for identity, files in found.finished.items()}
    assert finished == Counter(run.identity for run in planned), "each once, none twice"
    # A kill cuts at most the run that was being measured, perhaps before it had a reading.
    assert measured(folder) - RUNS <= 2

    lines = (folder / "campaign.jsonl").read_text(encoding="utf-8").splitlines()
    index = {entry["run"]: entry for entry in map(json.loads, lines)}
    assert {entry["state"] for entry in index.values()} == {"finished"}
    assert len({entry["file"] for entry in index.values()}) == len(index) == RUNS

    settled = [(files, memory) for files, memory in seen if files >= begun + LEAST]
    (first, before), (end, after) = settled[0], settled[-1]
    assert end - first > RUNS / 2
    assert after - before < PER_RUN * (end - first), f"{before} kB to {after} kB"

"""Makes the files of schema version 1 in `older/`, with the code that wrote that version.

    python tests/data/make_older_files.py [COMMIT]

The commit is the first that recorded runs. The files are of a computer named "lab", so that on
any other it is not known whether their writer is gone.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

COMMIT = "b54ca6f"
OLDER = Path(__file__).parent / "older"

_SCRIPT = """
import os, platform, sys
from datetime import datetime, timezone
import numpy as np

platform.node = lambda: "lab"
os.getpid = lambda: 4242
from data.recorder import Recorder
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from protocols.program import PulseProgram, PulseTrain

start = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
train = PulseTrain(1e-3, 20e-3, 20e-3, 5, "potentiation", cycle=1)
program = PulseProgram.compile([train], phases=("potentiation",), limit=0.8, aperture=2e-4)
info = RunInfo(
    run_id="0b1e5f5e-0000-4000-8000-000000000001", protocol="pulse-train", preset="default",
    parameters={"amplitude": 1e-3}, phases=("potentiation",), programs=(program,), start=start,
    sample="D1", notes="an older file", user="somebody", simulated=True,
    instruments={"source_meter": {"model": "MODEL 1"}}, rig={"bank": {"channels": [1]}},
    resistors=((1, 500.0, 499.7),), software={"fmes-lab": "0.1.0"},
)
for name, ends in (("finished", True), ("crashed", False)):
    recorder = Recorder.begin(f"{sys.argv[1]}/{name}.h5", info, capacity=40, plays=1)
    recorder.event(Event(0.0, "info", "R = 500 ohm"))
    recorder.play(PlayInfo("5 up", program.digest, 0.0, 500.0, {"nplc": 0.01}))
    for first in (0, 10, 20):
        rows = np.arange(first, first + 10)
        recorder.append(Samples(**{name: rows.astype(dtype) for name, dtype in COLUMNS.items()}))
    if ends:
        recorder.end(Outcome.FINISHED, "", start)
"""


def main(commit: str) -> None:
    """Check the commit out beside everything, and have its recorder write."""
    root = Path(__file__).parents[2]
    OLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = subprocess.run(
            ["git", "archive", commit, "data", "protocols"],
            cwd=root,
            check=True,
            capture_output=True,
        )
        subprocess.run(["tar", "-x", "-C", folder], input=tree.stdout, check=True)
        subprocess.run([sys.executable, "-c", _SCRIPT, folder], cwd=folder, check=True)
        for path in Path(folder).glob("*.h5"):
            (OLDER / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


if __name__ == "__main__":
    main(*(sys.argv[1:] or [COMMIT]))

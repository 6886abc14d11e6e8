"""Runs to record: metadata with text of many scripts, and readings that are easy to check."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from data import probe
from data.recorder import Recorder
from data.run import Outcome, PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from protocols.program import Instant, PulseProgram, PulseTrain, Segment

END = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


def _programs() -> tuple[PulseProgram, ...]:
    phases = ("reset", "potentiation")
    train = PulseTrain(1e-3, 20e-3, 20e-3, 5, "potentiation", cycle=1)
    hold = Segment(0.0, 0.1, "reset", Instant.HOLD, repeat=3)
    return (
        PulseProgram.compile([train], phases=phases, limit=0.8, aperture=2e-4),
        PulseProgram.compile(
            [hold], phases=phases, source="voltage", limit=1e-2, aperture=2e-2, on_limit="flag"
        ),
    )


@pytest.fixture(autouse=True)
def _soon_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files here are small; one that HDF5 does not come to an end with need not take long."""
    monkeypatch.setattr(probe, "time_limit", 8.0)


@pytest.fixture(scope="session")
def info() -> RunInfo:
    """Metadata of a run."""
    return RunInfo(
        run_id="6f0c7d4e-3d4a-4c57-9d0c-1f4f5b1f0a11",
        protocol="ltp-ltd",
        preset="paper-20ms",
        parameters={"amplitude": 1e-3, "states": [500.0, "open"], "period": None},
        phases=("reset", "potentiation"),
        programs=_programs(),
        start=datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=2))),
        sample="Gerät µ7 忆阻器",
        notes="erste Zeile\nzweite: 1 Ω",
        user="Zoë",
        simulated=True,
        instruments={"source_meter": {"identity": "MODEL 1", "settings": {"nplc": 0.01}}},
        rig={"bank": {"channels": [1, 2]}},
        resistors=((1, 500.0, 499.7), (2, np.inf, np.inf)),
        software={"fmes-lab": "0.1", "numpy": np.__version__},
    )


@pytest.fixture(scope="session")
def ramp() -> Callable[[int, int], Samples]:
    """Make the readings of rows `first` to `last` - 1; each value tells its row."""
    return _ramp


def _ramp(first: int, last: int) -> Samples:
    rows = np.arange(first, last)
    return Samples(**{name: (rows % 251).astype(dtype) for name, dtype in COLUMNS.items()})


@pytest.fixture(scope="session")
def _crashed(tmp_path_factory: pytest.TempPathFactory, info: RunInfo) -> Path:
    path = tmp_path_factory.mktemp("crashed") / "run.h5"
    assert Writer(path, info, blocks=3, rows=10, end=False).finish() == 30
    return path


@pytest.fixture
def working(tmp_path: Path, _crashed: Path) -> Path:
    """A working file of 3 blocks of 10 rows, whose recorder never came to its end."""
    return Path(shutil.copy(_crashed, tmp_path / "working.h5"))


@pytest.fixture
def finished(tmp_path: Path, info: RunInfo) -> Path:
    """A finished file of 3 blocks of 10 rows."""
    recorder = Recorder.begin(tmp_path / "finished.h5", info, capacity=100, plays=1)
    recorder.play(PlayInfo("5 up", info.programs[0].digest, 0.0, 500.0, {}))
    for first in (0, 10, 20):
        recorder.append(_ramp(first, first + 10))
    return recorder.end(Outcome.FINISHED, "all steps done", END)


_SCRIPT = """
import os, pickle, sys
from datetime import datetime, timezone
import numpy as np
from data.recorder import Recorder
from data.run import Outcome, PlayInfo
from data.samples import COLUMNS, Samples

path, info, blocks, rows, end = pickle.load(sys.stdin.buffer)
recorder = Recorder.begin(path, info, blocks * rows, 1)
recorder.play(PlayInfo("up", info.programs[0].digest, 0.0, 500.0, {}))
for first in range(0, blocks * rows, rows):
    row = np.arange(first, first + rows) % 251
    recorder.append(Samples(**{name: row.astype(dtype) for name, dtype in COLUMNS.items()}))
    print(recorder.rows, flush=True)
if end:
    recorder.end(Outcome.FINISHED, "done", datetime.now(timezone.utc))
os._exit(0)
"""


class Writer:
    """A recorder in another process, which prints its rows after each block."""

    def __init__(
        self, path: Path, info: RunInfo, *, blocks: int, rows: int, end: bool = True
    ) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdin is not None
        pickle.dump((path, info, blocks, rows, end), self.process.stdin)
        self.process.stdin.close()

    def first_block(self) -> int:
        """Wait until a block is recorded; the rows by then."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def kill(self) -> int:
        """Kill it like `kill -9`; the rows that it knew to be safe."""
        self.process.kill()
        return self.finish()

    def finish(self) -> int:
        """Wait for its end; the rows that it knew to be safe."""
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            last = [line for line in lines.read().splitlines(keepends=True) if line[-1:] == b"\n"]
        self.process.wait(30)
        return int(last[-1]) if last else 0


@pytest.fixture
def start_writer(info: RunInfo) -> Callable[..., Writer]:
    """Start a recorder in another process."""
    return lambda path, **sizes: Writer(path, info, **sizes)

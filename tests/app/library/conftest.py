"""Runs recorded on the simulated rig, whole and cut short; the library's process."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import lab
from app.rigs.opening import open_rig
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from app.running.sinks import Sink
from app.station.wire import Unpacker, pack
from data.reader import Run, open_run
from data.recorder import Recorder
from data.run import Outcome

TREE = Path(__file__).parents[3]


class _Abort(Sink):
    """Aborts a run after so many readings."""

    def __init__(self, readings: int) -> None:
        self.left = readings
        self.abort: Callable[[str], None] = lambda reason: None

    def block(self, samples: Any) -> None:
        self.left -= len(samples)
        if self.left < 0:
            self.abort("seen enough")


def cut_short(path: Path, protocol: str, readings: int, **values: Any) -> None:
    """Record a run that is aborted after about so many readings."""
    experiment = Experiment.prepare(protocol, preset=None, values=values, rig=None)
    sink = _Abort(readings)
    rig = open_rig(experiment.rig)
    try:
        runner = Runner(rig, [FileSink(path), sink])
        sink.abort = runner.abort
        info = experiment.info(rig, sample="cut", notes="")
        runner.run(experiment.protocol, experiment.plan, info)
    finally:
        rig.close()


def recorded_again(run: Run, path: Path, rows: int | None = None, **changes: Any) -> None:
    """The readings of a run in a new file, the first `rows` of them, with other words about it."""
    recorder = Recorder.begin(path, replace(run.info, **changes), len(run.samples), len(run.plays))
    for play in run.plays:
        recorder.play(play)
        recorder.append(run.samples[:rows][play.rows])
    outcome = Outcome.FINISHED if rows is None else Outcome.ABORTED
    recorder.end(outcome, "recorded again", datetime.now(UTC))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of runs, by what they are; nobody may change them."""
    folder = tmp_path_factory.mktemp("runs")
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "ltp-ltd": ("ltp-ltd", {"states": "500, 8k, open", "up": 40, "down": 40}),
        "ppf": ("ppf", {"states": "500, 7k, open", "intervals": "log 10 ms..10 s x 7"}),
        "iv-sweep": ("iv-sweep", {"states": "500, 8k", "step": "20 mV", "cycles": 2}),
        "rates": ("iv-sweep", {"states": "8k", "step": "20 mV", "rates": "0.05, 0.1", "cycles": 1}),
        "retention": ("retention", {"pulses": 100, "rest": "20 s"}),
        "width": ("width", {"states": "500, open"}),
    }
    paths = {name: folder / f"{name}.h5" for name in wanted}
    for name, (protocol, values) in wanted.items():
        run = lab.run(
            protocol, out=paths[name], sample=f"Gerät {name}", notes="im Dunkeln", **values
        )
        assert run.outcome is Outcome.FINISHED
    for name, readings in (("ppf", 60), ("iv-sweep", 120), ("retention", 190)):
        paths[f"{name} cut"] = folder / f"{name}-cut.h5"
        cut_short(paths[f"{name} cut"], wanted[name][0], readings, **wanted[name][1])
        assert open_run(paths[f"{name} cut"]).outcome is Outcome.ABORTED
    paths["ltp-ltd cut"] = folder / "ltp-ltd-cut.h5"
    run = open_run(paths["ltp-ltd"])
    # In the middle of the potentiation in the second state.
    second = (run.samples.resistance < 1e5) & (run.samples.resistance > 1e3)
    rows = int(np.flatnonzero(second & (run.samples.pulse_index == 25))[0])
    recorded_again(run, paths["ltp-ltd cut"], rows)
    paths["real"] = folder / "real.h5"
    recorded_again(open_run(paths["ltp-ltd"]), paths["real"], simulated=False, sample="on glass")
    return paths


class Worker:
    """The library's process, asked over its pipes."""

    def __init__(self, code: str = "from app.library.worker import main; sys.exit(main())") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import sys; {code}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TREE,
        )  # fmt: skip
        self._unpacker = Unpacker()
        self._next = 0
        self._came: deque[tuple[dict[str, Any], dict[str, Any]]] = deque()

    def send(self, **request: Any) -> int:
        self._next += 1
        self.write(pack({**request, "id": self._next}))
        return self._next

    def write(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self, patience: float = 60.0) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The next answer; None when the process has ended or says nothing for so long (s)."""
        assert self.process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not self._came and selector.select(patience):
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    break
                self._came.extend(self._unpacker.feed(data))
        return self._came.popleft() if self._came else None

    def ask(self, **request: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        number = self.send(**request)
        answer = self.receive()
        assert answer is not None
        assert answer[0].pop("reply") == number
        return answer

    def close(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()
        self.process.wait(30)


@pytest.fixture
def start_worker() -> Iterator[Callable[..., Worker]]:
    """Start processes of the library, which end with the test."""
    workers: list[Worker] = []

    def start(*code: str) -> Worker:
        workers.append(Worker(*code))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()

"""A run on the simulated rig, as a window hears of it: the header and the blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.runner import Runner
from app.running.sinks import Sink
from data.samples import COLUMNS, Samples

Columns = dict[str, NDArray[Any]]


class LiveRun(Sink):
    """Plays a protocol and keeps what came, block by block."""

    def __init__(self, protocol: str, number: int = 1, **values: str) -> None:
        self.blocks: list[tuple[int, Columns]] = []
        self.rows = 0
        experiment = Experiment.prepare(protocol, preset=None, values=values, rig=None)
        rig = open_rig(experiment.rig, make_bench(RigFile(), speed=float("inf")))
        info = experiment.info(rig, sample="MX-12", notes="")
        result = Runner(rig, [self]).run(experiment.protocol, experiment.plan, info)
        rig.close()
        assert not result.reason
        self.header = {
            "event": "begin", "run": number, "protocol": info.protocol, "preset": info.preset,
            "parameters": info.parameters, "phases": list(info.phases), "sample": info.sample,
            "simulated": info.simulated,
        }  # fmt: skip

    def block(self, samples: Samples) -> None:
        self.blocks.append((self.rows, {name: getattr(samples, name) for name in COLUMNS}))
        self.rows += len(samples)

    @property
    def columns(self) -> Columns:
        """All rows."""
        return {name: np.concatenate([b[name] for _, b in self.blocks]) for name in COLUMNS}


def columns(n: int, **given: Any) -> Columns:
    """Rows with what is given, and 0 elsewhere."""
    made = {name: np.zeros(n, dtype) for name, dtype in COLUMNS.items()}
    return {**made, **{name: np.broadcast_to(value, n) for name, value in given.items()}}

"""A rig on emulated instruments, each reached over its own interface as the real one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.runner import Runner
from app.running.sinks import Sink
from data.samples import Samples
from drivers.rig import Rig
from drivers.simulated.catalogue import emulated
from drivers.simulated.serving import serve_main

Table = Mapping[str, object]


class _Kept(Sink):
    """Keeps what came."""

    def __init__(self) -> None:
        self.blocks: list[Samples] = []

    def block(self, samples: Samples) -> None:
        self.blocks.append(samples)


class ServedRig:
    """An open rig and the file that it was opened by."""

    def __init__(self, file: RigFile, rig: Rig) -> None:
        self.file, self.rig = file, rig

    def run(self, protocol: str, values: Mapping[str, Any]) -> Samples:
        """What a run of a protocol measures."""
        experiment = Experiment.prepare(protocol, preset=None, values=values, rig=self.file)
        kept = _Kept()
        info = experiment.info(self.rig, sample="", notes="")
        result = Runner(self.rig, [kept]).run(experiment.stimulus, experiment.plan, info)
        assert not result.reason, result.reason
        return Samples.concatenate(kept.blocks)


@contextmanager
def served_rig(meter: Table, bank: Table) -> Iterator[ServedRig]:
    """Serve the instruments of two tables of a rig file in this process, and open the rig.

    Sockets on loopback, and a serial line for what has one; from there on all is as on a real rig,
    its lock and its guard included.
    """
    with ExitStack() as opened:
        file = RigFile.model_validate({"source_meter": meter, "resistor_bank": bank})
        bench, addresses = make_bench(file), []
        for section in (file.source_meter, file.resistor_bank):
            instrument = emulated(section.driver, bench, section.model or "")
            served = opened.enter_context(closing(serve_main(bench, instrument)))
            addresses.append({"address": served.resource_name})
        file = RigFile.model_validate(
            {
                "source_meter": {**meter, **addresses[0]},
                "resistor_bank": {**bank, **addresses[1]},
                "visa": {"library": "@py"},
            }
        )
        yield ServedRig(file, opened.enter_context(closing(open_rig(file))))

"""A source-measure unit on a bench without noise: what is played on it, and faults on its wire."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from faulty_wire import TappedLink, driven, swap
from numpy.typing import NDArray

from app.rigs.opening import make_bench, open_meter
from app.rigs.rig_file import RigFile
from drivers.errors import InstrumentError
from drivers.link import Link
from drivers.simulated.bench import Bench
from drivers.simulated.links import SimulatedLink, simulated_links
from drivers.source_meter import Readout, SourceMeter
from protocols.program import Instant, PulseProgram, PulseTrain, Segment


def program(*parts: Segment | PulseTrain, **changes: Any) -> PulseProgram:
    """A program of one phase."""
    settings = {"phases": ("up",), "limit": 0.8, "aperture": 2e-4, **changes}
    return PulseProgram.compile(parts, **settings)


def rest(duration: float, repeat: int = 1) -> Segment:
    return Segment(0.0, duration, "up", Instant.REST, repeat=repeat)


def pulse(level: float, width: float = 1e-3) -> Segment:
    return Segment(level, width, "up", Instant.PULSE_END)


def hold(level: float, duration: float, repeat: int = 1) -> Segment:
    return Segment(level, duration, "up", Instant.HOLD, repeat=repeat)


def play(meter: SourceMeter, played: PulseProgram) -> list[Readout]:
    """All that a program reads, from the upload to the output switched off."""
    meter.load(played)
    meter.start()
    readouts = [meter.drain()]
    while readouts[-1].running:
        readouts.append(meter.drain())
    meter.stand_by()
    return readouts


def column(readouts: Sequence[Readout], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(r, name) for r in readouts])


@dataclass(frozen=True)
class BenchMeter:
    """Which one it is, as a rig file says: its usual model and first channel unless given."""

    driver: str
    model: str = ""
    channel: str = ""
    verified_period: str = ""
    wiring: str = "4-wire"

    @property
    def file(self) -> RigFile:
        return RigFile.model_validate({"source_meter": {k: v for k, v in vars(self).items() if v}})

    def rig(
        self, change: Callable[[str], str] = lambda command: command, speed: float = math.inf
    ) -> tuple[Bench, TappedLink, SimulatedLink]:
        """A bench with it, a tapped link to it, and the link below."""
        file = self.file
        bench = make_bench(file, noise=False, speed=speed)
        models = file.source_meter.model, ""
        link, _ = simulated_links(bench, self.driver, "keysight-34970a", models)
        return bench, TappedLink(link, change), link

    def connect(self, link: Link) -> Any:
        """Its driver, over a link."""
        return open_meter(self.file, link)

    def uploaded(self, played: PulseProgram) -> list[str]:
        """Every command of a connection and an upload, each once."""
        _, tap, _ = self.rig()
        self.connect(tap).load(played)
        return list(dict.fromkeys(tap.sent))

    def refused(self, command: str, wrong: str, played: PulseProgram) -> InstrumentError:
        """The error that ends a run with a faulty command before the output drives anything."""
        bench, tap, _ = self.rig(swap(command, wrong))

        def run() -> None:
            meter = self.connect(tap)
            meter.load(played)
            meter.start()

        stage = bench.stage(self.file.source_meter.channel)
        with driven(stage) as modes, pytest.raises(InstrumentError) as raised:
            run()
        assert not modes, f"{wrong!r} was sent and the output came on"
        return raised.value

"""Served emulators for public clients; the served bench runs as fast as it can."""

from collections.abc import Callable, Iterator

import pytest

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.simulated.bench import EmulatedInstrument
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import Server, serve


@pytest.fixture
def served() -> Iterator[Callable[[str, str], tuple[EmulatedInstrument, str]]]:
    """Serve one source-measure unit and give it with its resource name."""
    opened: list[Server] = []

    def make(driver: str, model: str) -> tuple[EmulatedInstrument, str]:
        rig = RigFile.model_validate({"source_meter": {"driver": driver, "model": model}})
        bench = make_bench(rig, speed=float("inf"), noise=False)
        instrument = emulated(driver, bench, model)
        server = serve(bench, instrument)
        opened.append(server)
        return instrument, server.resource_name

    yield make
    for server in opened:
        server.close()

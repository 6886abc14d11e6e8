"""A simulated bench on loopback sockets, whose true state a test can look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import Server, serve


@dataclass
class Served:
    """A simulated bench on loopback sockets, and the rig file that reaches it."""

    bench: Bench
    meter: EmulatedInstrument
    bank: EmulatedInstrument
    servers: tuple[Server, Server]
    rig: Path
    channel: str

    def safe(self) -> dict[str, object]:
        """The true state of source and relays, from the analogue side of the bench."""
        with self.bench.lock:
            _, amps = self.bench.stage(self.channel).terminal(self.bench.clock.now)
            return {
                "current": amps,
                "resistance": self.bench.device.resistance,
                "mode": self.bench.stage(self.channel).mode,
            }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a bench in this process; give its speed, and the driver of its source-measure unit."""
    opened: list[Server] = []

    def make(speed: float, noise: bool = False, driver: str = "keithley-2600b") -> Served:
        file = RigFile.model_validate({"source_meter": {"driver": driver}})
        bench = make_bench(file, speed=speed, noise=noise)
        meter, bank = emulated(driver, bench), emulated("keysight-34970a", bench)
        servers = (serve(bench, meter), serve(bench, bank))
        opened.extend(servers)
        rig = tmp_path / "served.toml"
        rig.write_text(
            f"[source_meter]\ndriver = '{driver}'\naddress = '{servers[0].resource_name}'\n"
            f"[resistor_bank]\naddress = '{servers[1].resource_name}'\n"
            "[visa]\nlibrary = '@py'\ntimeout = '2 s'\n"
        )
        return Served(bench, meter, bank, servers, rig, file.source_meter.channel)

    yield make
    for server in opened:
        server.close()

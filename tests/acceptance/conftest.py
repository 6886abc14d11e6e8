"""What drives the installed command, and a bench whose journal a test can read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.rig_file import RigFile
from app.rigs import make_bench
from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import Server, serve

FMES = [str(Path(sys.executable).with_name("fmes"))]
ENVIRONMENT = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a folder and wait for its end."""

    def run(folder: Path, *arguments: str, columns: int = 200) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FMES, *arguments], cwd=folder, capture_output=True, text=True, timeout=120,
            env={**ENVIRONMENT, "COLUMNS": str(columns)}, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def fmes(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in an empty folder and wait for its end."""
    return lambda *arguments: command(tmp_path, *arguments)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command with pipes to its standard streams."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*FMES, *arguments], cwd=tmp_path, text=True, env=ENVIRONMENT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


@dataclass
class Served:
    """A simulated bench on loopback sockets, and the rig file that reaches it."""

    bench: Bench
    meter: EmulatedInstrument
    bank: EmulatedInstrument
    servers: tuple[Server, Server]
    rig: Path

    def safe(self) -> dict[str, object]:
        """The true state of source and relays, from the analogue side of the bench."""
        with self.bench.lock:
            _, amps = self.bench.stage("a").terminal(self.bench.clock.now)
            return {
                "current": amps,
                "resistance": self.bench.device.resistance,
                "mode": self.bench.stage("a").mode,
            }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a bench in this process; give its speed."""
    opened: list[Server] = []

    def make(speed: float, noise: bool = False) -> Served:
        bench = make_bench(RigFile(), speed=speed, noise=noise)
        meter, bank = emulated("keithley-2600b", bench), emulated("keysight-34970a", bench)
        servers = (serve(bench, meter), serve(bench, bank))
        opened.extend(servers)
        rig = tmp_path / "served.toml"
        rig.write_text(
            f"[source_meter]\naddress = '{servers[0].resource_name}'\n"
            f"[resistor_bank]\naddress = '{servers[1].resource_name}'\n"
            "[visa]\nlibrary = '@py'\ntimeout = '2 s'\n"
        )
        return Served(bench, meter, bank, servers, rig)

    yield make
    for server in opened:
        server.close()

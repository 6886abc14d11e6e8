"""`fmes emulate`: the instruments of the simulated bench on loopback sockets."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from app.errors import InputError
from app.rig_file import RigFile
from app.rigs import make_bench
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import serve

_SERVED = {"2602b": ("keithley-2600b", "keysight-34970a")}


def serve_bench(instrument: str, port: int, rig: Path | None) -> None:
    """Serve a source-measure unit and its bank, wired to one simulated device.

    Raises
    ------
    InputError
        Unknown instrument, or a port that cannot be had.
    """
    if instrument.lower() not in _SERVED:
        raise InputError(
            f"there is no emulated instrument {instrument!r}; there are: {', '.join(_SERVED)}"
        )
    bench = make_bench(RigFile.read(rig))
    console = Console(highlight=False, soft_wrap=True)
    servers = []
    for offset, driver in enumerate(_SERVED[instrument.lower()]):
        device = emulated(driver, bench)
        try:
            servers.append(serve(bench, device, port=port + offset if port else 0))
        except OSError as error:
            raise InputError(f"--port {port + offset} cannot be had: {error}") from error
        console.print(f"{device.name}: {servers[-1].resource_name}")
    console.print("serving on loopback; Ctrl-C ends")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
    for server in servers:
        server.close()

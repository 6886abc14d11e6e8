"""`fmes emulate`: the instruments of a rig, emulated around one device, on loopback."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import Console

from app.errors import InputError
from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.errors import InstrumentError
from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.catalogue import emulated
from drivers.simulated.serving import Served, serve_main, serve_others

USUAL = "2602b"
"""Stands for the instruments of a rig without a file."""
USUAL_PORT = 5025
"""Theirs unless another is given."""


def serve_bench(target: str, port: int | None, rig: Path | None, *, connected: bool) -> None:
    """Serve the source-measure unit and the bank of a rig, wired to one simulated device.

    Parameters
    ----------
    target
        A rig file, whose addresses do not matter; or "2602b".
    port
        TCP port of the first instrument, the others follow; 0 for any; None for the usual
        instruments' usual one, and for any with a rig file.
    rig
        Rig file that goes with "2602b", for its resistors and its simulation.
    connected
        Whether the device is at the leads when it begins; a line "connect" or "disconnect" on
        standard input changes that.

    Raises
    ------
    InputError
        No such target, a rig whose instruments are not emulated, or a port that cannot be had.
    """
    file = _rig(target, rig)
    if port is None:
        port = USUAL_PORT if target.lower() == USUAL else 0
    console = Console(highlight=False, soft_wrap=True)
    bench = make_bench(file)
    bench.plug(connected=connected)
    with ExitStack() as stack:
        instruments = []
        for role, driver, model in (
            ("source_meter", file.source_meter.driver, file.source_meter.model),
            ("resistor_bank", file.resistor_bank.driver, file.resistor_bank.model or ""),
        ):
            try:
                instruments.append(emulated(driver, bench, model))
            except InstrumentError as error:
                raise InputError(f"{target}: {role}.driver: {error}") from error
            stack.callback(instruments[-1].close)
        try:
            for server, instrument in _served(bench, instruments, port):
                stack.callback(server.close)
                console.print(f"{instrument.name}: {server.resource_name}")
        except OSError as error:
            raise InputError(f"--port {port}: a port cannot be had: {error}") from error
        without = "" if connected else " without the device"
        console.print(f"serving on loopback{without}; Ctrl-C ends")
        with suppress(KeyboardInterrupt):
            with suppress(OSError, ValueError):  # there may be no standard input
                _plug_as_told(bench, console)
            threading.Event().wait()


def _plug_as_told(bench: Bench, console: Console) -> None:
    """Take the device off its leads and put it back, until standard input ends."""
    if hasattr(signal, "SIGTTIN"):  # in the background of a terminal, which has no line for it
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    for line in sys.stdin or ():
        word = line.strip().lower()
        if word in ("connect", "disconnect"):
            with bench.lock:
                bench.plug(connected=word == "connect")
            console.print(f"the device is {word}ed")
        elif word:
            console.print(f"{word!r}: type connect or disconnect; Ctrl-C ends", markup=False)


def _served(
    bench: Bench, instruments: Sequence[EmulatedInstrument], port: int
) -> Iterator[tuple[Served, EmulatedInstrument]]:
    """The simplest interface of each instrument on successive ports, then the others."""
    ports = itertools.count(port) if port else itertools.repeat(0)
    for instrument in instruments:
        yield serve_main(bench, instrument, next(ports)), instrument
    for instrument in instruments:
        for server in serve_others(bench, instrument, next(ports)):
            yield server, instrument


def _rig(target: str, rig: Path | None) -> RigFile:
    if target.lower() == USUAL:
        return RigFile.read(rig)
    if target.endswith(".toml"):
        if rig is not None:
            raise InputError(f"--rig {rig}: {target} is a rig file already; give one of them")
        return RigFile.read(Path(target))
    raise InputError(
        f"there is no emulated instrument {target!r}; give a rig file (its name ends in .toml), "
        f"or {USUAL} for the usual instruments"
    )

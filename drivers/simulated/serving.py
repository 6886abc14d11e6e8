"""Serves emulated instruments on the interfaces that they have, on loopback."""

from __future__ import annotations

from typing import Protocol

from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.hislip import Hislip
from drivers.simulated.serial_port import SerialPort
from drivers.simulated.server import Server


class Served(Protocol):
    """An interface on which an instrument is served."""

    @property
    def resource_name(self) -> str:
        """VISA resource name."""

    def close(self) -> None:
        """End it."""


def serve_main(bench: Bench, instrument: EmulatedInstrument, port: int = 0) -> Served:
    """Serve an instrument on its simplest interface: a raw socket, or a serial port.

    Raises
    ------
    OSError
        The port cannot be had.
    """
    if instrument.serial:
        return SerialPort(bench, instrument)
    return Server(bench, instrument, port)


def serve_others(bench: Bench, instrument: EmulatedInstrument, port: int = 0) -> list[Served]:
    """Serve it on what it has besides: HiSLIP, unless it is a serial one.

    Raises
    ------
    OSError
        The port cannot be had.
    """
    return [] if instrument.serial else [Hislip(bench, instrument, port)]

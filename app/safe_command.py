"""`fmes safe`: all outputs to 0 and high-impedance and all relays open, whatever came before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from app.cli import FAILED
from app.rig_file import RigFile
from app.rigs import links, open_bank, open_meter
from drivers.errors import InstrumentError
from drivers.link import Link
from drivers.resistor_bank import ResistorBank
from drivers.source_meter import SourceMeter

_Open = Callable[[RigFile, Link], SourceMeter | ResistorBank]


def make_safe(rig: Path) -> int:
    """Make both instruments safe, each whether or not the other can be; returns the exit code.

    Raises
    ------
    InputError
        The rig file cannot be used.
    """
    file = RigFile.read(rig)
    meter_link, bank_link = links(file)
    console = Console(highlight=False, soft_wrap=True)
    unknown = 0
    # The source first: relays that open under current wear.
    for role, link, reach in (
        ("source_meter", meter_link, open_meter),
        ("resistor_bank", bank_link, open_bank),
    ):
        try:
            state = _safe(file, link, reach)
        except InstrumentError as error:
            unknown += 1
            console.print(f"{role}: state UNKNOWN: {error}", markup=False)
        else:
            console.print(f"{role}: {state}", markup=False)
    if unknown:
        console.print("Switch it off by hand and disconnect the device before touching anything.")
        return FAILED
    return 0


def _safe(file: RigFile, link: Link, reach: _Open) -> str:
    instrument = reach(file, link)
    try:
        return f"{instrument.identity}: {instrument.make_safe()}"
    finally:
        instrument.close()

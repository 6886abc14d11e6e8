"""The command line of rigs: `fmes rig`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.exit_codes import exit_codes
from app.commands.options import (
    Library,
    RigFileName,
    WithTranscript,
)

rig_app = typer.Typer(help="Find instruments, write a rig file, try a rig, measure its resistors.")


@rig_app.command("scan")
def rig_scan(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ADDRESS...]", help="Ask there instead of at all that VISA lists."),
    ] = None,
    library: Library = "",
) -> None:
    """List the instruments that VISA reaches, and who they are; only *IDN? is sent."""
    from app.commands.rig_scan import scan

    with exit_codes():
        scan(library, addresses or [])


@rig_app.command("check")
def rig_check(
    rig: RigFileName,
    to: Annotated[
        Path | None, typer.Option("--to", help="New file for the result, in JSON.")
    ] = None,
    transcript: WithTranscript = False,
) -> None:
    """Reach, identify and try every instrument of a rig at a safe low level."""
    from app.commands.rig_check import check_rig

    with exit_codes():
        code = check_rig(rig, to, transcript=transcript)
    raise typer.Exit(code)


@rig_app.command("init")
def rig_init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New rig file.")],
    meter: Annotated[
        str | None, typer.Option("--meter", help="Address of the source-measure unit.")
    ] = None,
    meter_driver: Annotated[
        str | None, typer.Option("--meter-driver", help="Its driver, as keithley-2600b.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Its model, as 2602B.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Its channel.")] = None,
    wiring: Annotated[str | None, typer.Option("--wiring", help="4-wire or 2-wire.")] = None,
    verified_period: Annotated[
        str | None,
        typer.Option(
            "--verified-period",
            help="Least period that you have verified on it, as 2ms; 2450 and 2460 only.",
        ),
    ] = None,
    bank: Annotated[
        str | None, typer.Option("--bank", help="Address of the resistor bank.")
    ] = None,
    bank_driver: Annotated[
        str | None, typer.Option("--bank-driver", help="Its driver, as keysight-34970a.")
    ] = None,
    resistors: Annotated[
        list[str] | None,
        typer.Option("--resistor", metavar="CHANNEL=VALUE", help="As 101=500ohm. Repeatable."),
    ] = None,
    devices: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="CHANNEL=NAME",
            help="A device behind a relay of its own, as 110=D7. Repeatable.",
        ),
    ] = None,
    max_voltage: Annotated[
        str | None, typer.Option("--max-voltage", help="Most that the device stands, as 0.8V.")
    ] = None,
    max_current: Annotated[
        str | None, typer.Option("--max-current", help="Most that the device stands, as 20mA.")
    ] = None,
    library: Library = "",
    look: Annotated[
        bool, typer.Option("--scan/--no-scan", help="Ask instruments who they are.")
    ] = True,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; take what it would suggest.")
    ] = False,
) -> None:
    """Ask which instruments there are and write a rig file."""
    from app.commands.rig_init import Answers, init_rig

    with exit_codes():
        given = {
            ("source_meter", "address"): meter, ("source_meter", "driver"): meter_driver,
            ("source_meter", "model"): model, ("source_meter", "channel"): channel,
            ("source_meter", "wiring"): wiring, ("resistor_bank", "address"): bank,
            ("resistor_bank", "driver"): bank_driver, ("device", "max_voltage"): max_voltage,
            ("device", "max_current"): max_current,
            ("source_meter", "verified_period"): verified_period,
        }  # fmt: skip
        rows = {"resistors": resistors or [], "devices": devices or []}
        init_rig(file, Answers(given, rows, not yes, library, look))


@rig_app.command("calibrate")
def rig_calibrate(
    rig: RigFileName,
    to: Annotated[Path, typer.Option("--to", help="New rig file.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="The device is disconnected; do not ask.")
    ] = False,
    readings: Annotated[
        int, typer.Option("--readings", min=2, max=1000, help="Of each resistor and direction.")
    ] = 10,
    bound: Annotated[
        float,
        typer.Option(
            "--bound",
            min=0.0,
            max=1.0,
            help="Most that one may be off, as part of its nominal value.",
        ),
    ] = 0.1,
    together: Annotated[
        bool,
        typer.Option("--together/--singly", help="Check resistors in parallel too."),
    ] = True,
    transcript: WithTranscript = False,
) -> None:
    """Measure the resistors of a bank, the device disconnected, into a new rig file."""
    from app.commands.calibrate import calibrate_rig

    with exit_codes():
        code = calibrate_rig(
            rig, to, yes=yes, readings=readings, bound=bound, together=together,
            transcript=transcript,
        )  # fmt: skip
    raise typer.Exit(code)

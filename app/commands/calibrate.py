"""`fmes rig calibrate`: measure a bank's resistors and write them into a new rig file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from app.commands.console import lasting_console
from app.commands.exit_codes import FAILED
from app.errors import InputError
from app.rigs.calibrated_file import write_calibrated
from app.rigs.calibration import CalibrationError, calibrate
from app.rigs.opening import open_rig, resistor_bank_class
from app.rigs.rig_file import RigFile
from app.running.transcript_file import transcribed, transcript_path
from drivers.errors import InstrumentError


def calibrate_rig(
    rig: Path,
    to: Path,
    *,
    yes: bool,
    readings: int,
    bound: float,
    together: bool,
    transcript: bool,
) -> int:
    """Calibrate a bank with the device disconnected; returns the exit code.

    Raises
    ------
    InputError
        The rig file cannot be used, nobody said that the device is disconnected, or the new file
        exists or cannot be written.
    """
    file = RigFile.read(rig)
    if not resistor_bank_class(file).switched:
        raise InputError(
            f"{rig}: the bank {file.resistor_bank.driver} is a decade box, whose values the rig "
            "file does not list; 'fmes rig check' measures a step of each decade"
        )
    if to.exists():
        raise InputError(f"--to {to}: exists already, and is not replaced")
    if not to.parent.is_dir():
        raise InputError(f"--to {to}: the folder {to.parent} does not exist; create it first")
    if not yes:
        _ask()
    console = lasting_console(highlight=False, soft_wrap=True)
    kept = transcript or file.transcript.keep
    with transcribed(transcript_path(to) if kept else None) as messages:
        try:
            instruments = open_rig(file, transcript=messages)
        except InstrumentError as error:
            typer.echo(f"error: {error}", err=True)
            return FAILED
        try:
            for text in instruments.news():
                console.print(text, markup=False)
            found = calibrate(
                instruments, readings=readings, bound=bound, together=together,
                say=lambda text: console.print(text, markup=False),
            )  # fmt: skip
        except CalibrationError as error:
            for line in str(error).splitlines():
                typer.echo(f"error: {line}", err=True)
            typer.echo(f"nothing was written to {to}", err=True)
            return FAILED
        except InstrumentError as error:
            typer.echo(f"error: {error}; nothing was written to {to}", err=True)
            return FAILED
        finally:
            instruments.close()
    write_calibrated(
        rig, to, {c.resistor.channel: c.measured for c in found}, date.today(),
        {r.channel: r.nominal for r in file.resistors},
    )  # fmt: skip
    console.print(
        f"{len(found)} resistors written to {to}; next: fmes rig check {to}", markup=False
    )
    return 0


def _ask() -> None:
    """Let the operator say that it can be done."""
    try:
        agreed = typer.confirm("Is the device disconnected, with the leads left on the bank?")
    except typer.Abort as error:
        typer.echo()  # after the question
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise InputError(
            "nobody answered whether the device is disconnected; give --yes once it is"
        ) from None
    if not agreed:
        raise InputError("disconnect the device first: its own resistance would be measured too")

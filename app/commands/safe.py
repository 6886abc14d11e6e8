"""`fmes safe`: all outputs to 0 and high-impedance and all relays open, whatever came before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import typer

from app.commands.console import lasting_console
from app.commands.exit_codes import FAILED
from app.errors import InputError
from app.guard.lock import RigLock, holder_of
from app.guard.record import Record, now
from app.guard.switching_off import BY_HAND, switch_off
from app.rigs.rig_file import RigFile
from app.running.transcript_file import ENDING, transcribed
from drivers.transcript import Transcript


def make_safe(rig: Path, *, by_hand: bool, transcript: bool) -> int:
    """Make both instruments safe, each whether or not the other can be; returns the exit code.

    Parameters
    ----------
    by_hand
        The operator has done it: only write that down.

    Raises
    ------
    InputError
        The rig file cannot be used; or it was done by hand and the rig is in use.
    """
    file = RigFile.read(rig)
    console = lasting_console(highlight=False, soft_wrap=True)
    if by_hand:
        said = f"switched off by hand, as was said at {now()}"
        _write_down(file, _addresses(file), said, by_hand=True)
        console.print("written down: the rig was switched off by hand")
        return 0
    path = rig.with_name(f"{rig.stem}-safe-{datetime.now():%Y%m%d-%H%M%S}{ENDING}")
    became = []
    with _transcribed(path if transcript or file.transcript.keep else None) as messages:
        for one in switch_off(file, messages):
            became.append(one)
            console.print(str(one), markup=False)
    if file.simulated:
        return 0
    names = (*_addresses(file), *(one.name for one in became if one.name))
    if (holder := holder_of(names)) is not None:
        text = f"in use by {holder}, which may energise it again; to end that makes the rig safe"
        console.print(text, markup=False)
    if not all(one.safe for one in became):
        console.print(f"{BY_HAND.capitalize()}.")
        return FAILED
    if holder is None:
        _write_down(file, names, f"made safe by fmes safe at {now()}", by_hand=False)
    return 0


@contextmanager
def _transcribed(path: Path | None) -> Iterator[Transcript]:
    """A transcript, or none when its file cannot be made: nothing comes before safety."""
    with ExitStack() as stack:
        try:
            messages = stack.enter_context(transcribed(path))
        except InputError as error:
            typer.echo(f"warning: {error}", err=True)
            messages = Transcript()
        yield messages


def _alike(file: RigFile, record: Record) -> bool:
    """Whether what was switched off is what was left: a meter has other channels too."""
    left = RigFile.model_validate(record.rig)
    return (left.source_meter, left.resistor_bank) == (file.source_meter, file.resistor_bank)


def _addresses(file: RigFile) -> tuple[str, str]:
    return file.source_meter.address, file.resistor_bank.address


def _write_down(file: RigFile, names: Sequence[str], said: str, *, by_hand: bool) -> None:
    """Have the next run find that the rig is safe."""
    if file.simulated:
        raise InputError("a simulated rig has nothing to be switched off by hand")
    lock = RigLock.take(names)
    try:
        for record in lock.left():
            # Of a rig that was left safe there is nothing to say to whoever comes next.
            if record.state != "safe" and (by_hand or _alike(file, record)):
                lock.write(record.but(state="safe", said=said))
    finally:
        lock.release()

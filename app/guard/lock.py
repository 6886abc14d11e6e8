"""One process at a time has a real rig.

The lock is the operating system's, on a file for each instrument's address and, once it has said
who it is, on one for its serial number, since one instrument may have several addresses. A lock
goes with the process however that ends. The guard inherits it, so that it is still held while the
guard makes the rig of a dead process safe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Self

from app.errors import InputError
from app.file_lock import lock, unlock
from app.guard.record import Record, key_of, state_folder
from drivers.instrument import Identity


class RigLock:
    """Instruments that this process alone may use.

    Parameters
    ----------
    names
        Of the instruments: addresses, and what `name_of` makes of serial numbers.
    files
        The locked ones, one a name.
    """

    def __init__(self, names: Sequence[str], files: Sequence[BinaryIO]) -> None:
        self.names, self._files = list(names), list(files)

    @classmethod
    def take(cls, names: Sequence[str]) -> Self:
        """Keep others out of these instruments.

        Raises
        ------
        InputError
            Another process has one of them: it says who.
        """
        taken = cls([], [])
        try:
            for name in sorted(set(names)):
                if not taken.add(name):
                    raise InputError(refusal(name, Record.read(record_of(name))))
        except BaseException:
            taken.release()
            raise
        return taken

    def add(self, name: str) -> bool:
        """Keep others out of one more; False when another process has it."""
        file = _lock_of(name).open("ab")
        try:
            lock(file)
        except OSError:
            file.close()
            return False
        self.names.append(name)
        self._files.append(file)
        return True

    @classmethod
    def inherited(cls, names: Sequence[str], numbers: Sequence[int]) -> Self:
        """The lock of the process that this one was started by.

        Raises
        ------
        InputError
            On Windows, where it is not inherited but taken again, another has it already.
        """
        if sys.platform == "win32":
            return cls.take(names)
        return cls(names, [os.fdopen(n, "ab") for n in numbers])

    @property
    def numbers(self) -> tuple[int, ...]:
        """File descriptors that a process may inherit."""
        return tuple(file.fileno() for file in self._files)

    def left(self) -> list[Record]:
        """What is known of whoever had these instruments before, each once."""
        found = [record for name in self.names if (record := Record.read(record_of(name)))]
        return [r for k, r in enumerate(found) if r not in found[:k]]

    def write(self, record: Record) -> None:
        """Write down who has the instruments."""
        for name in self.names:
            record.write(record_of(name))

    def release(self) -> None:
        """Let others have them, although the guard has inherited the files."""
        for file in self._files:
            unlock(file)
            file.close()


def name_of(identity: Identity) -> str:
    """The name of an instrument whatever its address; "" for one that shows no serial number."""
    who = (identity.manufacturer, identity.model, identity.serial)
    return f"serial number {','.join(who)}" if identity.unmistakable else ""


def record_of(name: str) -> Path:
    """The file that says who has an instrument or had it last."""
    return state_folder() / f"{key_of(name)}.json"


def holder_of(names: Sequence[str]) -> Record | None:
    """Who has one of these instruments now; None when nobody does."""
    for name in names:
        with _lock_of(name).open("ab") as file:
            try:
                lock(file)
            except OSError:
                return Record.read(record_of(name)) or Record(0, "", "", "not known")
            unlock(file)
    return None


def _lock_of(name: str) -> Path:
    return state_folder() / f"{key_of(name)}.lock"


def refusal(what: str, holder: Record | None) -> str:
    """Why an instrument cannot be had."""
    if holder is None:
        return f"{what} is in use by another process; wait for its end"
    if holder.state == "being made safe":
        return (
            f"{what} is being made safe by a guard (process {holder.guard}), since {holder} "
            "has died; try again in a few seconds"
        )
    return f"{what} is in use by {holder}; wait for its end, or end it"

"""One process at a time has a real rig.

The lock is the operating system's, on a file for each instrument: it goes with the process
however that ends. The guard inherits it, so that it is still held while the guard makes the
rig of a dead process safe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from app.errors import InputError
from app.file_lock import lock, unlock
from app.guard.record import Record, key_of, state_folder


class RigLock:
    """Instruments that this process alone may use.

    Parameters
    ----------
    records
        Where who has them is written down, a file an instrument.
    files
        The locked ones.
    """

    def __init__(self, records: Sequence[Path], files: Sequence[BinaryIO]) -> None:
        self.records, self._files = tuple(records), tuple(files)

    @classmethod
    def take(cls, addresses: Sequence[str]) -> Self:
        """Keep others out of these instruments.

        Raises
        ------
        InputError
            Another process has one of them: it says who.
        """
        records, files = [], []
        with ExitStack() as stack:
            for address in sorted(set(addresses)):
                record, file = record_of(address), _lock_of(address).open("ab")
                stack.callback(file.close)
                try:
                    lock(file)
                except OSError:
                    raise InputError(_refusal(address, Record.read(record))) from None
                records.append(record)
                files.append(file)
            stack.pop_all()
        return cls(records, files)

    @classmethod
    def inherited(cls, addresses: Sequence[str], numbers: Sequence[int]) -> Self:
        """The lock of the process that this one was started by.

        Raises
        ------
        InputError
            On Windows, where it is not inherited but taken again, another has it already.
        """
        if sys.platform == "win32":
            return cls.take(addresses)
        records = [record_of(address) for address in sorted(set(addresses))]
        return cls(records, [os.fdopen(n, "ab") for n in numbers])

    @property
    def numbers(self) -> tuple[int, ...]:
        """File descriptors that a process may inherit."""
        return tuple(file.fileno() for file in self._files)

    def left(self) -> list[Record]:
        """What is known of whoever had these instruments before, each once."""
        found = [record for path in self.records if (record := Record.read(path))]
        return [r for k, r in enumerate(found) if r not in found[:k]]

    def write(self, record: Record) -> None:
        """Write down who has the instruments."""
        for path in self.records:
            record.write(path)

    def release(self) -> None:
        """Let others have them, although the guard has inherited the files."""
        for file in self._files:
            unlock(file)
            file.close()


def record_of(address: str) -> Path:
    """The file that says who has an instrument or had it last."""
    return state_folder() / f"{key_of(address)}.json"


def holder_of(addresses: Sequence[str]) -> Record | None:
    """Who has one of these instruments now; None when nobody does."""
    for address in addresses:
        with _lock_of(address).open("ab") as file:
            try:
                lock(file)
            except OSError:
                return Record.read(record_of(address)) or Record(0, "", "", "not known")
            unlock(file)
    return None


def _lock_of(address: str) -> Path:
    return state_folder() / f"{key_of(address)}.lock"


def _refusal(address: str, holder: Record | None) -> str:
    if holder is None:
        return f"{address} is in use by another process; wait for its end"
    if holder.state == "being made safe":
        return (
            f"{address} is being made safe by a guard (process {holder.guard}), since {holder} "
            "has died; try again in a few seconds"
        )
    return f"{address} is in use by {holder}; wait for its end, or end it"

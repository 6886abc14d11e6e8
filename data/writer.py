"""The process that records a run: how a file names it, and whether it is still there."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import NamedTuple

_DEAD = "dead"
_BIRTH = 3
"""Words of a birth; one that a damaged file has made of something else tells nothing."""


class Writer(NamedTuple):
    """A process on a computer.

    `birth` tells it from a later process of the same number: the system's start, the name space
    of process numbers, and the start of the process. It is "" where the system does not tell (all
    but Linux), and in files of schema version 1.
    """

    host: str
    process: int
    birth: str = ""

    @classmethod
    def this(cls) -> Writer:
        """The process that asks."""
        return cls(platform.node(), os.getpid(), _birth(os.getpid()))

    @property
    def gone(self) -> bool:
        """Whether it is known to have ended; not known of other computers and on Windows."""
        # On Windows the call that only asks elsewhere ends the process.
        if self.host != platform.node() or os.name != "posix":
            return False
        born, here = self.birth.split(), _birth(os.getpid()).split()
        if len(born) == len(here) == _BIRTH:
            if born[0] != here[0]:
                return True
            if born[1] != here[1]:
                return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except OverflowError:  # a number that no process has
            return False
        except PermissionError:  # there is one, of another user
            pass
        now = _birth(self.process)
        # A process that was killed keeps its number until its parent asks how it ended.
        return now == _DEAD or (len(born) == _BIRTH and bool(now) and now != self.birth)

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


def _birth(process: int) -> str:
    """What tells a process from any other of its number; "" where that cannot be known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = Path("/proc/self/ns/pid").stat().st_ino
        status = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return ""
    # The name, in parentheses, may hold anything; state and start are fields 1 and 20 after it.
    fields = status.rpartition(")")[2].split()
    return _DEAD if fields[0] in "ZX" else f"{boot} {space} {fields[19]}"

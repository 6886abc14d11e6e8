"""A lock on a file, which its process holds until it closes the file or ends, however it ends.

On POSIX a process that inherits the open file holds the lock too, until one of them unlocks it
or all are gone.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def lock(file: BinaryIO) -> None:
        """Keep others out of an open file; an `OSError` when another has it."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def unlock(file: BinaryIO) -> None:
        """Let others in again."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def lock(file: BinaryIO) -> None:
        """Keep others out of an open file; an `OSError` when another has it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(file: BinaryIO) -> None:
        """Let others in again."""
        fcntl.flock(file, fcntl.LOCK_UN)

"""A lock on a file, which its process holds until it closes the file or ends, however it ends."""

from __future__ import annotations

import sys
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    def lock(file: BinaryIO) -> None:
        """Keep others out of an open file; an `OSError` when another has it."""
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock(file: BinaryIO) -> None:
        """Keep others out of an open file; an `OSError` when another has it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

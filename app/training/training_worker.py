"""What a process that trains does before its work; Dask imports it."""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Leave Ctrl-C to the command, which ends its workers; a terminal tells it to all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

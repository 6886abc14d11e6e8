"""Starts a station as a process of its own, which outlives the window that asked for it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from app.station.whereabouts import runtime_folder

LOG = "station.log"
"""Name of the file in the runtime folder that takes what a station says."""


def launch() -> subprocess.Popen[bytes]:
    """Start `fmes station`; it writes its whereabouts once it can be connected to.

    Returns
    -------
    Popen
        With exit code 2 when there is a station already.

    Raises
    ------
    InputError
        The runtime folder cannot be used.
    """
    folder = runtime_folder()
    apart: dict[str, Any]
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        apart = {"start_new_session": True}
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "app.station"],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **apart,
        )  # fmt: skip

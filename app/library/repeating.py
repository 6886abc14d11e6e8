"""A recorded run as the window's form and the station's queue take it, to be done once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.errors import InputError
from app.running.repeat import Repetition
from app.running.user_protocol import recorded_protocol
from data.errors import DataError
from data.reader import open_run


def repeated(file: Path, rig: Path | None) -> dict[str, Any]:
    """Protocol, preset, parameters and words of a run, and what would be otherwise now.

    Parameters
    ----------
    rig
        Rig file on which it would be done; None for the simulated rig.

    Raises
    ------
    DataError
        The file is not a whole run.
    InputError
        The protocol's own file is not the one that was recorded, or there is none any more.
    """
    info = open_run(file).info
    kind, source = recorded_protocol(info)
    return {
        "protocol": f"{source.path}:{kind.__name__}" if source else info.protocol,
        "preset": info.preset, "values": dict(info.parameters), "sample": info.sample,
        "notes": info.notes, "differences": _differences(file, rig),
    }  # fmt: skip


def _differences(file: Path, rig: Path | None) -> list[str]:
    try:
        found = Repetition.of(file, None, rig)
    except (InputError, DataError) as error:
        return str(error).splitlines()
    # Without a rig file it is held against the rig that was recorded, which may be a real one.
    other = [] if rig or found.run.info.simulated else ["it was measured on a real rig"]
    return [*found.differences, *other]

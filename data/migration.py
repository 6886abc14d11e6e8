"""Files of older versions, as this version would have written them.

A file is never changed: what it lacks is added to a view of it in memory, one version after the
other, so that everything else reads the newest version only. `fmes recover` writes such a view to
a new file.

    version 1   until 2026-11; the first of them lack plays/device and the programs' keep
    version 2   process/birth: tells the writer from a later process of its number;
                content_sha256: of what a finished file says; repeats
"""

from __future__ import annotations

from collections.abc import Callable

import h5py
import numpy as np

from data.layout import SCHEMA_VERSION, TABLES, add_column, add_text
from data.part import part


def _from_1(file: h5py.File) -> None:
    entry = part(file, "entry")
    add_text(part(entry, "process"), "birth", "")
    add_text(entry, "repeats", "")
    plays = part(entry, "plays")
    if "device" not in plays:  # there was one device only, which has no name
        column = TABLES["plays"]["device"]
        names = np.zeros(len(part(plays, "label")), "S1")
        add_column(plays, "device", names, column.long_name, column.units, compressed=False)
    programs = part(entry, "protocol/programs")
    for program in (part(programs, name) for name in programs):
        if "keep" not in program:  # every reading was recorded
            kept = np.ones(len(part(program, "level")), np.uint8)
            add_column(program, "keep", kept, "Whether its reading is recorded", compressed=False)


_MIGRATIONS: dict[int, Callable[[h5py.File], None]] = {1: _from_1}
"""By the version that each starts from."""


def migrate(file: h5py.File, version: int) -> None:
    """Bring a view of a file of an older version up to this one."""
    for older in range(version, SCHEMA_VERSION):
        _MIGRATIONS[older](file)

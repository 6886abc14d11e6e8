"""What is known of an instrument between processes: who has it, and how it was left.

One small file an instrument, in a folder that outlives a restart of the computer; written by
whoever has the instrument's lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from platformdirs import user_state_path

from app.errors import InputError
from drivers.errors import InstrumentError

FOLDER = "FMES_LAB_STATE"
"""Environment variable with the folder to use instead of the user's own."""
_LONGEST_COMMAND = 200

State = Literal["in use", "being made safe", "safe", "unknown"]


def state_folder() -> Path:
    """The folder of locks and records, made unless it is there.

    Raises
    ------
    InputError
        It cannot be made or written to.
    """
    given = os.environ.get(FOLDER, "")
    above = Path(given) if given else user_state_path("fmes-lab", appauthor=False)
    folder = above / "rigs"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be made ({error}), where locks on rigs are kept; set {FOLDER} to a "
            "folder"
        ) from error
    return folder


def key_of(address: str) -> str:
    """A file's name for an instrument; one for all ways to write one VISA resource name."""
    plain = address.strip().upper()
    plain = re.sub(r"^([A-Z]+)::", r"\g<1>0::", plain)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def now() -> str:
    """Date and time with the offset from UTC; for people, never for measuring time."""
    return datetime.now().astimezone().isoformat(" ", timespec="seconds")


@dataclass(frozen=True)
class Record:
    """Who has an instrument or had it last.

    Parameters
    ----------
    pid, host
        The process, and its computer.
    since
        When it took the rig, with date, time and offset from UTC.
    command
        As it was started.
    run
        File of the run that it measures; "" for none.
    guard
        Number of the process that makes the rig safe when this one is gone; 0 for none.
    state
        "in use" also when that process has died; "unknown" when the rig could not be made safe.
    said
        What was read back when the rig was made safe last, or why it could not be.
    rig
        Content of the rig file, by which the rig can be made safe.
    """

    pid: int
    host: str
    since: str
    command: str
    run: str = ""
    guard: int = 0
    state: State = "in use"
    said: str = ""
    rig: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_this_process(cls, rig: Mapping[str, Any]) -> Self:
        """Of the process that asks, from now on."""
        return cls(os.getpid(), socket.gethostname(), now(), _command(), rig=rig)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What a file says; None when there is none or it is not whole."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{f.name: content[f.name] for f in fields(cls)})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, path: Path) -> None:
        """Replace the file in one piece, on the disk before this returns.

        Raises
        ------
        InstrumentError
            It cannot be written.
        """
        new = path.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8") as file:
                json.dump(asdict(self), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except OSError as error:
            raise InstrumentError(
                f"who uses the rig cannot be written into {path} ({error}); make room there, or "
                f"set {FOLDER} to another folder"
            ) from error

    @property
    def key(self) -> tuple[int, str]:
        """What tells one process' turn from others."""
        return self.pid, self.since

    def but(self, **changes: Any) -> Self:
        """The same with changes."""
        return replace(self, **changes)

    def __str__(self) -> str:
        what = ", ".join(filter(None, (self.command, self.run and f"run {self.run}")))
        return f"process {self.pid} on {self.host} since {self.since} ({what})"


def _command() -> str:
    program, *rest = sys.argv or [""]
    path = Path(program)
    name = path.parent.name if path.name == "__main__.py" else path.name
    return " ".join([name or "python", *rest])[:_LONGEST_COMMAND]

"""Where the station is: its port and token, in a file that its user alone can read.

The lock beside the file says whether there is a station, and its process lets go of it
however it ends. So a file that is there while the lock is free is a dead station's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from platformdirs import user_runtime_path

from app.errors import InputError
from app.file_lock import lock

FOLDER = "FMES_LAB_RUNTIME"
"""Environment variable with the folder to use instead of the user's own."""
_FILE, _LOCK = "station.json", "station.lock"


@dataclass(frozen=True)
class Whereabouts:
    """How to reach a station.

    Parameters
    ----------
    host, port
        Where it listens.
    token
        What it wants to be told first.
    pid
        Number of its process.
    started
        When, with date, time and offset from UTC.
    """

    host: str
    port: int
    token: str
    pid: int
    started: str


def runtime_folder() -> Path:
    """The folder of the file, made unless it is there.

    Raises
    ------
    InputError
        It cannot be made, or another user could put a file of his own into it.
    """
    given = os.environ.get(FOLDER, "")
    folder = Path(given) if given else user_runtime_path("fmes-lab", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise InputError(f"{folder} cannot be used ({error}); set {FOLDER} to a folder") from error
    if sys.platform != "win32" and (found.st_uid != os.getuid() or found.st_mode & 0o022):
        raise InputError(
            f"{folder} belongs to or can be written to by others, who could pose as the station; "
            f"set {FOLDER} to a folder of your own"
        )
    return folder


def find() -> Whereabouts | None:
    """What the file says; None without one. Nobody answers there if the station is dead.

    Raises
    ------
    InputError
        The file is not a station's, or cannot be read.
    """
    path = runtime_folder() / _FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Whereabouts(**{field.name: content[field.name] for field in fields(Whereabouts)})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} is not a station's: {error!r}; remove it") from error


class Post:
    """The right to be the only station; `hold` gives it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    @classmethod
    @contextmanager
    def hold(cls) -> Iterator[Post]:
        """Keep other stations out until the block ends, then take the file away.

        Raises
        ------
        InputError
            There is a station already, or the folder cannot be used.
        """
        folder = runtime_folder()
        with (folder / _LOCK).open("ab") as file:
            try:
                lock(file)
            except OSError:
                other = find()
                raise InputError(
                    f"a station is running{f' (process {other.pid})' if other else ''}; there is "
                    f"one for each user, and windows share it. {FOLDER} sets another folder"
                ) from None
            post = cls(folder)
            try:
                yield post
            finally:
                post._path.unlink(missing_ok=True)

    def publish(self, whereabouts: Whereabouts) -> None:
        """Write the file in one piece, in place of a dead station's if there is one."""
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(asdict(whereabouts), file)
        os.replace(new, self._path)

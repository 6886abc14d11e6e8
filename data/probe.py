"""Has each file read by a child process first: HDF5 may hang or crash on one that is damaged.

Neither can be caught in the process that it happens to. The child reads as its parent is about to;
when it answers, the parent may do the same, and meets any error itself. When it does not answer
in time or ends, the file is told to be damaged and the parent never opens it. One child serves a
process for all its files.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from data.errors import DataError, ForeignError

Reading = Literal["summary", "run", "all"]
"""What is about to be read of a file."""

time_limit = 30.0
"""Time that reading a file may take, in s, and one more for each 5 MB of it."""
_START = 120.0
"""Time that the child may take to start, in s."""
in_child = False
"""Whether this process is such a child."""


def probe(path: Path, reading: Reading) -> None:
    """Return when a file can be read without harm to this process.

    Raises
    ------
    DataError
        It cannot.
    """
    if in_child:
        return
    file, version = _version(path)
    with _LOCK:
        if _GOOD.get((*file, reading)) != version:
            _ask(path, reading, file, version)
            _GOOD[*file, reading] = version


def summary_of(path: Path) -> dict[str, Any]:
    """What the child says of `data.partial.read_summary`, as JSON values.

    Raises
    ------
    DataError
        What the child met, or it came to no end.
    """
    file, version = _version(path)
    with _LOCK:
        answer: dict[str, Any] = json.loads(_ask(path, "summary", file, version))
    if "error" in answer:
        raise (ForeignError if answer.get("foreign") else DataError)(answer["error"])
    return answer


def _version(path: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """Which file it is, and what tells its content from what it was."""
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    return (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns)


_LOCK = threading.Lock()
_GOOD: dict[tuple[int, int, str], tuple[int, int]] = {}
"""Size and time of change at which a file could be read."""
_BAD: dict[tuple[int, int], tuple[str, int, int]] = {}
"""What is said of a file that could not, and its size and time of change then."""
_CHILDREN: dict[int, _Child] = {}
"""The child of this process; one that was forked has another number."""


def _ask(path: Path, reading: Reading, file: tuple[int, int], version: tuple[int, int]) -> bytes:
    """What the child answers."""
    if _BAD.get(file, ("",))[1:] == version:
        raise DataError(_BAD[file][0])
    child = _CHILDREN.get(os.getpid())
    if child is None:
        child = _CHILDREN[os.getpid()] = _Child()
    try:
        return child.read(path, reading, time_limit + version[0] / 5e6)
    except _Lost as lost:
        del _CHILDREN[os.getpid()]
        text = f"{path} is damaged: reading it, HDF5 {lost}; use a backup of it"
        _BAD[file] = (text, *version)
        raise DataError(text) from None


class _Lost(Exception):
    """The child came to no end, or to its own."""


class _Child:
    """A process that reads files."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        process = subprocess.Popen(
            [sys.executable, "-c", "from data.probe import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        if not (process.stdin and process.stdout):
            raise DataError("the process that tries files before they are read has no pipes")
        self._process, self._requests, self._said = process, process.stdin, process.stdout
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True, name="probe").start()
        atexit.register(self.end)
        if self._answers.get(timeout=_START) != b"ready\n":
            raise DataError("the process that tries files before they are read does not start")

    def read(self, path: Path, reading: Reading, seconds: float) -> bytes:
        """Its answer once it has read a file."""
        try:
            self._requests.write(json.dumps([str(path), reading, seconds]).encode() + b"\n")
            self._requests.flush()
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.end()
            raise _Lost(f"does not come to an end within {seconds:.0f} s") from None
        except BrokenPipeError:
            answer = b""
        if not answer:
            self.end()
            raise _Lost("ends the process that reads it")
        return answer

    def end(self) -> None:
        """End the child, whatever it does."""
        atexit.unregister(self.end)
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._said):
            with suppress(OSError):
                pipe.close()

    def _listen(self) -> None:
        with suppress(OSError, ValueError):  # the pipe may be closed by the end
            for line in self._said:
                self._answers.put(line)
        self._answers.put(b"")


def serve() -> None:
    """Read files as asked on standard input; answer a line each."""
    global in_child
    in_child = True
    from data.partial import as_json, read_summary
    from data.reader import open_run
    from data.salvage import salvage
    from data.verification import verify

    def summary(path: Path) -> dict[str, Any]:
        try:
            return as_json(read_summary(path))
        except DataError as error:
            return {"error": str(error), "foreign": isinstance(error, ForeignError)}
        except Exception as error:  # noqa: BLE001 (whatever it is, the file is not whole)
            return {"error": f"{path} is damaged ({type(error).__name__}); use a backup of it"}

    def run(path: Path) -> dict[str, Any]:
        open_run(path, verify=False)
        return {}

    def everything(path: Path) -> dict[str, Any]:
        # The parent meets the same and tells it.
        with suppress(DataError):
            verify(path)
        salvage(path)
        return {}

    readings = {"summary": summary, "run": run, "all": everything}
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin:
        path, reading, seconds = json.loads(line)
        if hasattr(signal, "alarm"):
            signal.alarm(int(seconds) + 5)  # the parent may be gone
        answer = {}
        with suppress(Exception):  # the parent meets the same and tells it
            answer = readings[reading](Path(path))
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()

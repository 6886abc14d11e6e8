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
from typing import Literal

from data.errors import DataError

Reading = Literal["summary", "run", "all"]
"""What is about to be read of a file."""

time_limit = 30.0
"""Time that reading a file may take, in s, and one more for each 5 MB of it."""
_START = 120.0
"""Time that the child may take to start, in s."""
_in_child = False


def probe(path: Path, reading: Reading) -> None:
    """Return when a file can be read without harm to this process.

    Raises
    ------
    DataError
        It cannot.
    """
    if _in_child:
        return
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    file, version = (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns)
    with _LOCK:
        if _BAD.get(file, ("",))[1:] == version:
            raise DataError(_BAD[file][0])
        if _GOOD.get((*file, reading)) != version:
            _ask(path, reading, time_limit + status.st_size / 5e6, file, version)
            _GOOD[*file, reading] = version


_LOCK = threading.Lock()
_GOOD: dict[tuple[int, int, str], tuple[int, int]] = {}
"""Size and time of change at which a file could be read."""
_BAD: dict[tuple[int, int], tuple[str, int, int]] = {}
"""What is said of a file that could not, and its size and time of change then."""
_CHILDREN: dict[int, _Child] = {}
"""The child of this process; one that was forked has another number."""


def _ask(
    path: Path, reading: Reading, seconds: float, file: tuple[int, int], version: tuple[int, int]
) -> None:
    child = _CHILDREN.get(os.getpid())
    if child is None:
        child = _CHILDREN[os.getpid()] = _Child()
    if said := child.read(path, reading, seconds):
        del _CHILDREN[os.getpid()]
        text = f"{path} is damaged: reading it, HDF5 {said}; use a backup of it"
        _BAD[file] = (text, *version)
        raise DataError(text)


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

    def read(self, path: Path, reading: Reading, seconds: float) -> str:
        """What went wrong while it read a file; "" when nothing did."""
        try:
            self._requests.write(json.dumps([str(path), reading, seconds]).encode() + b"\n")
            self._requests.flush()
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.end()
            return f"does not come to an end within {seconds:.0f} s"
        except BrokenPipeError:
            answer = b""
        if answer:
            return ""
        self.end()
        return f"ends the process (exit code {self._process.returncode})"

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
    global _in_child
    _in_child = True
    from data.partial import read_summary
    from data.reader import open_run
    from data.salvage import salvage
    from data.verification import verify

    readings = {
        "summary": (read_summary,),
        "run": (lambda path: open_run(path, verify=False),),
        "all": (verify, salvage),
    }
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin:
        path, reading, seconds = json.loads(line)
        if hasattr(signal, "alarm"):
            signal.alarm(int(seconds) + 5)  # the parent may be gone
        for read in readings[reading]:
            # The parent meets the same and tells it.
            with suppress(DataError, MemoryError, RecursionError):
                read(Path(path))
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        answers.write(b"read\n")
        answers.flush()

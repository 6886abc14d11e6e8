"""Power cuts of a recorder, simulated from the system calls that it really made.

`strace` notes every write, sync and change of a name that a recorder makes from its first file to
its finished one, with the bytes. A cut at a random call then leaves, on an imagined disk,

- of each 4 KiB page of a file, independently, the content at any of the moments since the file was
  last synced: a page that is not synced may be on the disk or not, in any order;
- of the file's length, the same;
- of names, those that were there when the folder was last synced, and of the changes since then
  as many as happened to come through, in their order.

What the recorder reported as safe by then (it prints the rows after each block) must be read back.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.errors import DataError
from data.reader import open_run
from data.recovery import recover
from data.run import Outcome
from data.verification import verify

PAGE = 4096
BLOCKS, ROWS = 40, 50
_CALLS = "openat,pwrite64,write,lseek,fsync,fdatasync,ftruncate,link,rename,unlink,close"
_RECORDER = """
import os, sys
from datetime import datetime, timezone
import numpy as np
from data.recorder import Recorder
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from protocols.program import PulseProgram, PulseTrain

path, blocks, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
now = datetime.now(timezone.utc)
train = PulseTrain(1e-3, 20e-3, 20e-3, 5, "p", cycle=1)
program = PulseProgram.compile([train], phases=("p",), limit=0.8, aperture=2e-4)
info = RunInfo(
    run_id="power-cut", protocol="benchmark", preset="", parameters={}, phases=("p",),
    programs=(program,), start=now, sample="", notes="", user="", simulated=True, instruments={},
    rig={}, resistors=(),
)
recorder = Recorder.begin(path, info, blocks * rows, 2)
recorder.play(PlayInfo("up", program.digest, 0.0, 500.0, {}))
for first in range(0, blocks * rows, rows):
    row = np.arange(first, first + rows)
    recorder.append(Samples(**{name: row.astype(dtype) for name, dtype in COLUMNS.items()}))
    recorder.event(Event(float(first), "info", f"row {first}"))
    os.write(1, b"rows %d" % recorder.rows)
recorder.end(Outcome.FINISHED, "", now)
os.write(1, b"ended")
"""


@dataclass
class Disk:
    """Files by number with what is on the disk of them, and what may be."""

    files: dict[int, File] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    """Names that are on the disk."""
    pending: list[tuple[str, str, int]] = field(default_factory=list)
    """Changes of names since then: what, name, file."""

    def now(self) -> dict[str, int]:
        """Names as the recorder sees them."""
        return self.named(len(self.pending))

    def named(self, count: int) -> dict[str, int]:
        """Names if the first so many changes came through."""
        names = dict(self.names)
        for what, name, number in self.pending[:count]:
            if what == "remove":
                names.pop(name, None)
            else:
                names[name] = number
        return names


@dataclass
class File:
    """Content now, and the versions of each page and of the length since the last sync."""

    content: bytearray = field(default_factory=bytearray)
    pages: dict[int, list[bytes]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=lambda: [0])

    def write(self, at: int, data: bytes) -> None:
        """Change it in memory; the disk may learn of it page by page."""
        first, last = at // PAGE, (at + len(data) - 1) // PAGE
        for page in range(first, last + 1):
            self.pages.setdefault(page, [self._page(page)])
        if at + len(data) > len(self.content):
            self.content.extend(bytes(at + len(data) - len(self.content)))
            self.sizes.append(len(self.content))
        self.content[at : at + len(data)] = data
        for page in range(first, last + 1):
            self.pages[page].append(self._page(page))

    def resize(self, size: int) -> None:
        """Cut it short, or make it longer by zeros."""
        del self.content[size:]
        self.content.extend(bytes(size - len(self.content)))
        self.sizes.append(size)

    def sync(self) -> None:
        """All is on the disk."""
        self.pages, self.sizes = {}, [len(self.content)]

    def after_cut(self, rng: np.random.Generator) -> bytes:
        """What the disk may have of it."""
        size = self.sizes[rng.integers(len(self.sizes))]
        content = bytearray(self.content[:size].ljust(size, b"\0"))
        for page, versions in self.pages.items():
            data = versions[rng.integers(len(versions))]
            content[page * PAGE : (page + 1) * PAGE] = data
        return bytes(content[:size])

    def _page(self, number: int) -> bytes:
        return bytes(self.content[number * PAGE : (number + 1) * PAGE]).ljust(PAGE, b"\0")


Call = tuple[str, list[str], int]
"""Name, arguments and result of a system call."""


def trace(folder: Path) -> list[Call]:
    """The calls of a recorder that writes a run into a folder."""
    log = folder.with_name("calls")
    # The recorder's own thread only; libraries have others, which write nothing.
    command = ["strace", "-qq", "-xx", "-s", "100000000", "-e", f"trace={_CALLS}", "-o", log]
    recorder = [sys.executable, "-c", _RECORDER, folder / "run.h5", str(BLOCKS), str(ROWS)]
    subprocess.run([*command, *recorder], check=True, stdout=subprocess.DEVNULL)
    pattern = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")
    with log.open() as lines:
        matches = filter(None, map(pattern.match, lines))
        calls = [(m[1], m[2].split(", "), int(m[3])) for m in matches]
    log.unlink()
    return calls


def _text(quoted: str) -> bytes:
    return bytes.fromhex(quoted.strip('"').replace("\\x", ""))


class Replay:
    """Takes calls one by one to an imagined disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder).encode()
        self.disk = Disk()
        self.safe, self.ended = 0, False
        self._open: dict[int, int] = {}
        self._at: dict[int, int] = {}

    def take(self, call: Call) -> bool:
        """Whether it changed anything that matters."""
        name, words, result = call
        if result < 0:
            return False
        if name == "openat":
            return self._opened(words, result)
        if name == "close":
            return self._open.pop(int(words[0]), None) is not None
        if name in ("link", "rename", "unlink"):
            return self._renamed(name, [_text(word) for word in words])
        descriptor = int(words[0])
        if name == "write" and descriptor == 1:
            said = _text(words[1])
            self.ended = said == b"ended"
            if said.startswith(b"rows "):
                self.safe = int(said[5:])
            return True
        if descriptor not in self._open:
            return False
        number = self._open[descriptor]
        if number < 0:
            if name == "fsync":
                self.disk.names, self.disk.pending = self.disk.now(), []
            return True
        file = self.disk.files[number]
        if name == "pwrite64":
            file.write(int(words[3]), _text(words[1])[:result])
        elif name == "write":
            file.write(self._at[descriptor], _text(words[1])[:result])
            self._at[descriptor] += result
        elif name == "lseek":
            self._at[descriptor] = result
        elif name == "ftruncate":
            file.resize(int(words[1]))
        elif name in ("fsync", "fdatasync"):
            file.sync()
        return True

    def _opened(self, words: list[str], descriptor: int) -> bool:
        path, flags = _text(words[1]), words[2]
        if path == self._folder:
            self._open[descriptor] = -1
            return True
        if not path.startswith(self._folder + b"/"):
            return False
        name = path.rpartition(b"/")[2].decode()
        names = self.disk.now()
        if name not in names:
            number = len(self.disk.files)
            self.disk.files[number] = File()
            self.disk.pending.append(("add", name, number))
        else:
            number = names[name]
            if "O_TRUNC" in flags:
                self.disk.files[number].resize(0)
        self._open[descriptor], self._at[descriptor] = number, 0
        return True

    def _renamed(self, what: str, paths: list[bytes]) -> bool:
        if not all(path.startswith(self._folder + b"/") for path in paths):
            return False
        names = [path.rpartition(b"/")[2].decode() for path in paths]
        number = self.disk.now()[names[0]]
        if what != "unlink":
            self.disk.pending.append(("add", names[1], number))
        if what != "link":
            self.disk.pending.append(("remove", names[0], number))
        return True


def cut_power(trials: int, seed: int, base: Path, *, synced: bool = True) -> bool:
    """Cut the power at many instants; whether nothing was wrong.

    Without `synced` the disk ignores the syncs of blocks, to see that the trials find it out.
    """
    if not shutil.which("strace"):
        print("power cuts need strace, which is not installed: none made")
        return True
    folder = base / "traced"
    folder.mkdir()
    calls, replay = trace(folder), Replay(folder)
    if not synced:
        calls = [call for call in calls if call[0] != "fdatasync"]
    counting = [call for call in calls if replay.take(call)]
    if not replay.ended:
        raise RuntimeError("the trace has no end")
    rng, found, wrong = np.random.default_rng(seed), Counter[str](), 0
    print(f"{len(counting)} calls that write, sync or name, {BLOCKS} blocks of {ROWS} readings")
    for number in range(trials):
        replay = Replay(folder)
        for call in counting[: rng.integers(len(counting) + 1)]:
            replay.take(call)
        left, problems = _judge(replay, rng, base / f"cut{number}")
        found[left] += 1
        if problems:
            wrong += 1
            print(f"cut {number}: {left}: {'; '.join(problems)}")
    for left, count in found.most_common():
        print(f"  {count:5d} left: {left}")
    print(f"{trials} power cuts, {wrong} with something wrong")
    return wrong == 0


def _judge(replay: Replay, rng: np.random.Generator, folder: Path) -> tuple[str, list[str]]:
    """What a cut leaves, and what is wrong with it."""
    disk = replay.disk
    folder.mkdir()
    for name, number in disk.named(int(rng.integers(len(disk.pending) + 1))).items():
        (folder / name).write_bytes(disk.files[number].after_cut(rng))
    path = folder / "run.h5"
    if not path.exists():
        return "no file yet", ["the file is gone"] if replay.safe else []
    try:
        run = open_run(path)
        rows, problems = len(run.samples), []
        if not replay.safe <= rows <= replay.safe + ROWS:
            problems.append(f"{rows} readings, {replay.safe} were safe")
        if not np.array_equal(run.samples.voltage, np.arange(rows)):
            problems.append("voltage differs")
        if run.outcome is not Outcome.FINISHED and (replay.ended or not run.working):
            problems.append(f"the outcome is {run.outcome}")
        if run.working:
            made = recover(path)
            problems += verify(made.path).problems
        else:
            problems += verify(path).problems
    except DataError as error:
        return "unreadable", [str(error)]
    if not problems:
        shutil.rmtree(folder)
    return f"{run.outcome}{', working file' if run.working else ''}", problems

"""Gives the readers files that are damaged or made to do harm; nothing but a clear error may come.

    python benchmarks/bad_files.py [--files 2000] [--seed 1]

Half of the files are finished ones and half working ones, changed at random: cut short, bits
flipped, stretches overwritten with noise or zeros or with other parts of the file. Then there are
those that HDF5 itself would obey: links to other files, cyclic groups, absurd sizes, bombs.
Each is read in a child process with a time-out and a limit of memory, by everything that reads
runs. Counted as wrong: another exception than `DataError`, readings other than were recorded, a
crash, a time-out, and more memory than the limit. The exit code is 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from data import probe
from data.errors import DataError
from data.partial import read_rows, read_summary
from data.reader import open_run
from data.recorder import Recorder
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.salvage import salvage
from data.samples import COLUMNS, Samples
from data.verification import verify
from protocols.program import PulseProgram, PulseTrain

TIMEOUT = 60.0
"""Time that all readers together may take for one file, in s; a whole one takes about 0.1 s."""
MEMORY = 600_000_000
"""Memory that the child may use besides what its libraries take, in bytes."""
BLOCKS, ROWS = 6, 100


def main() -> int:
    """Make the files, have them read, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        return serve()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if read_all(Path(folder), asked.files, asked.seed) else 1


def read_all(folder: Path, count: int, seed: int) -> bool:
    """Whether nothing was wrong."""
    originals = [record(folder / "finished.h5", ends=True), record(folder / "working.h5")]
    reader, found, wrong = Reader(), Counter[str](), 0
    slowest, largest = 0.0, 0
    for number, (kind, path) in enumerate(bad_files(folder, originals, count, seed)):
        begun = time.monotonic()
        answer = reader.ask(path)
        slowest = max(slowest, time.monotonic() - begun)
        largest = max(largest, answer.get("memory", 0))
        found[f"{kind}: {answer['open_run']}"] += 1
        bad = {name: said for name, said in answer.items() if str(said).startswith("WRONG")}
        if bad:
            wrong += 1
            print(f"file {number}, {kind}: {bad}")
        path.unlink()
    reader.close()
    for text, n in sorted(found.items()):
        print(f"  {n:5d} {text}")
    print(f"slowest {slowest:.1f} s, most memory {largest / 1e6:.0f} MB")
    print(f"{sum(found.values())} bad files, {wrong} with something wrong")
    return wrong == 0


def record(path: Path, *, ends: bool = False) -> Path:
    """A run whose readings all tell their row."""
    now = datetime.now(UTC)
    train = PulseTrain(1e-3, 20e-3, 20e-3, 5, "up", cycle=1)
    program = PulseProgram.compile([train], phases=("up",), limit=0.8, aperture=2e-4)
    info = RunInfo(
        run_id="bad-files", protocol="benchmark", preset="", parameters={"a": 1}, phases=("up",),
        programs=(program,), start=now, sample="", notes="", user="", simulated=True,
        instruments={}, rig={}, resistors=((1, 500.0, 500.0),), software={"fmes-lab": "0"},
    )  # fmt: skip
    recorder = Recorder.begin(path, info, BLOCKS * ROWS, 2)
    recorder.play(PlayInfo("up", program.digest, 0.0, 500.0, {"nplc": 1}))
    recorder.event(Event(0.0, "info", "begun"))
    for first in range(0, BLOCKS * ROWS, ROWS):
        recorder.append(rows(first, first + ROWS))
    if ends:
        recorder.end(Outcome.FINISHED, "", now)
    return path


def rows(first: int, last: int) -> Samples:
    """Readings that tell their row."""
    row = np.arange(first, last)
    return Samples(**{name: row.astype(dtype) for name, dtype in COLUMNS.items()})


def bad_files(
    folder: Path, originals: list[Path], count: int, seed: int
) -> Iterator[tuple[str, Path]]:
    """Every file made to do harm, once or more, and then those changed at random."""
    rng, number = np.random.default_rng(seed), 0
    for original in originals:
        for harm in HARMS:
            path = folder / f"bad{(number := number + 1)}.h5"
            path.write_bytes(original.read_bytes())
            with h5py.File(path, "r+", locking=False) as file:
                harm(file)
            yield harm.__name__.strip("_"), path
        path = folder / f"bad{(number := number + 1)}.h5"
        path.write_bytes(endless_heap(original.read_bytes()))
        yield "endless_heap", path
    while number < count:
        original = originals[number % len(originals)]
        change = CHANGES[rng.integers(len(CHANGES))]
        path = folder / f"bad{(number := number + 1)}.h5"
        path.write_bytes(bytes(change(bytearray(original.read_bytes()), rng)))
        yield change.__name__.strip("_"), path


def endless_heap(content: bytes) -> bytes:
    """The file with a place in a heap of texts that is as long as nothing: HDF5 never ends."""
    at = content.index(b"GCOL") + 16
    return content[:at] + bytes(16) + content[at + 16 :]


Change = Callable[[bytearray, np.random.Generator], bytearray]


def _cut_short(content: bytearray, rng: np.random.Generator) -> bytearray:
    return content[: rng.integers(len(content))]


def _bits(content: bytearray, rng: np.random.Generator) -> bytearray:
    for _ in range(int(rng.choice([1, 3, 30, 300]))):
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return content


def _noise(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, size = rng.integers(len(content)), int(rng.choice([4, 64, 4096]))
    content[at : at + size] = rng.bytes(len(content[at : at + size]))
    return content


def _zeros(content: bytearray, rng: np.random.Generator) -> bytearray:
    at, size = rng.integers(len(content)), int(rng.choice([8, 512, 4096, 65536]))
    content[at : at + size] = bytes(len(content[at : at + size]))
    return content


def _moved(content: bytearray, rng: np.random.Generator) -> bytearray:
    size = int(rng.choice([8, 64, 1024]))
    here, there = rng.integers(0, len(content) - size, 2)
    content[here : here + size] = content[there : there + size]
    return content


def _metadata(content: bytearray, rng: np.random.Generator) -> bytearray:
    """Numbers near the structures of HDF5 itself, set to what is hard on readers."""
    marks = [i for mark in (b"TREE", b"SNOD", b"HEAP", b"GCOL") for i in _places(content, mark)]
    for _ in range(int(rng.choice([1, 4]))):
        at = int(rng.choice(marks)) + int(rng.integers(4, 64))
        content[at : at + 8] = int(rng.choice([0, 1, 8, 96, 2**31, 2**63 - 1])).to_bytes(
            8, "little"
        )
    return content


def _places(content: bytearray, mark: bytes) -> Iterator[int]:
    at = content.find(mark)
    while at >= 0:
        yield at
        at = content.find(mark, at + 1)


CHANGES: tuple[Change, ...] = (_cut_short, _bits, _noise, _zeros, _moved, _metadata)


def _external_link(file: h5py.File) -> None:
    del file["entry/data/voltage"]
    file["entry/data/voltage"] = h5py.ExternalLink("/etc/passwd", "/")


def _external_entry(file: h5py.File) -> None:
    del file["entry"]
    file["entry"] = h5py.ExternalLink("finished.h5", "/entry")


def _soft_link(file: h5py.File) -> None:
    del file["entry/data/voltage"]
    file["entry/data/voltage"] = h5py.SoftLink("/entry/data/voltage")


def _cyclic_group(file: h5py.File) -> None:
    del file["entry/protocol/programs/000000"]
    file["entry/protocol/programs/000000"] = file["entry"]
    file["entry/again"] = file["/"]


def _external_values(file: h5py.File) -> None:
    _replace(file, "voltage", external=[("/dev/zero", 0, h5py.h5f.UNLIMITED)], shape=(600,))


def _virtual_values(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((600,), "<f8")
    layout[:] = h5py.VirtualSource("finished.h5", "/entry/data/voltage", (600,))
    del file["entry/data/voltage"]
    file["entry/data"].create_virtual_dataset("voltage", layout)


def _absurd_size(file: h5py.File) -> None:
    _replace(file, "voltage", shape=(10**15,), chunks=(1000,))
    _replace(file, "time", shape=(10**15,), chunks=(1000,))


def _absurd_contiguous(file: h5py.File) -> None:
    _replace(file, "voltage", shape=(10**13,))


def _absurd_text(file: h5py.File) -> None:
    del file["entry/sample/notes"]
    file["entry/sample"].create_dataset("notes", shape=(), dtype="S2000000000")


def _bomb(file: h5py.File) -> None:
    for name in COLUMNS:
        _replace(file, name, shape=(0,), chunks=(1 << 20,), maxshape=(None,), compression="gzip")
        # A thousand MB of zeros in a chunk or two that are there.
        file["entry/data"][name].resize((1 << 27,))
        file["entry/data"][name][: 1 << 20] = 0


def _many_programs(file: h5py.File) -> None:
    programs = file["entry/protocol/programs"]
    for number in range(20_000):
        programs[f"x{number}"] = programs["000000"]


def _wrong_types(file: h5py.File) -> None:
    del file["entry/data/voltage"]
    file["entry/data"].create_dataset("voltage", (600,), dtype=[("a", "<f8"), ("b", "<i4")])


def _texts_for_numbers(file: h5py.File) -> None:
    del file["entry/blocks/n_rows"]
    file["entry/blocks/n_rows"] = ["one", "two"]


def _two_dimensions(file: h5py.File) -> None:
    del file["entry/data/voltage"]
    file["entry/data/voltage"] = np.zeros((600, 600))


def _group_for_column(file: h5py.File) -> None:
    del file["entry/data/voltage"]
    file.create_group("entry/data/voltage/voltage")


def _strange_attributes(file: h5py.File) -> None:
    file.attrs["schema_version"] = "two"


def _old_and_absurd(file: h5py.File) -> None:
    file.attrs["schema_version"] = 1
    del file["entry/plays/label"]
    file["entry/plays"].create_dataset("label", shape=(10**12,), chunks=(10,), dtype="S1")
    del file["entry/plays/device"]


def _deep_json(file: h5py.File) -> None:
    import hashlib

    text = ("[" * 100_000).encode()
    for name, value in (("data", np.bytes_(text)), ("sha256", hashlib.sha256(text).hexdigest())):
        del file[f"entry/rig/{name}"]
        file[f"entry/rig/{name}"] = value


def _replace(file: h5py.File, name: str, **options: Any) -> None:
    del file["entry/data"][name]
    file["entry/data"].create_dataset(name, dtype=np.dtype(COLUMNS[name]), **options)


HARMS: tuple[Callable[[h5py.File], None], ...] = (
    _external_link, _external_entry, _soft_link, _cyclic_group, _external_values,
    _virtual_values, _absurd_size, _absurd_contiguous, _absurd_text, _bomb, _many_programs,
    _wrong_types, _texts_for_numbers, _two_dimensions, _group_for_column, _strange_attributes,
    _old_and_absurd, _deep_json,
)  # fmt: skip


class Reader:
    """A child process that reads files; it is started again when one ends it."""

    def __init__(self) -> None:
        self._process = self._start()

    def ask(self, path: Path) -> dict[str, Any]:
        """What each reader said of a file."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], TIMEOUT)
        line = process.stdout.readline() if ready else ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        process.kill()
        code = process.wait()
        self._process = self._start()
        return {"open_run": f"WRONG: crashed ({code})" if ready else "WRONG: hung"}

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--child"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def serve() -> int:
    """Read the files that standard input names; answer a line each."""
    at_start = memory("VmRSS")
    probe.time_limit = 4.0
    for line in sys.stdin:
        Path("/proc/self/clear_refs").write_text("5")  # the greatest size counts from here
        answer: dict[str, Any] = read(Path(line.strip()))
        answer["memory"] = memory("VmHWM") - at_start
        if answer["memory"] > MEMORY:
            answer["too much"] = f"WRONG: {answer['memory'] / 1e6:.0f} MB"
        print(json.dumps(answer), flush=True)
    return 0


def memory(which: str) -> int:
    """Size of this process now, or its greatest, in bytes."""
    (line,) = (t for t in Path("/proc/self/status").read_text().splitlines() if which in t)
    return int(line.split()[1]) * 1024


def read(path: Path) -> dict[str, str]:
    """What each reader says of a file."""
    said = {}
    for reader in (open_run, read_summary, _read_rows, verify, salvage):
        name = reader.__name__.strip("_")
        try:
            said[name] = _judge(reader(path))
        except DataError as error:
            said[name] = "DataError" if str(path) in str(error) else f"WRONG: no path: {error}"
        except BaseException as error:  # noqa: BLE001 (that is what is looked for)
            said[name] = f"WRONG: {type(error).__name__}: {error}"[:300]
    return said


def _read_rows(path: Path) -> Any:
    return read_rows(path, 0, 1000)[0]


def _judge(result: Any) -> str:
    """Readings that are given must be those that were recorded."""
    result = getattr(result, "run", result)
    samples = getattr(result, "samples", None)
    if samples is None:
        return "read"
    row = samples.time.astype(int) if np.isfinite(samples.time).all() else np.array([-1])
    good = replace(samples, **{name: row.astype(dtype) for name, dtype in COLUMNS.items()})
    same = all(np.array_equal(getattr(samples, n), getattr(good, n)) for n in COLUMNS)
    return "read" if same and (np.diff(row) > 0).all() else "WRONG: other readings"


if __name__ == "__main__":
    sys.exit(main())

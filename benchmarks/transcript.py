"""Transcripts: time an exchange with an instrument bare, noted in memory, and noted in a file.

    python benchmarks/transcript.py

A query over a loopback socket with pyvisa-py, the fastest way to an instrument there is, and a
drain of 2,000 readings as 64,003 bytes; then the noting alone, without an instrument.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pymeasure.adapters import Adapter

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.link import Link, VisaLink
from drivers.recorded_link import RecordedLink
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import serve
from drivers.transcript import Transcript, What

QUERY, QUERIES = "print(localnode.linefreq)", 2000
READINGS, DRAINS = 2000, 50


def main() -> None:
    bench = make_bench(RigFile(), noise=False)
    folder = Path(tempfile.mkdtemp())
    written = Transcript()
    written.write_to(folder / "transcript.jsonl")
    with serve(bench, emulated("keithley-2600b", bench)) as server:
        bare = VisaLink(server.resource_name, "@py")
        ways: dict[str, Link] = {
            "bare": bare,
            "in memory": RecordedLink(bare, "source_meter", Transcript()),
            "in a file": RecordedLink(bare, "source_meter", written),
        }
        for name, link in ways.items():
            adapter = link.open()
            adapter.write(f"smua.measure.count={READINGS} b=smua.nvbuffer1 b.clear()")
            adapter.write("format.data=format.REAL64 smua.measure.v(b)")
            query = _median(lambda adapter=adapter: _query(adapter), QUERIES)
            drain = _median(lambda adapter=adapter: _drain(adapter), DRAINS)
            print(
                f"{name:10} query {query * 1e6:6.1f} us, {READINGS} readings {drain * 1e3:6.2f} ms"
            )
            adapter.close()
    for name, transcript in (("memory", Transcript()), ("a file", written)):
        short = _median(lambda t=transcript: t.add("source_meter", What.SENT, b"x" * 40), 20_000)
        long = _median(
            lambda t=transcript: t.add("source_meter", What.RECEIVED, bytes(64_003)), 200
        )
        print(f"noted in {name}: 40 bytes {short * 1e6:.1f} us, 64,003 bytes {long * 1e6:.0f} us")
    written.close()


def _query(adapter: Adapter) -> None:
    adapter.write(QUERY)
    adapter.read()


def _drain(adapter: Adapter) -> None:
    adapter.write(f"printbuffer(1,{READINGS},b.readings,b.readings,b.readings,b.readings)")
    adapter.read_bytes(2 + 8 * 4 * READINGS + 1)


def _median(do: Callable[[], None], times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        do()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()

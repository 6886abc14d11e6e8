"""What each driver's operations take over a loopback socket, and how fast readings are drained.

    python benchmarks/instruments.py

The instruments are emulated, at full speed: the times are those of our code, of pyvisa-py and of
the emulator, with neither a real instrument's own time nor a real network's in them.

Load, start, drain and safe-off are of a train of 300 pulses, as short as the model times them. The
dead time is what passes on the host from the last drain of one train to the start of the next.
The readings of a 2602B are then read by our driver, by pymeasure's `read_binary_values` and by
pyvisa's `query_binary_values`, all from the same emulator.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyvisa
from pymeasure.adapters import VISAAdapter

from app.rigs.opening import LINE_FREQUENCY, make_bench, open_meter
from app.rigs.rig_file import RigFile
from drivers.catalogue import SOURCE_METERS
from drivers.link import VisaLink
from drivers.simulated.bench import Bench
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import serve
from drivers.source_meter import SourceMeter
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram, PulseTrain

PULSES, ROUNDS = 300, 7
BUFFER = 10_000
"""Readings in the comparison of drains."""
COLUMNS = ("nvbuffer2.readings", "nvbuffer1.readings", "nvbuffer2.timestamps", "nvbuffer2.statuses")


@contextmanager
def meter_of(driver: type[SourceMeter]) -> Iterator[tuple[SourceMeter, str, Bench]]:
    """A driver connected to its emulator over a loopback socket, its resource name and bench."""
    rig = RigFile.model_validate({
        "source_meter": {"driver": driver.driver, "model": driver.models[0]}
    })  # fmt: skip
    bench = make_bench(rig, speed=math.inf)
    instrument = emulated(driver.driver, bench, driver.models[0])
    with serve(bench, instrument) as server:
        meter = open_meter(rig, VisaLink(server.resource_name, "@py", 20.0))
        try:
            yield meter, server.resource_name, bench
        finally:
            meter.close()


def train(stated: Capabilities, pulses: int) -> PulseProgram:
    """Pulses of 1 ms at 500 Hz, or the shortest that the model times and that fit its memory."""
    pulses = min(pulses, stated.most_levels // 2, stated.most_readings // 2)
    for half in (1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 200e-3):
        aperture = max(200e-6, stated.shortest_aperture)
        if half <= aperture:
            continue
        program = PulseProgram.compile(
            [PulseTrain(1e-5, half, half, pulses, "train")],
            phases=("train",), limit=0.8, aperture=aperture,
        )  # fmt: skip
        if not stated.violations(program):
            return program
    raise SystemExit(f"no train of {pulses} pulses fits the {stated.model}")


def timed(work: Callable[[], object]) -> float:
    """Wall time of a call, in s."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def play(meter: SourceMeter, program: PulseProgram) -> dict[str, float]:
    """One train; wall time of each operation, in s."""

    def drain() -> None:
        while meter.drain().running:
            pass

    return {
        "load": timed(lambda: meter.load(program)),
        "start": timed(meter.start),
        "drain": timed(drain),
        "stand by": timed(meter.stand_by),
        "safe-off": timed(meter.make_safe),
    }


def operations(driver: type[SourceMeter]) -> str:
    """A line of the table: the medians of all operations."""
    stated = driver.capabilities_of(driver.models[0], LINE_FREQUENCY)
    program = train(stated, PULSES)
    with meter_of(driver) as (meter, _, _):
        rounds = [play(meter, program) for _ in range(ROUNDS)]
    medians = {name: statistics.median(r[name] for r in rounds) * 1e3 for name in rounds[0]}
    dead = medians["stand by"] + medians["load"] + medians["start"]
    cells = "".join(f"{medians[name]:10.1f}" for name in medians)
    rate = len(program) / medians["drain"] * 1e3
    return f"{driver.models[0]:8}{program.total_duration:9.2f}{cells}{dead:11.1f}{rate:12,.0f}"


def drains() -> Iterator[str]:
    """Readings a second of three ways to read the same 2602B's buffers."""
    driver = next(d for d in SOURCE_METERS if d.driver == "keithley-2600b")
    stated = driver.capabilities_of("2602B", LINE_FREQUENCY)
    with meter_of(driver) as (meter, address, bench):
        ours, program = [], train(stated, BUFFER // 2)
        for _ in range(ROUNDS):
            meter.load(program)
            meter.start()
            with bench.lock:  # what the emulator takes to play is not what is compared
                bench.run_to(bench.clock.now + 1.1 * program.total_duration)
            seconds, readings, running = 0.0, 0, True
            while running:
                started = time.perf_counter()
                readout = meter.drain()
                seconds += time.perf_counter() - started
                readings += len(readout)
                running = readout.running
            ours.append(readings / seconds)
            meter.stand_by()
        yield f"{'our driver':36}{statistics.median(ours):12,.0f}"
        names = ",".join(f"smua.{c}" for c in COLUMNS)
        ask = f"printbuffer(1,{BUFFER},{names})"
        setup = "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN"
        meter.close()
        adapter = VISAAdapter(address, visa_library="@py", timeout=1000,
                              read_termination="\n", write_termination="\n")  # fmt: skip
        adapter.write(setup)

        def by_pymeasure() -> None:
            adapter.write(ask)
            values = adapter.read_binary_values(
                header_bytes=2, termination_bytes=-1, dtype=np.float64
            )
            assert len(values) >= 4 * BUFFER, len(values)

        # It finds the end of binary data by a timeout, here of 1 s.
        seconds = timed(by_pymeasure)
        yield f"{'pymeasure read_binary_values':36}{BUFFER / seconds:12,.0f}"
        adapter.close()
        manager = pyvisa.ResourceManager("@py")
        resource = manager.open_resource(address, read_termination="\n", write_termination="\n")
        assert isinstance(resource, pyvisa.resources.MessageBasedResource)
        resource.timeout = 60_000
        resource.write(setup)

        def by_pyvisa() -> None:
            values = resource.query_binary_values(
                ask, "d", container=np.array, data_points=4 * BUFFER
            )
            assert len(values) == 4 * BUFFER, len(values)

        seconds = statistics.median(timed(by_pyvisa) for _ in range(3))
        yield f"{'pyvisa query_binary_values':36}{BUFFER / seconds:12,.0f}"
        resource.close()
        manager.close()


if __name__ == "__main__":
    print(f"ms, medians of {ROUNDS}; {PULSES} pulses where they fit, 2 readings each")
    print(f"{'model':8}{'train s':>9}{'load':>10}{'start':>10}{'drain':>10}{'stand by':>10}"
          f"{'safe-off':>10}{'dead time':>11}{'readings/s':>12}")  # fmt: skip
    for source_meter in SOURCE_METERS:
        print(operations(source_meter))
    print(f"\nreadings a second, {BUFFER:,} of 4 columns from a 2602B")
    for line in drains():
        print(line)

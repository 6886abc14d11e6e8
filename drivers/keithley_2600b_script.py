"""The TSP lines that put a pulse program into a Keithley 2600B."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivers import keithley_2600b_models as models
from drivers.ranges import lowest_range
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_FINEST_TICK, _TICKS = 1e-6, 2**32
"""Finest step of the buffers' timestamps, in s, and steps after which they start again."""
_REST_RANGE = 1e-6
"""Current range for resting at 0 A, whose offset is at most 800 pA, in A."""
_LEAST_VOLTAGE_RANGE = 1.0
"""Lowest voltage range used for sourcing voltage, in V."""
_VALUES_PER_LINE = 100


def settings(
    program: PulseProgram, capabilities: Capabilities, line_frequency: float, *, four_wire: bool
) -> Mapping[str, float]:
    """The instrument's settings for a program: ranges that hold it, the aperture in NPLC."""
    amps, volts = capabilities.current_ranges, capabilities.voltage_ranges
    level = program.largest_level
    current_driven = program.source == "current"
    # A charged device holds its terminal above a low level while the limit acts.
    held = level or _REST_RANGE if current_driven else max(level, _LEAST_VOLTAGE_RANGE)
    source_range = lowest_range(amps if current_driven else volts, held)
    limit_range = lowest_range(volts if current_driven else amps, program.limit)
    return {
        "source_range": source_range,
        "current_range": source_range if current_driven else limit_range,
        "voltage_range": limit_range if current_driven else source_range,
        "limit": program.limit,
        "nplc": program.aperture * line_frequency,
        "sense": 1 if four_wire else 0,
    }


def read_back(program: PulseProgram, chosen: Mapping[str, float]) -> dict[str, float]:
    """What the instrument must hold once `lines` were sent, by name below the channel."""
    current_driven = program.source == "current"
    kind, other = ("i", "v") if current_driven else ("v", "i")
    return {
        "source.func": 0 if current_driven else 1,
        "source.offmode": 2,
        f"source.range{kind}": chosen["source_range"],
        f"source.limit{other}": chosen["limit"],
        f"measure.range{other}": chosen["voltage_range" if current_driven else "current_range"],
        "measure.nplc": chosen["nplc"],
        "sense": chosen["sense"],
        "trigger.count": len(program),
    }


def tick(program: PulseProgram) -> float:
    """The finest step with which the timestamps of a whole program are unique, in s."""
    tick = _FINEST_TICK
    while tick * _TICKS < program.total_duration + 1.0:
        tick *= 2  # the instrument rounds to such values
    return tick


def lines(
    smu: str, program: PulseProgram, delay: NDArray[np.float64], chosen: Mapping[str, float]
) -> list[str]:
    """The TSP lines that prepare a program; nothing is energised by them."""
    kind, other = ("i", "v") if program.source == "current" else ("v", "i")
    function = "OUTPUT_DCAMPS" if kind == "i" else "OUTPUT_DCVOLTS"
    measure_range = chosen["voltage_range" if kind == "i" else "current_range"]
    n = len(program)
    return [
        f"{smu}.source.output=0 {smu}.source.offmode={smu}.OUTPUT_HIGH_Z",
        f"{smu}.source.func={smu}.{function} {smu}.sense={chosen['sense']:g}",
        f"{smu}.source.autorange{kind}={smu}.AUTORANGE_OFF",
        f"{smu}.source.range{kind}={chosen['source_range']:.9g} {smu}.source.level{kind}=0",
        f"{smu}.source.limit{other}={chosen['limit']:.9g} {smu}.source.delay=0",
        f"{smu}.measure.autozero={smu}.AUTOZERO_ONCE {smu}.measure.delay=0",
        f"{smu}.measure.autorange{other}={smu}.AUTORANGE_OFF",
        f"{smu}.measure.range{other}={measure_range:.9g} {smu}.measure.nplc={chosen['nplc']:.9g}",
        *(
            f"{smu}.nvbuffer{b}.clear() {smu}.nvbuffer{b}.collecttimestamps=1 "
            f"{smu}.nvbuffer{b}.fillmode={int(n > models.ROOM)} "
            f"{smu}.nvbuffer{b}.fillcount={models.WINDOW} "
            f"{smu}.nvbuffer{b}.timestampresolution={tick(program):.9g}"
            for b in (1, 2)
        ),
        "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN",
        *_list("fmes_levels", program.level if n <= models.ROOM else models.cycle(program.level)),
        *_list("fmes_durations", models.cycle(program.duration)),
        *_list("fmes_delays", models.cycle(delay)),
        "trigger.timer[1].reset() trigger.timer[2].reset()",
        f"trigger.timer[1].count={max(n - 1, 1)} trigger.timer[1].delaylist=fmes_durations",
        "trigger.timer[1].passthrough=true",
        f"trigger.timer[1].stimulus={smu}.trigger.ARMED_EVENT_ID",
        "trigger.timer[2].count=1 trigger.timer[2].delaylist=fmes_delays",
        "trigger.timer[2].stimulus=trigger.timer[1].EVENT_ID",
        f"{smu}.trigger.source.list{kind}(fmes_levels)",
        f"{smu}.trigger.source.limit{other}={smu}.LIMIT_AUTO",
        f"{smu}.trigger.source.action={smu}.ENABLE",
        f"{smu}.trigger.source.stimulus=trigger.timer[1].EVENT_ID",
        f"{smu}.trigger.measure.iv({smu}.nvbuffer1,{smu}.nvbuffer2)",
        f"{smu}.trigger.measure.action={smu}.ENABLE",
        f"{smu}.trigger.measure.stimulus=trigger.timer[2].EVENT_ID",
        f"{smu}.trigger.endpulse.action={smu}.SOURCE_HOLD {smu}.trigger.endpulse.stimulus=0",
        f"{smu}.trigger.endsweep.action={smu}.SOURCE_IDLE",
        f"{smu}.trigger.count={n} {smu}.trigger.arm.count=1 {smu}.trigger.arm.stimulus=0",
    ]


def _list(name: str, values: NDArray[np.float64]) -> list[str]:
    """Lines that fill a global table, short enough for the instrument's input buffer."""
    lines = [f"{name}={{}}"]
    for k in range(0, len(values), _VALUES_PER_LINE):
        part = ",".join(f"{v:.9g}" for v in values[k : k + _VALUES_PER_LINE])
        lines.append(f"for _,v in ipairs({{{part}}}) do table.insert({name},v) end")
    return lines

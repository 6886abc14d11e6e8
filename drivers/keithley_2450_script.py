"""The TSP lines that put a pulse program into a Keithley 2450 or 2460.

timer 1   starts each segment: a source configuration list holds the levels
timer 2   starts the reading of each segment

1 clear buffer   2 start timer 1   3 wait timer 1   4 next level   5 wait timer 2
6 reading   7 again from 3   8 wait timer 1, the end   9 output off
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers import keithley_2450_models as models
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

BUFFER, LEVELS = "fmes_buffer", "fmes_levels"
_REST_RANGE = 1e-6
"""Current range for resting at 0 A, whose offset is at most 400 pA, in A."""
_LEAST_VOLTAGE_RANGE = 2.0
"""Lowest voltage range used for sourcing voltage, in V."""
_LEAST_CAPACITY = 10
_VALUES_PER_LINE = 100


def lines(
    program: PulseProgram, capabilities: Capabilities, line_frequency: float, *, four_wire: bool
) -> list[str]:
    """The TSP lines that prepare a program; nothing is energised by them."""
    amps, volts = capabilities.current_ranges, capabilities.voltage_ranges
    driven = program.source == "current"
    source, measure, other = (
        ("CURRENT", "VOLTAGE", "v") if driven else ("VOLTAGE", "CURRENT", "i")
    )  # fmt: skip
    level = program.largest_level
    # A charged device holds its terminal above a low level while the limit acts.
    held = (level or _REST_RANGE) if driven else max(level, _LEAST_VOLTAGE_RANGE)
    source_range = next(full for full in (amps if driven else volts) if held <= full * (1 + 1e-9))
    measure_range = models.limit_range(volts if driven else amps, program.limit)
    readback = "ON" if models.apertures(program) == 2 else "OFF"
    sense = "SENSE_4WIRE" if four_wire else "SENSE_2WIRE"
    n = len(program)
    return [
        f"smu.source.output=smu.OFF smu.source.func=smu.FUNC_DC_{source}",
        f"smu.source.offmode=smu.OFFMODE_HIGHZ smu.measure.func=smu.FUNC_DC_{measure}",
        f"smu.measure.sense=smu.{sense} smu.measure.count=1",
        "smu.measure.filter.enable=smu.OFF smu.measure.rel.enable=smu.OFF",
        "smu.measure.math.enable=smu.OFF smu.source.highc=smu.OFF",
        f"smu.source.level=0 smu.source.range={source_range:.9g}",
        f"smu.source.delay=0 smu.source.readback=smu.{readback}",
        f"smu.measure.range={measure_range:.9g}",
        f"smu.source.{other}limit.level={program.limit:.9g}",
        f"smu.measure.nplc={program.aperture * line_frequency:.9g}",
        "smu.measure.autozero.enable=smu.OFF smu.measure.autozero.once()",
        f"{BUFFER}=buffer.make({max(n, _LEAST_CAPACITY)})",
        f"{BUFFER}.fillmode=buffer.FILL_ONCE",
        "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN",
        *_level_list(models.unit(program.level)),
        *_table("fmes_durations", models.unit(program.duration)),
        *_table("fmes_delays", models.unit(models.delays(program))),
        *(f"trigger.timer[{k}].enable=trigger.OFF trigger.timer[{k}].reset()" for k in (1, 2)),
        f"trigger.timer[1].delaylist=fmes_durations trigger.timer[1].count={n}",
        "trigger.timer[1].start.stimulus=trigger.EVENT_NOTIFY1",
        "trigger.timer[1].start.generate=trigger.ON trigger.timer[1].enable=trigger.ON",
        "trigger.timer[2].delaylist=fmes_delays trigger.timer[2].count=1",
        "trigger.timer[2].start.stimulus=trigger.EVENT_TIMER1",
        "trigger.timer[2].start.generate=trigger.OFF trigger.timer[2].enable=trigger.ON",
        'trigger.model.load("Empty")',
        *(
            f"trigger.model.setblock({k},trigger.BLOCK_{block})"
            for k, block in enumerate(_blocks(n), 1)
        ),
        "status.operation.setmap(0,2731,2732)",
    ]


def _blocks(n: int) -> list[str]:
    return [
        f"BUFFER_CLEAR,{BUFFER}",
        "NOTIFY,trigger.EVENT_NOTIFY1",
        "WAIT,trigger.EVENT_TIMER1",
        f'CONFIG_NEXT,"{LEVELS}"',
        "WAIT,trigger.EVENT_TIMER2",
        f"MEASURE_DIGITIZE,{BUFFER},1",
        f"BRANCH_COUNTER,{n},3",
        "WAIT,trigger.EVENT_TIMER1",
        "SOURCE_OUTPUT,smu.OFF",
    ]


def _level_list(levels: NDArray[np.float64]) -> list[str]:
    """Lines that make the source configuration list anew; the output is off meanwhile."""
    return [
        "fmes_known=false repeat fmes_name=smu.source.configlist.catalog() "
        f'fmes_known=fmes_known or fmes_name=="{LEVELS}" until fmes_name==nil '
        f'if fmes_known then smu.source.configlist.delete("{LEVELS}") end',
        f'smu.source.configlist.create("{LEVELS}")',
        *(
            f"for _,v in ipairs({{{part}}}) do smu.source.level=v "
            f'smu.source.configlist.store("{LEVELS}") end'
            for part in _parts(levels)
        ),
        "smu.source.level=0",
    ]


def _table(name: str, values: NDArray[np.float64]) -> list[str]:
    """Lines that fill a global table."""
    return [
        f"{name}={{}}",
        *(
            f"for _,v in ipairs({{{part}}}) do table.insert({name},v) end"
            for part in _parts(values)
        ),
    ]


def _parts(values: NDArray[np.float64]) -> list[str]:
    """The values as text, in parts short enough for a line."""
    return [
        ",".join(f"{v:.9g}" for v in values[k : k + _VALUES_PER_LINE])
        for k in range(0, len(values), _VALUES_PER_LINE)
    ]

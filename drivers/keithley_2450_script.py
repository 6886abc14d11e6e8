"""The TSP lines that put a pulse program into a Keithley 2450 or 2460.

Timer 1 starts each segment, whose level comes from a source configuration list, and timer 2 the
reading of each segment. The blocks of the trigger model:

    1 start timer 1   2 wait timer 1   3 next level   4 wait timer 2   5 reading
    6 again from 2   7 wait timer 1, the end   8 output off
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers import keithley_2450_models as models
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

BUFFER, LEVELS = "fmes_buffer", "fmes_levels"
ANSWERED = f'print(smu.source.configlist.size("{LEVELS}"))'
"""End of the lines that are answered: storing takes the instrument time, so it is waited for."""
_SUM = "fmes_sum"
_REST_RANGE = 1e-6
"""Current range for resting at 0 A, whose offset is at most 400 pA, in A."""
_LEAST_VOLTAGE_RANGE = 2.0
"""Lowest voltage range used for sourcing voltage, in V."""
_LEAST_CAPACITY = 10
_VALUES_PER_LINE = 100


@dataclass(frozen=True)
class Settings:
    """The instrument's settings for a program.

    Parameters
    ----------
    source, measure
        "CURRENT" or "VOLTAGE".
    source_range, measure_range
        Ranges that hold its levels and its limit, in the units of what is sourced and read.
    limit
        In V or A.
    nplc
        Aperture in power line cycles.
    four_wire, readback
        Whether it senses at the device, and measures the source as well.
    """

    source: str
    measure: str
    source_range: float
    measure_range: float
    limit: float
    nplc: float
    four_wire: bool
    readback: bool

    @property
    def limit_level(self) -> str:
        """The attribute that holds the limit."""
        return f"smu.source.{'v' if self.source == 'CURRENT' else 'i'}limit.level"


def settings(
    program: PulseProgram, capabilities: Capabilities, line_frequency: float, *, four_wire: bool
) -> Settings:
    """The instrument's settings for a program."""
    amps, volts = capabilities.current_ranges, capabilities.voltage_ranges
    driven, level = program.source == "current", program.largest_level
    # A charged device holds its terminal above a low level while the limit acts.
    held = (level or _REST_RANGE) if driven else max(level, _LEAST_VOLTAGE_RANGE)
    return Settings(
        source="CURRENT" if driven else "VOLTAGE",
        measure="VOLTAGE" if driven else "CURRENT",
        source_range=next(r for r in (amps if driven else volts) if held <= r * (1 + 1e-9)),
        measure_range=models.limit_range(volts if driven else amps, program.limit),
        limit=program.limit,
        nplc=program.aperture * line_frequency,
        four_wire=four_wire,
        readback=models.apertures(program) == 2,
    )


def lines(program: PulseProgram, chosen: Settings) -> list[str]:
    """The TSP lines that prepare a program; nothing is energised by them."""
    sense = "SENSE_4WIRE" if chosen.four_wire else "SENSE_2WIRE"
    n = len(program)
    return [
        "trigger.model.abort() smu.source.output=smu.OFF",
        f"smu.source.func=smu.FUNC_DC_{chosen.source}",
        f"smu.source.offmode=smu.OFFMODE_HIGHZ smu.measure.func=smu.FUNC_DC_{chosen.measure}",
        f"smu.measure.sense=smu.{sense} smu.measure.count=1",
        "smu.measure.filter.enable=smu.OFF smu.measure.rel.enable=smu.OFF",
        "smu.measure.math.enable=smu.OFF smu.source.highc=smu.OFF",
        f"smu.source.level=0 smu.source.range={chosen.source_range:.9g}",
        f"smu.source.delay=0 smu.source.readback=smu.{'ON' if chosen.readback else 'OFF'}",
        f"smu.measure.range={chosen.measure_range:.9g}",
        f"{chosen.limit_level}={chosen.limit:.9g} smu.measure.nplc={chosen.nplc:.9g}",
        "smu.measure.autozero.enable=smu.OFF smu.measure.autozero.once()",
        f"{BUFFER}=buffer.make({_capacity(n)}) {BUFFER}.fillmode=buffer.FILL_ONCE",
        "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN",
        f'smu.source.configlist.create("{LEVELS}")',
        *(
            f"for _,v in ipairs({{{part}}}) do smu.source.level=v "
            f'smu.source.configlist.store("{LEVELS}") end {ANSWERED}'
            for part in _parts(models.unit(program.level))
        ),
        "smu.source.level=0",
        f"function {_SUM}(t) local sum=0 for _,v in ipairs(t) do sum=sum+v end return sum end",
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


def expected(program: PulseProgram, chosen: Settings) -> dict[str, float | bool]:
    """What must be found on the instrument before the output comes on, by TSP expression.

    Named constants are compared on the instrument, which alone knows what stands for them; each
    comparison must hold, since what does not exist is equal to nothing.
    """
    n = len(program)
    sense = "SENSE_4WIRE" if chosen.four_wire else "SENSE_2WIRE"
    durations, delays = models.unit(program.duration), models.unit(models.delays(program))
    return {
        f"smu.source.func==smu.FUNC_DC_{chosen.source}": True,
        "smu.source.offmode==smu.OFFMODE_HIGHZ": True,
        "smu.source.range": chosen.source_range,
        "smu.source.level": 0.0,
        "smu.source.delay": 0.0,
        f"smu.source.readback==smu.{'ON' if chosen.readback else 'OFF'}": True,
        chosen.limit_level: chosen.limit,
        f"smu.measure.func==smu.FUNC_DC_{chosen.measure}": True,
        "smu.measure.range": chosen.measure_range,
        "smu.measure.nplc": chosen.nplc,
        "smu.measure.count": 1.0,
        f"smu.measure.sense==smu.{sense}": True,
        f'smu.source.configlist.size("{LEVELS}")': float(len(models.unit(program.level))),
        f"{BUFFER}.capacity": float(_capacity(n)),
        "table.getn(trigger.timer[1].delaylist)": float(len(durations)),
        "table.getn(trigger.timer[2].delaylist)": float(len(delays)),
        f"{_SUM}(trigger.timer[1].delaylist)": float(durations.sum()),
        f"{_SUM}(trigger.timer[2].delaylist)": float(delays.sum()),
        "trigger.timer[1].count": float(n),
        "trigger.timer[2].count": 1.0,
    }


def _capacity(n: int) -> int:
    return max(n, _LEAST_CAPACITY)


def _blocks(n: int) -> list[str]:
    # An event of timer 2 that was left over would let every reading be early, so those before
    # the block count for nothing. Without a buffer the block for the reading would take the
    # default one: the instrument has to assert it.
    return [
        "NOTIFY,trigger.EVENT_NOTIFY1",
        "WAIT,trigger.EVENT_TIMER1",
        f'CONFIG_NEXT,"{LEVELS}"',
        "WAIT,trigger.EVENT_TIMER2,trigger.CLEAR_ENTER",
        f"MEASURE_DIGITIZE,assert({BUFFER}),1",
        f"BRANCH_COUNTER,{n},2",
        "WAIT,trigger.EVENT_TIMER1",
        "SOURCE_OUTPUT,smu.OFF",
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

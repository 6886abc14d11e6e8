"""The SCPI commands that put a planned program into a Keithley 2400, and how they read back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivers.keithley_2400_models import Plan, measured
from drivers.ranges import lowest_range
from drivers.scpi_settings import RANGE_STEP, Setting
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_REST_RANGE = 1e-6
"""Current range for resting at 0 A, in A."""
_LEAST_VOLTAGE_RANGE = 2.0
"""Lowest voltage range used for sourcing voltage, in V."""
_RESOLUTION = 1e-4
"""Steps of a level and of a limit, as a fraction of the range (5 us of 200 mV, 50 uA of 1 A)."""
_VALUES_PER_COMMAND = 100


def ranges(program: PulseProgram, capabilities: Capabilities) -> Mapping[str, float]:
    """The lowest ranges that hold a program's levels and its limit."""
    amps, volts = capabilities.current_ranges, capabilities.voltage_ranges
    level, current_driven = program.largest_level, program.source == "current"
    # A charged device holds its terminal above a low level while the limit acts.
    held = level or _REST_RANGE if current_driven else max(level, _LEAST_VOLTAGE_RANGE)
    return {
        "source": lowest_range(amps if current_driven else volts, held),
        "measure": lowest_range(volts if current_driven else amps, program.limit),
        "lowest": (volts if current_driven else amps)[0],
    }


def settings(
    program: PulseProgram,
    plan: Plan,
    chosen: Mapping[str, float],
    line_frequency: float,
    *,
    four_wire: bool,
) -> list[Setting]:
    """Every setting that a program needs, in the order to send them."""
    kind, other = kinds(program)
    step = _RESOLUTION * chosen["source"]
    return [
        Setting(":OUTP:SMOD", "HIMP"),
        Setting(":SOUR:CLE:AUTO", 0),
        Setting(":SOUR:FUNC", kind),
        Setting(f":SOUR:{kind}:RANG:AUTO", 0),
        Setting(f":SOUR:{kind}:RANG", chosen["source"], RANGE_STEP * chosen["source"]),
        Setting(f":SOUR:{kind}", 0, step),
        Setting(f":SOUR:{kind}:MODE", "LIST"),
        Setting(":SOUR:SWE:RANG", "FIX"),
        Setting(":SOUR:DEL:AUTO", 0),
        Setting(":SOUR:DEL", plan.delay, 1e-5),
        Setting(":SYST:RSEN", int(four_wire)),
        Setting(":SYST:AZER", "OFF"),
        Setting(":SENS:FUNC:CONC", 1),
        Setting(f":SENS:{other}:RANG:AUTO", 0),
        Setting(f":SENS:{other}:PROT", program.limit, _RESOLUTION * chosen["measure"]),
        Setting(f":SENS:{other}:RANG", chosen["measure"], RANGE_STEP * chosen["measure"]),
        # Its step is 0.01 line cycles.
        Setting(f":SENS:{other}:NPLC", round(program.aperture * line_frequency, 2)),
        Setting(":TRIG:SOUR", "IMM"),
        Setting(":TRIG:COUN", 1),
        Setting(":TRIG:DEL", 0),
        Setting(":ARM:SOUR", "TIM"),
        Setting(":ARM:DIR", "ACC"),
        Setting(":ARM:TIM", plan.period),
        Setting(":ARM:COUN", plan.count),
        Setting(":TRAC:POIN", plan.count),
        Setting(":TRAC:FEED", "SENS"),
        Setting(":TRAC:TST:FORM", "ABS"),
        Setting(":FORM", "ASC"),
        Setting(":FORM:ELEM", "VOLT,CURR,TIME,STAT"),
        Setting(":TRAC:FEED:CONT", "NEXT"),
    ]


def kinds(program: PulseProgram) -> tuple[str, str]:
    """What is sourced and what is limited."""
    return ("CURR", "VOLT") if program.source == "current" else ("VOLT", "CURR")


def functions(program: PulseProgram) -> str:
    """The command that chooses what is measured."""
    other = kinds(program)[1]
    return ':SENS:FUNC "VOLT","CURR"' if measured(program) > 1 else f':SENS:FUNC "{other}"'


def level_list(program: PulseProgram, levels: NDArray[np.float64]) -> list[str]:
    """Commands that fill the list, at most 100 values each."""
    header = f":SOUR:LIST:{kinds(program)[0]}"
    return [
        f"{header}{':APP' if k else ''} "
        + ",".join(f"{v:.9g}" for v in levels[k : k + _VALUES_PER_COMMAND])
        for k in range(0, len(levels), _VALUES_PER_COMMAND)
    ]

"""The SCPI commands that put a planned program into a Keysight B2900, and how they read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from drivers.keysight_b2900_plan import Plan
from drivers.ranges import lowest_range
from drivers.scpi_settings import RANGE_STEP, Setting
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_REST_RANGE = 1e-6
"""Current range for resting at 0 A, in A: the lowest one that settles in less than 1 ms."""
_LEAST_VOLTAGE_RANGE = 2.0
"""Lowest voltage range used for sourcing voltage, in V."""
_VALUES_PER_COMMAND = 100
_RESOLUTION = 2e-6
"""Two steps of a level, as a fraction of its range."""


def ranges(program: PulseProgram, capabilities: Capabilities) -> Mapping[str, float]:
    """The lowest ranges that hold a program's levels and its limit."""
    amps, volts = capabilities.current_ranges, capabilities.voltage_ranges
    level, current_driven = program.largest_level, program.source == "current"
    # A charged device holds its terminal above a low level while the limit acts.
    held = level or _REST_RANGE if current_driven else max(level, _LEAST_VOLTAGE_RANGE)
    return {
        "source": lowest_range(amps if current_driven else volts, held),
        "measure": lowest_range(volts if current_driven else amps, program.limit),
    }


def settings(
    n: str, program: PulseProgram, plan: Plan, chosen: Mapping[str, float], *, four_wire: bool
) -> list[Setting]:
    """Every setting of channel `n` that a program needs, in the order to send them."""
    kind, other = ("CURR", "VOLT") if program.source == "current" else ("VOLT", "CURR")
    source, readings = plan.source, plan.readings
    pulsed, fixed = source.kind == "pulses", len(source.levels) == 1
    step = _RESOLUTION * chosen["source"]
    return [
        Setting(f":OUTP{n}:OFF:MODE", "HIZ"),
        Setting(f":OUTP{n}:OFF:AUTO", 1),
        Setting(f":OUTP{n}:ON:AUTO", 0),
        Setting(f":OUTP{n}:PROT", 0),
        Setting(f":OUTP{n}:HCAP", 0),
        Setting(f":SOUR{n}:FUNC:MODE", kind),
        Setting(f":SOUR{n}:FUNC:SHAP", "PULS" if pulsed else "DC"),
        Setting(f":SOUR{n}:FUNC:TRIG:CONT", 0),
        Setting(f":SOUR{n}:{kind}", 0, step),
        Setting(f":SOUR{n}:{kind}:RANG:AUTO", 0),
        Setting(f":SOUR{n}:{kind}:RANG", chosen["source"], RANGE_STEP * chosen["source"]),
        Setting(f":SOUR{n}:{kind}:TRIG", float(source.levels[0]) if fixed else 0.0, step),
        Setting(f":SOUR{n}:{kind}:MODE", "FIX" if fixed else "LIST"),
        Setting(f":SOUR{n}:PULS:DEL", 0),
        *([Setting(f":SOUR{n}:PULS:WIDT", source.width)] if pulsed else []),
        Setting(f":SOUR{n}:WAIT", 0),
        Setting(f":SENS{n}:WAIT", 0),
        Setting(f":SENS{n}:REM", int(four_wire)),
        Setting(f":SENS{n}:{other}:PROT", program.limit, _RESOLUTION * chosen["measure"]),
        Setting(f":SENS{n}:{other}:RANG:AUTO", 0),
        Setting(f":SENS{n}:{other}:RANG", chosen["measure"], RANGE_STEP * chosen["measure"]),
        Setting(f":SENS{n}:{other}:APER", program.aperture),
        *_layer(
            f":ARM{n}:TRAN", "TIM" if source.passes > 1 else "AINT", source.passes, source.lead,
            source.count * source.period,
        ),
        *_layer(f":TRIG{n}:TRAN", "TIM", source.count, 0.0, source.period),
        *_layer(
            f":ARM{n}:ACQ", "TIM" if readings.arms > 1 else "AINT", readings.arms, readings.first,
            readings.arm_period,
        ),
        *_layer(f":TRIG{n}:ACQ", "TIM", readings.count, 0.0, readings.period),
        Setting(f":TRAC{n}:POIN", readings.total),
        Setting(f":TRAC{n}:TST:FORM", "ABS"),
        Setting(f":TRAC{n}:FEED", "SENS"),
        Setting(":FORM", "REAL,64"),
        Setting(":FORM:BORD", "SWAP"),
        Setting(":FORM:ELEM:SENS", "VOLT,CURR,TIME,STAT"),
        Setting(f":TRAC{n}:FEED:CONT", "NEXT"),
    ]  # fmt: skip


def level_list(n: str, program: PulseProgram, levels: NDArray[np.float64]) -> list[str]:
    """Commands that fill the source's list, short enough for the instrument's input buffer."""
    header = f":SOUR{n}:LIST:{'CURR' if program.source == 'current' else 'VOLT'}"
    return [
        f"{header}{':APP' if k else ''} "
        + ",".join(f"{v:.9g}" for v in levels[k : k + _VALUES_PER_COMMAND])
        for k in range(0, len(levels), _VALUES_PER_COMMAND)
    ]


def _layer(node: str, source: str, count: int, delay: float, period: float) -> Iterator[Setting]:
    yield Setting(f"{node}:SOUR", source)
    yield Setting(f"{node}:COUN", count)
    yield Setting(f"{node}:DEL", delay)
    if source == "TIM":
        yield Setting(f"{node}:TIM", period)

"""The SCPI lines that put a pulse program into a Keithley 2461."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.keithley_2461_layout import Layout
from drivers.ranges import lowest_range
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_REST_RANGE = 1e-6
"""Current range for resting at 0 A, whose offset is least, in A."""
_LEAST_VOLTAGE_RANGE = 2.0
"""Lowest voltage range used for sourcing voltage, in V."""
_VALUES_PER_LINE = 100
"""Most values of a list that one command takes."""
_FEWEST = 10
"""Least capacity of a buffer."""
BUFFER = "defbuffer1"
_DIGITS = 12
"""Of numbers in text: timestamps to 1 us after a day."""


def settings(
    program: PulseProgram, capabilities: Capabilities, line_frequency: float, *, four_wire: bool
) -> Mapping[str, float]:
    """The instrument's settings for a program: ranges that hold it, the aperture in NPLC."""
    amps, volts = capabilities.current_ranges, capabilities.voltage_ranges
    level, driven = program.largest_level, program.source == "current"
    # A charged device holds its terminal above a low level while the limit acts.
    held = level or _REST_RANGE if driven else max(level, _LEAST_VOLTAGE_RANGE)
    return {
        "source_range": lowest_range(amps if driven else volts, held),
        "measure_range": lowest_range(volts if driven else amps, program.limit),
        "limit": program.limit,
        "nplc": program.aperture * line_frequency,
        "sense": 1 if four_wire else 0,
    }


@dataclass(frozen=True)
class Line:
    """One command, and the query that tells whether it has arrived as it was sent.

    Parameters
    ----------
    command
        As it is sent.
    query, expected
        What is asked once everything is sent, and the numbers or the word that must come back;
        "" where nothing can be asked.
    """

    command: str
    query: str = ""
    expected: str = ""

    def agrees(self, answer: str) -> bool:
        """Whether an answer is what was set, to 1e-6."""
        try:
            wanted, found = _numbers(self.expected), _numbers(answer)
        except ValueError:
            return answer.strip().strip('"').upper().startswith(self.expected)
        return len(wanted) == len(found) and np.allclose(found, wanted, rtol=1e-6, atol=1e-12)


def lines(program: PulseProgram, found: Layout, chosen: Mapping[str, float]) -> list[Line]:
    """The commands that prepare a program; nothing is energised by them.

    Measure settings come before limits, which may be no less than a part of the measuring range,
    and both before the list, which takes a snapshot of them.
    """
    current = program.source == "current"
    kind, other, limit = ("CURR", "VOLT", "VLIM") if current else ("VOLT", "CURR", "ILIM")
    source = f"SOUR:{kind}"
    return [
        Line("OUTP:SMOD HIMP", f"OUTP:{kind}:SMOD?", "HIMP"),
        _set("OUTP", "0"),
        _set("SOUR:FUNC", kind),
        *(_digitize(other, program, found, chosen) if found.rate else _measure(other, chosen)),
        _set(f"{source}:DEL:AUTO", "0"),
        _set(f"{source}:DEL", "0"),
        _set(f"{source}:READ:BACK", "0"),
        _set(f"{source}:RANG", f"{chosen['source_range']:.9g}"),
        _set(source, f"{found.bias:.9g}"),
        _set(f"{source}:{limit}", f"{chosen['limit']:.9g}"),
        _set(f"SOUR:PULS:{kind}:{limit}", f"{chosen['limit']:.9g}"),
        _buffer("TRAC:POIN", f"{max(found.readings, _FEWEST)}"),
        _buffer("TRAC:FILL:MODE", "ONCE"),
        Line(f'TRAC:CLE "{BUFFER}"'),
        _set("FORM", "ASC"),
        _set("FORM:ASC:PREC", f"{_DIGITS}"),
        *_play(kind, found),
    ]


def _measure(other: str, chosen: Mapping[str, float]) -> list[Line]:
    sense = f"SENS:{other}"
    return [
        Line(f'SENS:FUNC "{other}"', "SENS:FUNC?", other),
        _set(f"{sense}:RANG", f"{chosen['measure_range']:.9g}"),
        _set(f"{sense}:RSEN", f"{chosen['sense']:g}"),
        _set(f"{sense}:NPLC", f"{chosen['nplc']:.9g}"),
        _set(f"{sense}:AVER", "0"),
        _set(f"{sense}:AZER", "0"),
        Line("SENS:AZER:ONCE"),
        _set("SENS:COUN", "1"),
    ]


def _digitize(
    other: str, program: PulseProgram, found: Layout, chosen: Mapping[str, float]
) -> list[Line]:
    """The rate before the aperture, which it may shorten."""
    sense = f"SENS:DIG:{other}"
    return [
        Line(f'SENS:DIG:FUNC "{other}"', "SENS:DIG:FUNC?", other),
        _set(f"{sense}:RANG", f"{chosen['measure_range']:.9g}"),
        _set(f"{sense}:RSEN", f"{chosen['sense']:g}"),
        _set(f"{sense}:SRAT", f"{found.rate:.9g}"),
        _set(f"{sense}:APER", f"{program.aperture:.9g}"),
    ]


def _set(header: str, value: str) -> Line:
    return Line(f"{header} {value}", f"{header}?", value)


def _buffer(header: str, value: str) -> Line:
    return Line(f'{header} {value},"{BUFFER}"', f'{header}? "{BUFFER}"', value)


def _play(kind: str, found: Layout) -> list[Line]:
    if found.kind == "sweep":
        play = f'SOUR:SWE:{kind}:LIST 1,{found.delay:.9g},{found.count},OFF,"{BUFFER}"'
        return [*_list(f"SOUR:LIST:{kind}", found.levels), Line(play)]
    play = (
        f'SOUR:PULS:SWE:{kind}:LIST {found.width:.9g},ON,"{BUFFER}",1,{found.count},'
        f"{found.before:.9g},{found.off:.9g},OFF"
    )
    return [*_list(f"SOUR:PULS:LIST:{kind}", found.levels), Line(play)]


def _list(header: str, values: NDArray[np.float64]) -> list[Line]:
    """Commands that set a list and append to it, as many values each as one takes."""
    parts = [values[k : k + _VALUES_PER_LINE] for k in range(0, len(values), _VALUES_PER_LINE)]
    texts = [",".join(f"{v:.9g}" for v in part) for part in parts]
    commands = [f"{header}{':APP' if k else ''} {text}" for k, text in enumerate(texts)]
    return [*map(Line, commands[:-1]), Line(commands[-1], f"{header}?", ",".join(texts))]


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split(",")]

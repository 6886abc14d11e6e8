"""What the live view says in words."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.symbols import DOT, symbol
from app.gui.readings import FLAG_TEXTS, Readings
from app.gui.state_colours import name
from data.samples import Flag
from protocols.quantities import VOLTAGE, with_prefix

SIGNS = {Flag.LIMIT: "\N{BLACK UP-POINTING TRIANGLE}", Flag.OVERRANGE: "×",
         Flag.LATE: "\N{BLACK DIAMOND}", Flag.OVERRUN: "\N{WHITE SQUARE}"}  # fmt: skip
"""What stands beside a flagged reading in the plot."""

_WAITING = (
    "Waiting for the first reading. A slow instrument (a 2400) tells its readings when a program "
    "has ended."
)


def counts(readings: Readings) -> str:
    """How much was read."""
    return f"{_count(readings.rows, 'reading')}, {_count(readings.pulses, 'pulse')}"


def alarms(readings: Readings, problem: str) -> str:
    """What is wrong with the readings or is not shown of them; empty when nothing is."""
    found = [
        f"{SIGNS[flag]} {_count(n, 'reading')} {FLAG_TEXTS[flag]}"
        for flag, n in readings.flagged.items() if n
    ]  # fmt: skip
    if n := readings.without_value:
        found.append(f"{_count(n, 'reading')} without a value (overflow) not drawn")
    if n := readings.turned_back:
        found.append(f"{_count(n, 'reading')} not drawn: their time goes back")
    if n := readings.missing:
        found.append(f"{_count(n, 'reading')} did not reach the window; the run's file has them")
    if problem:
        found.append(problem)
    return DOT.join(found)


def hint(readings: Readings, ended: bool, pulses: bool) -> str:
    """Why there is no curve.

    Parameters
    ----------
    readings
        Of the run.
    ended
        Whether it ended.
    pulses
        Whether a curve of pulses is meant.
    """
    if readings.waiting:
        return f"Reading what was measured so far ({_count(readings.rows_in_file, 'reading')})."
    if not readings.rows:
        return "The run ended without a reading." if ended else _WAITING
    if not pulses:
        return "No reading has a value."
    return (
        "This run has no reading" if ended else "No reading yet"
    ) + " at the end of a pulse's gap. “Raw trace” shows every reading."


def reading(
    x: float, voltage: float, state: float | None, flags: Iterable[Flag], timed: bool
) -> str:
    """What is under the cursor: time in s or number of the pulse, voltage in V, state in ohm."""
    parts = [
        symbol(with_prefix(x, "s", digits=7)) if timed else f"pulse {x:,.0f}",
        symbol(VOLTAGE.format(voltage)),
    ]
    if state is not None:
        parts.append(f"R = {name(state)}")
    return DOT.join([*parts, *(FLAG_TEXTS[flag] for flag in flags)])


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"

"""Measures every state of a resistor bank, and refuses what no table should be made of.

Each resistor is measured by itself, several times in both directions, at the level of
`app.rigs.resistance`. A relay's report is its firmware's belief, so what is found is held against
what must be: with all relays open nothing conducts, a resistor is near its nominal value, and
resistors together are what they are one by one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.rigs.resistance import COVERAGE, Measured, measure, nothing_between
from drivers.errors import InstrumentError
from drivers.resistor_bank import Resistor
from drivers.rig import Rig
from protocols.quantities import RESISTANCE

_TOGETHER = 0.01
"""Deviation of resistors together from what they are one by one at which something is wrong."""
_SAME = 0.01
"""Difference below which two channels may be one resistor."""
_MOST_TOGETHER = 3
_READINGS_TOGETHER = 2


class CalibrationError(InstrumentError):
    """What was measured is not to be written into a rig file; one line a reason."""


@dataclass(frozen=True)
class Calibrated:
    """What one resistor was measured to be."""

    resistor: Resistor
    measured: Measured


def calibrate(
    rig: Rig, *, readings: int, bound: float, together: bool, say: Callable[[str], None]
) -> list[Calibrated]:
    """Measure each resistor with the device disconnected; the rig is safe before and after.

    Parameters
    ----------
    readings
        Of each resistor, in each direction.
    bound
        Greatest accepted deviation from the nominal value, as a fraction of it.
    together
        Measure combinations of two and three too, as a check.
    say
        Told each result.

    Raises
    ------
    CalibrationError
        With every reason why these values must not be used.
    InstrumentError
        An instrument failed.
    """
    rig.make_safe()
    try:
        _expect_nothing(rig, say)
        found = [_one(rig, resistor, readings, say) for resistor in rig.resistors]
        _expect_nothing(rig, say)  # a contact may stay closed once it has closed
        problems = [p for c in found if (p := _deviation(c, found, bound))]
        # Together they say nothing as long as they are not what they should be one by one.
        problems = problems or list(_combined(rig, found, say, every=together))
    finally:
        rig.make_safe()
    if problems:
        raise CalibrationError("\n".join(problems))
    if any(c.measured.accuracy is None for c in found):
        say(
            f"the accuracy of the {rig.meter.identity.model} is not known to this program, so only "
            "the scatter is written; take the accuracy from its data sheet and add the uncertainty"
        )
    return found


def _expect_nothing(rig: Rig, say: Callable[[str], None]) -> None:
    rig.bank.select_relays(frozenset())
    nothing, text = nothing_between(rig)
    if not nothing:
        raise CalibrationError(
            f"with every relay open something conducts: {text}. Disconnect the device; if it is, a "
            "relay does not open whatever it reports, or leads touch"
        )
    say(f"open: nothing conducts, {text}")


def _one(rig: Rig, resistor: Resistor, readings: int, say: Callable[[str], None]) -> Calibrated:
    rig.bank.select_relays(frozenset({resistor.channel}))
    found = measure(rig, resistor.nominal, readings)
    if math.isinf(found.resistance):
        say(f"relay {resistor.channel}: no current flows")
    else:
        say(
            f"relay {resistor.channel}: {exact(found)} of nominal "
            f"{RESISTANCE.format(resistor.nominal)}"
        )
    return Calibrated(resistor, found)


def exact(found: Measured) -> str:
    """A measured value with its uncertainty and what that is made of."""
    value, scatter = f"{found.resistance:.7g} ohm", f"scatter {found.scatter:.2g} ohm"
    if found.uncertainty is None:
        return f"{value}, uncertainty not known ({scatter}, accuracy not known)"
    return (
        f"{value}, uncertainty {found.uncertainty:.2g} ohm (k = {COVERAGE:g}; {scatter}, "
        f"accuracy {found.accuracy:.2g} ohm)"
    )


def _deviation(one: Calibrated, every: list[Calibrated], bound: float) -> str:
    """Why a resistor is not the one that the table names; "" if it may be."""
    channel, nominal = one.resistor.channel, one.resistor.nominal
    value = one.measured.resistance
    if math.isinf(value):
        return (
            f"relay {channel} ({RESISTANCE.format(nominal)}): no current flows though it reads "
            "back closed; the contact does not close, or a wire is off"
        )
    if abs(value - nominal) <= bound * nominal:
        return ""
    text = (
        f"relay {channel}: {RESISTANCE.format(value)} is off its nominal "
        f"{RESISTANCE.format(nominal)} by {abs(value / nominal - 1):.3g}, more than {bound:g}"
    )
    others = [
        o.resistor.channel
        for o in every
        if o is not one and abs(o.measured.resistance - value) <= _SAME * value
    ]
    if others:
        return f"{text}; it is what relay {others[0]} has too: are both wired to one resistor?"
    return f"{text}; correct the nominal value in the rig file, or the wiring"


def _combined(
    rig: Rig, found: list[Calibrated], say: Callable[[str], None], *, every: bool
) -> Iterator[str]:
    """Close several relays at once: always those that may be one, and all when asked to."""
    checked, worst = 0, 0.0
    for count in range(2, _MOST_TOGETHER + 1):
        for chosen in itertools.combinations(found, count):
            if not every and (count > 2 or not _alike(*chosen)):
                continue
            channels = sorted(c.resistor.channel for c in chosen)
            expected = 1.0 / sum(1.0 / c.measured.resistance for c in chosen)
            rig.bank.select_relays(frozenset(channels))
            value = measure(rig, expected, _READINGS_TOGETHER).resistance
            off = abs(value - expected) / expected
            checked, worst = checked + 1, max(worst, off)
            if off > _TOGETHER:
                yield (
                    f"relays {' and '.join(map(str, channels))} together make "
                    f"{RESISTANCE.format(value)} where {RESISTANCE.format(expected)} follows from "
                    "each by itself: one of them moves another's contact or sticks, both are wired "
                    "to one resistor, or they share a lead"
                )
    if checked:
        noun = "combination" if checked == 1 else "combinations"
        say(f"{checked} {noun}: at most {worst:.2g} off what follows from each by itself")


def _alike(one: Calibrated, other: Calibrated) -> bool:
    a, b = one.measured.resistance, other.measured.resistance
    return abs(a - b) <= _SAME * a

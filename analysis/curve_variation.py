"""How far a step of a device varies: over its repeats, and from device to device."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from analysis.cycle_to_cycle import cycle_to_cycle
from analysis.ltp_ltd import CycleMeasures, LtpLtdResult, StateMeasures
from analysis.measure import Definition, Measure
from protocols.endurance import Endurance

STEP_NOISE = Definition(
    "step noise", "",
    "Standard deviation of one step over repeats on one device, over the window; root mean "
    "square over the pulses and the directions. Repeats are the first cycles of several runs of "
    "one sample with as many pulses, and the cycles of a run without its first, which begins at "
    "the baseline, where there are three or more. Of an endurance run: the difference of cycles "
    "that were recorded in full one after the other, over the square root of 2, the median over "
    "the pairs, so that a drift counts little. The noise of the readings is in it.",
    "Cycle-to-cycle variation as used for weight-update curves",
)  # fmt: skip
DEVICE_SPREAD = Definition(
    "device spread", "",
    "Standard deviation over the samples of the logarithm of the mean step of the potentiation, "
    "over as many pulses as all of them have.",
    "Device-to-device variation as used for weight-update curves",
)  # fmt: skip

Measured = Sequence[tuple[LtpLtdResult, StateMeasures]]
"""One resistor state in several runs."""


def step_noise(measured: Measured, window: float) -> Measure:
    """`STEP_NOISE` over a window in V; of samples that repeat nothing there is none."""
    pulses = _pulses(measured[0][1])
    found: list[float] = []
    notes: list[str] = []
    for of_sample in _by_sample(measured).values():
        for volt, own, planned, what in _repeats(of_sample):
            # In LTP/LTD cycles of as many pulses the branch's own range stands for the window.
            found.append(volt / (own if own and planned == pulses else window))
            notes.append(what)
    if not found:
        return Measure.undefined(
            STEP_NOISE, "nothing was repeated; give cycles=3 or more, or several runs of a sample"
        )
    note = "; ".join(dict.fromkeys(notes))
    return Measure(STEP_NOISE, float(np.sqrt(np.mean(np.square(found)))), note=note)


def device_spread(measured: Measured) -> Measure:
    """`DEVICE_SPREAD` of the samples."""
    least = min(_pulses(state)[0] for _, state in measured)
    logs = []
    for of_sample in _by_sample(measured).values():
        steps = [
            float(w[least - 1] - w[0]) / (least - 1)
            for w in (s.first.up.branch.weights for _, s in of_sample if s.first)
            if len(w) >= least > 1
        ]
        if known := [math.log(step) for step in steps if step > 0]:
            logs.append(float(np.mean(known)))
    if len(logs) < 2:
        return Measure.undefined(DEVICE_SPREAD, "one sample; give a run of each of several")
    return Measure(DEVICE_SPREAD, float(np.std(logs, ddof=1)), note=f"{len(logs)} samples")


_Repeat = tuple[float, float, tuple[int, int], str]
"""Noise of a step and range of the branch in V (0: not to be used), pulses, what was repeated."""


def _repeats(of_sample: Measured) -> Iterator[_Repeat]:
    by_pulses: dict[tuple[int, int], list[CycleMeasures]] = {}
    for result, state in of_sample:
        pulses = _pulses(state)
        if state.first:
            by_pulses.setdefault(pulses, []).append(state.first)
        later = state.cycles[1:]
        if result.provenance.protocol == Endurance.name:
            what = f"{len(later)} cycles of endurance"
            yield from _each(later, pulses, what, successive=True)
        elif len(later) > 1:
            yield from _each(later, pulses, f"cycles 2 to {len(state.cycles)}")
        elif later and len(of_sample) == 1:
            yield from _each(state.cycles, pulses, "2 cycles")
    for pulses, firsts in by_pulses.items():
        if len(firsts) > 1:
            yield from _each(firsts, pulses, f"{len(firsts)} runs")


def _each(
    cycles: Sequence[CycleMeasures], pulses: tuple[int, int], what: str, *, successive: bool = False
) -> Iterator[_Repeat]:
    for branches in ([c.up.branch for c in cycles], [c.down.branch for c in cycles]):
        whole = [b.weights for b in branches if b.planned > 1 and b.complete]
        if len(whole) < 2:
            continue
        own = abs(float(np.mean([w[-1] - w[0] for w in whole])))
        if not own:
            continue
        if successive:
            yield _successive(whole), 0.0, pulses, what
        else:
            yield own * (cycle_to_cycle(branches)[0].value or 0.0), own, pulses, what


def _successive(whole: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]) -> float:
    change = np.diff(np.diff(np.array(whole), axis=1), axis=0)
    return float(np.median(np.sqrt(np.mean(change**2, axis=1) / 2)))


def _pulses(state: StateMeasures) -> tuple[int, int]:
    return state.state.planned


def _by_sample(measured: Measured) -> dict[str, list[tuple[LtpLtdResult, StateMeasures]]]:
    groups: dict[str, list[tuple[LtpLtdResult, StateMeasures]]] = {}
    for result, state in measured:
        groups.setdefault(result.provenance.sample, []).append((result, state))
    return groups

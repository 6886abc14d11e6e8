"""The runs that update curves are taken from, each as LTP/LTD measures of one device.

An LTP/LTD run is one already. An endurance run has one state; the cycles that were recorded in
full tell how a step repeats. An array has a device of its own name in each part, and together
they tell how devices differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analysis.analysis import Provenance, Run
from analysis.array import runs_of_devices
from analysis.branches import Cycle, State
from analysis.endurance import cycles_in_full, nominal_of, resistance_of
from analysis.ltp_ltd import LtpLtdAnalysis, LtpLtdResult
from analysis.update_curve import NoCurveError
from protocols.array import Array
from protocols.endurance import Endurance

PROTOCOLS = (LtpLtdAnalysis.protocol, Endurance.name, Array.name)
"""Of runs that give update curves."""


def curve_measures(run: Run) -> tuple[LtpLtdResult, ...]:
    """What `update_curves` takes, from a run: one of each device.

    Raises
    ------
    NoCurveError
        A run of another protocol, or an array of one.
    """
    return tuple(_measures(run))


def _measures(run: Run) -> Iterator[LtpLtdResult]:
    protocol = run.info.protocol
    if protocol == LtpLtdAnalysis.protocol:
        yield LtpLtdAnalysis().analyse(run)
    elif protocol == Endurance.name:
        yield _endurance(run)
    elif protocol == Array.name:
        for device, part in runs_of_devices(run).items():
            # Arrays of two samples may name their devices alike.
            name = f"{run.info.sample} {device}".strip()
            yield from _measures(replace(part, info=replace(part.info, sample=name)))
    else:
        raise NoCurveError(
            f"{run.path}: a run of {protocol}; update curves come from runs of "
            f"{', '.join(PROTOCOLS)}"
        )


def _endurance(run: Run) -> LtpLtdResult:
    asked, analysis = run.info.parameters, LtpLtdAnalysis()
    cycles = tuple(Cycle(number, up, down) for number, (up, down) in cycles_in_full(run).items())
    state = State(
        nominal=nominal_of(run), resistance=resistance_of(run), cycles=cycles,
        planned=(int(asked["up"]), int(asked["down"])), planned_cycles=max(1, len(cycles)),
        flagged={},
    )  # fmt: skip
    width = float(asked["width"])
    return LtpLtdResult(
        provenance=Provenance.of(run), options=analysis.options,
        stimulus=(float(asked["amplitude"]), width, float(asked["gap"])),
        states=(analysis.measure(state, width),),
    )  # fmt: skip

"""Several runs on one page, whatever their protocols: PSV by state, traces, or I-V loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from analysis.captions import DOT, symbol
from analysis.iv_sweep import IvSweepAnalysis
from analysis.overlay import names_of, weights
from analysis.parts import remark
from app.errors import InputError
from app.library.browse import asked_states
from app.library.chart import Array, Axis, Chart, Curve, Panel
from app.library.charts_iv_sweep import CURRENT_AXIS, VOLTAGE_AXIS
from app.library.page import PSV
from app.library.thin import thin
from data.reader import Run
from data.run import Outcome
from protocols.quantities import RATE, RESISTANCE

What = Literal["psv", "trace", "iv"]
_COLUMNS = 4
"""Most panels in a row."""
_NAMED = 8
"""Runs that the origin names."""
_NEAR = 0.1
"""Part of a resistance by which the actual one may differ from the one that was asked for."""
_NONE = {
    "psv": "no readings of pulses",
    "trace": "no readings",
    "iv": "no current-voltage loop (protocol iv-sweep)",
}
"""What is missing in a run that has nothing to show."""
Found = Iterator[tuple[float | None, str, Array, Array]]
"""State (ohm) or None for one panel, what tells it from others of the run, and x and y."""


def compare(runs: Sequence[Run], what: What) -> Chart:
    """Lay runs over each other.

    Parameters
    ----------
    runs
        At least one.
    what
        "psv": a reading a pulse, in the order they were taken, a panel a state; "trace": the
        voltage over the time since the start of each run; "iv": the loop of the cycle that
        the analysis chooses, a panel a state.

    Raises
    ------
    InputError
        None of the runs has anything of the kind.
    """
    labels = dict(zip((run.path for run in runs), names_of(runs), strict=True))
    curves: dict[float | None, list[Curve]] = {}
    notes = []
    for run in runs:
        label, empty = labels[run.path], True
        for state, more, x, y in _KINDS[what](run):
            empty = False
            x, y, stretch = thin(x, y)
            name = f"{label}, {more}" if more else label
            curves.setdefault(state, []).append(Curve(name, x, y, run=label))
            if stretch:
                notes.append(f"{name}: the least and the greatest of each {stretch} readings")
        if over := int(run.samples.over_range.sum()):
            notes.append(f"{label}: {remark('overrange', over)}")
        if empty:
            notes.append(f"{label}: {_NONE[what]}")
    if not curves:
        raise InputError(f"nothing to compare: {'; '.join(notes)}")
    panels = [_panel(state, curves[state], what) for state in sorted(curves, key=_order)]
    # In rows of equal length, as far as that goes.
    columns = math.ceil(len(panels) / math.ceil(len(panels) / _COLUMNS))
    rows = tuple(tuple(panels[k : k + columns]) for k in range(0, len(panels), columns))
    return Chart(
        title=_TITLES[what] if len(runs) > 1 else f"{_TITLES[what]} of {labels[runs[0].path]}",
        rows=rows,
        columns=("run", "file", "protocol", "preset", "sample", "start", "outcome", "rig"),
        table=tuple(_row(run, labels[run.path]) for run in runs),
        notes=tuple(notes),
        origin=_origin(runs),
        conditions=DOT.join(dict.fromkeys(run.info.protocol for run in runs)),
        alert=_alert(runs),
        files=tuple(str(run.path) for run in runs),
    )


def _psv(run: Run) -> Found:
    read = weights(run)
    nominal = _nominal(run, read.resistance)
    for state in dict.fromkeys(nominal.tolist()):
        psv = read.voltage[nominal == state]
        yield state, "", np.arange(1.0, len(psv) + 1), psv


def _trace(run: Run) -> Found:
    if len(run.samples):
        yield None, "", run.samples.time, run.samples.blanked().voltage


def _iv(run: Run) -> Found:
    if run.info.protocol != IvSweepAnalysis.protocol:
        return
    result = IvSweepAnalysis().analyse(run)
    for s in result.sweeps:
        more = RATE.format(s.rate) if len(result.rates) > 1 else ""
        yield s.state.nominal, more, *s.chosen.loop.line


_KINDS: Mapping[What, Callable[[Run], Found]] = {"psv": _psv, "trace": _trace, "iv": _iv}
_TITLES: Mapping[What, str] = {
    "psv": "PSV of each pulse", "trace": "Voltage over time", "iv": "Current-voltage loops",
}  # fmt: skip
_AXES: Mapping[What, tuple[Axis, Axis]] = {
    "psv": (Axis("Pulses read"), PSV),
    "trace": (Axis("Time since the start of the run", "s"), Axis("Voltage", "V")),
    "iv": (VOLTAGE_AXIS, CURRENT_AXIS),
}


def _panel(state: float | None, curves: list[Curve], what: What) -> Panel:
    title = "" if state is None else symbol(f"R = {RESISTANCE.format(state)}")
    return Panel(title, *_AXES[what], tuple(curves))


def _nominal(run: Run, actual: Array) -> Array:
    """The resistance (ohm) that was asked for, for each actual one; that itself if none is near.

    Two banks have states of one name whose resistances differ a little.
    """
    asked, found = asked_states(run.info.parameters), np.array(actual)
    for r in np.unique(actual):
        near = [a for a in asked if math.isclose(a, r, rel_tol=_NEAR)]
        found[actual == r] = min(near, key=lambda a: 0.0 if a == r else abs(a - r)) if near else r
    return found


def _order(state: float | None) -> float:
    return 0.0 if state is None else state


def _row(run: Run, label: str) -> tuple[str, ...]:
    info = run.info
    return (
        label, run.path.name, info.protocol, info.preset, info.sample or "-",
        info.start.isoformat(sep=" ", timespec="seconds"), str(run.outcome),
        "SIMULATED" if info.simulated else "real",
    )  # fmt: skip


def _origin(runs: Sequence[Run]) -> str:
    names = [run.info.run_id[:8] for run in runs]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"runs {', '.join(names[:_NAMED])}{more}"


def _alert(runs: Sequence[Run]) -> str:
    """What must not be overlooked, and of how many runs it is true; the table says of which."""
    marks = []
    for mark, count in (
        ("SIMULATED", sum(run.info.simulated for run in runs)),
        ("PARTIAL", sum(run.outcome is not Outcome.FINISHED for run in runs)),
        ("OVER-RANGE READINGS LEFT OUT", sum(bool(run.samples.over_range.any()) for run in runs)),
    ):
        if count:
            marks.append(mark if count == len(runs) else f"{mark} ({count} of {len(runs)} runs)")
    return DOT.join(marks)

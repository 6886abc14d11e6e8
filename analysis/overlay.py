"""Several runs of one protocol over each other: PSV against pulse number, state by state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.analysis import Run
from data.samples import Samples
from protocols.program import Instant
from protocols.quantities import RESISTANCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4
_LINES = ("-", "--", ":", "-.")


def shared_resistances(runs: Sequence[Run]) -> list[float]:
    """Regulating resistances under which every run has pulses, in ohm, rising."""
    found = [set(weights(run).resistance.tolist()) for run in runs]
    return sorted(set.intersection(*found)) if found else []


def names_of(runs: Sequence[Run]) -> list[str]:
    """A name of its own for each run: sample and preset, with time of day and file as needed."""
    names = [f"{r.info.sample or r.path.stem}, {r.info.preset}" for r in runs]
    for more in (
        lambda r: f"{r.info.start:%Y-%m-%d %H:%M:%S}",
        lambda r: r.path.name,
        lambda r: str(r.path),
    ):
        if len(set(names)) < len(names):
            names = [f"{name}, {more(run)}" for name, run in zip(names, runs, strict=True)]
    return names


def weights(run: Run) -> Samples:
    """One reading a pulse: at the end of the gap where there is one, else of the pulse."""
    samples = run.samples
    pulses = samples.pulse_index > 0
    gaps = pulses & (samples.instant == Instant.GAP_END)
    return samples[gaps if gaps.any() else pulses & (samples.instant == Instant.PULSE_END)]


def overlay_figure(runs: Sequence[Run], labels: Sequence[str], *, dark: bool = False) -> Figure:
    """Draw the runs, one panel a shared resistance, readings in the order they were taken."""
    from analysis.style import dress, footer, legend, sheet, theme

    look, shared = theme(dark), shared_resistances(runs)
    columns = min(_COLUMNS, len(shared))
    rows = -(-len(shared) // columns)
    figure, body, strip = sheet(look, (25 + 50 * rows) * 1e-3)
    panels = body.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    colours = look.ordered(len(runs))
    for k, axes in enumerate(panels):
        if k >= len(shared):
            axes.set_visible(False)
            continue
        x = "Reading (one a pulse)"
        y = "Postsynaptic voltage (mV)" if k % columns == 0 else ""
        dress(axes, look, "", x, y)
        axes.set_title(f"R = {RESISTANCE.format(shared[k])}", fontsize=7.5, color=look.ink)
        for n, (run, label) in enumerate(zip(runs, labels, strict=True)):
            read = weights(run)
            psv = read.voltage[read.resistance == shared[k]]
            axes.plot(
                np.arange(1, len(psv) + 1), psv * 1e3, color=colours[n], label=label,
                linestyle=_LINES[n % len(_LINES)], linewidth=1.2,
            )  # fmt: skip
    legend(panels[0], look, loc="best")
    simulated = "SIMULATED" if any(run.info.simulated for run in runs) else ""
    origin = ", ".join(run.info.run_id[:8] for run in runs[:6])
    footer(strip, look, f"runs {origin}", runs[0].info.protocol, simulated)
    return figure

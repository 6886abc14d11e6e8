"""The words beside a figure: where its data come from, and what must not be overlooked."""

from __future__ import annotations

from analysis.analysis import Provenance
from analysis.symbols import DOT as DOT
from analysis.symbols import symbol as symbol


def origin(p: Provenance) -> str:
    """Where a figure's data come from, for its footer."""
    sample = p.sample if len(p.sample) <= 40 else f"{p.sample[:39]}\N{HORIZONTAL ELLIPSIS}"
    return DOT.join((
        f"sample {sample}" if sample else "sample not named",
        p.start[:16].replace("T", " "),
        f"run {p.run_id[:8]}",
    ))  # fmt: skip


def alerts(p: Provenance, complete: bool) -> str:
    """What must not be overlooked about a run, for the footer of its figure."""
    marks = ["SIMULATED"] if p.simulated else []
    if p.overruns:
        marks.append(f"TIMING OVERRUN in {p.overruns} of {p.programs} programs")
    if p.left_out:
        marks.append(left_out(p.left_out))
    return DOT.join(marks if complete else [*marks, f"PARTIAL RUN ({p.outcome})"])


def left_out(count: int) -> str:
    """What is said of readings that nothing is made of."""
    return f"{count} OVER-RANGE READING{'S' * (count > 1)} LEFT OUT"

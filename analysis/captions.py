"""The words beside a figure: where its data come from, and what must not be overlooked."""

from __future__ import annotations

import re

from analysis.analysis import Provenance

DOT = " \N{MIDDLE DOT} "
"""Between the items of a footer."""


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
    return DOT.join(marks if complete else [*marks, f"PARTIAL RUN ({p.outcome})"])


def symbol(label: str) -> str:
    """A label with the signs of its units: of ohm and of micro."""
    label = label.replace("ohm", "\N{GREEK CAPITAL LETTER OMEGA}")
    return re.sub(r"(?<=\d )u(?=\w)", "\N{MICRO SIGN}", label)

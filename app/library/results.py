"""Runs as analysed: opened, measured, and kept for a while, until the file changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.analysis import Analysis
from analysis.captions import alerts, origin
from analysis.catalogue import for_protocol, names
from analysis.overlay import weights
from app.errors import InputError
from app.library import charts_iv_sweep, charts_ltp_ltd, charts_ppf, charts_retention
from app.library.chart import Chart
from app.library.compare import compare
from data.reader import Run, open_run
from data.run import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHARTS: dict[tuple[str, str], Callable[[Any], Chart]] = {
    ("ltp-ltd", "main"): charts_ltp_ltd.chart,
    ("ppf", "main"): charts_ppf.chart,
    ("iv-sweep", "main"): charts_iv_sweep.chart,
    ("retention", "main"): charts_retention.chart,
}
"""How the results of an analysis, by protocol and name, are charted; others have a figure."""
_KEPT = 8
"""Results that are kept."""


@dataclass(frozen=True)
class Analysed:
    """A run as one of its analyses sees it.

    Parameters
    ----------
    run
        As it was read.
    analysis, result
        None where there is none for its protocol.
    """

    run: Run
    analysis: Analysis[Any] | None
    result: Any

    @property
    def names(self) -> tuple[str, ...]:
        """The analyses that there are of runs of its protocol."""
        return names(self.run.info.protocol)

    def chart(self) -> Chart | None:
        """The chart of the result; None when it has but a figure.

        Where there is no analysis it is the PSV of each pulse, or else the voltage over time.

        Raises
        ------
        InputError
            There is no reading in a run without analysis.
        """
        if self.analysis is None:
            chart = compare([self.run], "psv" if len(weights(self.run)) else "trace")
            note = f"there is no analysis of protocol {self.run.info.protocol!r}"
            return replace(chart, notes=(note, *chart.notes))
        make = _CHARTS.get((self.analysis.protocol, self.analysis.name))
        return replace(make(self.result), files=(str(self.run.path),)) if make else None

    def figure(self, *, dark: bool) -> Figure:
        """The figure of the analysis.

        Raises
        ------
        InputError
            There is no analysis.
        """
        if self.analysis is None:
            raise InputError(
                f"{self.run.path}: there is no analysis of protocol {self.run.info.protocol!r}, "
                "so no figure; ask for its chart"
            )
        return self.analysis.figure(self.result, dark=dark)

    def remarks(self) -> tuple[str, ...]:
        """What a file made of it says of itself: title, and lines of provenance."""
        p = self.result.provenance
        title = f"fmes-lab: {p.protocol}, analysis {self.analysis.name if self.analysis else '-'}"
        return title, alerts(p, self.run.outcome is Outcome.FINISHED), origin(p), str(self.run.path)


class Results:
    """Analyses runs, and keeps the results of the last ones."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str, int, int], Analysed] = {}

    def of(self, path: Path, name: str) -> Analysed:
        """Analyse a run, also one that goes on, as far as it is recorded.

        Raises
        ------
        DataError
            The file cannot be read.
        InputError
            There is no analysis of that name for its protocol.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        key = (path, name, status.st_mtime_ns, status.st_size)
        if key not in self._known:
            found = _analyse(path, name)
            if found.run.working:
                return found
            self._known[key] = found
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return self._known[key]


def _analyse(path: Path, name: str) -> Analysed:
    run = open_run(path)
    protocol = run.info.protocol
    analysis = for_protocol(protocol, name)
    if analysis is None:
        if known := names(protocol):
            raise InputError(
                f"{path}: there is no analysis {name!r} of protocol {protocol!r}; there are: "
                f"{', '.join(known)}"
            )
        return Analysed(run, None, None)
    return Analysed(run, analysis, analysis.analyse(run))

"""What every analysis is: from a run to a typed result, and from a result to a figure."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from data.run import Outcome, RecordedPlay, RunInfo
from data.samples import Samples
from data.timing import play_timings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Run(Protocol):
    """What an analysis needs of a run; `data.reader.Run` is one."""

    @property
    def path(self) -> Path:
        """The file it was read from."""

    @property
    def info(self) -> RunInfo:
        """What was known when it began."""

    @property
    def samples(self) -> Samples:
        """The readings."""

    @property
    def plays(self) -> tuple[RecordedPlay, ...]:
        """The programs as they were played, with their rows."""

    @property
    def outcome(self) -> Outcome:
        """How it ended."""


@dataclass(frozen=True)
class Table:
    """Text for a terminal or a notebook.

    Parameters
    ----------
    columns
        Headings, with units.
    rows
        One text a column.
    notes
        What to mind; one line each.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = (
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in (self.columns, *self.rows)
        )
        return "\n".join((*lines, *self.notes))

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""
        rows = "".join(
            f"<tr>{''.join(f'<{tag}>{html.escape(text)}</{tag}>' for text in row)}</tr>"
            for tag, row in (("th", self.columns), *(("td", row) for row in self.rows))
        )
        notes = "".join(f"<div>{html.escape(note)}</div>" for note in self.notes)
        return f"<table>{rows}</table>{notes}"


class Result(Protocol):
    """What an analysis returns; the result of each derives from it."""

    def table(self) -> Table:
        """The main measures, for a terminal or a notebook."""

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values: measures with intervals and notes, and definitions."""

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the table."""
        return self.table()._repr_html_()


ResultT = TypeVar("ResultT", bound=Result)


class Analysis(ABC, Generic[ResultT]):
    """An analysis of one protocol's runs.

    A new one is one file with a subclass, one with its figure, and one line in
    `analysis.catalogue`. Modules that load slowly (scipy, matplotlib) are imported where
    they are used.

    Attributes
    ----------
    protocol
        Name of the protocol whose runs it handles.
    name
        What tells it from other analyses of the same protocol; "main" for the one that is
        made unless another is asked for.
    """

    protocol: ClassVar[str]
    name: ClassVar[str] = "main"

    @abstractmethod
    def analyse(self, run: Run) -> ResultT:
        """Measure a run; also one that ended early, whose result says what is missing.

        Readings beyond the measuring range are left out, as `Samples.blanked` has them.
        """

    @abstractmethod
    def figure(self, result: ResultT, dark: bool = False) -> Figure:
        """Draw one figure of publication size."""


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from.

    Parameters
    ----------
    run_id, protocol, preset, sample
        As in `data.run.RunInfo`.
    start
        Time of day in ISO 8601, with time zone.
    simulated
        Whether the instruments were emulated.
    outcome
        How the run ended.
    file
        Name of the file.
    programs, overruns
        How many programs were played, and how many of them not with the timing asked for.
    left_out
        How many readings were beyond the measuring range, so that nothing is made of them.
    """

    run_id: str
    protocol: str
    preset: str
    sample: str
    start: str
    simulated: bool
    outcome: str
    file: str
    programs: int = 0
    overruns: int = 0
    left_out: int = 0

    @classmethod
    def of(cls, run: Run) -> Provenance:
        """The provenance of a run."""
        info, timings = run.info, play_timings(run.samples, run.plays)
        return cls(
            run_id=info.run_id, protocol=info.protocol, preset=info.preset, sample=info.sample,
            start=info.start.isoformat(timespec="seconds"), simulated=info.simulated,
            outcome=str(run.outcome), file=run.path.name, programs=len(timings),
            overruns=sum(timing.overrun for timing in timings),
            left_out=int(np.count_nonzero(run.samples.over_range)),
        )  # fmt: skip

"""Answers each request to the library with a message and arrays."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.csv_file import write_csv
from app.errors import InputError
from app.library import networks
from app.library.browse import Browser
from app.library.chart import Chart, encode
from app.library.columns import chart_csv, table_csv
from app.library.compare import compare
from app.library.export import PICTURES, ending_of, render, save
from app.library.notes import write_notes
from app.library.rehearsing import rehearsed
from app.library.repeating import repeated
from app.library.requests import (
    AnyRequest,
    ChartOf,
    Compare,
    Export,
    Note,
    Picture,
    Readings,
    Recover,
    Rehearse,
    Repeat,
    Rows,
    Verify,
)
from app.library.results import Results
from data.partial import read_rows
from data.reader import open_run
from data.recovery import recover
from data.verification import verify

Answer = tuple[dict[str, Any], Mapping[str, NDArray[Any]]]
MOST_ROWS = 1_000_000
"""Readings in one answer, about 50 MB; whoever wants more asks again from where it ended."""
_SENT = (
    "time", "voltage", "current", "source_level", "resistance", "pulse_index", "cycle", "phase",
    "instant", "mode", "flags",
)  # fmt: skip
"""The columns of readings that are sent: those of the station's blocks."""


class Library:
    """Answers requests one after the other; remembers what it has read and analysed."""

    def __init__(self) -> None:
        self._browser = Browser()
        self._results = Results()

    def answer(self, request: AnyRequest) -> Answer:
        """What is asked for.

        Raises
        ------
        InputError, DataError
            It cannot be had; the message says why.
        """
        match request:
            case Rows():
                rows, unread = self._browser.rows(request.folder, request.within)
                return {"rows": rows, "unread": unread}, {}
            case Readings():
                return _readings(request)
            case ChartOf():
                return self._chart_of(request)
            case Picture():
                return self._picture_of(request)
            case Compare():
                return encode(_compared(request))
            case Export():
                save(request.to, self._exported(request))
                return {"file": str(request.to)}, {}
            case Note():
                written = write_notes(request.file, request.notes, request.tags)
                return written.model_dump(mode="json"), {}
            case Verify():
                return _verified(request), {}
            case Recover():
                made = recover(request.file)
                told = {"readings": len(made.run.samples), "outcome": made.run.outcome.value}
                lost = {"lost": list(made.lost), "remarks": list(made.remarks)}
                return {"file": str(made.path), **told, **lost}, {}
            case Rehearse():
                return rehearsed(request.protocol, request.preset, request.values, request.rig), {}
            case Repeat():
                return repeated(request.file, request.rig), {}

    def _chart_of(self, request: ChartOf) -> Answer:
        analysed = self._results.of(request.file, request.analysis)
        known = {"protocol": analysed.run.info.protocol, "analyses": list(analysed.names)}
        chart = analysed.chart()
        if chart is None:
            return {**known, "picture": True}, {}
        message, arrays = encode(chart)
        return {**known, **message}, arrays

    def _picture_of(self, request: Picture) -> Answer:
        if (row := self._browser.row(request.file))["kind"] in networks.KINDS:
            png = networks.picture(
                request.file, row, dark=request.dark, width=request.width, height=request.height
            )
            return {"words": row["reason"]}, {"png": np.frombuffer(png, np.uint8)}
        figure = self._results.of(request.file, request.analysis).figure(dark=request.dark)
        wide, high = figure.get_size_inches()
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=min(request.width / wide, request.height / high))
        return {}, {"png": np.frombuffer(buffer.getvalue(), np.uint8)}

    def _exported(self, request: Export) -> bytes:
        """The content of a new file."""
        source = request.source
        if isinstance(source, Readings):
            ending_of(request.to, ".csv")
            return _readings_csv(source)
        ending = ending_of(request.to, *PICTURES, ".csv")
        if isinstance(source, Compare):
            return _drawn(_compared(source), ending, dark=request.dark)
        if (row := self._browser.row(source.file))["kind"] in networks.KINDS:
            raise InputError(
                f"{source.file} is a {row['protocol']}; its command has left figures beside it"
            )
        analysed = self._results.of(source.file, source.analysis)
        chart = analysed.chart() if isinstance(source, ChartOf) else None
        if chart:
            return _drawn(chart, ending, dark=request.dark)
        figure, remarks = analysed.figure(dark=request.dark), analysed.remarks()
        if ending == ".csv":
            return table_csv(analysed.result.table(), remarks).encode()
        return render(figure, ending, remarks)


def _verified(request: Verify) -> dict[str, Any]:
    found = verify(request.file)
    return {
        "outcome": found.outcome and found.outcome.value, "working": found.working,
        "problems": list(found.problems), "proved": list(found.proved),
    }  # fmt: skip


def _readings(request: Readings) -> Answer:
    last = request.first + MOST_ROWS
    samples, n_rows = read_rows(
        request.file, request.first, last if request.last is None else min(request.last, last)
    )
    where = {"first_row": request.first, "count": len(samples), "rows": n_rows}
    return where, {name: getattr(samples, name) for name in _SENT}


def _readings_csv(request: Readings) -> bytes:
    run = open_run(request.file)
    rows = slice(request.first, request.last)
    out = io.StringIO(newline="")
    write_csv(run, out, rows)
    return out.getvalue().encode()


def _compared(request: Compare) -> Chart:
    return compare([open_run(file) for file in dict.fromkeys(request.files)], request.what)


def _drawn(chart: Chart, ending: str, *, dark: bool) -> bytes:
    if ending == ".csv":
        return chart_csv(chart).encode()
    # matplotlib loads slowly.
    from app.library.figure import draw

    texts = (chart.title, chart.alert, chart.origin, chart.conditions, *chart.files)
    return render(draw(chart, dark=dark), ending, texts)

"""`fmes reproduce`: every measurement of the study, and a report that compares."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from app.commands.console import lasting_console
from app.commands.exit_codes import ABORTED, FAILED
from app.errors import InputError
from app.reproduction.report import all_rows, write_report
from app.reproduction.reproduce import STUDIES, Study, reproduce
from app.reproduction.reproduce_networks import NetworkStudy, make_networks, networks
from app.running.sinks import Progress, Sink
from data.run import Event, Outcome
from network.idx import DigitsError, read_digits
from protocols.catalogue import PROTOCOLS
from protocols.quantities import TIME


class _Line(Sink):
    """One line a measurement: what it is, how far, how it ended."""

    def __init__(self, console: Console, study: Study) -> None:
        self._console, self._study = console, study
        self._started = self._told = time.monotonic()
        console.print(f"{study.title} (Fig. {study.panels})")

    def progress(self, progress: Progress) -> None:
        # A real rig takes hours: say how far it is, but not at every block.
        if (now := time.monotonic()) - self._told > 30:
            self._told = now
            self._console.print(f"  {progress.fraction:.0%}, {TIME.format(progress.remaining)}")

    def event(self, event: Event) -> None:
        if event.level == "warning":
            self._console.print(f"  warning: {escape(event.message)}")

    def end(self, outcome: Outcome, reason: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"  {outcome} in {seconds:.1f} s {escape(reason)}".rstrip())


class _Stage:
    """Says what a network is at, and how far every 30 s."""

    def __init__(self, console: Console, study: NetworkStudy) -> None:
        self._console, self._stage = console, ""
        self._told = time.monotonic()
        console.print(f"{study.title} (Fig. {study.panels})")

    def __call__(self, stage: str, share: float) -> None:
        if stage != self._stage:
            self._stage = stage
            self._console.print(f"  {stage}")
        if (now := time.monotonic()) - self._told > 30:
            self._told = now
            self._console.print(f"  {stage} {share:.0%}")


def reproduce_study(rig: Path | None, out: Path, data: Path | None, *, full: bool) -> int:
    """Measure, analyse, make networks, compare, report; returns the exit code."""
    try:
        digits = read_digits(data) if data else None
    except DigitsError as error:
        raise InputError(f"--data: {error}") from error
    folder = out / datetime.now().strftime("reproduction-%Y%m%d-%H%M%S")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"--out {out}: the folder cannot be made: {error}") from error
    console = lasting_console(highlight=False, soft_wrap=True)
    known = {p.name for p in PROTOCOLS}

    def tell(study: Study) -> Sink:
        return _Line(console, study)

    try:
        done = reproduce(rig, folder, [s for s in STUDIES if s.protocol in known], tell)
        ltp_ltd = next((m.path for m in done.measured if m.study.name == "ltp-ltd" and m.run), None)
        made = make_networks(networks(full), ltp_ltd, digits, folder, lambda s: _Stage(console, s))
    except KeyboardInterrupt as error:
        why = escape(str(error)) or "while networks were made"
        console.print(f"aborted: {why}; what was measured is in {folder}", markup=False)
        return ABORTED
    for network in made:
        if network.reason:
            title = f"{network.study.title} (Fig. {network.study.panels})"
            console.print(f"{title}: {escape(network.reason)}")
    page, report = write_report(done, made, folder)
    rows = all_rows(done, made)
    counts = Counter(row.verdict for row in rows)
    console.print("; ".join(f"{verdict}: {n}" for verdict, n in counts.items()))
    for row in rows:
        if row.verdict == "disagrees":
            console.print(f"  Fig. {row.panel}: {row.quantity}: {row.paper} / {row.found}")
    console.print(f"report  {page}\n        {report}", markup=False)
    missing = digits is not None and any(c.made is None for c in made)
    return FAILED if missing or any(m.run is None for m in done.measured) else 0

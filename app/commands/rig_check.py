"""`fmes rig check`: every check of a rig with its outcome, on the screen and in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from rich.console import Console

from app.commands.console import lasting_console
from app.commands.exit_codes import FAILED
from app.errors import InputError
from app.rigs.check import Finding, check
from app.rigs.opening import links, open_bank, open_meter, open_rig, recorded
from app.rigs.rig_file import RigFile
from app.running.transcript_file import transcribed, transcript_path
from drivers.errors import InstrumentError
from drivers.transcript import Transcript


def check_rig(rig: Path, to: Path | None, *, transcript: bool) -> int:
    """Check a rig and write the result; returns the exit code.

    Parameters
    ----------
    to
        New JSON file; beside the rig file without it.

    Raises
    ------
    InputError
        The rig file cannot be used, or the result's file exists or cannot be written.
    """
    file = RigFile.read(rig)
    begun = datetime.now().astimezone()
    to = to or rig.with_name(f"{rig.stem}-check-{begun:%Y%m%d-%H%M%S}.json")
    if to.exists():
        raise InputError(f"--to {to}: exists already, and a result never replaces a file")
    console = lasting_console(highlight=False, soft_wrap=True)
    findings: list[Finding] = []
    kept = transcript or file.transcript.keep
    with transcribed(transcript_path(to) if kept else None) as messages:
        _check(file, messages, lambda finding: _say(console, finding, findings))
    content = {
        "rig": str(rig), "begun": begun.isoformat(timespec="seconds"),
        "passed": all(f.passed for f in findings), "findings": [asdict(f) for f in findings],
    }  # fmt: skip
    try:
        with to.open("x", encoding="utf-8") as out:
            json.dump(content, out, indent=1)
    except OSError as error:
        raise InputError(f"--to {to}: cannot be written: {error}") from error
    failed = sum(not f.passed for f in findings)
    console.print(f"{len(findings)} checks, {failed} failed; result {to}", markup=False)
    return FAILED if failed else 0


def _check(file: RigFile, messages: Transcript, say: Callable[[Finding], None]) -> None:
    try:
        instruments = open_rig(file, transcript=messages)
    except InstrumentError as error:
        say(Finding("open the rig", False, str(error), {}))
        for finding in _reached(file, messages):
            say(finding)
        return
    try:
        for text in instruments.news():
            say(Finding("how it was left", True, text, {}))
        for finding in check(instruments):
            say(finding)
            messages.note(f"{finding.what}: {finding.text}")
    except InstrumentError as error:
        say(Finding("safe state", False, str(error), {}))
    finally:
        instruments.close()


def _reached(file: RigFile, messages: Transcript) -> Iterator[Finding]:
    """Which of the two can be reached by itself, when the rig cannot be opened."""
    meter_link, bank_link = recorded(links(file), messages)
    for what, link, reach in (
        ("source-measure unit", meter_link, open_meter), ("resistor bank", bank_link, open_bank),
    ):  # fmt: skip
        try:
            instrument = reach(file, link)
        except InstrumentError as error:
            yield Finding(what, False, str(error), {})
        else:
            instrument.close()
            yield Finding(what, True, f"{link.address}: {instrument.identity}", {})


def _say(console: Console, finding: Finding, findings: list[Finding]) -> None:
    findings.append(finding)
    mark = "ok    " if finding.passed else "FAILED"
    console.print(f"{mark}  {finding.what}: {finding.text}", markup=False)

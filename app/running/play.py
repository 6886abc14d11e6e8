"""One prepared experiment on an open rig: played, recorded in its file, shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Result, Runner
from app.running.sinks import Sink
from app.running.transcript_file import begin, transcript_path
from data.run import Event, Outcome
from drivers.rig import Rig

if TYPE_CHECKING:
    from rich.console import Console


def play(
    experiment: Experiment,
    rig: Rig,
    path: Path,
    shown: Sink,
    control: Callable[[Runner], AbstractContextManager[None]],
    *,
    sample: str,
    note: str,
) -> Result:
    """Play an experiment and record it.

    Parameters
    ----------
    path
        Of the new HDF5 file.
    shown
        What shows the run, and last a warning when the finished file could not be compressed or
        a transcript not be written to its end; entered before and left after when it is a context
        manager.
    control
        What may abort the run while it goes on.

    Raises
    ------
    InputError
        The rig file asks for a transcript, whose file exists or cannot be made.
    """
    file, transcript = FileSink(path), rig.transcript
    kept = experiment.rig.transcript.keep and not transcript.writing
    if kept:  # of a rig that plays one run after the other
        begin(transcript, transcript_path(path))
    try:
        result = _played(experiment, rig, file, shown, control, sample=sample, note=note)
    finally:
        if kept:
            transcript.close()
    if file.warning:
        shown.event(file.warning)
    if kept and transcript.problem:
        text = f"{transcript.path} ends early: {transcript.problem}"
        shown.event(Event(file.time, "warning", text))
    return result


def _played(
    experiment: Experiment,
    rig: Rig,
    file: FileSink,
    shown: Sink,
    control: Callable[[Runner], AbstractContextManager[None]],
    *,
    sample: str,
    note: str,
) -> Result:
    runner = Runner(rig, [file, shown])
    rig.measuring(file.path)
    info = experiment.info(rig, sample=sample, notes=note)
    try:
        with control(runner), shown if isinstance(shown, AbstractContextManager) else nullcontext():
            return runner.run(experiment.stimulus, experiment.plan, info)
    except Exception as error:
        where = experiment.source.line_of(error) if experiment.source else ""
        if not where:
            raise
        # A fault in the user's own file, which the runner has made safe and recorded.
        return Result(Outcome.FAILED, f"{where}: {type(error).__name__}: {error}")


def announce(rig: Rig, console: Console) -> None:
    """Say which instruments are about to be used, and whether they are emulated."""
    kind = "SIMULATED rig: " if rig.simulated else "rig: "
    for who in (rig.meter.identity, rig.bank.identity):
        console.print(f"{kind}{who}", highlight=False, markup=False, soft_wrap=True)
        kind = " " * len(kind)

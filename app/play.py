"""One prepared experiment on an open rig: played, recorded in its file, shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from app.experiment import Experiment
from app.recording import FileSink
from app.runner import Result, Runner
from app.sinks import Sink
from data.run import Outcome
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
        What shows the run, and last a warning when the finished file could not be compressed;
        entered before and left after when it is a context manager.
    control
        What may abort the run while it goes on.
    """
    file = FileSink(path)
    runner = Runner(rig, [file, shown])
    rig.measuring(path)
    info = experiment.info(rig, sample=sample, notes=note)
    try:
        with control(runner), shown if isinstance(shown, AbstractContextManager) else nullcontext():
            result = runner.run(experiment.stimulus, experiment.plan, info)
    except Exception as error:
        where = experiment.source.line_of(error) if experiment.source else ""
        if not where:
            raise
        # A fault in the user's own file, which the runner has made safe and recorded.
        result = Result(Outcome.FAILED, f"{where}: {type(error).__name__}: {error}")
    if file.warning:
        shown.event(file.warning)
    return result


def announce(rig: Rig, console: Console) -> None:
    """Say which instruments are about to be used, and whether they are emulated."""
    kind = "SIMULATED rig: " if rig.simulated else "rig: "
    for who in (rig.meter.identity, rig.bank.identity):
        console.print(f"{kind}{who}", highlight=False, soft_wrap=True)
        kind = " " * len(kind)

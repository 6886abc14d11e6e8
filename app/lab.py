"""Measure from a notebook or a script: a protocol in, a run out.

    from app import lab

    run = lab.run("ltp-ltd", states="500, open", sample="D7")
    lab.analyse(run)
    lab.figure(run)
    lab.train(run, data="mnist", epochs=20)

Parameters are given by name, as numbers in SI units or as text with units. A run, its
measures and its figure show themselves in a notebook.
"""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

from analysis.analysis import Analysis, Result
from analysis.catalogue import for_protocol
from app.errors import InputError
from app.output import output_file
from app.rigs.opening import open_rig
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from app.running.signals import abort_on_signals
from app.running.transcript_file import transcribed, transcript_path
from data.reader import Run, open_run
from data.run import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from network.summary import Summary

__all__ = ["analyse", "figure", "open_run", "run", "train"]


def run(
    protocol: str,
    /,
    *,
    preset: str | None = None,
    rig: str | Path | None = None,
    out: str | Path = "runs",
    sample: str = "",
    notes: str = "",
    transcript: bool = False,
    **parameters: Any,
) -> Run:
    """Run a protocol on a rig, record it, and read it back.

    Parameters
    ----------
    protocol
        Its name, as ``fmes protocols`` lists it, or a file of yours, as ``mine.py:Mine``.
    preset
        Named parameter values; the protocol's first preset without it.
    rig
        Rig file; the embedded simulated rig without it.
    out
        Folder for the run's file, or a new file ``*.h5``.
    sample, notes
        Kept in the file.
    transcript
        Keep all that passes to and from the instruments in a file beside the run's.
    **parameters
        Parameters that differ from the preset.

    Returns
    -------
    Run
        Also when it failed: see its `outcome` and `reason`.

    Raises
    ------
    InputError
        The request cannot be used; nothing was energised.
    InstrumentError
        An instrument cannot be reached.
    KeyboardInterrupt
        Ctrl-C, or the kernel was interrupted: the rig is safe, what was read is in the file,
        and the run is recorded as aborted.
    """
    experiment = Experiment.prepare(
        protocol, preset=preset, values=parameters, rig=Path(rig) if rig else None
    )
    if any(device.by_hand for device in experiment.plan.devices):
        raise InputError(
            "by=hand waits for the operator before each device; use the command: fmes run "
            f"{protocol}"
        )
    path = output_file(Path(out), experiment.protocol.name, sample)
    kept = transcript or experiment.rig.transcript.keep
    with transcribed(transcript_path(path) if kept else None) as messages:
        instruments = open_rig(experiment.rig, transcript=messages)
        try:
            info = experiment.info(instruments, sample=sample, notes=notes)
            file = FileSink(path)
            instruments.measuring(path)
            runner = Runner(instruments, [file])
            with _abort_on_interrupt(runner):
                ended = runner.run(experiment.stimulus, experiment.plan, info)
        finally:
            instruments.close()
    if file.warning:
        warnings.warn(file.warning.message, stacklevel=2)
    if ended.outcome is Outcome.ABORTED:
        raise KeyboardInterrupt(f"{ended.reason}; what was read is in {path}")
    return open_run(path)


def analyse(run: Run) -> Result:
    """The measures of a run, by the analysis of its protocol.

    Raises
    ------
    InputError
        There is no analysis for that protocol.
    """
    result: Result = _analysis(run).analyse(run)
    return result


def figure(run: Run, *, dark: bool = False) -> Figure:
    """The figure of a run, which a notebook shows."""
    analysis = _analysis(run)
    return analysis.figure(analysis.analyse(run), dark=dark)


def train(
    *runs: Run | str | Path,
    data: str | Path | None = None,
    out: str | Path = "training",
    workers: int = 1,
    scheduler: str | None = None,
    **asked: Any,
) -> Summary:
    """Train networks of the devices that LTP/LTD runs measured; what is in `out` is not done again.

    Parameters
    ----------
    *runs
        Runs, or their files.
    data
        Folder with the four IDX files of MNIST, or of other digits; None for those of the extra
        `mnist`.
    out
        Folder of the trainings' files.
    workers, scheduler
        Processes of this machine, or the address of a Dask cluster's scheduler.
    **asked
        What ``fmes train`` takes, by the names of its options: ``states="8k, open"``,
        ``seeds="1-5"``, ``epochs=20`` and so on; ``reference=False`` for ``--no-float``.

    Raises
    ------
    InputError
        Something cannot be used; nothing was made.
    """
    from rich.console import Console

    from app.commands.train import Asked, train_networks

    known = {field.name: field.default for field in fields(Asked)}
    if unknown := [name for name in asked if name not in known]:
        raise InputError(
            f"{', '.join(unknown)}: no option of a training; there is {', '.join(sorted(known))}"
        )
    texts: dict[str, Any] = {
        name: _as_typed(value) if isinstance(known[name], str | None) else value
        for name, value in asked.items()
    }
    files = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    folder = None if data is None else Path(data)
    return train_networks(
        files, Asked(**texts), data=folder, out=Path(out), count=workers, scheduler=scheduler,
        console=Console(quiet=True),
    )  # fmt: skip


def _as_typed(value: Any) -> str:
    """A number, a list or a text as one types it for the command."""
    return ",".join(map(str, value)) if isinstance(value, (list, tuple, range)) else str(value)


def _abort_on_interrupt(runner: Runner) -> AbstractContextManager[None]:
    """Signals reach the main thread alone, so elsewhere there is nothing to turn into an abort."""
    return abort_on_signals(runner) if current_thread() is main_thread() else nullcontext()


def _analysis(run: Run) -> Analysis[Any]:
    found = for_protocol(run.info.protocol)
    if found is None:
        raise InputError(f"there is no analysis for protocol {run.info.protocol!r}")
    return found

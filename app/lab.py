"""Measure from a notebook or a script: a protocol in, a run out.

    from app import lab

    run = lab.run("ltp-ltd", states="500, open", sample="D7")
    lab.analyse(run).table()
    lab.figure(run)

Parameters are given by name, as numbers in SI units or as text with units.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.analysis import Analysis, Result
from analysis.catalogue import for_protocol
from app.errors import InputError
from app.experiment import Experiment, output_file
from app.recording import FileSink
from app.rigs import open_rig
from app.runner import Runner
from data.reader import Run, open_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["analyse", "figure", "open_run", "run"]


def run(
    protocol: str,
    /,
    *,
    preset: str | None = None,
    rig: str | Path | None = None,
    out: str | Path = "runs",
    sample: str = "",
    notes: str = "",
    **parameters: Any,
) -> Run:
    """Run a protocol on a rig, record it, and read it back.

    Parameters
    ----------
    protocol
        Its name, as ``fmes protocols`` lists it.
    preset
        Named parameter values; the protocol's first preset without it.
    rig
        Rig file; the embedded simulated rig without it.
    out
        Folder for the run's file, or a new file ``*.h5``.
    sample, notes
        Kept in the file.
    **parameters
        Parameters that differ from the preset.

    Returns
    -------
    Run
        Also when the run was aborted or failed: see its `outcome` and `reason`.

    Raises
    ------
    InputError
        The request cannot be used; nothing was energised.
    InstrumentError
        An instrument cannot be reached.
    """
    experiment = Experiment.prepare(
        protocol, preset=preset, values=parameters, rig=Path(rig) if rig else None
    )
    path = output_file(Path(out), protocol, sample)
    instruments = open_rig(experiment.rig)
    try:
        info = experiment.info(instruments, sample=sample, notes=notes)
        Runner(instruments, [FileSink(path)]).run(experiment.protocol, experiment.plan, info)
    finally:
        instruments.close()
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


def _analysis(run: Run) -> Analysis[Any]:
    found = for_protocol(run.info.protocol)
    if found is None:
        raise InputError(f"there is no analysis for protocol {run.info.protocol!r}")
    return found

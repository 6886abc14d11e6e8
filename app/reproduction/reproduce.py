"""Runs every protocol of the study on a rig, analyses them, and compares with the study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.catalogue import for_protocol
from analysis.study import Row, compare
from app.errors import InputError
from app.rigs.opening import open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.play import play
from app.running.signals import abort_on_signals
from app.running.sinks import Sink
from data.reader import Run, open_run
from data.run import Outcome
from drivers.errors import InstrumentError
from drivers.rig import Rig

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Study:
    """One measurement of the study.

    Parameters
    ----------
    name
        As `analysis.study.compare` calls its result.
    protocol
        Name of the protocol.
    title
        Heading in the report.
    panels
        Figures of the study that it serves.
    values, preset
        Parameters that differ from the preset, and the preset; None for the default one.
    analyses
        Analyses of the run, by their names, each with the name of its result.
    simulated
        What of the simulated rig differs, by section of the rig file.
    by_hand
        What to do instead on a real rig that is not prepared for it.
    """

    name: str
    protocol: str
    title: str
    panels: str
    values: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None
    analyses: tuple[tuple[str, str], ...] = ()
    simulated: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    by_hand: str = ""

    def experiment(self, rig: RigFile) -> Experiment:
        """Prepare it on a rig.

        Raises
        ------
        InputError
            The protocol does not fit the rig.
        """
        if self.by_hand and not rig.simulated and not rig.devices:
            raise InputError(self.by_hand)
        if rig.simulated:
            content = rig.model_dump()
            for section, changes in self.simulated.items():
                content[section] |= changes
            rig = RigFile(**content)
        return Experiment.prepare(self.protocol, preset=self.preset, values=self.values, rig=rig)


STUDIES: tuple[Study, ...] = (
    Study("iv-sweep", "iv-sweep", "Current-voltage cycles", "2b"),
    Study("intensity", "intensity", "Pulse intensity", "2c, S9"),
    Study("width", "width", "Pulse width and memory", "2d, 2e, 3d",
          analyses=(("main", "width"), ("autocorrelation", "autocorrelation"))),
    Study("ppf", "ppf", "Paired-pulse facilitation", "3a-c"),
    Study("learning", "learning", "Learning, forgetting, relearning", "3f"),
    Study("retention", "retention", "Retention at open circuit", "3e, 3g"),
    Study("ltp-ltd", "ltp-ltd", "Potentiation and depression", "1e, 3h, 3i, S14, S15"),
    Study("ltp-ltd-500Hz", "ltp-ltd", "Potentiation and depression, 1 ms at 500 Hz", "1e",
          preset="text-500Hz"),
    Study("endurance", "endurance", "Endurance", "S10"),
    Study("array", "array", "Array of devices", "S11",
          simulated={
              "resistor_bank": {
                  "devices": [{"name": f"D{k}", "channel": 110 + k} for k in range(1, 5)]
              },
              "simulation": {"spread": 0.05},
          },
          by_hand="no devices behind relays: run fmes run array --preset by-hand"),
    Study("bending", "ltp-ltd", "A bent device", "S16",
          simulated={"simulation": {"elements": {"rs": 1.05, "c1": 0.97, "c2": 0.97, "c3": 0.97}}},
          by_hand="bend the device and run fmes run ltp-ltd --note bent, then fmes compare"),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What came of one measurement; `reason` says why it is missing or partial."""

    study: Study
    path: Path | None
    run: Run | None
    results: Mapping[str, Any]
    figures: tuple[Figure, ...]
    reason: str


@dataclass(frozen=True)
class Reproduction:
    """Every measurement, and the comparison with the study."""

    measured: tuple[Measured, ...]
    rows: tuple[Row, ...]
    simulated: bool


def reproduce(
    rig_file: Path | None,
    folder: Path,
    studies: Sequence[Study],
    tell: Callable[[Study], Sink],
) -> Reproduction:
    """Measure, analyse and compare; a measurement that fails does not stop the others.

    Parameters
    ----------
    rig_file
        The rig; None for the embedded simulated one.
    folder
        Where the runs' files go; none of them may exist.
    studies
        What to measure.
    tell
        What shows a study's run.

    Raises
    ------
    InputError
        The rig file cannot be used.
    KeyboardInterrupt
        A run was aborted.
    """
    wanted = RigFile.read(rig_file)
    measured: list[Measured] = []
    for study in studies:
        try:
            experiment = study.experiment(wanted)
            rig = open_rig(experiment.rig)
        except (InputError, InstrumentError) as error:
            measured.append(Measured(study, None, None, {}, (), str(error)))
            continue
        path = folder / f"{study.name}.h5"
        try:
            measured.append(_measure(study, experiment, rig, path, tell(study)))
        finally:
            rig.close()
    results = {name: r for m in measured for name, r in m.results.items()}
    return Reproduction(tuple(measured), compare(results, wanted.simulated), wanted.simulated)


def _measure(study: Study, experiment: Experiment, rig: Rig, path: Path, shown: Sink) -> Measured:
    note = f"reproduction of Fig. {study.panels}"
    ended = play(experiment, rig, path, shown, abort_on_signals, sample="study", note=note)
    if ended.outcome is Outcome.ABORTED:
        raise KeyboardInterrupt(ended.reason)
    run = open_run(path)
    results: dict[str, Any] = {}
    figures = []
    for name, result_name in study.analyses or (("main", study.name),):
        analysis = for_protocol(study.protocol, name)
        if analysis is not None:
            results[result_name] = analysis.analyse(run)
            figures.append(analysis.figure(results[result_name]))
    return Measured(study, path, run, results, tuple(figures), ended.reason)

"""What a run in the queue is made from; nothing of it changes while it waits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.campaigns.campaign import Campaign, PlannedRun
from app.campaigns.campaign_folder import CampaignFolder, measured_in
from app.errors import InputError
from app.output import output_file
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.user_protocol import ProtocolSource
from data.run import Outcome
from protocols.protocol import Protocol


@dataclass(frozen=True)
class Origin:
    """One run, with all its parameters; the plan is made when its turn has come.

    Parameters
    ----------
    asked
        The protocol as it was asked for.
    protocol, preset, source
        As in `Experiment`.
    sample, note
        Kept in the run's file.
    duration
        Expected time on the instruments, in s.
    out
        Folder, or new file, of the run.
    """

    asked: str
    protocol: Protocol
    preset: str
    source: ProtocolSource | None
    sample: str
    note: str
    duration: float
    out: Path

    goes_on = False
    """Whether the queue goes on after this run when it fails."""

    def experiment(self, rig: RigFile) -> Experiment:
        """The run with its plan, checked against the rig there is now.

        Raises
        ------
        InputError
            The rig forbids it, or the user's own file is not what it was.
        """
        if self.source:
            self.source.check_unchanged()
        return self._planned(rig)

    def new_file(self) -> Path:
        """Where the run goes; no such file exists.

        Raises
        ------
        InputError
            The file exists by now, or its folder cannot be used.
        """
        return output_file(self.out, self.protocol.name, self.sample)

    def tell(self, path: Path, outcome: Outcome, reason: str) -> None:
        """What has become of the run, for who keeps a list of their own."""

    def let_go(self) -> None:
        """The run has left the queue, whatever has become of it."""

    def _planned(self, rig: RigFile) -> Experiment:
        return Experiment.of(self.protocol, self.preset, rig, self.source)


@dataclass(frozen=True)
class _CampaignRun(Origin):
    """One run of a campaign, whose folder is held until the last of them has left."""

    planned: PlannedRun
    folder: CampaignFolder
    hold: ExitStack
    left: set[int]
    """Numbers of the campaign's runs that are still in the queue; shared by all of them."""

    @property
    def goes_on(self) -> bool:  # type: ignore[override]
        return self.planned.section.on_fault == "continue"

    def new_file(self) -> Path:
        return self.folder.new_file(self.planned.number, self.protocol.name, self.sample)

    def tell(self, path: Path, outcome: Outcome, reason: str) -> None:
        self.folder.note(self.planned.entry(path, outcome, reason))

    def let_go(self) -> None:
        self.left.discard(self.planned.number)
        if not self.left:
            self.hold.close()

    def _planned(self, rig: RigFile) -> Experiment:
        return self.planned.experiment(rig)


def campaign_runs(file: Path, out: Path, rig: RigFile) -> tuple[Sequence[Origin], list[str]]:
    """The runs of a campaign that are not complete in its folder, which is held for them.

    Returns
    -------
    Sequence[Origin]
        To be measured.
    list
        Why a file in the folder was not looked at, one text a file.

    Raises
    ------
    InputError
        With every problem that was found; or the campaign is for another rig, is measured in
        this folder already, or is complete.
    """
    campaign = Campaign.read(file)
    if not campaign.rig.alike(rig):
        raise InputError(
            f"campaign file {file} is for {campaign.rig_path or 'the embedded simulated rig'}, "
            "which is not the rig that is connected; connect that first"
        )
    with ExitStack() as stack:
        folder = stack.enter_context(CampaignFolder.hold(out))
        measured = measured_in(folder.path)
        complete = campaign.complete(measured)
        folder.write_index([run.entry(complete.get(run.number)) for run in campaign.runs])
        runs = [run for run in campaign.runs if run.number not in complete]
        if not runs:
            raise InputError(f"campaign file {file}: every run is complete in {out}")
        hold, left = stack.pop_all(), {run.number for run in runs}
    origins = [_origin(run, folder, hold, left) for run in runs]
    return origins, list(measured.unusable)


def _origin(
    run: PlannedRun, folder: CampaignFolder, hold: ExitStack, left: set[int]
) -> _CampaignRun:
    source = run.source
    asked = f"{source.path}:{type(run.protocol).__name__}" if source else run.protocol.name
    return _CampaignRun(
        asked=asked, protocol=run.protocol, preset=run.preset, source=source,
        sample=run.section.sample, note=run.section.note, duration=run.duration, out=folder.path,
        planned=run, folder=folder, hold=hold, left=left,
    )  # fmt: skip

"""`fmes campaign`: check every run of a campaign file, or measure those that are not complete."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.campaigns.campaign import PENDING, Campaign, PlannedRun
from app.campaigns.campaign_folder import INDEX, CampaignFolder, Measured, measured_in
from app.commands.console import lasting_console
from app.commands.exit_codes import ABORTED, FAILED
from app.commands.progress import ProgressSink
from app.rigs.opening import open_rig
from app.running.play import announce, play
from app.running.runner import Result
from app.running.signals import abort_on_signals
from app.running.steering import Steering
from app.running.transcript_file import ENDING, transcribed
from data.run import Outcome
from drivers.errors import InstrumentError
from drivers.rig import Rig


def check_campaign(file: Path, out: Path | None) -> None:
    """Print every run with its expected time and whether it is complete; energise nothing."""
    campaign, folder = Campaign.read(file), _folder(file, out)
    console = Console(highlight=False)
    measured = measured_in(folder)
    complete = campaign.complete(measured)
    table = Table("run", "protocol", "preset", "sample", "swept", box=None, pad_edge=False)
    table.add_column("expected", justify="right")
    table.add_column("state", overflow="fold")
    for run in campaign.runs:
        done, texts = complete.get(run.number), (run.section.sample, run.swept)
        table.add_row(
            str(run.number), run.protocol.name, run.preset, *map(escape, texts),
            _clock(run.duration), f"{Outcome.FINISHED}, {done.name}" if done else PENDING,
        )  # fmt: skip
    console.print(table)
    _warn(measured, console)
    left = sum(run.duration for run in campaign.runs if run.number not in complete)
    console.print(
        f"{len(campaign.runs)} runs, expected {_clock(sum(r.duration for r in campaign.runs))} on "
        f"the instruments; {len(campaign.runs) - len(complete)} still to measure, {_clock(left)}"
    )


def run_campaign(file: Path, out: Path | None, *, transcript: bool) -> int:
    """Measure what is not complete yet; returns the exit code."""
    campaign = Campaign.read(file)
    console = lasting_console(highlight=False)
    with CampaignFolder.hold(_folder(file, out)) as folder, ExitStack() as stack:
        measured = measured_in(folder.path)
        _warn(measured, console)
        complete = campaign.complete(measured)
        folder.write_index([run.entry(complete.get(run.number)) for run in campaign.runs])
        left = [run for run in campaign.runs if run.number not in complete]
        console.print(f"{len(campaign.runs)} runs, {len(complete)} of them complete")
        if not left:
            return 0
        path = _transcript(folder.path) if transcript else None
        messages = stack.enter_context(transcribed(path))
        try:
            rig = open_rig(campaign.rig, transcript=messages)
        except InstrumentError as error:
            typer.echo(f"error: {error}", err=True)
            return FAILED
        steering = Steering()
        try:
            announce(rig, console)
            with abort_on_signals(steering):
                ended = _Measuring(campaign, folder, rig, console, steering).all(left)
        finally:
            rig.close()
    if steering.reason:
        console.print(
            f"[bold]aborted[/] {escape(steering.reason)}; start again to measure what is left"
        )
    pending = len(left) - ended.total()
    counts = ", ".join(f"{n} {outcome}" for outcome, n in ended.items())
    console.print(
        f"{counts or 'nothing measured'}; {len(complete)} were complete, {pending} pending; index "
        f"{folder.path / INDEX}", markup=False, soft_wrap=True,
    )  # fmt: skip
    if steering.reason:
        return ABORTED
    return FAILED if ended[Outcome.FAILED] else 0


class _Measuring:
    """Measures runs one after the other on an open rig."""

    def __init__(
        self,
        campaign: Campaign,
        folder: CampaignFolder,
        rig: Rig,
        console: Console,
        steering: Steering,
    ) -> None:
        self._campaign, self._folder, self._rig = campaign, folder, rig
        self._console, self._steering = console, steering

    def all(self, runs: list[PlannedRun]) -> Counter[Outcome]:
        """Measure until the end, a fault that stops or the wish to end; counts the outcomes."""
        ended: Counter[Outcome] = Counter()
        for run in runs:
            if self._steering.reason:
                break
            result = self._one(run)
            ended[result.outcome] += 1
            if result.outcome is Outcome.FAILED and not self._goes_on(run):
                break
        return ended

    def _one(self, run: PlannedRun) -> Result:
        section, console = run.section, self._console
        path = self._folder.new_file(run.number, run.protocol.name, section.sample)
        title = f"run {run.number}/{len(self._campaign.runs)}  {run}"
        console.print(title, soft_wrap=True, markup=False)
        self._folder.note(run.entry(path, Outcome.RUNNING))
        self._rig.transcript.note(f"{title}, {path.name}")
        try:
            result = play(
                run.experiment(self._campaign.rig), self._rig, path, ProgressSink(console),
                self._steering.of, sample=section.sample, note=section.note,
            )  # fmt: skip
        except BaseException as error:
            self._folder.note(run.entry(path, Outcome.FAILED, f"{type(error).__name__}: {error}"))
            raise
        self._folder.note(run.entry(path, result.outcome, result.reason))
        if result.outcome is not Outcome.FINISHED:
            console.print(f"[bold]{result.outcome}[/] {escape(result.reason)}", soft_wrap=True)
        return result

    def _goes_on(self, run: PlannedRun) -> bool:
        """Whether the campaign goes on after a run that failed."""
        if run.section.on_fault == "stop":
            self._console.print('stopped: on_fault = "stop"')
            return False
        try:
            self._rig.make_safe()
        except InstrumentError as error:
            text = f"stopped whatever on_fault says: {error}"
            self._console.print(text, soft_wrap=True, markup=False)
            return False
        return True


def _folder(file: Path, out: Path | None) -> Path:
    return out or Path("runs") / file.stem


def _transcript(folder: Path) -> Path:
    """One for all runs that are measured now; each run begins with a note."""
    return folder / f"campaign-{datetime.now():%Y%m%d-%H%M%S}{ENDING}"


def _warn(measured: Measured, console: Console) -> None:
    for text in measured.unusable:
        console.print(f"[yellow]not counted[/] {escape(text)}", soft_wrap=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"

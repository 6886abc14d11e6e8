"""`fmes run`: prepare, open the rig, play, record, then show the measures and the figure."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import typer
from rich.markup import escape

from analysis.catalogue import for_protocol
from app.commands.analyse import draw_file, show_measures
from app.commands.console import lasting_console
from app.commands.exit_codes import ABORTED, FAILED
from app.commands.progress import ProgressSink
from app.errors import InputError
from app.output import free, output_file
from app.rigs.opening import open_rig
from app.running.events import EventSink, listen
from app.running.experiment import Experiment, values_of
from app.running.play import announce, play
from app.running.recording import keep_last
from app.running.repeat import Repetition
from app.running.signals import abort_on_signals
from app.running.steering import Steering
from app.running.transcript_file import transcribed, transcript_path
from data.errors import DataError
from data.run import Outcome
from drivers.errors import InstrumentError
from drivers.transcript import What

_CODES = {Outcome.FINISHED: 0, Outcome.FAILED: FAILED, Outcome.ABORTED: ABORTED}


def run_protocol(
    name: str | None,
    *,
    preset: str | None,
    settings: Sequence[str],
    rig: Path | None,
    out: Path,
    sample: str | None,
    note: str,
    events: bool,
    figure: bool,
    transcript: bool,
    repeat: Path | None,
    allow_differences: bool,
) -> int:
    """Run one protocol, or a recorded run again; returns the exit code."""
    repetition = None
    if repeat:
        if preset or settings:
            raise InputError(
                "--repeat takes its parameters from the file; leave out --preset, --set"
            )
        repetition = Repetition.of(repeat, name, rig)
        repetition.check(allowed=allow_differences)
        experiment = repetition.experiment
        sample = repetition.run.info.sample if sample is None else sample
    elif name:
        experiment = Experiment.prepare(name, preset=preset, values=values_of(settings), rig=rig)
    else:
        raise InputError("name a protocol ('fmes protocols' lists them), or a run to --repeat")
    sample = sample or ""
    analysed = not events and for_protocol(experiment.protocol.name) is not None
    path = output_file(out, experiment.protocol.name, sample)
    if analysed and figure:
        free((path.with_suffix(".png"),))
    console = lasting_console(stderr=events)
    steering = Steering()
    noted = transcribed(
        transcript_path(path) if transcript or experiment.rig.transcript.keep else None
    )
    with _steered(steering), noted as messages:
        try:
            instruments = open_rig(experiment.rig, transcript=messages)
        except InstrumentError as error:
            spoken = any(message.what is What.SENT for message in messages.last)
            kept = f"; {keep_last(messages, path)}" if spoken else ""
            typer.echo(f"error: {error}{kept}", err=True)
            return FAILED
        shown = EventSink(sys.stdout, str(path)) if events else ProgressSink(console)
        try:
            if not events:
                announce(instruments, console)
            if repetition:
                repetition = repetition.on(instruments)
                repetition.check(allowed=allow_differences)
                experiment = repetition.told()
                for text in repetition.differences:
                    console.print(f"differs: {text}", highlight=False, markup=False, soft_wrap=True)
            result = play(
                experiment, instruments, path, shown, steering.of, sample=sample, note=note
            )
        finally:
            instruments.close()
            if isinstance(shown, EventSink):
                shown.close()
    if result.outcome is not Outcome.FINISHED:
        console.print(
            f"[bold]{result.outcome.value}[/] {escape(result.reason)}",
            highlight=False,
            soft_wrap=True,
        )
    # A reason that is about the file says itself what has become of it.
    if path.exists() and str(path.absolute()) not in result.reason:
        console.print(f"file    {path}", highlight=False, markup=False, soft_wrap=True)
    if analysed and result.outcome is Outcome.FINISHED:
        try:
            show_measures(path, console)
            if figure:
                draw_file(path, None, dark=False)
        except (InputError, DataError) as error:
            typer.echo(f"error: the run is complete in its file, but {error}", err=True)
            return FAILED
    return _CODES[result.outcome]


@contextmanager
def _steered(steering: Steering) -> Iterator[None]:
    """Lines on standard input pause, resume and abort; signals abort."""
    with suppress(OSError, ValueError):  # there may be no standard input
        listen(steering, sys.stdin)
    with abort_on_signals(steering):
        yield

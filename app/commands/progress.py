"""The progress bar of a run in a terminal."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)

from app.running.sinks import Progress, RunState, Sink
from data.run import Event
from protocols.quantities import RESISTANCE, VOLTAGE


class ProgressSink(Sink):
    """Shows state, pulse, voltage and the time still to wait; a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn(),
            TimeElapsedColumn(), TextColumn("ETA"), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=1.0)
        self._pause: str | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def state(self, state: RunState, reason: str) -> None:
        if state in (RunState.PAUSING, RunState.PAUSED):
            self._bar.update(self._task, description=f"[yellow]{state.value}[/] {escape(reason)}")
        if state is RunState.PAUSED:
            self._pause = reason
            self._console.print(f"[yellow]paused[/] {escape(reason)}; type resume or abort")
        if state is RunState.FINISHED:
            self._bar.update(self._task, completed=1.0, description="finished")

    def progress(self, progress: Progress) -> None:
        pulse = (
            f"pulse {progress.pulse}/{progress.pulses}"
            if progress.pulses
            else escape(progress.label)
        )
        text = (
            f"R = {RESISTANCE.format(progress.resistance)}  {pulse}  "
            f"PSV {VOLTAGE.format(progress.voltage)}"
        )
        self._bar.update(self._task, completed=progress.fraction, description=text)

    def event(self, event: Event) -> None:
        if event.level == "warning" and event.message != f"paused: {self._pause}":
            self._console.print(f"[yellow]warning[/] {escape(event.message)}")

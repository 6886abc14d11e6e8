"""The sink that writes a run to its HDF5 file."""

from __future__ import annotations

from pathlib import Path

from app.running.sinks import Sink
from data.finish import NotCompressedError
from data.recorder import Recorder
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import Samples
from drivers.transcript import Transcript
from protocols.plan import Plan
from protocols.program import PulseProgram

FAILURE = ".failure.jsonl"
"""What the name of a file ends in that holds the last messages before an instrument failed."""


class FileSink(Sink):
    """Writes one run; the file must not exist yet.

    Parameters
    ----------
    path
        Of the HDF5 file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warning: Event | None = None
        """Why the finished file could not be compressed; its readings are all there."""
        self._recorder: Recorder | None = None
        self.time = 0.0
        """Of the last event, in s."""

    def begin(self, info: RunInfo, plan: Plan) -> None:
        self._recorder = Recorder.begin(self.path, info, plan.most_readings, plan.most_plays)

    def program(self, program: PulseProgram) -> None:
        if self._recorder:
            self._recorder.program(program)

    def play(self, play: PlayInfo) -> None:
        if self._recorder:
            self._recorder.play(play)

    def block(self, samples: Samples) -> None:
        if self._recorder:
            self._recorder.append(samples)

    def event(self, event: Event) -> None:
        self.time = event.time
        if self._recorder:
            self._recorder.event(event)

    def instrument_failed(self, transcript: Transcript) -> str:
        return keep_last(transcript, self.path) if self._recorder else ""

    def end(self, outcome: Outcome, reason: str) -> None:
        if not self._recorder:
            return
        try:
            self._recorder.end(outcome, reason, self._recorder.clock.now())
        except NotCompressedError as error:
            self.warning = Event(self.time, "warning", str(error))


def keep_last(transcript: Transcript, run: Path) -> str:
    """Keep the last messages in a file beside a run's, and say where; no file is replaced."""
    return f"the last messages are in {_kept(transcript, run)}"


def _kept(transcript: Transcript, run: Path) -> str:
    if transcript.path and not transcript.problem:
        return transcript.path.name
    attempt = 1
    while True:
        number = f"-{attempt}" if attempt > 1 else ""
        path = run.with_name(f"{run.stem}{number}{FAILURE}")
        try:
            transcript.save_last(path)
        except FileExistsError:
            attempt += 1
        except OSError as error:
            return f"no file ({error})"
        else:
            return path.name

"""The sink that writes a run to its HDF5 file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.sinks import Sink
from data.finish import NotCompressedError
from data.recorder import Recorder
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import Samples
from protocols.plan import Plan
from protocols.program import PulseProgram


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
        self._time = 0.0

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
        self._time = event.time
        if self._recorder:
            self._recorder.event(event)

    def end(self, outcome: Outcome, reason: str) -> None:
        if not self._recorder:
            return
        try:
            self._recorder.end(outcome, reason, datetime.now(UTC).astimezone())
        except NotCompressedError as error:
            self.warning = Event(self._time, "warning", str(error))

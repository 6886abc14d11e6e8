"""The door for another program: events out as JSON lines, commands in as words.

Every line on standard output is one JSON object with a key `event`: `begin`, `state`,
`play`, `block`, `progress`, `warning`, `info`, `fault` or `end`. Lines `pause`, `resume` and
`abort` on standard input steer the run. When the reader goes away the run carries on.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from typing import Any, TextIO

from app.plain_json import plain
from app.runner import Runner
from app.sinks import Progress, RunState, Sink
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import COLUMNS, Samples
from protocols.plan import Plan


class EventSink(Sink):
    """Writes what happens in a run as JSON lines.

    Parameters
    ----------
    out
        Where the lines go.
    path
        Of the run's file, told at the beginning and the end.
    """

    def __init__(self, out: TextIO, path: str) -> None:
        self._out: TextIO | None = out
        self._path = path

    def begin(self, info: RunInfo, plan: Plan) -> None:
        self._tell(
            "begin", run_id=info.run_id, protocol=info.protocol, preset=info.preset,
            parameters=info.parameters, phases=info.phases, sample=info.sample,
            simulated=info.simulated, start=info.start.isoformat(), file=self._path,
            expected_duration=plan.expected_duration,
        )  # fmt: skip

    def state(self, state: RunState, reason: str) -> None:
        self._tell("state", state=state.value, reason=reason)

    def play(self, play: PlayInfo) -> None:
        self._tell("play", **asdict(play))

    def block(self, samples: Samples) -> None:
        self._tell("block", **{name: getattr(samples, name).tolist() for name in COLUMNS})

    def progress(self, progress: Progress) -> None:
        self._tell("progress", **asdict(progress))

    def event(self, event: Event) -> None:
        self._tell(event.level, time=event.time, message=event.message)

    def end(self, outcome: Outcome, reason: str) -> None:
        if outcome is Outcome.FAILED:
            self._tell("fault", message=reason)
        self._tell("end", outcome=outcome.value, reason=reason, file=self._path)

    def _tell(self, event: str, **content: Any) -> None:
        if self._out is None:
            return
        try:
            self._out.write(json.dumps({"event": event, **plain(content)}) + "\n")
            self._out.flush()
        except (BrokenPipeError, ValueError):
            # Nobody reads any more (a closed window); a measurement does not end for that.
            self._out = None


def listen(runner: Runner, source: TextIO) -> None:
    """Take commands from a person or another program in the background, while lines come."""
    # Unbuffered: a thread that waits inside a buffered stream would hold its lock at exit.
    lines = open(source.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115

    def read() -> None:
        for line in lines:
            match line.strip():
                case b"pause":
                    runner.pause()
                case b"resume":
                    runner.resume()
                case b"abort":
                    runner.abort("asked to abort")

    threading.Thread(target=read, name="commands", daemon=True).start()

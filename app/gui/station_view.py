"""What the station last told of itself, and what a person may do in that state.

The window keeps no state of its own: every button and text follows from one of these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from app.running.sinks import RunState
from protocols.quantities import RESISTANCE


class Activity(Enum):
    """What the rig is doing, in the words of the status bar."""

    AWAY = "NO STATION"
    DISCONNECTED = "DISCONNECTED"
    CONNECTING = "CONNECTING"
    IDLE = "IDLE"
    RUNNING = "RUNNING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    STOPPING = "STOPPING"
    HELD = "QUEUE HELD"
    FAULT = "FAULT"


_OF_RUN = {
    RunState.RUNNING.value: Activity.RUNNING,
    RunState.PAUSING.value: Activity.PAUSING,
    RunState.PAUSED.value: Activity.PAUSED,
    RunState.ABORTING.value: Activity.STOPPING,
}
_PLAYING = frozenset(_OF_RUN.values())


@dataclass(frozen=True)
class QueuedRun:
    """One run of the station's queue; `values` are those that differ from the preset."""

    number: int
    protocol: str
    preset: str
    values: Mapping[str, Any]
    sample: str
    note: str
    status: str
    reason: str
    file: str
    fraction: float
    expected_duration: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> QueuedRun:
        """From a row of the station's message."""
        return cls(
            number=int(row["run"]), protocol=row["protocol"], preset=row.get("preset") or "",
            values=row.get("values") or {}, sample=row.get("sample") or "",
            note=row.get("note") or "", status=row["status"], reason=row.get("reason") or "",
            file=row.get("file") or "", fraction=float(row.get("fraction") or 0.0),
            expected_duration=float(row.get("expected_duration") or 0.0),
        )  # fmt: skip


@dataclass(frozen=True)
class StationView:
    """One message of the station.

    Parameters
    ----------
    activity
        What the rig is doing.
    rig
        The rig's part of the message; empty while there is no station.
    output, output_text
        "off", "on" or "unknown", and the words of the read-back.
    resistance
        Regulating resistance in ohm, `inf` when open; None while it is not known.
    hold
        Why the queue waits for the operator; empty when it does not.
    queue
        In the order of the station, ended runs first.
    current
        Number of the run that is being played.
    """

    activity: Activity = Activity.AWAY
    rig: Mapping[str, Any] = field(default_factory=dict)
    output: str = "unknown"
    output_text: str = ""
    resistance: float | None = None
    hold: str = ""
    queue: tuple[QueuedRun, ...] = ()
    current: int | None = None

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> StationView:
        """From the station's message."""
        rig = message["rig"]
        return cls(
            activity=_activity(message),
            rig=rig,
            output=message["output"],
            output_text=message.get("output_text") or "",
            resistance=_ohms(message.get("resistance")),
            hold=message.get("hold") or "",
            queue=tuple(map(QueuedRun.of, message["queue"])),
            current=message.get("current"),
        )

    def with_progress(self, number: int, fraction: float) -> StationView:
        """The same with how far a run has come since, which the station tells by itself."""
        queue = (replace(r, fraction=fraction) if r.number == number else r for r in self.queue)
        return replace(self, queue=tuple(queue))

    @property
    def connected(self) -> bool:
        """Whether the instruments are open."""
        return bool(self.rig.get("connected"))

    @property
    def simulated(self) -> bool:
        """Whether they are emulated."""
        return bool(self.rig.get("simulated"))

    def wall_time(self, seconds: float) -> float:
        """How long a time on the instruments is to whoever waits, in s."""
        speed = self.rig.get("speed")
        if speed is None:
            return seconds
        return seconds / speed if isinstance(speed, (int, float)) else 0.0

    @property
    def playing(self) -> bool:
        """Whether a run is between its start and its end."""
        return self.activity in _PLAYING

    @property
    def waiting(self) -> tuple[QueuedRun, ...]:
        """The runs that have not begun."""
        return tuple(run for run in self.queue if run.status == "waiting")

    def run(self, number: int | None) -> QueuedRun | None:
        """The run of that number."""
        return next((run for run in self.queue if run.number == number), None)

    @property
    def run_word(self) -> str:
        """How the run that plays stands, as its row in the table says it; "" when it just runs."""
        words = {Activity.PAUSING: "pausing", Activity.PAUSED: "paused",
                 Activity.STOPPING: "aborting"}  # fmt: skip
        return words.get(self.activity, "")

    @property
    def resistance_text(self) -> str:
        """The regulating resistance as people write it."""
        return "R unknown" if self.resistance is None else f"R = {_text(self.resistance)}"

    @property
    def output_words(self) -> str:
        """The state of the source as the status bar says it."""
        return {"off": "Output OFF", "on": "Output ON"}.get(self.output, "Output UNKNOWN")


def _text(resistance: float) -> str:
    return "open" if math.isinf(resistance) else RESISTANCE.format(resistance)


def _activity(message: Mapping[str, Any]) -> Activity:
    rig, state = message["rig"], message["state"]
    if rig.get("connecting"):
        return Activity.CONNECTING
    if not rig.get("connected"):
        return Activity.DISCONNECTED
    if state in _OF_RUN:
        return _OF_RUN[state]
    if state == "fault" or message["output"] == "unknown":
        return Activity.FAULT
    waits = any(run["status"] == "waiting" for run in message["queue"])
    return Activity.HELD if message.get("hold") and waits else Activity.IDLE


def _ohms(value: object) -> float | None:
    if value is None:
        return None
    return math.inf if value == "open" else float(str(value))


@dataclass(frozen=True)
class Allowed:
    """Which of the window's controls act in a state.

    Parameters
    ----------
    run
        Run what the form describes, now.
    queue, start, pause, abort, rig
        Queue it; play what waits; pause or carry on; end all; the rig's own controls.
    start_text, pause_text
        What the buttons say.
    """

    run: bool
    queue: bool
    start: bool
    pause: bool
    abort: bool
    rig: bool
    start_text: str
    pause_text: str

    @classmethod
    def in_state(cls, view: StationView, form_valid: bool) -> Allowed:
        """What may be done, given the station's message and whether the form can be run."""
        activity = view.activity
        at_rest = activity in (Activity.IDLE, Activity.HELD, Activity.FAULT)
        return cls(
            run=at_rest and form_valid,
            queue=view.connected and form_valid,
            start=at_rest and bool(view.waiting),
            pause=activity in (Activity.RUNNING, Activity.PAUSING, Activity.PAUSED),
            abort=view.connected,
            rig=at_rest or activity is Activity.DISCONNECTED,
            start_text="Continue queue" if view.hold else "Start queue",
            pause_text=("Resume" if activity in (Activity.PAUSING, Activity.PAUSED) else "Pause"),
        )

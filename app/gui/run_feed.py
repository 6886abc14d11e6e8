"""The run that is being played, as its events come: curve, log, and what to say of its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from numpy.typing import NDArray

from app.gui.binding import QtCore, QtWidgets, Signal
from app.gui.library_link import Arrays, LibraryLink
from app.gui.live_view import LiveView

_MOST_LINES = 5000
"""Lines that the log keeps on show; a run's file keeps all of its own."""


class RunFeed(QtCore.QObject):
    """Feeds the live view and the log with what the station tells of runs.

    Signals
    -------
    progressed
        The content of a progress message.
    ended
        What is known of a run that has ended: its last progress and its end.
    warned
        Text of a warning.
    pausing
        How long a pause waits at most for the program that plays, in s of the instruments' time.
    """

    progressed = Signal(dict)
    ended = Signal(dict, dict)
    warned = Signal(str)
    pausing = Signal(float)

    def __init__(
        self, live: LiveView, log: QtWidgets.QPlainTextEdit, library: LibraryLink,
        parent: QtCore.QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._live, self._log, self._library = live, log, library
        log.setMaximumBlockCount(_MOST_LINES)
        self._begin: Mapping[str, Any] = {}
        self._progress: dict[str, Any] = {}
        self._tells: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "begin": self._began, "state": self._entered, "progress": self._went_on,
            "info": self._noted, "mark": self._noted, "warning": self._noted,
            "fault": self._noted, "end": self._end, "resume_from": self._catch_up,
            "pausing": lambda message: self.pausing.emit(float(message["seconds"])),
        }  # fmt: skip

    @property
    def file(self) -> str:
        """Of the latest run."""
        return str(self._begin.get("file") or "")

    @property
    def pulses(self) -> int:
        """Number of the latest pulse of the latest run."""
        return int(self._progress.get("pulse") or 0)

    @property
    def begin(self) -> Mapping[str, Any]:
        """What was told when the latest run began."""
        return self._begin

    def take(self, message: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take one message of a run; what belongs to no run that began is left alone."""
        event = message["event"]
        if event == "block":
            self._block(message, arrays)
        elif event in self._tells:
            self._tells[event](message)

    def say(self, text: str) -> None:
        """Add a line to the log."""
        self._log.appendPlainText(f"{datetime.now():%H:%M:%S}  {text}")

    def _began(self, message: Mapping[str, Any]) -> None:
        self._begin, self._progress = message, {}
        self._live.begin(message)
        sample = f" on {message['sample']}" if message.get("sample") else ""
        self.say(f"run {message.get('run')}: {message['protocol']}{sample} -> {message['file']}")

    def _block(self, message: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self._live.append(int(message["run"]), int(message["first_row"]), arrays)

    def _catch_up(self, message: Mapping[str, Any]) -> None:
        """A run was going on before this window came: its file has what came before."""
        run, rows = int(message["run"]), int(message["rows"])
        if not rows:
            return
        self._live.expect_recorded(run, rows)

        def read(reply: Mapping[str, Any], arrays: Arrays) -> None:
            if reply.get("ok"):
                self._live.append(run, 0, dict(arrays))
            else:
                self._live.give_up_recorded(run, str(reply.get("error")))

        self._library.ask("readings", read, file=message["file"], first=0, last=rows)

    def _entered(self, message: Mapping[str, Any]) -> None:
        reason = f": {message['reason']}" if message.get("reason") else ""
        self.say(f"{message['state']}{reason}")

    def _went_on(self, message: Mapping[str, Any]) -> None:
        self._progress = dict(message)
        self.progressed.emit(dict(message))

    def _noted(self, message: Mapping[str, Any]) -> None:
        time = f"[{message['time']:.3f} s] " if isinstance(message.get("time"), float) else ""
        self.say(f"{message['event']}: {time}{message.get('message', '')}")
        if message["event"] == "warning":
            self.warned.emit(str(message.get("message", "")))

    def _end(self, message: Mapping[str, Any]) -> None:
        self._live.end(int(message["run"]), str(message["outcome"]), str(message["reason"]))
        reason = f": {message['reason']}" if message.get("reason") else ""
        self.say(f"run {message.get('run')} {message['outcome']}{reason}")
        self.ended.emit(dict(self._progress), dict(message))


def describe_failure(progress: Mapping[str, Any], end: Mapping[str, Any], output: str) -> str:
    """Whether it is safe, what happened, where, and what was saved; the shortest that says so."""
    where = ""
    told = " at pulse " in str(end["reason"])  # the reason knows better: more may have been read
    if progress.get("pulses") and not told:
        where = f" at pulse {progress['pulse']} of {progress['pulses']}"
    elif progress.get("label") and not told:
        where = f" during '{progress['label']}'"
    saved = f" What was read is in {end['file']}." if end.get("file") else ""
    # What each instrument did not answer is for the details; what to do about it comes first.
    reason = str(end["reason"]).partition("; state UNKNOWN of")[0]
    safe = output
    if "UNKNOWN" in output:
        safe += ": switch the instruments off by hand and disconnect the device before you touch it"
    return f"{safe}. The run {end['outcome']}{where}: {reason}.{saved}".replace("..", ".")

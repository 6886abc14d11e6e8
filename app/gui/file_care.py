"""What is done with a recorded file from the list: verify it, recover it, do its run once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.gui.binding import QtCore, Signal
from app.gui.library_link import Arrays, LibraryLink

Run = Mapping[str, Any]
"""A run as it was asked for: protocol, preset, values, sample, notes, differences."""


class FileCare(QtCore.QObject):
    """Asks the library, and says in words what came of it.

    Signals
    -------
    told
        "RESULT" or "WARNING", a text, details, and a file that is to be recovered or "".
    made
        A file that was made.
    """

    told = Signal(str, str, str, str)
    made = Signal(str)

    def __init__(self, library: LibraryLink, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library

    def verify(self, file: str) -> None:
        """Hold a file against all that it says of itself."""
        self._ask("verify", file, lambda reply: self.told.emit(*_verdict(file, reply)))

    def recover(self, file: str) -> None:
        """Make a new file of all that can be had from one; that one is never changed."""

        def recovered(reply: Mapping[str, Any]) -> None:
            lost = reply["lost"]
            text = (
                f"{Path(file).name}: {reply['readings']} readings are in the new file "
                f"{Path(reply['file']).name}. Lost: {'; '.join(lost) or 'nothing'}. The old file "
                "is as it was."
            )
            details = "\n".join((*(f"lost    {line}" for line in lost),
                                 *(f"note    {line}" for line in reply["remarks"])))  # fmt: skip
            self.told.emit("RESULT", text, details, "")
            self.made.emit(str(reply["file"]))

        self._ask("recover", file, recovered)

    def repeat(self, file: str, rig: str, then: Callable[[Run], None]) -> None:
        """Find out how a run was asked for, to be done on a rig ("" for the simulated one)."""

        def found(reply: Mapping[str, Any]) -> None:
            if reply["differences"]:
                lines = "\n".join(reply["differences"])
                self.told.emit(
                    "WARNING",
                    f"Not quite the experiment of {Path(file).name}: what differs now is under "
                    "Details.",
                    lines,
                    "",
                )
            then(reply)

        self._ask("repeat", file, found, rig=rig or None)

    def _ask(
        self, question: str, file: str, then: Callable[[Mapping[str, Any]], None], **content: Any
    ) -> None:
        def answered(reply: Mapping[str, Any], _arrays: Arrays) -> None:
            if reply.get("ok"):
                then(reply)
            else:
                self.told.emit("WARNING", str(reply.get("error")), "", "")

        self._library.ask(question, answered, file=file, **content)


def _verdict(file: str, reply: Mapping[str, Any]) -> tuple[str, str, str, str]:
    problems, outcome = reply["problems"], reply["outcome"]
    details = "\n".join((*(f"wrong   {line}" for line in problems),
                         *(f"proved  {line}" for line in reply["proved"])))  # fmt: skip
    name = Path(file).name
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        return "WARNING", f"{name} is DAMAGED: {problems[0]}{more}.", details, file
    whole = "is whole so far" if reply["working"] else "is whole"
    proved = len(reply["proved"])
    text = f"{name} {whole}; the run: {outcome}. Checksums agree: {proved}, see Details."
    return "RESULT", text, details, ""

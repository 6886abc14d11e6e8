"""A link that answers from a script and keeps what was sent and how long was waited."""

from __future__ import annotations

from typing import Any

from pymeasure.adapters import Adapter
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from drivers.link import Link


class ScriptedLink(Link):
    """Answers in order, and times out when none is left.

    Parameters
    ----------
    answers
        Without what ends them.
    """

    address = "scripted"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.traffic: list[str | float] = []
        """Commands without what ends them, and times that were waited, in s."""
        self.opened: list[tuple[str, str]] = []
        """What ends commands and answers, for each time the link was opened."""

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        self.opened.append((write_termination, read_termination))
        return _Scripted(self)

    def wait(self, seconds: float) -> None:
        self.traffic.append(seconds)

    def close(self) -> None:
        self.answers.clear()


class _Scripted(Adapter):
    def __init__(self, link: ScriptedLink) -> None:
        super().__init__()
        self._link = link

    def _write(self, command: str, **_: Any) -> None:
        self._link.traffic.append(command)

    def _read(self, **_: Any) -> str:
        if not self._link.answers:
            raise VisaIOError(StatusCode.error_timeout)
        return self._link.answers.pop(0)

"""Settings that a driver sends in SCPI and reads back before an output comes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_QUERIES_PER_MESSAGE = 8
_DIGITS = 1e-6
"""Relative step of the last digit in which instruments answer."""

_SWITCHES = {"OFF": "0", "ON": "1"}
RANGE_STEP = 0.06
"""By how much of it a range may be answered otherwise: some answer what it holds at most."""


@dataclass(frozen=True)
class Setting:
    """One setting: what is sent, and what must be read back.

    Parameters
    ----------
    header
        Its query is this and a question mark.
    value
        A number, or a word in its short form.
    within
        By how much a number may differ beyond the digits of the answer.
    """

    header: str
    value: float | str
    within: float = 0.0

    @property
    def command(self) -> str:
        """What sets it."""
        value = self.value if isinstance(self.value, str) else f"{self.value:.9g}"
        return f"{self.header} {value}"

    def agrees(self, answer: str) -> bool:
        """Whether an answer says that it is set: words in short or long form, ON or 1."""
        answer = answer.strip().upper()
        if isinstance(self.value, str):
            wanted, found = self.value.upper().split(","), answer.split(",")
            return len(wanted) == len(found) and all(map(_same_word, wanted, found))
        number = float(_SWITCHES.get(answer, answer))
        return abs(number - self.value) <= self.within + _DIGITS * abs(self.value)


def _same_word(short: str, found: str) -> bool:
    found = found.strip()
    return found.startswith(short) or _SWITCHES.get(short) == found


def disagreements(ask: Callable[[str], str], settings: Sequence[Setting]) -> list[str]:
    """What is set otherwise than it was sent, in words.

    Raises
    ------
    ValueError
        An answer is no number, or there are too few of them.
    """
    wrong = []
    for k in range(0, len(settings), _QUERIES_PER_MESSAGE):
        asked = settings[k : k + _QUERIES_PER_MESSAGE]
        answers = ask(";".join(f"{s.header}?" for s in asked)).split(";")
        wrong += [
            f"{s.header} is {answer.strip()} instead of {s.value}"
            for s, answer in zip(asked, answers, strict=True)
            if not s.agrees(answer)
        ]
    return wrong

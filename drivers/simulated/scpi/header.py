"""Headers in the notation of SCPI manuals, as expressions for all their spellings.

    [:SOURce[1|2]]:CURRent[:LEVel][:IMMediate][:AMPLitude]

Capitals are the short form, brackets are optional, digits in brackets are a numeric suffix
(`[1|2]` or `[1-14]`), whose first value counts when it is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from drivers.simulated.scpi.errors import ScpiError

_SUFFIX = re.compile(r"\[(\d+(?:\|\d+)*|\d+-\d+)\]")
_MNEMONIC = re.compile(r"(\*?[A-Z][A-Z0-9_]*)([a-z]*)")


@dataclass(frozen=True)
class Header:
    """One command's header.

    Parameters
    ----------
    spelling
        Matches the written header in capitals, with a leading colon unless it is a common one.
    suffixes
        Accepted numbers of each numeric suffix, from left to right.
    """

    spelling: re.Pattern[str]
    suffixes: tuple[tuple[int, ...], ...]

    def match(self, written: str) -> tuple[int, ...] | None:
        """The numeric suffixes of a header that is this one; None when it is another.

        Raises
        ------
        ScpiError
            It is this one with a suffix that does not exist.
        """
        found = self.spelling.fullmatch(written)
        if found is None:
            return None
        numbers = tuple(
            int(text) if text else accepted[0]
            for text, accepted in zip(found.groups(), self.suffixes, strict=True)
        )
        if any(n not in accepted for n, accepted in zip(numbers, self.suffixes, strict=True)):
            raise ScpiError(-114)
        return numbers


@cache
def compile_header(notation: str) -> Header:
    """The header that a manual's notation describes.

    Raises
    ------
    ValueError
        The notation is not understood.
    """
    suffixes: list[tuple[int, ...]] = []
    # `[ROUTe:]CLOSe` and `CLOSe` are other ways to write `[:ROUTe]:CLOSe` and `:CLOSe`.
    text = re.sub(r"^\[([A-Za-z]+(?:\[[\d|-]+\])?):\]", r"[:\1]:", notation)
    if text[0] not in ":[*":
        text = ":" + text
    pattern, at = "", 0
    while at < len(text):
        if suffix := _SUFFIX.match(text, at):
            suffixes.append(_numbers(suffix[1]))
            pattern += r"(\d{0,6})"
            at = suffix.end()
        elif mnemonic := _MNEMONIC.match(text, at):
            short, rest = re.escape(mnemonic[1]), mnemonic[2].upper()
            pattern += short + (f"(?:{rest})?" if rest else "")
            at = mnemonic.end()
        elif text[at] in ":[]":
            pattern += {":": ":", "[": "(?:", "]": ")?"}[text[at]]
            at += 1
        else:
            raise ValueError(f"header {notation!r} is not understood from {text[at:]!r} on")
    return Header(re.compile(pattern, re.ASCII), tuple(suffixes))


def short_form(notation: str) -> str:
    """The shortest spelling of a word in this notation."""
    return re.sub(r"\[[^\]]*\]|[a-z]", "", notation)


def _numbers(text: str) -> tuple[int, ...]:
    if "-" in text:
        first, last = map(int, text.split("-"))
        return tuple(range(first, last + 1))
    return tuple(map(int, text.split("|")))

"""The grammar of program messages: units, headers, and the elements of their data.

IEEE 488.2-1992 chapter 7. A message is read as it is executed, so what stands before a
mistake is carried out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from drivers.simulated.scpi.errors import ScpiError

Form = Literal["number", "word", "string", "block", "expression"]

LONGEST_MNEMONIC = 12
MOST_DIGITS = 255
LARGEST_EXPONENT = 32_000

_SPACE = "".join(chr(n) for n in range(33) if n != 10)
_HEADER = re.compile(r"\*[A-Za-z]\w*\??|:?[A-Za-z]\w*(?::[A-Za-z]\w*)*\??", re.ASCII)
_WORD = re.compile(r"[A-Za-z]\w*", re.ASCII)
_MANTISSA = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_EXPONENT = re.compile(r"[\x00-\x20]*[Ee][\x00-\x20]*([+-]?\d+)", re.ASCII)
_SUFFIX = re.compile(r"[\x00-\x20]*([A-Za-z/][A-Za-z0-9./]*)", re.ASCII)
_NON_DECIMAL = re.compile(r"#(?:[Hh]([0-9A-Fa-f]+)|[Qq]([0-7]+)|[Bb]([01]+))", re.ASCII)


@dataclass(frozen=True)
class Element:
    """One element of program data.

    Parameters
    ----------
    form
        What it is by its look.
    text
        A word or a string's content, what stands within the parentheses of an expression,
        a block's bytes as latin-1, or a number's digits as written, without its exponent.
    number
        A number's value, without its suffix.
    suffix
        A number's unit as written.
    """

    form: Form
    text: str = ""
    number: float = 0.0
    suffix: str = ""


@dataclass(frozen=True)
class Unit:
    """One command or query: its header as written, without `?`, and its data."""

    header: str
    query: bool
    data: tuple[Element, ...]


def units(message: str) -> Iterator[Unit]:
    """The units of a message, in order.

    Raises
    ------
    ScpiError
        At the first one that is not well formed.
    """
    reader = _Reader(message)
    while not reader.at_end():
        if not reader.take(";"):
            yield reader.unit()


class _Reader:
    """Reads a message from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.skip_space()

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def skip_space(self) -> bool:
        """Skip white space; whether there was any."""
        begin = self._at
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1
        return self._at > begin

    def take(self, character: str) -> bool:
        """Skip a character and the white space behind it, if it comes next."""
        if not self._text.startswith(character, self._at):
            return False
        self._at += len(character)
        self.skip_space()
        return True

    def unit(self) -> Unit:
        header = self._match(_HEADER)
        if header is None:
            raise ScpiError(-102 if self._text[self._at].isascii() else -101)
        if any(len(word) > LONGEST_MNEMONIC for word in re.split(r"[:*?]", header[0])):
            raise ScpiError(-112)
        text = header[0].removesuffix("?")
        spaced = self.skip_space()
        if self.at_end() or self._text[self._at] == ";":
            return Unit(text, header[0] != text, ())
        if not spaced:
            raise ScpiError(-111 if self._text[self._at].isascii() else -101)
        data = tuple(self._data())
        if not self.at_end() and self._text[self._at] != ";":
            raise ScpiError(-103)
        return Unit(text, header[0] != text, data)

    def _data(self) -> Iterator[Element]:
        while True:
            yield self._element()
            self.skip_space()
            if not self.take(","):
                return

    def _element(self) -> Element:
        if self.at_end() or self._text[self._at] in ",;":
            raise ScpiError(-109)
        first = self._text[self._at]
        if first in "\"'":
            return self._string(first)
        if first == "#":
            return self._hash()
        if first == "(":
            return self._expression()
        if word := self._match(_WORD):
            return Element("word", word[0])
        if mantissa := self._match(_MANTISSA):
            return self._number(mantissa[0])
        if not first.isascii():
            raise ScpiError(-101)
        raise ScpiError(-121 if first in "+-." else -102)

    def _number(self, mantissa: str) -> Element:
        if len(mantissa) > MOST_DIGITS:
            raise ScpiError(-124)
        exponent = 0
        if found := self._match(_EXPONENT):
            if len(found[1]) > 7 or abs(int(found[1])) > LARGEST_EXPONENT:
                raise ScpiError(-123)
            exponent = int(found[1])
        suffix = self._match(_SUFFIX)
        # Beyond a float's range it is infinite, which no command's limits admit.
        value = float(f"{mantissa}e{exponent}")
        return Element("number", mantissa, value, suffix[1] if suffix else "")

    def _string(self, quote: str) -> Element:
        parts = []
        while True:
            end = self._text.find(quote, self._at + 1)
            if end < 0:
                raise ScpiError(-151)
            parts.append(self._text[self._at + 1 : end])
            self._at = end + 1
            # A doubled quote stands for itself: the string goes on.
            if not self._text.startswith(quote, self._at):
                return Element("string", quote.join(parts))

    def _hash(self) -> Element:
        if found := self._match(_NON_DECIMAL):
            base = 16 if found[1] else 8 if found[2] else 2
            digits = found[1] or found[2] or found[3]
            if len(digits) > MOST_DIGITS:
                raise ScpiError(-124)
            return Element("number", number=float(int(digits, base)))
        sizes = self._text[self._at + 1 : self._at + 2]
        if not (sizes.isascii() and sizes.isdigit()):
            raise ScpiError(-102)
        begin = self._at + 2
        if sizes == "0":  # indefinite: it ends where the message does
            self._at = len(self._text)
            return Element("block", self._text[begin:])
        length = self._text[begin : begin + int(sizes)]
        end = begin + int(sizes) + (int(length) if length.isascii() and length.isdigit() else 0)
        if len(length) < int(sizes) or not length.isdigit() or end > len(self._text):
            raise ScpiError(-161)
        self._at = end
        return Element("block", self._text[begin + int(sizes) : end])

    def _expression(self) -> Element:
        depth, begin = 0, self._at + 1
        for at in range(self._at, len(self._text)):
            depth += {"(": 1, ")": -1}.get(self._text[at], 0)
            if depth == 0:
                self._at = at + 1
                return Element("expression", self._text[begin:at])
        raise ScpiError(-171)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found


_MARK = re.compile(rb"[\n#\"']")


def split_messages(received: bytes) -> tuple[list[bytes], bytes]:
    """Complete messages of a stream without END, and what is left.

    A line feed ends a message, but not within a definite block.
    """
    messages, begin, at = [], 0, 0
    while mark := _MARK.search(received, at):
        at = mark.end()
        if mark[0] == b"\n":
            messages.append(received[begin : mark.start()])
            begin = at
        elif mark[0] == b"#":
            at = _behind_block(received, mark.start())
        else:
            closing = received.find(mark[0], at)
            newline = received.find(b"\n", at)
            # A string that its line does not close is a mistake, and ends with the line.
            if closing >= 0 and not 0 <= newline < closing:
                at = closing + 1
    return messages, received[begin:]


def _behind_block(received: bytes, at: int) -> int:
    """Where a definite block that begins here ends; what is none is one character long."""
    sizes = received[at + 1 : at + 2]
    if sizes in b"0" or not sizes.isdigit():
        return at + 1
    digits = received[at + 2 : at + 2 + int(sizes)]
    whole = len(digits) == int(sizes) and digits.isdigit()
    return at + 2 + len(digits) + int(digits) if whole else at + 1

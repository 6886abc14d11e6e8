"""Reads TOML that people write: every key is validated, and an error says what is accepted."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from app.errors import InputError
from protocols.suggestion import suggestion

MOST_BYTES = 4_000_000
"""Largest file that is read."""
MOST_PROBLEMS = 50
"""Most problems that one message names."""
_DEEPEST = 100
"""Dots in a key."""
_LONGEST = 500
"""Characters of a value that a message quotes."""


class Section(BaseModel):
    """A table of a TOML file; its fields are the keys it accepts.

    The text under a field is what the reference says of the key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


S = TypeVar("S", bound=Section)


def read_toml(path: Path, kind: type[S], what: str) -> S:
    """Read and validate a file.

    Parameters
    ----------
    kind
        What the whole file is.
    what
        What a message calls it, as "campaign file".

    Raises
    ------
    InputError
        Not readable, not TOML, an unknown key, or a value that is not accepted; one line a
        problem.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise InputError(f"{what} {path} is too large; at most {MOST_BYTES} bytes")
        if _deep(plain := text.decode("utf-8")):
            raise InputError(f"{what} {path} is not TOML: it is nested too deeply")
        content = tomllib.loads(plain)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{what} {path} cannot be read: {why}") from error
    except ValueError as error:
        # Also an integer of more digits than Python reads.
        raise InputError(f"{what} {path} is not TOML: {shortened(str(error))}") from error
    except RecursionError:
        raise InputError(f"{what} {path} is not TOML: it is nested too deeply") from None
    return checked(content, kind, f"{what} {path}")


def _deep(text: str) -> bool:
    """Whether a key has so many parts that `tomllib` would take minutes and gigabytes for it."""
    bare = re.sub(r"#[^\n]*", "", re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", "", text))
    return any(piece.count(".") > _DEEPEST for piece in re.split(r"[\n,{}=\[\]]", bare))


def checked(content: Mapping[str, Any], kind: type[S], where: str) -> S:
    """Validate what was read.

    Parameters
    ----------
    where
        What each line of a message begins with.

    Raises
    ------
    InputError
        An unknown key, or a value that is not accepted; one line a problem.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        lines = [f"{where}: {_line(kind, dict(p))}" for p in _causes(error)]
        raise InputError(all_lines(lines)) from None


def all_lines(lines: Iterable[str]) -> str:
    """Problems, each once, of which a damaged file may have thousands."""
    different = list(dict.fromkeys(lines))
    more = len(different) - MOST_PROBLEMS
    return "\n".join(different[:MOST_PROBLEMS] + [f"and {more} more problems"] * (more > 0))


def shortened(text: str) -> str:
    """A text as it may stand in a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """The problems without lists that are too short only because what they hold is wrong."""
    found = error.errors()
    return [
        problem
        for problem in found
        if problem["type"] != "too_short" or not _any_within(problem["loc"], found)
    ]


def _any_within(place: tuple[int | str, ...], problems: list[ErrorDetails]) -> bool:
    return any(p["loc"] != place and p["loc"][: len(place)] == place for p in problems)


def _line(kind: type[Section], problem: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        accepted = _keys(kind, problem["loc"][:-1])
        near = suggestion(str(problem["loc"][-1]), accepted)
        return f"unknown key {shortened(key)}; accepted here: {', '.join(accepted)}{near}"
    if problem["type"] == "missing":
        return f"{key} is missing"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    if problem["type"] == "model_type":
        message = "it should be a table with keys"
    value = "" if isinstance(problem["input"], dict) else f" = {shortened(repr(problem['input']))}"
    return f"{shortened(key) or 'as a whole'}{value}: {shortened(message)}"


def _keys(kind: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    for part in location:
        if isinstance(part, str) and part in kind.model_fields:
            kind = _section_in(kind.model_fields[part].annotation) or kind
    return list(kind.model_fields)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, itself or within a list or an alternative."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)

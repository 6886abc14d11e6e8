"""What the library can be asked, as messages; bad ones say which field and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.errors import InputError
from app.library.compare import What
from app.library.notes import Tag


class Request(BaseModel):
    """What all requests are: of known fields only, and constant."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rows(Request):
    """The runs in a folder; files not known after `within` seconds are left for the next time."""

    ask: Literal["rows"]
    folder: Path
    within: Annotated[float, Field(ge=0)] = float("inf")


class Readings(Request):
    """Rows `first` to `last` - 1 of a run, as far as they are recorded; without `last` all."""

    ask: Literal["readings"]
    file: Path
    first: Annotated[int, Field(ge=0)] = 0
    last: Annotated[int, Field(ge=0)] | None = None


class ChartOf(Request):
    """The chart of a run by one of its analyses."""

    ask: Literal["chart"]
    file: Path
    analysis: str = "main"


class Picture(Request):
    """The figure of a run by one of its analyses, as PNG that fits into so many pixels."""

    ask: Literal["picture"]
    file: Path
    analysis: str = "main"
    dark: bool = False
    width: Annotated[int, Field(ge=50, le=10_000)] = 1400
    height: Annotated[int, Field(ge=50, le=10_000)] = 1000


class Compare(Request):
    """Runs over each other."""

    ask: Literal["compare"]
    files: Annotated[tuple[Path, ...], Field(min_length=1)]
    what: What = "psv"


Shown = Annotated[ChartOf | Compare | Picture | Readings, Field(discriminator="ask")]
"""What can be exported."""


class Export(Request):
    """What a request shows, as a new file whose ending names the format."""

    ask: Literal["export"]
    to: Path
    source: Shown
    dark: bool = False


class Note(Request):
    """Notes and tags of a run, in place of those it had."""

    ask: Literal["note"]
    file: Path
    notes: str
    tags: tuple[Tag, ...]


class Verify(Request):
    """What a run's file proves, and what is wrong with it."""

    ask: Literal["verify"]
    file: Path


class Recover(Request):
    """A new file beside one that is interrupted or damaged, of all that can be had from it."""

    ask: Literal["recover"]
    file: Path


class Repeat(Request):
    """What a recorded run was asked for, and what would differ on a rig (None: the simulated)."""

    ask: Literal["repeat"]
    file: Path
    rig: Path | None = None


class Rehearse(Request):
    """What a run would do to a nominal device on a rig (None: the simulated one)."""

    ask: Literal["rehearse"]
    protocol: str
    preset: str
    values: dict[str, Any]
    rig: Path | None = None


AnyRequest = (
    Rows
    | Readings
    | ChartOf
    | Picture
    | Compare
    | Export
    | Note
    | Verify
    | Recover
    | Repeat
    | Rehearse
)
_REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(Annotated[AnyRequest, Field(discriminator="ask")])


def parse(message: Mapping[str, Any]) -> AnyRequest:
    """The request that a message is.

    Raises
    ------
    InputError
        It is none; one line a field that is wrong.
    """
    try:
        return _REQUEST.validate_python(message)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, problem['loc'])) or 'request'}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise InputError("\n".join(lines)) from None

"""The file beside a run's that holds all that passed between host and instruments, on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from app.errors import InputError
from drivers.transcript import Transcript

ENDING = ".transcript.jsonl"
"""What takes the place of the ending of the file that it is beside."""


def transcript_path(beside: Path) -> Path:
    """Name of the transcript of what is recorded in a file."""
    return beside.with_name(beside.stem + ENDING)


def begin(transcript: Transcript, path: Path) -> None:
    """Write a transcript to a new file from now on.

    Raises
    ------
    InputError
        The file exists or cannot be made.
    """
    try:
        transcript.write_to(path)
    except FileExistsError:
        raise InputError(f"transcript {path} exists already, and is not replaced") from None
    except OSError as error:
        raise InputError(f"transcript {path} cannot be written: {error}") from error


@contextmanager
def transcribed(path: Path | None) -> Iterator[Transcript]:
    """A transcript for a rig, written to a new file; to none when `path` is None.

    A file that cannot be written to its end does not end a run; that is said afterwards.

    Raises
    ------
    InputError
        The file exists or cannot be made.
    """
    transcript = Transcript()
    if path is not None:
        begin(transcript, path)
    try:
        yield transcript
    finally:
        transcript.close()
        if transcript.problem:
            typer.echo(f"warning: {path} ends early: {transcript.problem}", err=True)

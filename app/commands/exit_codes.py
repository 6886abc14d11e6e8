"""What the commands end with; 0 is the end that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

FAILED, BAD_INPUT, ABORTED = 1, 2, 3
NOT_ENDED = 4
"""A file that still is a working file."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """End with the exit code for bad input and the message, or with that for Ctrl-C."""
    try:
        from app.errors import InputError
        from data.errors import DataError

        try:
            yield
        except (InputError, DataError) as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:  # while no run goes on: there it aborts the run
        typer.echo("aborted", err=True)
        raise typer.Exit(ABORTED) from None

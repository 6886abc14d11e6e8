"""The command table: one line a command, and the look-up in it.

A line is a `Setting` (with its query), an `Action` or a `Query`, as in::

    Setting("[:SOURce[1|2]]:CURRent[:LEVel]", "level", Number(-3, 3, 0, "A"))
    Action(":ABORt[:ALL]", self.abort, Channels((1, 2), (1, 2)))
    Query(":FETCh:ARRay:VOLTage?", self.fetch, Channels((1, 2), (1,)))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.header import compile_header
from drivers.simulated.scpi.parameters import Kind, Parameter

Handler = Callable[..., Any]
"""Is given the header's numeric suffixes and then the parameters."""


@dataclass(frozen=True)
class Setting:
    """A command that sets a value and a query that answers it.

    Parameters
    ----------
    header
        In the notation of `header`.
    name
        Under which the instrument's settings hold it; two headers may share one.
    kind
        What is accepted, and the value after *RST.
    check
        Called before the value is stored: raises `ScpiError` when it cannot be now, and
        returns the value to store (a range that holds it, say).
    changed
        Called after it was stored, with nothing but the suffixes.
    """

    header: str
    name: str
    kind: Kind
    check: Handler | None = None
    changed: Handler | None = None


@dataclass(frozen=True, init=False)
class Action:
    """A command without a query.

    Parameters
    ----------
    header
        In the notation of `header`.
    handler
        What it does.
    parameters
        What it takes.
    """

    header: str
    handler: Handler
    parameters: tuple[Parameter, ...]

    def __init__(self, header: str, handler: Handler, *parameters: Parameter) -> None:
        object.__setattr__(self, "header", header)
        object.__setattr__(self, "handler", handler)
        object.__setattr__(self, "parameters", parameters)


@dataclass(frozen=True, init=False)
class Query(Action):
    """A query without a command; its header ends in `?`, its handler returns the answer."""


Row = Setting | Action


class Table:
    """Finds the row that a header means.

    Parameters
    ----------
    rows
        The commands; of two that fit, the earlier counts.
    """

    _CACHED = 4096

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = [(row, compile_header(row.header.removesuffix("?"))) for row in rows]
        self._found: dict[tuple[str, bool], tuple[Row, tuple[int, ...]]] = {}

    @property
    def settings(self) -> list[tuple[Setting, tuple[tuple[int, ...], ...]]]:
        """Every setting with the accepted numbers of its suffixes."""
        return [(row, h.suffixes) for row, h in self._rows if isinstance(row, Setting)]

    def find(self, header: str, *, query: bool) -> tuple[Row, tuple[int, ...]]:
        """The row for a header in capitals, from the root on, and its numeric suffixes.

        Raises
        ------
        ScpiError
            There is none, or its suffix does not exist.
        """
        if (header, query) not in self._found:
            if len(self._found) >= self._CACHED:
                self._found.clear()
            self._found[header, query] = self._search(header, query)
        return self._found[header, query]

    def _search(self, header: str, query: bool) -> tuple[Row, tuple[int, ...]]:
        for row, compiled in self._rows:
            if not isinstance(row, Setting) and isinstance(row, Query) != query:
                continue
            suffixes = compiled.match(header)
            if suffixes is not None:
                return row, suffixes
        raise ScpiError(-113)

"""What a person may have meant who typed a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100
"""Characters of a name that is worth comparing."""


def suggestion(typed: str, accepted: Iterable[str]) -> str:
    """The end of a message: ``; did you mean 'width'?``, or nothing where no name is near."""
    near = get_close_matches(typed, list(accepted), n=1) if len(typed) <= _LONGEST else []
    return f"; did you mean {near[0]!r}?" if near else ""

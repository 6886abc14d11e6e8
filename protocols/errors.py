"""The one error that the description of a stimulus can raise."""

from __future__ import annotations


class ProtocolError(ValueError):
    """A stimulus that cannot be built, or cannot be carried on with.

    The message names the parameter, its value and what would be accepted.
    """

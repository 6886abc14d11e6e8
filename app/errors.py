"""What a person typed that cannot be used."""

from __future__ import annotations


class InputError(ValueError):
    """Bad input: what, where, the value and what is accepted; nothing was energised."""

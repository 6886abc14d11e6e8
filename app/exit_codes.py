"""What the commands end with; 0 is the end that was asked for."""

from __future__ import annotations

FAILED, BAD_INPUT, ABORTED = 1, 2, 3
NOT_ENDED = 4
"""A file that still is a working file."""

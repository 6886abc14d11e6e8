"""The errors of files and records."""

from __future__ import annotations


class DataError(Exception):
    """A file that cannot be written or read; the message says which, why and what to do."""


class ForeignError(DataError):
    """A file that HDF5 can open and that is no run of ours."""

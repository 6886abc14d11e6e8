"""The one family of errors that instruments raise; each message says what to do next."""

from __future__ import annotations


class InstrumentError(Exception):
    """Something is wrong with an instrument or with what it reports."""


class LinkError(InstrumentError):
    """The instrument cannot be reached, does not answer in time, or answers nonsense."""


class CommandError(InstrumentError):
    """The instrument's own error queue holds an entry."""


class LimitError(InstrumentError):
    """A request beyond a limit of the device under test or of the rig."""


class ComplianceError(InstrumentError):
    """The source reached its limit although the program must not."""


class RelayError(InstrumentError):
    """A relay that does not read back as it was set."""

"""Everything that is known of a run besides its readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from protocols.program import PulseProgram


class Outcome(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    FINISHED = "finished"
    ABORTED = "aborted"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The program that recorded it is gone and never set an outcome; found out by whoever reads
    the file next."""


@dataclass(frozen=True)
class RunInfo:
    """What is known when a run begins.

    Parameters
    ----------
    run_id
        UUID as text.
    protocol
        Name of the protocol.
    preset
        Preset that the parameters started from.
    parameters
        All parameters of the protocol, as JSON values.
    phases
        Names that the column `phase` indexes.
    programs
        The distinct programs as commanded: those of the plan, and in a finished file those
        that a closed loop made besides.
    start
        Time of day, with time zone.
    sample, notes, user
        As the experimenter gave them.
    simulated
        Whether the instruments are emulated.
    instruments
        Per role ("source_meter", "resistor_bank"): identity, firmware, serial number,
        address, settings as read back.
    rig
        The rig description, as JSON values.
    resistors
        Rows (channel, nominal ohm, calibrated ohm) of the bank's table.
    software
        Package name to version.
    repeats
        Id of the run that it was to repeat; "" when none.
    """

    run_id: str
    protocol: str
    preset: str
    parameters: Mapping[str, Any]
    phases: tuple[str, ...]
    programs: tuple[PulseProgram, ...]
    start: datetime
    sample: str
    notes: str
    user: str
    simulated: bool
    instruments: Mapping[str, Mapping[str, Any]]
    rig: Mapping[str, Any]
    resistors: tuple[tuple[int, float, float], ...]
    software: Mapping[str, str] = field(default_factory=dict)
    repeats: str = ""


@dataclass(frozen=True)
class PlayInfo:
    """One program as it was played: what was set and read back at measure time.

    Parameters
    ----------
    label
        The step's label.
    digest
        `PulseProgram.digest` of what was played.
    started
        Start on the instrument's clock, in s after the start of the run.
    resistance
        Actual regulating resistance, in ohm.
    settings
        Instrument settings read back after the upload, as JSON values.
    device
        Name of the device that was connected; "" where the rig has but one.
    """

    label: str
    digest: str
    started: float
    resistance: float
    settings: Mapping[str, Any]
    device: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class RecordedPlay(PlayInfo):
    """A program as it was played, and where its readings stand.

    Parameters
    ----------
    first_row, n_rows
        Its rows of the run's samples.
    """

    first_row: int
    n_rows: int

    @property
    def rows(self) -> slice:
        """Its readings: ``run.samples[play.rows]``."""
        return slice(self.first_row, self.first_row + self.n_rows)


@dataclass(frozen=True)
class Event:
    """One line of a run's log: seconds after the start of the run, level, message."""

    time: float
    level: str
    message: str

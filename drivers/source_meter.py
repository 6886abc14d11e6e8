"""The interface of a source-measure unit: load a program, start it, drain its readings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from drivers.instrument import RigInstrument
from drivers.link import Link
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram


@dataclass(frozen=True, eq=False)
class Readout:
    """New readings of a running program, in its order; every column has shape (n,).

    Parameters
    ----------
    first
        Index of the segment that the first reading belongs to.
    time
        Start of each reading after the start of the program, in s, by the instrument.
    requested_time
        The same as it was commanded.
    voltage, current
        In V and A.
    flags
        Bits of `data.samples.Flag`.
    running
        Whether the program still runs.
    """

    first: int
    time: NDArray[np.float64]
    requested_time: NDArray[np.float64]
    voltage: NDArray[np.float64]
    current: NDArray[np.float64]
    flags: NDArray[np.uint8]
    running: bool

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class OutputState:
    """What an instrument reports of its output.

    Parameters
    ----------
    on
        Whether it drives its terminals.
    text
        The same as a person reads it, with what off means.
    """

    on: bool
    text: str

    def __str__(self) -> str:
        return self.text


class SourceMeter(RigInstrument):
    """A source-measure unit that plays a pulse program by its own timing.

    The order of calls is `check`, `load`, `start`, `drain` until it no longer runs, then
    `stand_by`. `make_safe` may come at any time, also when the link is gone.
    """

    verifiable: ClassVar[bool] = False
    """Whether the vendor leaves the least period open, so that the operator may state one that
    was verified on the bench."""

    @classmethod
    @abstractmethod
    def channels_of(cls, model: str) -> tuple[str, ...]:
        """Names of a model's channels as printed on it; none where it has but one."""

    @classmethod
    @abstractmethod
    def connect(
        cls, link: Link, channel: str, wiring: str, *, verified_period: float | None = None
    ) -> Self:
        """Reach the instrument and learn who it is; nothing is energised.

        Parameters
        ----------
        link
            The way to it.
        channel
            One of `channels_of` its model; "" where there is but one.
        wiring
            "4-wire" senses at the device, "2-wire" at the instrument's terminals.
        verified_period
            Least period that the operator has verified on the bench, in s; only for drivers
            that are `verifiable`.

        Raises
        ------
        InstrumentError
            It cannot be reached, or is a model that the driver is not for.
        """

    @classmethod
    @abstractmethod
    def capabilities_of(
        cls, model: str, line_frequency: float, *, verified_period: float | None = None
    ) -> Capabilities:
        """What a model can do; needs no connection."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the connected instrument can do."""

    @abstractmethod
    def now(self) -> float:
        """Time on the instrument's clock, in s after it was connected."""

    @abstractmethod
    def load(self, program: PulseProgram) -> Mapping[str, Any]:
        """Upload a program without energising anything.

        Returns
        -------
        Mapping
            The settings as read back from the instrument.

        Raises
        ------
        CommandError
            The instrument's error queue is not empty after the upload.
        """

    @abstractmethod
    def start(self) -> float:
        """Turn the output on and start the loaded program.

        Returns
        -------
        float
            Start on the instrument's clock, in s after it was connected.
        """

    @abstractmethod
    def drain(self) -> Readout:
        """What was read since the last call; waits for nothing."""

    @abstractmethod
    def read_back(self) -> OutputState:
        """The output as the instrument reports it now; nothing is changed.

        Raises
        ------
        InstrumentError
            It cannot be read: the state is unknown.
        """

    @abstractmethod
    def stand_by(self) -> None:
        """After a program: level 0, output off and high-impedance."""

    @abstractmethod
    def make_safe(self) -> str:
        """Stop whatever runs, level 0, output off and high-impedance.

        Opens the link again when it is broken.

        Returns
        -------
        str
            The output state as read back.

        Raises
        ------
        InstrumentError
            The state could not be reached or read back: it is unknown.
        """

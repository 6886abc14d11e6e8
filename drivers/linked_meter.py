"""What the drivers of source-measure units share: one connection, who is there, the ways to off."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from pymeasure.adapters import Adapter

from drivers.errors import CommandError, InstrumentError, LinkError
from drivers.instrument import Identity
from drivers.link import Link, let_go, link_errors
from drivers.source_meter import SourceMeter
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram


class LinkedMeter(SourceMeter):
    """A source-measure unit behind one link.

    A driver connects, and says in `_begin` what it does first; it fills in how its instrument is
    asked for time and errors and switched off. Its own `__init__` ends with this one.

    Parameters
    ----------
    link
        The way to it.
    """

    _identity: Identity
    _capabilities: Capabilities

    def __init__(self, link: Link) -> None:
        self._link = link
        self._program: PulseProgram | None = None
        self._connect()
        try:
            with link_errors(link.address):
                self._begin()
        except BaseException:
            let_go(self._adapter)
            raise

    @abstractmethod
    def _connect(self) -> None:
        """Open the link."""

    @property
    @abstractmethod
    def _adapter(self) -> Adapter:
        """The open connection."""

    @abstractmethod
    def _begin(self) -> None:
        """Learn who it is, what it can do, and make high-impedance its off state."""

    @abstractmethod
    def _now(self) -> float:
        """`now`, over a link that may break."""

    @abstractmethod
    def _entries(self) -> Sequence[str]:
        """Take what waits in the error queue."""

    @abstractmethod
    def _switch_off(self) -> None:
        """Level 0, high-impedance as the off state, output off."""

    def _abort(self) -> None:
        """Stop what runs, where `_switch_off` does not."""

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def identity(self) -> Identity:
        return self._identity

    def now(self) -> float:
        with link_errors(self._link.address):
            return self._now()

    def errors(self) -> tuple[str, ...]:
        with link_errors(self._link.address):
            return tuple(self._entries())

    def stand_by(self) -> None:
        with link_errors(self._link.address):
            self._switch_off()
            self._raise_errors("switching off")

    def make_safe(self) -> str:
        try:
            return self._off_and_read_back()
        except LinkError:
            let_go(self._adapter)
            self._connect()
            return self._off_and_read_back()

    def close(self) -> None:
        let_go(self._adapter)
        self._link.close()

    def _off_and_read_back(self) -> str:
        with link_errors(self._link.address):
            self._abort()
            self._switch_off()
        state = self.read_back()
        if state.on:
            raise InstrumentError("the output reads back ON after it was switched off")
        return state.text

    def _accepted(self, identity: Identity) -> Identity:
        """The identity, if the driver is for it and it may be used.

        Raises
        ------
        InstrumentError
            It is another model, or the link says that it must not be used.
        """
        if identity.model not in self.models:
            raise InstrumentError(
                f"{self._link.address} is a {identity}; the driver {self.driver} is for "
                f"{', '.join(self.models)}; correct source_meter in the rig file"
            )
        self._link.met(identity)
        return identity

    def _loaded(self) -> PulseProgram:
        if self._program is None:
            raise InstrumentError("no program is loaded; call load() first")
        return self._program

    def _raise_errors(self, during: str) -> None:
        self._raise(self._entries(), during)

    def _raise(self, entries: Sequence[str], during: str) -> None:
        if entries:
            raise CommandError(
                f"the {self._identity.model} reported during {during}: {'; '.join(entries)}. "
                "Nothing more is sent; this is a fault of the driver or of a setting it was given"
            )

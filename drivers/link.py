"""Links: how a driver reaches its instrument, and the only seam between real and emulated."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pymeasure.adapters import Adapter, VISAAdapter

from drivers.errors import LinkError
from drivers.instrument import Identity


class Link(ABC):
    """A way to an instrument that can be opened again after it broke.

    Attributes
    ----------
    address
        As written in the rig file.
    """

    address: str

    @abstractmethod
    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        """A fresh connection.

        Parameters
        ----------
        write_termination, read_termination
            What ends a command and an answer; a relay board's answer ends with its prompt.

        Raises
        ------
        LinkError
            The instrument cannot be reached.
        """

    def met(self, identity: Identity) -> None:  # noqa: B027 (few mind who it is)
        """Be told who answers, before the driver sends it anything that changes it.

        Raises
        ------
        InstrumentError
            It must not be used: the driver lets go of it.
        """

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Let the host be idle between two looks at the instrument; never times a stimulus."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the instrument for good; its connections are closed already."""


class VisaLink(Link):
    """A VISA resource: GPIB, USB, LAN or a raw socket, on any VISA library or pyvisa-py.

    Parameters
    ----------
    address
        VISA resource name.
    library
        As pyvisa takes it: "" for the system's VISA library, or pyvisa-py where there is none.
    timeout
        Time that a reply may take unless the driver asks for more, in s.
    """

    def __init__(self, address: str, library: str = "", timeout: float = 5.0) -> None:
        self.address, self._library, self._timeout = address, library, timeout

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        import pyvisa

        settings = {
            "timeout": int(self._timeout * 1000), "read_termination": read_termination,
            "write_termination": write_termination,
        }  # fmt: skip
        try:
            adapter = VISAAdapter(self.address, visa_library=self._library, **settings)
            _send_at_once(adapter.connection)
            return adapter
        except (pyvisa.Error, OSError, ValueError, ImportError) as error:
            raise LinkError(
                f"{self.address} cannot be opened ({error}); check power, cable and address"
            ) from error

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Nothing is held besides the connections."""


def _send_at_once(resource: Any) -> None:
    """Have a raw socket send each command when it is written, which is VISA's default.

    pyvisa-py up to 0.8.1 neither does so nor takes the attribute: a command that follows a
    command waits for an acknowledgement, 40 ms or more.
    """
    session = getattr(resource.visalib, "sessions", {}).get(resource.session)
    connection = getattr(session, "interface", None)
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def let_go(adapter: Adapter) -> None:
    """Close a connection, also a broken one: what it says of that must stop nothing that follows.

    Some VISA libraries refuse to close what they have lost; a fresh connection can be had all
    the same.
    """
    import pyvisa

    with suppress(pyvisa.Error, OSError):
        adapter.close()


@contextmanager
def link_errors(address: str) -> Iterator[None]:
    """Turn what a broken or silent connection raises into a `LinkError`."""
    import pyvisa

    try:
        yield
    except (pyvisa.Error, OSError, EOFError) as error:
        raise LinkError(
            f"no reply from {address} ({error}); check power and cable, then run again"
        ) from error
    except (UnicodeDecodeError, ValueError, IndexError) as error:
        raise LinkError(f"{address} sent what cannot be understood ({error})") from error

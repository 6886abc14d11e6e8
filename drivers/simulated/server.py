"""Serves an emulated instrument on a loopback socket, for clients of any kind.

Clients are served one at a time, the next waits until the present one leaves; a client that
drops leaves the instrument running, as on the bench.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType

from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.conversation import PATIENCE, Conversation

HOST = "127.0.0.1"

LONGEST_LINE = 65_536
"""Bytes of a message; a client that sends a longer one is dropped."""


class Listener(ABC):
    """A listening loopback socket and the thread that accepts its clients.

    Parameters
    ----------
    bench
        In whose journal faults are written.
    name
        Of the thread.
    port
        TCP port, 0 for any free one.

    Raises
    ------
    OSError
        The port cannot be had.
    """

    def __init__(self, bench: Bench, name: str, port: int) -> None:
        self._bench = bench
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self.name = f"{name}, port {self.port}"
        self._clients: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name=self.name, daemon=True)
        self._thread.start()

    @abstractmethod
    def accepted(self, connection: socket.socket) -> None:
        """Serve a client, here or in a thread of its own, within `connected`."""

    @contextlib.contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        """While a connection is served; closes it in the end."""
        with self._guard:
            if self._closed:
                connection.close()
                raise ConnectionAbortedError(f"{self.name} has been closed")
            self._clients.add(connection)
        try:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield
        finally:
            with self._guard:
                self._clients.discard(connection)
            connection.close()

    @staticmethod
    def drop(connection: socket.socket) -> None:
        """End one connection as a pulled cable would."""
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def drop_clients(self) -> None:
        """End the present connections as a pulled cable would."""
        with self._guard:
            for connection in self._clients:
                self.drop(connection)

    def close(self) -> None:
        """Stop listening and end the present connections."""
        with self._guard:
            self._closed = True
        self.drop(self._listener)
        self._listener.close()
        self.drop_clients()
        self._thread.join(timeout=5.0)

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            try:
                self.accepted(connection)
            except Exception as error:  # noqa: BLE001 (no client may end the service of others)
                self._bench.log(self.name, f"client dropped: {error!r}")


class Server(Listener):
    """An instrument on a raw socket; `serve` makes one.

    Its serial number ends in the port, so that two that are served at a time are two.
    """

    def __init__(self, bench: Bench, instrument: EmulatedInstrument, port: int = 0) -> None:
        self._instrument = instrument
        super().__init__(bench, instrument.name, port)
        if instrument.serial_number:
            instrument.serial_number = f"{instrument.serial_number[:-5]}{self.port:05d}"

    @property
    def resource_name(self) -> str:
        """VISA resource name of the instrument."""
        return f"TCPIP::{HOST}::{self.port}::SOCKET"

    def accepted(self, connection: socket.socket) -> None:
        """Serve a client until it leaves or breaks the rules; the next one waits."""
        with contextlib.suppress(OSError), self.connected(connection):
            self._converse(connection, Conversation(self._bench, self._instrument))

    def _converse(self, client: socket.socket, talk: Conversation) -> None:
        unfinished = b""
        while True:
            client.settimeout(PATIENCE if talk.answers_late else None)
            try:
                received = client.recv(65_536)
            except TimeoutError:
                client.sendall(talk.listen())
                continue
            if not received:
                return
            client.settimeout(None)
            messages, unfinished = self._instrument.split(unfinished + received)
            for message in messages:
                if len(message) > LONGEST_LINE:
                    return
                client.sendall(talk.say(message))
            if len(unfinished) > LONGEST_LINE:
                return


def serve(bench: Bench, instrument: EmulatedInstrument, port: int = 0) -> Server:
    """Serve an instrument on the loopback interface.

    Parameters
    ----------
    bench
        The bench it stands on.
    instrument
        The emulated instrument.
    port
        TCP port, 0 for any free one.

    Returns
    -------
    Server
        Already listening.
    """
    return Server(bench, instrument, port)

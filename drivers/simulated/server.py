"""Serves an emulated instrument on a loopback socket, for clients of any kind.

A message is a line. Clients are served one at a time, the next waits until the present one
leaves; a client that drops leaves the instrument running, as on the bench.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

from drivers.simulated.bench import Bench, EmulatedInstrument

HOST = "127.0.0.1"

LONGEST_LINE = 65_536
"""Bytes of a message; a client that sends a longer one is dropped."""


class Server:
    """A listening socket and the thread that serves it; `serve` makes one.

    Parameters
    ----------
    port
        TCP port, 0 for any free one.
    """

    def __init__(self, bench: Bench, instrument: EmulatedInstrument, port: int = 0) -> None:
        self._bench, self._instrument = bench, instrument
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        self._closed = False
        self._guard = threading.Lock()
        self._thread = threading.Thread(
            target=self._serve, name=f"{instrument.name} on port {self.port}", daemon=True
        )
        self._thread.start()

    @property
    def resource_name(self) -> str:
        """VISA resource name of the instrument."""
        return f"TCPIP::{HOST}::{self.port}::SOCKET"

    def drop_clients(self) -> None:
        """End the present connection as a pulled cable would."""
        with self._guard:
            if self._client is not None:
                _shut(self._client)

    def close(self) -> None:
        """Stop listening and end the present connection."""
        with self._guard:
            self._closed = True
        _shut(self._listener)
        self._listener.close()
        self.drop_clients()
        self._thread.join(timeout=5.0)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            with self._guard:
                if self._closed:
                    client.close()
                    return
                self._client = client
            with client, contextlib.suppress(ConnectionError, OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._converse(client)
            with self._guard:
                self._client = None

    def _converse(self, client: socket.socket) -> None:
        """Serve one client until it leaves or breaks the rules."""
        unfinished = b""
        while received := client.recv(65_536):
            messages, unfinished = self._instrument.split(unfinished + received)
            for message in messages:
                if len(message) > LONGEST_LINE:
                    return
                client.sendall(self._exchange(message))
            if len(unfinished) > LONGEST_LINE:
                return

    def _exchange(self, message: bytes) -> bytes:
        with self._bench.lock:
            self._bench.message_arrives()
            self._instrument.write(message)
            responses = []
            while (response := self._instrument.read()) is not None:
                responses.append(response)
        return b"".join(responses)


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


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)

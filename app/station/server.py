"""Lets windows in, over loopback and with the token, and reads what they ask for."""

from __future__ import annotations

import hmac
import logging
import socket
import threading
import time
from typing import Any, Protocol

from app.station.client import Client
from app.station.wire import WireError

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PATIENCE = 10.0
"""Time that a connection may take to say hello, in s."""
MOST_CLIENTS = 100
"""Connections at once, windows and strangers."""
_PAUSE = 0.1
"""Time until the next try where the system could not take a connection, in s."""


class Host(Protocol):
    """Whom windows come to; each method is called from a thread of the window's own."""

    def attach(self, client: Client, hello: dict[str, Any]) -> None:
        """A window has said hello."""

    def handle(self, client: Client, request: dict[str, Any]) -> None:
        """It asks for something; returns soon, since `abort` may be next."""

    def detach(self, client: Client) -> None:
        """It has gone."""


def listen() -> socket.socket:
    """A socket that connections can wait at from now on."""
    return socket.create_server((HOST, 0))


class Server:
    """Accepts connections until it is closed.

    Parameters
    ----------
    listener
        From `listen`.
    token
        What a window must know.
    host
        Whom the windows come to.
    """

    def __init__(self, listener: socket.socket, token: str, host: Host) -> None:
        self._listener, self._token, self._host = listener, token, host
        self._lock = threading.Lock()
        self._clients: dict[Client, threading.Thread] = {}
        self._closing = False
        self._accepting = threading.Thread(target=self._accept, name="door")
        self._accepting.start()

    def close(self) -> None:
        """Let nobody in any more, and disconnect each window once it has been told all."""
        self._closing = True
        # Only a connection wakes the thread that waits for one, on every system.
        try:
            socket.create_connection(self._listener.getsockname(), timeout=1.0).close()
        finally:
            self._accepting.join()
            self._listener.close()
        with self._lock:
            clients = dict(self._clients)
        for client in clients:
            client.finish()
        for client, reader in clients.items():
            client.close()
            reader.join()

    def _accept(self) -> None:
        """Let connections in; whatever one of them meets, the door stays."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:  # the system has no room for it now
                _log.warning("a connection could not be taken: %s", error)
                time.sleep(_PAUSE)
                continue
            if self._closing:
                connection.close()
                return
            with self._lock:
                full = len(self._clients) >= MOST_CLIENTS
            if full:
                _log.warning("a connection was closed: there are %d already", MOST_CLIENTS)
                connection.close()
                continue
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        try:
            client = Client(connection)
        except OSError:  # it has gone already
            connection.close()
            return
        reader = threading.Thread(target=self._serve, args=(client,), name="from a window")
        with self._lock:
            self._clients[client] = reader
        reader.start()

    def _serve(self, client: Client) -> None:
        attached = False
        try:
            for message in client.messages(PATIENCE):
                if attached:
                    self._host.handle(client, message)
                elif attached := self._knows(message):
                    self._host.attach(client, message)
                else:
                    break
        except WireError as error:
            _log.warning("a connection was closed: %s", error)
        except OSError:  # it has gone, or never said hello
            pass
        finally:
            if attached:
                self._host.detach(client)
            client.drop()
            client.close()
            with self._lock:
                del self._clients[client]

    def _knows(self, message: dict[str, Any]) -> bool:
        token = str(message.get("token", ""))
        return message.get("do") == "hello" and hmac.compare_digest(
            token.encode(), self._token.encode()
        )

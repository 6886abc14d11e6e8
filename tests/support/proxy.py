"""A loopback proxy before an instrument's socket, which spoils what comes through it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

Spoil = Callable[[bytes], bytes]


def garbled(reply: bytes) -> bytes:
    """Other bytes, in lines as they were."""
    return bytes(byte if byte == 0x0A else byte ^ 0x55 for byte in reply)


def partial(reply: bytes) -> bytes:
    """The first half, without an end."""
    return reply[: len(reply) // 2]


def lost(reply: bytes) -> bytes:
    """Nothing."""
    return b""


class Proxy:
    """Hands bytes on; what the instrument answers goes through `spoil` while it is set.

    Parameters
    ----------
    port
        Of the instrument on loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.spoil: Spoil | None = None
        self.spoiled = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"TCPIP::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                instrument = socket.create_connection(("127.0.0.1", self._port))
                for source, sink, spoils in ((client, instrument, False),
                                             (instrument, client, True)):  # fmt: skip
                    threading.Thread(
                        target=self._hand_on, args=(source, sink, spoils), daemon=True
                    ).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, spoils: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if spoils and self.spoil is not None:
                    data = self.spoil(data)
                    self.spoiled += 1
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

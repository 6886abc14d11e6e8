"""One window, seen from the station: it is read in one thread and written to in another."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from app.station.wire import LONGEST, Unpacker

MOST_HELD = 64 * 2**20
"""Bytes that wait for a slow window before it is disconnected."""
_LONGEST_GREETING = 4096
_PIECE = 2**16


class Client:
    """What is told to it waits in a queue of its own, so it never holds up who tells.

    Parameters
    ----------
    connection
        The accepted socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._news = threading.Condition()
        self._frames: deque[bytes] = deque()
        self._held = 0
        self._closing = False
        self._writer = threading.Thread(target=self._write, name="to a window")
        self._writer.start()

    def send(self, frame: bytes) -> None:
        """Queue a frame; one too many for a window that does not read, and it is disconnected."""
        with self._news:
            if self._closing:
                return
            if self._held + len(frame) > MOST_HELD:
                self.drop()
                return
            self._frames.append(frame)
            self._held += len(frame)
            self._news.notify()

    def messages(self, patience: float) -> Iterator[dict[str, Any]]:
        """What it says, until it goes.

        Parameters
        ----------
        patience
            Time that its first message may take, in s.

        Raises
        ------
        WireError
            What comes is no frame.
        OSError
            The first message did not come in time, or the connection broke.
        """
        unpacker = Unpacker(_LONGEST_GREETING)
        self._socket.settimeout(patience)
        while data := self._socket.recv(_PIECE):
            for message, _ in unpacker.feed(data):
                self._socket.settimeout(None)
                yield message
                unpacker.longest = LONGEST

    def drop(self) -> None:
        """Disconnect it at once; what waits for it is lost."""
        with self._news:
            self._frames.clear()
            self.finish()
        self._shut()

    def finish(self) -> None:
        """Disconnect it once it has got what waits for it."""
        with self._news:
            self._closing = True
            self._news.notify()

    def close(self, patience: float = 5.0) -> None:
        """Finish, and give up after some time, in s."""
        self.finish()
        self._writer.join(patience)
        self._shut()
        self._writer.join()
        self._socket.close()

    def _shut(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has gone by itself
            return

    def _write(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._frames or self._closing)
                if not self._frames:
                    break
                frame = self._frames.popleft()
            try:
                self._socket.sendall(frame)
            except OSError:  # it has gone, which its reader notices
                return
            with self._news:
                self._held -= len(frame)
        self._shut()

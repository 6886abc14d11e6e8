"""The window's end of the station: finds or starts it, sends requests, hands on what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from subprocess import Popen
from typing import Any

from numpy.typing import NDArray

from app.errors import InputError
from app.gui.binding import QtCore, QtNetwork, Signal
from app.station.launch import LOG, launch
from app.station.whereabouts import find, runtime_folder
from app.station.wire import Unpacker, WireError, pack

Reply = Callable[[Mapping[str, Any]], None]

_ATTEMPT = 100
"""Time between two looks for a station that is starting, in ms."""
_PATIENCE = 30_000
"""Time that a station may take to start, in ms."""


class StationLink(QtCore.QObject):
    """A connection to the station, which outlives this window.

    Signals
    -------
    told
        A message and its arrays, as `app.station` describes them.
    attached
        The station answered.
    lost
        There is no station, and why.
    """

    told = Signal(dict, dict)
    attached = Signal()
    lost = Signal(str)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = count(1)
        self._replies: dict[int, Reply] = {}
        self._unpacker = Unpacker()
        self._attached = False
        self._socket = QtNetwork.QTcpSocket(self)
        self._socket.connected.connect(self._hello)
        self._socket.readyRead.connect(self._read)
        self._socket.disconnected.connect(self._disconnected)
        self._socket.errorOccurred.connect(self._not_connected)
        self._looking = QtCore.QTimer(self, interval=_ATTEMPT)
        self._looking.timeout.connect(self._look)
        self._since = QtCore.QElapsedTimer()
        self._token = ""
        self._started: Popen[bytes] | None = None

    def attach(self) -> None:
        """Find the station, or start one and wait for it."""
        self._since.start()
        self._started = None
        self._look()
        self._looking.start()

    def ask(self, do: str, then: Reply | None = None, **content: Any) -> None:
        """Send a request; `then` gets the reply, also one that says no."""
        number = next(self._numbers)
        if not self._attached:
            if then:
                then({"ok": False, "error": "the station is not connected yet"})
            return
        if then:
            self._replies[number] = then
        self._socket.write(pack({"do": do, "id": number, **content}))

    def close(self) -> None:
        """Leave the station; what it plays goes on."""
        self._looking.stop()
        self._replies.clear()
        for signal in (self._socket.disconnected, self._socket.errorOccurred):
            signal.disconnect()
        self._attached = False
        self._socket.flush()
        self._socket.disconnectFromHost()

    def _look(self) -> None:
        if self._socket.state() != QtNetwork.QAbstractSocket.SocketState.UnconnectedState:
            return
        try:
            if self._since.hasExpired(_PATIENCE):
                raise InputError(f"the station did not start; see {runtime_folder() / LOG}")
            where = find()
            if where is None:
                self._start()
            else:
                self._token = where.token
                self._socket.connectToHost(QtNetwork.QHostAddress(where.host), where.port)
        except InputError as error:
            self._looking.stop()
            self.lost.emit(str(error))

    def _start(self) -> None:
        """Start a station, once; of two that are started at the same time one ends itself."""
        if self._started is None:
            self._started = launch()

    def _hello(self) -> None:
        self._looking.stop()
        self._unpacker = Unpacker()
        self._attached = True
        self._socket.write(pack({"do": "hello", "id": 0, "token": self._token}))
        self.attached.emit()

    def _read(self) -> None:
        try:
            for message, arrays in self._unpacker.feed(bytes(self._socket.readAll())):
                self._take(message, arrays)
        except WireError as error:
            self._socket.abort()
            self.lost.emit(f"the station sent what cannot be understood: {error}")

    def _take(self, message: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        if "reply" in message:
            then = self._replies.pop(message["reply"], None)
            if then:
                then(message)
        else:
            self.told.emit(message, arrays)

    def _not_connected(self) -> None:
        if self._attached:
            self._disconnected()
        elif self._looking.isActive():
            # Nobody listens where a dead station did.
            self._start()

    def _disconnected(self) -> None:
        if not self._attached:
            return
        self._attached = False
        replies, self._replies = self._replies, {}
        for then in replies.values():
            then({"ok": False, "error": "the station is gone"})
        self.lost.emit("the station is gone")

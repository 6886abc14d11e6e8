"""Serves an emulated instrument on HiSLIP, as instruments with a LAN interface do.

A client has two connections: messages and answers go over the synchronous one, serial polls,
device clears and locks over the other, also while a message is being executed. Answers to one
message arrive as one. The mode is the synchronized one, in which an answer that was not read
is dropped when something new is sent.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import threading
from collections.abc import Callable

from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.conversation import PATIENCE, Conversation
from drivers.simulated.hislip_message import (
    LONGEST_PAYLOAD,
    BrokenProtocolError,
    Message,
    Type,
    receive,
    send,
)
from drivers.simulated.server import HOST, Listener

MOST_SESSIONS = 32
_INTRODUCTION = 10.0
"""Time in which a connection must say what it is, in s."""
_PARTING = 0.5
"""Time that is waited for the rest of what a client sent before it is dropped, in s."""
_VERSION = 0x0100
_VENDOR = int.from_bytes(b"FM", "big")


class _Session:
    """One client: its connections, and what it has sent and not yet read."""

    def __init__(self, number: int, synchronous: socket.socket, talk: Conversation) -> None:
        self.number, self.synchronous, self.talk = number, synchronous, talk
        self.asynchronous: socket.socket | None = None
        self.clearing = threading.Event()
        self.message = bytearray()
        self.latest_id = 0
        self.unread = False

    def answer(self, response: bytes) -> None:
        """Send what the instrument answered."""
        if response and not self.clearing.is_set():
            self.unread = True
            send(self.synchronous, Type.DATA_END, 0, self.latest_id, response)


class Hislip(Listener):
    """A listening socket and the threads that serve its clients.

    Parameters
    ----------
    port
        TCP port, 0 for any free one.
    """

    def __init__(self, bench: Bench, instrument: EmulatedInstrument, port: int = 0) -> None:
        self._instrument = instrument
        self._sessions: dict[int, _Session] = {}
        self._numbers = itertools.count(1)
        self._locks = threading.Condition()
        self._owner: _Session | None = None
        super().__init__(bench, f"{instrument.name} on HiSLIP", port)

    @property
    def resource_name(self) -> str:
        """VISA resource name of the instrument."""
        return f"TCPIP::{HOST}::hislip0,{self.port}::INSTR"

    def accepted(self, connection: socket.socket) -> None:
        """Serve each connection in a thread of its own."""
        threading.Thread(
            target=self._guarded, args=(connection,), name=f"{self.name} client", daemon=True
        ).start()

    def _guarded(self, connection: socket.socket) -> None:
        # A client that goes ends with an OSError; the instrument goes on.
        with contextlib.suppress(OSError), self.connected(connection):
            try:
                self._open(connection)
            except BrokenProtocolError as error:
                _part(connection, error)
            except Exception as error:
                self._bench.log(self.name, f"client dropped: {error!r}")
                raise

    def _open(self, connection: socket.socket) -> None:
        connection.settimeout(_INTRODUCTION)
        first = receive(connection)
        connection.settimeout(None)
        if first.type == Type.INITIALIZE and first.payload in (b"hislip0", b""):
            self._serve_synchronous(connection)
        elif first.type == Type.ASYNC_INITIALIZE and first.parameter in self._sessions:
            self._serve_asynchronous(connection, self._sessions[first.parameter])
        else:
            raise BrokenProtocolError(3, "invalid initialization sequence")

    def _serve_synchronous(self, connection: socket.socket) -> None:
        if len(self._sessions) >= MOST_SESSIONS:
            raise BrokenProtocolError(4, "maximum number of clients exceeded")
        number = next(self._numbers) & 0xFFFF
        session = _Session(number, connection, Conversation(self._bench, self._instrument))
        self._sessions[number] = session
        try:
            send(connection, Type.INITIALIZE_RESPONSE, 0, _VERSION << 16 | number)
            while True:
                self._await(session)
                self._take(session, receive(connection))
        finally:
            del self._sessions[number]
            self._release(session)
            if session.asynchronous is not None:
                self.drop(session.asynchronous)

    def _await(self, session: _Session) -> None:
        """Until the client sends something, pass on what is answered late."""
        while session.talk.answers_late:
            if select.select([session.synchronous], [], [], PATIENCE)[0]:
                return
            session.answer(session.talk.listen())

    def _take(self, session: _Session, message: Message) -> None:
        match message.type:
            case Type.DATA | Type.DATA_END | Type.TRIGGER:
                if not session.clearing.is_set():
                    self._program_message(session, message)
            case Type.DEVICE_CLEAR_COMPLETE:
                session.message.clear()
                session.unread = False
                session.clearing.clear()
                send(session.synchronous, Type.DEVICE_CLEAR_ACKNOWLEDGE)
            case Type.FATAL_ERROR:
                raise ConnectionError("ended by the client")
            case _:
                send(session.synchronous, Type.ERROR, 1, 0, b"unrecognized message type")

    def _program_message(self, session: _Session, message: Message) -> None:
        with self._locks:
            self._locks.wait_for(lambda: self._owner in (None, session))
        session.latest_id = message.parameter
        if session.unread and not message.control & 1:
            session.talk.interrupted()
            send(session.synchronous, Type.INTERRUPTED, 0, message.parameter)
            if session.asynchronous is not None:
                send(session.asynchronous, Type.ASYNC_INTERRUPTED, 0, message.parameter)
        session.unread = False
        if message.type == Type.TRIGGER:
            session.answer(session.talk.say(b"*TRG"))
            return
        session.message += message.payload
        if len(session.message) > LONGEST_PAYLOAD:
            raise BrokenProtocolError(0, f"a message of more than {LONGEST_PAYLOAD} bytes")
        if message.type == Type.DATA_END:
            whole, rest = self._instrument.split(bytes(session.message))
            session.message.clear()
            session.answer(b"".join(session.talk.say(m) for m in (*whole, rest) if m))

    def _serve_asynchronous(self, connection: socket.socket, session: _Session) -> None:
        session.asynchronous = connection
        send(connection, Type.ASYNC_INITIALIZE_RESPONSE, 0, _VENDOR)
        handlers: dict[int, Callable[[_Session, Message], None]] = {
            Type.ASYNC_MAXIMUM_MESSAGE_SIZE: self._tell_size,
            Type.ASYNC_STATUS_QUERY: self._tell_status,
            Type.ASYNC_DEVICE_CLEAR: self._clear,
            Type.ASYNC_LOCK: self._lock,
            Type.ASYNC_LOCK_INFO: self._tell_lock,
            Type.ASYNC_REMOTE_LOCAL_CONTROL: lambda s, _: _reply(
                s, Type.ASYNC_REMOTE_LOCAL_RESPONSE
            ),
        }
        while True:
            message = receive(connection)
            if message.type in handlers:
                handlers[message.type](session, message)
            else:
                send(connection, Type.ERROR, 1, 0, b"unrecognized message type")

    def _tell_size(self, session: _Session, _message: Message) -> None:
        size = LONGEST_PAYLOAD.to_bytes(8, "big")
        _reply(session, Type.ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE, payload=size)

    def _tell_status(self, session: _Session, message: Message) -> None:
        if message.control & 1:
            session.unread = False
        byte = session.talk.status_byte(unread=session.unread)
        _reply(session, Type.ASYNC_STATUS_RESPONSE, byte)

    def _clear(self, session: _Session, _message: Message) -> None:
        session.clearing.set()
        session.talk.clear()
        _reply(session, Type.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE)

    def _lock(self, session: _Session, message: Message) -> None:
        """Grant the exclusive lock, or say that another has it; nobody is kept waiting."""
        if message.control & 1:
            with self._locks:
                granted = self._owner in (None, session)
                self._owner = session if granted else self._owner
            _reply(session, Type.ASYNC_LOCK_RESPONSE, int(granted))
        else:
            _reply(session, Type.ASYNC_LOCK_RESPONSE, 1 if self._release(session) else 3)

    def _tell_lock(self, session: _Session, _message: Message) -> None:
        locked = int(self._owner is not None)
        _reply(session, Type.ASYNC_LOCK_INFO_RESPONSE, locked, locked)

    def _release(self, session: _Session) -> bool:
        with self._locks:
            held = self._owner is session
            if held:
                self._owner = None
                self._locks.notify_all()
            return held


def _part(connection: socket.socket, error: BrokenProtocolError) -> None:
    """Tell the reason, and take what is still coming: closing over it would take it back."""
    send(connection, Type.FATAL_ERROR, error.code, 0, str(error).encode())
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(_PARTING)
    left = LONGEST_PAYLOAD
    while left > 0 and (received := connection.recv(65_536)):
        left -= len(received)


def _reply(
    session: _Session, kind: Type, control: int = 0, parameter: int = 0, payload: bytes = b""
) -> None:
    assert session.asynchronous is not None  # noqa: S101 (it came over this connection)
    send(session.asynchronous, kind, control, parameter, payload)

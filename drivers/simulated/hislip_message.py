"""The messages of HiSLIP: header, types, and reading them from a socket.

IVI-6.1: High-Speed LAN Instrument Protocol, revision 1.0.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum

_HEADER = struct.Struct("!2sBBIQ")
LONGEST_PAYLOAD = 1 << 20
"""Bytes of a message that a server takes."""


class Type(IntEnum):
    """What a message is."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    INTERRUPTED = 13
    ASYNC_INTERRUPTED = 14
    ASYNC_MAXIMUM_MESSAGE_SIZE = 15
    ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


@dataclass(frozen=True)
class Message:
    """One message as received; `type` may be a number that `Type` does not know."""

    type: int
    control: int
    parameter: int
    payload: bytes = b""


class BrokenProtocolError(Exception):
    """What came is no HiSLIP message, or one that is too long; ends the connection.

    Parameters
    ----------
    code
        Of the fatal error that the other side is told.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def receive(connection: socket.socket) -> Message:
    """The next message.

    Raises
    ------
    ConnectionError
        The other side has gone.
    BrokenProtocolError
        It is none.
    """
    prologue, kind, control, parameter, length = _HEADER.unpack(_exactly(connection, _HEADER.size))
    if prologue != b"HS":
        raise BrokenProtocolError(1, "poorly formed message header")
    if length > LONGEST_PAYLOAD:
        raise BrokenProtocolError(0, f"a message of more than {LONGEST_PAYLOAD} bytes")
    return Message(kind, control, parameter, _exactly(connection, length))


def send(
    connection: socket.socket,
    kind: Type,
    control: int = 0,
    parameter: int = 0,
    payload: bytes = b"",
) -> None:
    """Send a message."""
    connection.sendall(_HEADER.pack(b"HS", kind, control, parameter, len(payload)) + payload)


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        part = connection.recv(min(65_536, count - len(received)))
        if not part:
            raise ConnectionError("closed by the other side")
        received += part
    return bytes(received)

"""Frames between processes: a JSON object, and arrays as they lie in memory.

One frame is two little-endian uint32, the count of bytes of the JSON and of the payload;
then the JSON (UTF-8) and the payload. Key `arrays` of the object lists name, type and shape
of each array; the payload holds their bytes, C-ordered and little-endian, one after the other.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.plain_json import plain

Arrays: TypeAlias = dict[str, NDArray[Any]]

LONGEST = 256 * 2**20
"""Most bytes of a frame; more is taken for a stream that is not made of frames."""

_LENGTHS = struct.Struct("<II")
_KINDS = "biuf"
"""Kinds of numpy types that are sent: truth values, integers and floats."""


class WireError(ValueError):
    """What came is no frame, or what is to be sent does not fit into one."""


def pack(message: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Make a frame.

    Parameters
    ----------
    message
        What JSON can hold; an infinite number becomes "open", NaN null. Within the arrays
        both stay what they are.
    arrays
        Of truth values, integers or floats, by name.

    Raises
    ------
    WireError
        The frame would be too long, or an array holds something else.
    """
    flat = {name: _little_endian(name, array) for name, array in (arrays or {}).items()}
    content = plain(dict(message))
    if flat:
        content["arrays"] = [[name, a.dtype.str, list(a.shape)] for name, a in flat.items()]
    text = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    payload = b"".join(array.tobytes() for array in flat.values())
    _check_lengths(len(text), len(payload), LONGEST)
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


class Unpacker:
    """Takes a stream apart into frames, however it is cut into pieces.

    Parameters
    ----------
    longest
        Most bytes of a frame; may be changed between two.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self.longest = longest
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """Take what came, and yield each frame that is complete by now.

        Raises
        ------
        WireError
            What came is no frame; nothing that follows it can be understood either.
        """
        self._held += data
        return self._frames()

    def _frames(self) -> Iterator[tuple[dict[str, Any], Arrays]]:
        while len(self._held) >= _LENGTHS.size:
            text, payload = _LENGTHS.unpack_from(self._held)
            _check_lengths(text, payload, self.longest)
            middle, end = _LENGTHS.size + text, _LENGTHS.size + text + payload
            if len(self._held) < end:
                return
            frame = _frame(bytes(self._held[_LENGTHS.size : middle]), self._held[middle:end])
            del self._held[:end]
            yield frame


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in _KINDS:
        raise WireError(f"array {name!r} holds {array.dtype}; only numbers can be sent")
    return array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)


def _check_lengths(text: int, payload: int, longest: int) -> None:
    if text + payload > longest:
        raise WireError(f"a frame of {text} + {payload} bytes; at most {longest}")


def _frame(text: bytes, payload: bytearray) -> tuple[dict[str, Any], Arrays]:
    try:
        message = json.loads(text)
    except ValueError as error:
        raise WireError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise WireError(f"a JSON object was expected, not {type(message).__name__}")
    arrays: Arrays = {}
    begin = 0
    try:
        for name, kind, shape in message.pop("arrays", ()):
            dtype = np.dtype(kind)
            if dtype.kind not in _KINDS or min(shape, default=0) < 0:
                raise ValueError(f"{name!r} is of type {kind!r} and shape {shape}")
            end = begin + dtype.itemsize * math.prod(shape)
            arrays[name] = np.frombuffer(payload[begin:end], dtype).reshape(shape)
            begin = end
    except (TypeError, ValueError) as error:
        raise WireError(f"the arrays of a frame cannot be understood: {error}") from None
    if begin != len(payload):
        raise WireError(f"the arrays take {begin} bytes of a payload of {len(payload)}")
    return message, arrays

"""Frames between processes: what goes in comes out, and what is no frame is refused."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.station.wire import LONGEST, Unpacker, WireError, pack

NUMBERS = st.sampled_from(["<f8", ">f8", "<f4", "<i8", "|u1", "|b1", ">u2"]).map(np.dtype)
ARRAYS = st.dictionaries(
    st.text(max_size=8),
    NUMBERS.flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
    ),
    max_size=4,
)
MESSAGES = st.dictionaries(
    st.text(max_size=8).filter(lambda key: key != "arrays"),
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
    max_size=4,
)


@given(st.lists(st.tuples(MESSAGES, ARRAYS), min_size=1, max_size=3), st.integers(1, 50))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(frames, size):
    stream = b"".join(pack(message, arrays) for message, arrays in frames)
    unpacker = Unpacker()
    came = [
        frame for k in range(0, len(stream), size) for frame in unpacker.feed(stream[k : k + size])
    ]
    assert len(came) == len(frames)
    for (message, arrays), (sent, sent_arrays) in zip(came, frames, strict=True):
        assert message == sent
        assert list(arrays) == list(sent_arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, sent_arrays[name])
            assert array.dtype == sent_arrays[name].dtype.newbyteorder("<")
            assert array.shape == sent_arrays[name].shape


def test_infinity_is_open_in_json_and_itself_in_an_array():
    (message, arrays), *rest = Unpacker().feed(
        pack({"resistance": math.inf, "gain": math.nan}, {"r": np.array([math.inf, 1.0])})
    )
    assert not rest
    assert message == {"resistance": "open", "gain": None}
    np.testing.assert_array_equal(arrays["r"], [math.inf, 1.0])


def test_a_slice_across_an_array_arrives_whole():
    table = np.arange(12.0).reshape(3, 4)
    ((_, arrays),) = Unpacker().feed(pack({}, {"column": table[:, 1], "turned": table.T}))
    np.testing.assert_array_equal(arrays["column"], [1, 5, 9])
    np.testing.assert_array_equal(arrays["turned"], table.T)


def _frame(content: object, payload: bytes = b"") -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<II", len(text), len(payload)) + text + payload


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"GET / HTTP/1.1\r\n", "at most"),
        (struct.pack("<II", LONGEST, 1), "at most"),
        (_frame(b"{nonsense}"), "not JSON"),
        (_frame(b'"\xff"'), "not JSON"),
        (_frame([1, 2]), "object was expected"),
        (_frame({"arrays": [["a", "<f8", [2]]]}, bytes(8)), "cannot be understood"),
        (_frame({"arrays": [["a", "<f8", [1]]]}, bytes(16)), "8 bytes of a payload of 16"),
        (_frame({"arrays": [["a", "|O", [1]]]}, bytes(8)), "cannot be understood"),
        (_frame({"arrays": [["a", "<f8", [-1]]]}, bytes(8)), "cannot be understood"),
        (_frame({"arrays": 3}), "cannot be understood"),
    ],
    ids=range(10),
)
def test_what_is_no_frame_is_refused(stream, says):
    with pytest.raises(WireError, match=says):
        list(Unpacker().feed(stream))


def test_only_numbers_can_be_sent():
    with pytest.raises(WireError, match="names"):
        pack({}, {"names": np.array(["a"])})

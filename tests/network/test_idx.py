"""IDX files are read as they were written, and what is none is refused by name."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from network.idx import Digits, DigitsError, read_digits, read_idx, write_idx


def write_folder(folder, train=30, test=10, side=4):
    rng = np.random.default_rng(1)
    for stem, count in (("train", train), ("t10k", test)):
        write_idx(
            folder / f"{stem}-images-idx3-ubyte",
            rng.integers(0, 256, (count, side, side), dtype=np.uint8),
        )
        write_idx(folder / f"{stem}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))


@given(values=arrays(np.uint8, array_shapes(max_dims=3, max_side=6)), packed=st.booleans())
def test_what_was_written_is_read(tmp_path_factory, values, packed):
    path = tmp_path_factory.mktemp("idx") / "values"
    write_idx(path, values)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_idx(path), values)


def test_a_folder_is_read_into_brightness_and_labels(tmp_path):
    write_folder(tmp_path)
    train, test = read_digits(tmp_path)
    assert (len(train), len(test), train.pixels) == (30, 10, 16)
    assert train.images.dtype == np.float32
    assert train.images.max() <= 1.0
    np.testing.assert_array_equal(
        train.images * 255,
        read_idx(tmp_path / "train-images-idx3-ubyte").reshape(30, 16).astype(np.float32),
    )


def test_only_some_classes_are_renumbered_in_their_order():
    digits = Digits(np.arange(10, dtype=np.float32)[:, None], np.arange(10, dtype=np.uint8))
    chosen = digits.only((8, 6, 2, 4))
    assert chosen.images[:, 0].tolist() == [2, 4, 6, 8]
    assert chosen.labels.tolist() == [2, 3, 1, 0]


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DigitsError, match=r"t10k-labels-idx\*-ubyte.*put the four files"):
        read_digits(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an IDX file"),
        (b"\x89PNG\r\n\x1a\n", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\1\0\0\0\0", "unsigned bytes"),
        (b"\0\0\x08\x03\0\0", "cut short"),
        (b"\0\0\x08\x01\0\0\0\x05abc", r"holds 3 values, its head says \(5,\)"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x03abc", mtime=0)[:-6], "cannot be read"),
        (gzip.compress(bytes(range(256)), mtime=0)[:12] + b"\xff" * 40, "cannot be read"),
    ],
    ids=["empty", "picture", "floats", "head cut", "values cut", "packed, cut", "packed, damaged"],
)
def test_what_is_no_idx_file_is_refused(tmp_path, content, says):
    (path := tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(DigitsError, match=says):
        read_idx(path)


def test_images_and_labels_must_belong_together(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(7, np.uint8))
    with pytest.raises(DigitsError, match=r"train images of shape \(30, 4, 4\).*\(7,\)"):
        read_digits(tmp_path)


def test_labels_above_9_are_refused(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.arange(10, 20).astype(np.uint8))
    with pytest.raises(DigitsError, match="go to 19"):
        read_digits(tmp_path)

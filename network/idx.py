"""Digits as images and labels, from the IDX files of MNIST, which the user has.

Source of the format: LeCun, Cortes, Burges, "The MNIST database of handwritten digits": a
magic number (0, 0, type, dimensions), big-endian sizes, then the values.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 0x08
_NAMES = {
    "train images": "train-images", "train labels": "train-labels",
    "test images": "t10k-images", "test labels": "t10k-labels",
}  # fmt: skip

WHERE = (
    "MNIST is not part of this program: put the four files train-images-idx3-ubyte, "
    "train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (with .gz or "
    "without) into one folder and give it; torchvision and tensorflow-datasets fetch them too; "
    "pip install 'fmes-lab[mnist]' brings 5,000 of its 70,000 images, used without a folder"
)
"""What to do without the files."""


class DigitsError(ValueError):
    """Digits that cannot be read; the message says which file, why, and what is needed."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Images and what they show.

    Parameters
    ----------
    images
        Brightness from 0 to 1, shape (n, pixels), row by row.
    labels
        From 0 to 9, shape (n,).
    """

    images: NDArray[np.float32]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pixels(self) -> int:
        """Pixels of an image."""
        return int(self.images.shape[1])

    @property
    def digest(self) -> str:
        """SHA-256 of images and labels: tells which digits a result is of."""
        content = hashlib.sha256(self.images.tobytes())
        content.update(self.labels.tobytes())
        return content.hexdigest()

    def first(self, count: int) -> Digits:
        """The first `count`; all where there are fewer."""
        return Digits(self.images[:count], self.labels[:count])

    def only(self, classes: tuple[int, ...]) -> Digits:
        """Those of some classes; the label becomes the place in `classes`."""
        chosen = np.isin(self.labels, classes)
        places = np.zeros(256, np.uint8)
        places[list(classes)] = np.arange(len(classes))
        return Digits(self.images[chosen], places[self.labels[chosen]])


def read_digits(folder: Path) -> tuple[Digits, Digits]:
    """The training and the test set of a folder that holds the four IDX files, packed or not.

    Raises
    ------
    DigitsError
        A file is missing, is no IDX file, or images and labels do not belong together.
    """
    found = {name: read_idx(_find(folder, stem)) for name, stem in _NAMES.items()}
    train, test = (_set(folder, which, found) for which in ("train", "test"))
    if train.pixels != test.pixels:
        raise DigitsError(
            f"{folder}: training images of {train.pixels} pixels and test images of {test.pixels} "
            "do not belong together"
        )
    return train, test


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The values of one IDX file of unsigned bytes.

    Raises
    ------
    DigitsError
        Not readable, not IDX, or shorter or longer than it says.
    """
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DigitsError(f"{path} cannot be read: {error}") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE or not data[3]:
        raise DigitsError(f"{path} is not an IDX file of unsigned bytes")
    begin = 4 + 4 * data[3]
    if len(data) < begin:
        raise DigitsError(f"{path} is cut short")
    shape = struct.unpack(f">{data[3]}I", data[4:begin])
    if len(data) - begin != math.prod(shape):
        raise DigitsError(f"{path} holds {len(data) - begin} values, its head says {shape}")
    return np.frombuffer(data, np.uint8, offset=begin).reshape(shape)


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    """Write an IDX file; one that exists is not replaced.

    Raises
    ------
    FileExistsError
        It exists.
    """
    head = bytes((0, 0, _UNSIGNED_BYTE, values.ndim)) + struct.pack(
        f">{values.ndim}I", *values.shape
    )
    with path.open("xb") as file:
        file.write(head + np.ascontiguousarray(values).tobytes())


def _set(folder: Path, which: str, found: dict[str, NDArray[np.uint8]]) -> Digits:
    images, labels = found[f"{which} images"], found[f"{which} labels"]
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or not len(labels):
        raise DigitsError(
            f"{folder}: {which} images of shape {images.shape} and labels of shape "
            f"{labels.shape} do not belong together"
        )
    if labels.max() > 9:
        raise DigitsError(
            f"{folder}: the {which} labels go to {labels.max()}, at most 9 is a digit"
        )
    flat = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return Digits(flat, labels)


def _find(folder: Path, stem: str) -> Path:
    found = [
        folder / f"{stem}{sign}idx{dimensions}-ubyte{ending}"
        for sign in "-."
        for dimensions in (1, 3)
        for ending in ("", ".gz")
    ]
    for path in found:
        if path.is_file():
            return path
    raise DigitsError(f"{folder} has no file {stem}-idx*-ubyte. {WHERE}")

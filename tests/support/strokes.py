"""Digits made in code: each is bright in places of its own, with noise."""

from pathlib import Path

import numpy as np

from network.idx import Digits, write_idx

SIDE = 8


def strokes(each: int, seed: int) -> Digits:
    """So many of each of the ten digits."""
    shapes = np.random.default_rng(7).random((10, SIDE * SIDE)) < 0.3
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(10, dtype=np.uint8), each)
    seen = shapes[labels] & (rng.random((len(labels), SIDE * SIDE)) < 0.8)
    bright = rng.uniform(0.7, 1.0, seen.shape) * seen + 0.1 * (rng.random(seen.shape) < 0.05)
    return Digits((np.rint(255 * bright) / 255).astype(np.float32), labels)


def write_strokes(folder: Path, train: int = 30, test: int = 60) -> None:
    """A folder of the four files, with so many of each digit."""
    for stem, digits in (("train", strokes(train, 1)), ("t10k", strokes(test, 2))):
        images = np.rint(255 * digits.images).astype(np.uint8).reshape(-1, SIDE, SIDE)
        write_idx(folder / f"{stem}-images-idx3-ubyte", images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte", digits.labels)

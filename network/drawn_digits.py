"""Digits drawn by this program, in IDX files as those of MNIST: for trying, tests and teaching.

The digits of three typefaces, turned, sheared, stretched, shifted and blurred at random.
They are easier than handwriting, so that no accuracy on them says anything about MNIST.

    python -m network.drawn_digits FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from network.idx import write_idx

SIDE = 28
"""Pixels of a side."""
_FINE = 84
_FACES = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")


def write_drawn_digits(folder: Path, train: int = 2000, test: int = 1000, seed: int = 1) -> Path:
    """Write the four files of a training and a test set into a folder; returns the folder.

    Parameters
    ----------
    folder
        Is made unless it is there.
    train, test
        Images of each set.
    seed
        The same seed gives the same images with the same versions of numpy, scipy and matplotlib.

    Raises
    ------
    FileExistsError
        A file is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng, glyphs = np.random.default_rng(seed), _glyphs()
    for stem, count in (("train", train), ("t10k", test)):
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        faces = rng.integers(0, len(_FACES), count)
        images = np.array(
            [_varied(glyphs[face][label], rng) for face, label in zip(faces, labels, strict=True)]
        )
        write_idx(folder / f"{stem}-images-idx3-ubyte", images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte", labels)
    return folder


def _glyphs() -> list[list[NDArray[np.float64]]]:
    """Every digit of every typeface, from 0 to 1, shape (_FINE, _FINE)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = []
    for face in _FACES:
        digits = []
        for digit in range(10):
            figure = Figure(figsize=(1, 1), dpi=_FINE)
            canvas = FigureCanvasAgg(figure)
            figure.text(0.5, 0.5, str(digit), fontsize=60, family=face, ha="center", va="center")
            canvas.draw()  # type: ignore[no-untyped-call]
            pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
            digits.append(1 - np.asarray(pixels)[..., 0] / 255)
        drawn.append(digits)
    return drawn


def _varied(glyph: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """One image of a digit, shape (SIDE, SIDE)."""
    angle, shear = rng.normal(0, 0.12), rng.normal(0, 0.15)
    size = (_FINE / SIDE) * np.exp(rng.normal(0, 0.08, 2))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1.0, 0.0], [shear, 1.0]]) @ np.diag(size)
    middle = (SIDE - 1) / 2 + rng.normal(0, 1.0, 2)
    offset = np.full(2, (_FINE - 1) / 2) - matrix @ middle
    blurred = ndimage.gaussian_filter(glyph, rng.uniform(1.0, 2.5))
    image = ndimage.affine_transform(blurred, matrix, offset, (SIDE, SIDE), order=1)
    noisy = image + rng.normal(0, 0.03, image.shape) * (image > 0.02)
    return np.rint(255 * np.clip(noisy, 0, 1)).astype(np.uint8)


if __name__ == "__main__":
    write_drawn_digits(Path(sys.argv[1]))

"""The figures of trainings in their folder: drawn once, replaced never.

A figure's file says of which trainings it is. The same command, started again, finds its figures
there and draws none; other trainings in the same folder get figures under the next free names.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from app.figure_file import save_figure
from network.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = ("accuracy", "maps", "weights")
"""Names of the figures' files."""
_OF = "Trainings"
"""Of the text in a PNG file that says of which trainings it is."""


def figures(summary: Summary, dark: bool = False) -> tuple[Figure, ...]:
    """The figures of a summary, by `FIGURES`."""
    from network import training_figure, weights_figure

    return (
        training_figure.draw(summary, dark), weights_figure.draw_maps(summary, dark=dark),
        weights_figure.draw_histograms(summary, dark),
    )  # fmt: skip


def draw(summary: Summary, folder: Path) -> tuple[list[Path], bool]:
    """Draw what is not drawn yet, and tell where all of it is and whether it was there.

    Raises
    ------
    InputError
        A figure cannot be written.
    """
    of, attempt = _digest(summary), 1
    paths = _names(folder, attempt)
    while any(_of(path) not in (None, of) for path in paths):
        attempt += 1
        paths = _names(folder, attempt)
    if all(path.exists() for path in paths):
        return paths, True
    for figure, path in zip(figures(summary), paths, strict=True):
        # A program that was killed may have left some of them.
        if not path.exists():
            save_figure(figure, path, {_OF: of})
    return paths, False


def _digest(summary: Summary) -> str:
    digests = [one.digest for kind in summary.kinds for one in kind.trained]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _of(path: Path) -> str | None:
    """Of which trainings a file says it is, "" where it says nothing; None without a file."""
    from PIL import Image, UnidentifiedImageError

    if not path.exists():
        return None
    try:
        with Image.open(path) as image:
            # Reads all of it, so that half a picture is none.
            image.load()
            return str(image.info.get(_OF, ""))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError):
        return ""


def _names(folder: Path, attempt: int) -> list[Path]:
    ending = f"_{attempt}" if attempt > 1 else ""
    return [folder / f"{name}{ending}.png" for name in FIGURES]

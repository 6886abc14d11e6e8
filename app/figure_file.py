"""A figure's file: in the format of its ending, and never in the place of another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import InputError
from app.output import whole_or_none

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_figure(figure: Figure, path: Path, says: Mapping[str, str] | None = None) -> None:
    """Write a figure in the format of the file's ending; never over a file.

    Parameters
    ----------
    figure, path
        What, and where.
    says
        Texts by name that a .png file holds beside the picture.

    Raises
    ------
    InputError
        The file exists, cannot be written, or its ending names no format.
    """
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError(f"{path}: a figure is a .png, .svg or .pdf file")
    try:
        with whole_or_none(path) as new, new.open("xb") as file:
            figure.savefig(file, format=path.suffix[1:].lower(), metadata=dict(says or {}))
    except FileExistsError:
        raise InputError(f"{path} exists already, and no file is replaced; give another") from None
    except OSError as error:
        raise InputError(f"{path}: the figure cannot be written: {error}") from error

"""What is shown, as a file: a figure of publication size or a table of numbers with units.

A new file appears whole or not at all, and never in place of another.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = (".png", ".svg", ".pdf")
_DPI = 300


def ending_of(to: Path, *accepted: str) -> str:
    """The ending of a new file, which names its format.

    Raises
    ------
    InputError
        It is none of those that are accepted.
    """
    ending = to.suffix.lower()
    if ending not in accepted:
        raise InputError(f"{to}: this is exported as {', '.join(accepted)}, not as {ending!r}")
    return ending


def save(to: Path, content: bytes) -> None:
    """Write a new file.

    Raises
    ------
    InputError
        It exists already, or cannot be written.
    """
    try:
        file = to.open("xb")
    except FileExistsError:
        raise InputError(f"{to} exists and is never replaced; choose another name") from None
    except OSError as error:
        raise InputError(f"{to} cannot be written: {error.strerror}") from error
    try:
        with file:
            file.write(content)
    except OSError as error:
        with suppress(OSError):
            to.unlink()
        raise InputError(f"{to} cannot be written: {error.strerror}") from error


def render(figure: Figure, ending: str, remarks: Sequence[str]) -> bytes:
    """A figure in the format of a file's ending; what it is stands in its metadata, too.

    Parameters
    ----------
    figure
        To be written.
    ending
        One of `PICTURES`.
    remarks
        Title, and lines of provenance.
    """
    import matplotlib as mpl

    description = "\n".join(filter(None, remarks[1:]))
    metadata = {"Title": remarks[0], "Subject" if ending == ".pdf" else "Description": description}
    buffer = io.BytesIO()
    # Text stays text, which journals ask for.
    with mpl.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=ending[1:], dpi=_DPI, metadata=metadata)
    return buffer.getvalue()

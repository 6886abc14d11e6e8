"""Results of `fmes train` and `fmes adapt` that lie among the runs: what they are, what they show.

They are HDF5 files as runs are, of a kind of their own; a list of runs names them as such.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import InputError
from data.access import told, unlocked
from network.adaptation_file import CREATOR as ADAPTATION
from network.training_file import FORMAT as TRAINING

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {"training": "network training", "adaptation": "network adaptation"}
"""What such files are, in words, by the `kind` of their rows."""


def row_of(path: Path) -> dict[str, Any] | None:
    """What is told of such a file, as of a run; None when it is none.

    Raises
    ------
    DataError
        It is one, and damaged.
    """
    with told(path), unlocked(path) as file:
        attributes = file.attrs
        if attributes.get("format") == TRAINING:
            return _training(attributes)
        if attributes.get("creator") == ADAPTATION:
            return _adaptation(attributes)
    return None


def _training(attributes: Mapping[str, Any]) -> dict[str, Any]:
    # The accuracy stands in the head of a file since it is asked for here.
    known = ""
    if "accuracy" in attributes:
        known = f"accuracy {float(attributes['accuracy']):.2%} after "
    return {
        "kind": "training", "protocol": KINDS["training"], "outcome": "finished",
        "reason": f"{known}{int(attributes['epochs'])} epochs, rate "
        f"{float(attributes['rate']):g}, seed {int(attributes['seed'])}",
        "sample": str(attributes["label"]),
    }  # fmt: skip


def _adaptation(attributes: Mapping[str, Any]) -> dict[str, Any]:
    result = json.loads(attributes["result"])
    what, course = next(iter(result["courses"].items()))
    accuracy = course["accuracy"]
    return {
        "kind": "adaptation", "protocol": KINDS["adaptation"], "outcome": "finished",
        "reason": f"dataset 1: {result['training'][-1]:.1%} learned; dataset 2 ({what}): "
        f"{accuracy[0]:.1%} before, {accuracy[-1]:.1%} after {course['images'][-1]} images, "
        f"seed {int(attributes['seed'])}",
        "sample": "", "start": str(attributes["written"]), "simulated": True,
    }  # fmt: skip


def picture(path: Path, row: Mapping[str, Any], *, dark: bool, width: int, height: int) -> bytes:
    """The figure of a training, drawn anew, or that of an adaptation, which lies beside it.

    Raises
    ------
    InputError
        The figure beside it is gone.
    DataError
        The file cannot be read.
    """
    if row["kind"] == "adaptation":
        beside = path.with_suffix(".png")
        try:
            return beside.read_bytes()
        except OSError as error:
            raise InputError(
                f"{row['reason']}; its figure {beside.name} cannot be read: {error.strerror}"
            ) from error
    # matplotlib loads slowly.
    from network.summary import summarise
    from network.training_figure import draw
    from network.training_file import load

    figure = draw(summarise([load(path)]), dark)
    wide, high = figure.get_size_inches()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=min(width / wide, height / high))
    return buffer.getvalue()

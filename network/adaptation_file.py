"""The study of adaptation as an HDF5 file: numbers, weights, options, seed, provenance."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np

from data.errors import DataError
from network.adaptation_result import FIRST, SECOND, Adaptation, Course

CREATOR, VERSION = "fmes adapt", 1
"""What a file says of its kind; a run's file has another creator."""


def write_adaptation(path: Path, result: Adaptation) -> None:
    """Write a new file; nothing that exists is ever replaced.

    The file is made in memory and written at once, so that a kill leaves no half of one
    that could be taken for a whole.

    Raises
    ------
    DataError
        The file exists or cannot be written.
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        _fill(file, result)
    try:
        with path.open("xb") as out:
            out.write(memory.getbuffer())
    except FileExistsError:
        raise DataError(f"{path} exists and is never replaced; choose another name") from None
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from error


def _fill(file: h5py.File, result: Adaptation) -> None:
    file.attrs["creator"], file.attrs["format_version"] = CREATOR, VERSION
    file.attrs["program"] = f"fmes-lab {version('fmes-lab')}"
    file.attrs["written"] = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    file.attrs["simulated"] = True
    file.attrs["seed"] = result.options.seed
    file.attrs["result"] = json.dumps(result.as_json(), allow_nan=False)
    file.attrs["dataset_1"], file.attrs["dataset_2"] = FIRST, SECOND
    _put(file, "training", result.training, "accuracy on dataset 1 after each epoch", "1")
    for name, psv, when in (
        ("trained_psv", result.trained, "after the training"),
        ("adapted_psv", result.mapped.psv, "after the last mapped image"),
    ):
        _put(file, name, psv, f"stored voltage {when}, pixels x rows", "V")
    for k, (what, course) in enumerate(result.courses()):
        _course(file.create_group(f"courses/{k}"), what, course)
    samples = file.create_group("samples")
    samples["label"] = result.before.labels
    samples["label"].attrs["long_name"] = "right row of each sample, in the order of dataset_2"
    for name, outcomes in (("before", result.before), ("after", result.after)):
        _put(samples, name, outcomes.probabilities, f"probability of each row {name}", "1")


def _course(group: h5py.Group, what: str, course: Course) -> None:
    group.attrs["what"], group.attrs["stopped"] = what, course.stopped
    _put(group, "images", course.images, "images mapped so far", "1")
    _put(group, "accuracy", course.accuracy, "accuracy on the test images of dataset 2", "1")


def _put(
    group: h5py.Group,
    name: str,
    values: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    long_name: str,
    units: str,
) -> None:
    # Time stamps inside the file would make equal results unequal files.
    made = group.create_dataset(name, data=values, track_times=False)
    made.attrs["long_name"], made.attrs["units"] = long_name, units

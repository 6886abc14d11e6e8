"""A training in an HDF5 file: its task, every epoch, its weights, and what it takes to go on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from data.errors import DataError
from network.mnist import described
from network.training import Epoch, Snapshot, Task, effective_rate

FORMAT = "fmes-training-1"
_UNITS = {"accuracy": "1", "up": "1", "down": "1", "delivered": "J", "returned": "J",
          "seconds": "s"}  # fmt: skip
_LAYERS = ("hidden", "output")


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training's file holds; `task` as `Task.as_json` gave it, the rest as `Task` says."""

    path: Path
    digest: str
    label: str
    effective_rate: float
    task: dict[str, Any]
    snapshot: Snapshot

    @property
    def finished(self) -> bool:
        """Whether all of its epochs are done."""
        return self.snapshot.done >= int(self.task["epochs"])


def save(path: Path, task: Task, snapshot: Snapshot) -> None:
    """Write a training; a file of that name is replaced whole, or not at all.

    Raises
    ------
    DataError
        It cannot be written.
    """
    work = path.with_name(path.name + ".new")
    try:
        with h5py.File(work, "w") as file:
            _write(file, task, snapshot)
        with work.open("rb+") as written:
            os.fsync(written.fileno())
        work.replace(path)
    except OSError as error:
        work.unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written: {error}") from error


def load(path: Path) -> Trained:
    """Read a training.

    Raises
    ------
    DataError
        It cannot be read, or is no training's file.
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise DataError(f"{path} is not the file of a training")
            return Trained(
                path=path,
                digest=file.attrs["digest"],
                label=file.attrs["label"],
                effective_rate=float(file.attrs["effective_rate"]),
                task=json.loads(file["task"].asstr()[()]),
                snapshot=_read(file),
            )
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a training: {error}") from error


def _write(file: h5py.File, task: Task, snapshot: Snapshot) -> None:
    file.attrs.update({
        "format": FORMAT, "digest": task.digest, "program": f"fmes-lab {version('fmes-lab')}",
        "digits": described(task.digits), "label": task.label, "seed": task.seed,
        "epochs": task.epochs, "rate": task.rate,
        "effective_rate": effective_rate(task.curve, task.rule, task.rate),
        "accuracy": snapshot.accuracy,
    })  # fmt: skip
    file["task"] = json.dumps(task.as_json())
    file["generator"] = snapshot.generator
    for field in fields(Epoch):
        column = [getattr(e, field.name) for e in snapshot.epochs]
        file[f"epochs/{field.name}"] = column
        file[f"epochs/{field.name}"].attrs["units"] = _UNITS[field.name]
    for k, layer in enumerate(_LAYERS):
        group = file.create_group(layer)
        for name, weights in (("start", snapshot.start[k]), ("weights", snapshot.weights[k])):
            group.create_dataset(name, data=weights, compression="gzip", shuffle=True)
        for number, values in enumerate(snapshot.state[k]):
            group.create_dataset(f"state/{number}", data=values, compression="gzip", shuffle=True)


def _read(file: h5py.File) -> Snapshot:
    columns = {field.name: file[f"epochs/{field.name}"][()].tolist() for field in fields(Epoch)}
    rows = (
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    )

    def of_both(name: str) -> tuple[Any, Any]:
        hidden, output = (np.asarray(file[f"{layer}/{name}"][()]) for layer in _LAYERS)
        return hidden, output

    def state(layer: str) -> list[Any]:
        group = file[f"{layer}/state"]
        return [group[str(number)][()] for number in range(len(group))]

    return Snapshot(
        epochs=tuple(Epoch(**row) for row in rows),
        start=of_both("start"),
        weights=of_both("weights"),
        state=(state("hidden"), state("output")),
        generator=file["generator"].asstr()[()],
    )

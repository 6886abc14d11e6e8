"""Writes a rig file with other values of its resistors; comments, order and layout stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

from app.errors import InputError
from app.rigs.resistance import COVERAGE, Measured
from app.rigs.rig_file import RigFile
from app.toml_file import checked

_MADE = {"calibrated", "uncertainty", "coverage", "scatter", "accuracy", "calibrated_on"}
"""Keys that a calibration writes."""


def write_calibrated(
    rig: Path, to: Path, found: Mapping[int, Measured], day: date, nominal: Mapping[int, float]
) -> None:
    """Write a copy of a rig file in which resistors have the values that were measured.

    Parameters
    ----------
    to
        New file.
    found
        By relay channel.
    nominal
        Of all resistors, in ohm, for a file that lists none and means those of the study.

    Raises
    ------
    InputError
        The file exists or cannot be written, or the rig file was changed meanwhile.
    """
    document = tomlkit.parse(rig.read_text(encoding="utf-8"))
    bank = document.setdefault("resistor_bank", tomlkit.table())
    if "resistors" not in bank:
        bank["resistors"] = _rows(nominal)
    for row in bank["resistors"]:
        if row["channel"] not in found:
            raise InputError(f"{rig} was changed while it was calibrated; start again")
        new = _keys(found[row["channel"]], day)
        for key in _MADE - new.keys() & row.keys():
            del row[key]  # of a value that is no longer there
        for key, value in new.items():
            row[key] = value
    text = tomlkit.dumps(document)
    checked(tomllib.loads(text), RigFile, f"rig file {to}")
    try:
        with to.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"--to {to}: exists already, and is not replaced") from None
    except OSError as error:
        raise InputError(f"--to {to}: cannot be written: {error}") from error


def _keys(measured: Measured, day: date) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "calibrated": f"{measured.resistance:.7g} ohm",
        "scatter": f"{measured.scatter:.2g} ohm",
    }
    if measured.uncertainty is not None:
        keys |= {
            "accuracy": f"{measured.accuracy:.2g} ohm",
            "uncertainty": f"{measured.uncertainty:.2g} ohm",
            "coverage": COVERAGE,
        }
    return keys | {"calibrated_on": day}


def _rows(nominal: Mapping[int, float]) -> Any:
    rows = tomlkit.array()
    for channel, value in nominal.items():
        row = tomlkit.inline_table()
        row.update({"channel": channel, "nominal": f"{value:.12g} ohm"})
        rows.append(row)
    return rows.multiline(multiline=True)

"""`fmes export`: a run's readings as CSV or netCDF, with units and provenance."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from rich.console import Console

from app.errors import InputError
from app.output import whole_or_none
from data.layout import TABLES
from data.reader import Run, open_run
from data.samples import COLUMNS, Flag

_ENDINGS = (".csv", ".nc")


def export_file(path: Path, to: Path) -> None:
    """Write the readings of a run in the format of the new file's ending.

    netCDF is written by h5netcdf: netCDF-3 knows neither unsigned codes nor lists of names.

    Raises
    ------
    InputError
        The new file exists, cannot be written, or its ending names no format.
    """
    if to.suffix.lower() not in _ENDINGS:
        raise InputError(f"--to {to}: an export is a {' or '.join(_ENDINGS)} file")
    run = open_run(path)
    try:
        with whole_or_none(to) as new:
            if to.suffix.lower() == ".nc":
                # In memory first: what HDF5 could not write it would try to again at the end.
                new.write_bytes(run.to_xarray().to_netcdf(engine="h5netcdf"))
            else:
                with new.open("x", encoding="utf-8", newline="") as file:
                    write_csv(run, file)
    except OSError as error:
        raise InputError(f"--to {to}: cannot be written: {error}") from error
    Console().print(f"export  {to}", highlight=False, soft_wrap=True)


def write_csv(run: Run, file: TextIO, rows: slice = slice(None)) -> None:
    """Write the readings of a run, or some of them, with units, under lines of provenance."""
    for line in _provenance(run):
        file.write(f"# {line}\n")
    writer = csv.writer(file)
    units = {name: TABLES["data"][name].units for name in COLUMNS}
    heading = [f"{name} ({units[name]})" if units[name] else name for name in COLUMNS]
    columns = [getattr(run.samples, name)[rows].tolist() for name in COLUMNS]
    if any(play.device for play in run.plays):
        heading, columns = [*heading, "device"], [*columns, run.devices[rows].tolist()]
    writer.writerow(heading)
    for row in zip(*columns, strict=True):
        writer.writerow("open" if v == math.inf else v for v in row)


def _provenance(run: Run) -> Iterator[str]:
    info = run.info
    rig = "SIMULATED rig" if info.simulated else "rig"
    yield f"fmes-lab run {info.run_id}, protocol {info.protocol} ({info.preset}), {run.outcome}"
    yield f"sample {info.sample or '-'}, {info.start.isoformat(timespec='seconds')}, {rig}"
    yield f"parameters: {json.dumps(info.parameters)}"
    for column, names in (
        ("phase", dict(enumerate(info.phases))),
        ("instant", {0: "pulse end", 1: "gap end", 2: "hold", 3: "rest", 4: "during"}),
        ("mode", {0: "current sourced", 1: "voltage sourced"}),
        ("flags (sum)", {f.value: str(f.name).lower() for f in Flag}),
    ):
        yield f"{column}: " + ", ".join(f"{code} {name}" for code, name in names.items())
    if over := int(run.samples.over_range.sum()):
        yield f"{over} readings are flagged overrange: what stands for their value is none"

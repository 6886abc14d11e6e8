"""`fmes export`: a run's readings as CSV or netCDF, with units and provenance."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from app.csv_file import write_csv
from app.errors import InputError
from app.output import whole_or_none
from data.reader import open_run

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
    Console().print(f"export  {to}", highlight=False, markup=False, soft_wrap=True)

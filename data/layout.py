"""The HDF5 tree of a run in NeXus terms: what stands where, in which unit.

    /                        NXroot    run_id, sample, protocol, ... repeated as attributes
      entry                  NXentry   definition NXsensor_scan; title, times, outcome, reason
        data                 NXdata    the columns of `Samples`, one row a reading
        psv                  NXdata    finished files: PSV against pulse number, a curve a state
        plays                          the programs as they were played
        events               the log   blocks   checksums of the rows as they arrived
        protocol             NXnote    parameters; below it the programs as commanded
        instrument, sample, user, process, rig, software_environment

A finished file is compressed and checksummed. A working file, while the run goes on, has
the same tree with room for every row that may come; `n_valid` in a table says how many
rows count, and no attribute changes after the first reading. The state of a run is the
dataset ``entry/outcome`` (the root attribute of a working file stays at "running").
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data.part import part
from data.samples import COLUMNS, Flag
from protocols.program import Instant

CREATOR = "fmes-lab"
SCHEMA_VERSION = 2
ROWS_A_CHUNK = 16_384
"""Rows that are compressed and checksummed together in a finished file."""


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is, its unit, and its dtype in a working file."""

    long_name: str
    units: str
    dtype: str


def _sample_column(name: str, long_name: str, units: str = "") -> Column:
    return Column(long_name, units, np.dtype(COLUMNS[name]).newbyteorder("<").str)


TABLES: dict[str, dict[str, Column]] = {
    "data": {
        "time": _sample_column("time", "Time after the start of the run", "s"),
        "requested_time": _sample_column("requested_time", "Time as commanded", "s"),
        "pulse_index": _sample_column("pulse_index", "Number of the pulse, 0 for none"),
        "phase": _sample_column("phase", "Phase of the protocol"),
        "instant": _sample_column("instant", "Read instant"),
        "cycle": _sample_column("cycle", "Number of the cycle, 0 for none"),
        "source_level": _sample_column(
            "source_level", "Commanded level, in A or V as the source mode is"
        ),
        "mode": _sample_column("mode", "Source mode"),
        "voltage": _sample_column("voltage", "Voltage across the device (PSV)", "V"),
        "current": _sample_column("current", "Current into the terminal", "A"),
        "resistance": _sample_column("resistance", "Regulating resistance", "ohm"),
        "flags": _sample_column("flags", "What is wrong with the reading"),
    },
    "plays": {
        "label": Column("Step of the protocol", "", "S120"),
        "digest": Column("SHA-256 of the program", "", "S64"),
        "first_row": Column("First row of its readings", "", "<i8"),
        "started": Column("Start after the start of the run", "s", "<f8"),
        "resistance": Column("Regulating resistance", "ohm", "<f8"),
        "settings": Column("Instrument settings as read back (JSON)", "", "S1000"),
        "device": Column("Name of the device, empty for the only one", "", "S64"),
    },
    "events": {
        "time": Column("Time after the start of the run", "s", "<f8"),
        "level": Column("Level", "", "S8"),
        "message": Column("Message", "", "S200"),
    },
    "blocks": {
        "first_row": Column("First row", "", "<i8"),
        "n_rows": Column("Number of rows", "", "<i8"),
        "crc32": Column("CRC-32 over the rows, column by column", "", "<u4"),
        "host_time": Column("Arrival, after 1970-01-01 UTC", "s", "<f8"),
    },
}
"""The tables of a run: columns of equal length."""

_CONTROLLERS, _SENSORS = ("source_level", "resistance"), ("voltage", "current")

STATUS = {"outcome": 16, "reason": 1000, "end_time": 40}
"""Texts of the entry that are set when a run ends, with their room in bytes."""


def codes(phases: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What the numbers in coded columns stand for, as attributes of these columns."""
    return {
        "phase": {"names": phases},
        "instant": {"names": tuple(i.name.lower() for i in Instant)},
        "mode": {"names": ("current", "voltage")},
        "flags": {
            "masks": np.array([f.value for f in Flag], np.uint8),
            "meanings": tuple(str(f.name).lower() for f in Flag),
        },
    }


def checksum(columns: Mapping[str, NDArray[Any]]) -> int:
    """CRC-32 over the rows of a block of readings, column by column, little endian."""
    crc = 0
    for name, column in TABLES["data"].items():
        crc = zlib.crc32(np.ascontiguousarray(columns[name], column.dtype).data, crc)
    return crc


def clean(text: str) -> str:
    """Make text that HDF5 can hold: no zero characters, nothing that UTF-8 does not have."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def fit(text: str, room: int) -> bytes:
    """UTF-8 of a text; one that is longer than `room` bytes is cut and ends in '...'."""
    data = clean(text).encode()
    if len(data) <= room:
        return data
    return data[: room - 3].decode("utf-8", "ignore").encode() + b"..."


def texts(values: Iterable[str]) -> NDArray[np.bytes_]:
    """Encode texts of a column at the width of the longest."""
    return np.array([clean(value).encode() for value in values], dtype=np.bytes_)


def blank(table: str, rows: int) -> dict[str, NDArray[Any]]:
    """Columns of a table without any value yet: NaN where a dtype has it, else 0 or ""."""
    columns = {}
    for name, column in TABLES[table].items():
        value = np.array(np.nan) if column.dtype == "<f8" else np.zeros((), column.dtype)
        columns[name] = np.broadcast_to(value, max(1, rows))
    return columns


def add_group(parent: h5py.Group, name: str, nx_class: str = "NXcollection") -> h5py.Group:
    """Create a group of a NeXus class."""
    group = parent.create_group(name)
    set_attribute(group, "NX_class", nx_class)
    return group


def set_attribute(node: h5py.Group | h5py.Dataset, name: str, value: object) -> None:
    """Set an attribute; a tuple of texts becomes a list of texts of fixed size."""
    if isinstance(value, str):
        value = clean(value)
    elif isinstance(value, tuple):
        value = _fixed(texts(value))
    node.attrs[name] = value


def add_text(group: h5py.Group, name: str, text: str) -> h5py.Dataset:
    """Create a text of variable size, which NeXus asks for; it never changes."""
    return group.create_dataset(name, data=clean(text))


def add_bytes(group: h5py.Group, name: str, text: str, room: int = 1) -> h5py.Dataset:
    """Create a text of fixed size with room for at least `room` bytes."""
    data = clean(text).encode()
    return group.create_dataset(name, data=_fixed(np.array(data, f"S{max(room, len(data))}")))


def get_text(group: h5py.Group, name: str) -> str:
    """Read a text back."""
    return bytes(part(group, name)[()]).decode()


def add_column(
    group: h5py.Group,
    name: str,
    values: NDArray[Any],
    long_name: str,
    units: str = "",
    *,
    compressed: bool = True,
) -> h5py.Dataset:
    """Create a column with its unit; contiguous, or in chunks that are checksummed."""
    options: dict[str, Any] = {}
    if compressed and len(values):
        options = {"compression": "gzip", "compression_opts": 4, "shuffle": True,
                   "fletcher32": True, "chunks": (min(len(values), ROWS_A_CHUNK),)}  # fmt: skip
    if values.dtype.kind == "S":
        values = _fixed(values)
    dataset = group.create_dataset(name, data=values, **options)
    set_attribute(dataset, "long_name", long_name)
    set_attribute(dataset, "units", units)
    return dataset


def add_table(
    entry: h5py.Group, table: str, columns: Mapping[str, NDArray[Any]], *, compressed: bool
) -> h5py.Group:
    """Create one of `TABLES` and fill it with columns."""
    group = add_group(entry, table, "NXdata" if table == "data" else "NXcollection")
    for name, column in TABLES[table].items():
        add_column(
            group, name, columns[name], column.long_name, column.units, compressed=compressed
        )
    return group


def describe_data(entry: h5py.Group, phases: tuple[str, ...]) -> None:
    """Say how the readings are plotted, what their codes stand for, and what sensed them."""
    data = entry["data"]
    set_attribute(data, "signal", "voltage")
    set_attribute(data, "axes", ("time",))
    set_attribute(data, "time_indices", 0)
    for name, attributes in codes(phases).items():
        for key, value in attributes.items():
            set_attribute(data[name], key, value)
    environment = add_group(entry["instrument"], "environment", "NXenvironment")
    for name in (*_CONTROLLERS, *_SENSORS):
        add_group(environment, name, "NXsensor")["value"] = data[name]
    for name, columns in (
        ("independent_controllers", _CONTROLLERS),
        ("measurement_sensors", _SENSORS),
    ):
        environment.create_dataset(name, data=_fixed(texts(columns)))


def _fixed(values: NDArray[np.bytes_]) -> NDArray[Any]:
    return values.astype(h5py.string_dtype("utf-8", max(1, values.dtype.itemsize)))

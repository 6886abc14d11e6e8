"""How a `RunInfo` stands in a file: written at the start of a run, read back with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import h5py
import numpy as np

from data.errors import DataError
from data.layout import (
    CREATOR,
    SCHEMA_VERSION,
    add_bytes,
    add_column,
    add_group,
    add_text,
    get_text,
    set_attribute,
    texts,
)
from data.part import part
from data.run import RunInfo
from data.writer import Writer
from protocols.program import PulseProgram

NEXUS_VERSION = "v2024.02"
"""Release of the NeXus definitions that the tree follows."""

_LEAST_PROGRAM = 1000
"""Bytes that a program takes in a file, at the very least; many names may be of one."""
_PROGRAM_COLUMNS = {
    "level": ("Level, in A or V as the source is", ""),
    "duration": ("Time at the level", "s"),
    "phase": ("Phase of the protocol", ""),
    "instant": ("Read instant", ""),
    "pulse_index": ("Number of the pulse, 0 for none", ""),
    "cycle": ("Number of the cycle, 0 for none", ""),
    "keep": ("Whether its reading is recorded", ""),
}


def write_info(
    file: h5py.File, info: RunInfo, *, compressed: bool, writer: Writer | None = None
) -> h5py.Group:
    """Write all that is known at the start of a run; returns the entry.

    `writer` is the process that recorded, this one unless given.
    """
    _write_root(file, info)
    entry = add_group(file, "entry", "NXentry")
    set_attribute(entry, "default", "data")
    set_attribute(add_text(entry, "definition", "NXsensor_scan"), "version", NEXUS_VERSION)
    add_text(entry, "title", f"{info.protocol} on {info.sample or 'an unnamed sample'}")
    add_text(entry, "identifier_experiment", info.run_id)
    add_text(entry, "repeats", info.repeats)
    add_text(entry, "start_time", info.start.isoformat())
    add_text(add_group(entry, "user", "NXuser"), "name", info.user)
    sample = add_group(entry, "sample", "NXsample")
    add_text(sample, "name", info.sample)
    add_text(sample, "notes", info.notes)
    process = add_group(entry, "process", "NXprocess")
    program = add_text(process, "program", CREATOR)
    set_attribute(program, "version", info.software.get(CREATOR, ""))
    set_attribute(program, "program_url", "")
    add_text(process, "date", info.start.isoformat())
    writer = writer or Writer.this()
    add_text(process, "host", writer.host)
    process["pid"] = np.int64(writer.process)
    add_text(process, "birth", writer.birth)
    process["simulated"] = np.bool_(info.simulated)
    _add_note(entry, "software_environment", info.software)
    _add_note(entry, "rig", info.rig)
    _write_protocol(entry, info, compressed=compressed)
    _write_instrument(entry, info)
    return entry


def read_note(note: h5py.Group) -> dict[str, Any]:
    """Read back the JSON values of a note, held against its SHA-256."""
    text = get_text(note, "data")
    if hashlib.sha256(text.encode()).hexdigest() != get_text(note, "sha256"):
        raise DataError(f"{note.name} does not match its SHA-256; the file is damaged")
    value: dict[str, Any] = json.loads(text)
    return value


def read_info(
    entry: h5py.Group, note: Callable[[h5py.Group], dict[str, Any]] = read_note
) -> RunInfo:
    """Read back what `write_info` wrote; `note` reads the parts that are JSON."""
    protocol, table = part(entry, "protocol"), part(entry, "instrument/resistor_table")
    programs = part(protocol, "programs")
    if len(programs) * _LEAST_PROGRAM > entry.file.id.get_filesize():
        raise DataError(
            f"{programs.name} has {len(programs)} programs, more than the file can hold"
        )
    return RunInfo(
        run_id=get_text(entry, "identifier_experiment"),
        protocol=get_text(protocol, "name"),
        preset=get_text(protocol, "preset"),
        parameters=note(protocol),
        phases=tuple(name.decode() for name in part(protocol, "phases")[()]),
        programs=tuple(_read_program(part(programs, name)) for name in sorted(programs)),
        start=datetime.fromisoformat(get_text(entry, "start_time")),
        sample=get_text(entry, "sample/name"),
        notes=get_text(entry, "sample/notes"),
        user=get_text(entry, "user/name"),
        simulated=bool(part(entry, "process/simulated")[()]),
        instruments=note(part(entry, "instrument/settings")),
        rig=note(part(entry, "rig")),
        resistors=tuple(
            (int(channel), float(nominal), float(calibrated))
            for channel, nominal, calibrated in zip(
                *(part(table, name)[()] for name in ("channel", "nominal", "calibrated")),
                strict=True,
            )
        ),
        software=note(part(entry, "software_environment")),
        repeats=get_text(entry, "repeats"),
    )


def read_writer(entry: h5py.Group) -> Writer:
    """The process that recorded a run."""
    process = part(entry, "process")
    return Writer(
        get_text(process, "host"), int(part(process, "pid")[()]), get_text(process, "birth")
    )


def to_json(value: Mapping[str, Any], what: str) -> str:
    """Write JSON of pure ASCII.

    Raises
    ------
    DataError
        A value that JSON cannot hold.
    """
    try:
        return json.dumps(value, indent=1)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} cannot be written as JSON: {error}; give JSON values") from error


def _write_root(file: h5py.File, info: RunInfo) -> None:
    for name, value in {
        "NX_class": "NXroot",
        "default": "entry",
        "creator": CREATOR,
        "creator_version": info.software.get(CREATOR, ""),
        "HDF5_Version": h5py.version.hdf5_version,
        "h5py_version": h5py.version.version,
        "file_time": datetime.now().astimezone().isoformat(),
        "schema_version": SCHEMA_VERSION,
        "run_id": info.run_id,
        "sample": info.sample,
        "protocol": info.protocol,
        "preset": info.preset,
        "user": info.user,
        "start": info.start.isoformat(),
        "simulated": np.bool_(info.simulated),
    }.items():
        set_attribute(file, name, value)


def _write_protocol(entry: h5py.Group, info: RunInfo, *, compressed: bool) -> None:
    protocol = _add_note(entry, "protocol", info.parameters)
    add_text(protocol, "name", info.protocol)
    add_text(protocol, "preset", info.preset)
    add_column(protocol, "phases", texts(info.phases), "Names of the phases", compressed=False)
    programs = add_group(protocol, "programs")
    for number, program in enumerate(info.programs):
        group = add_group(programs, f"{number:06d}")
        for name in ("source", "limit", "aperture", "on_limit", "phases", "digest"):
            set_attribute(group, name, getattr(program, name))
        for name, (long_name, units) in _PROGRAM_COLUMNS.items():
            values = getattr(program, name)
            if values.dtype == np.bool_:
                values = values.astype(np.uint8)
            add_column(group, name, values, long_name, units, compressed=compressed)


def _read_program(group: h5py.Group) -> PulseProgram:
    attributes = group.attrs
    columns: dict[str, Any] = {n: part(group, n)[()] for n in _PROGRAM_COLUMNS}
    columns["keep"] = columns["keep"].astype(np.bool_)
    return PulseProgram(
        source=attributes["source"],
        **columns,
        phases=tuple(name.decode() for name in attributes["phases"]),
        limit=float(attributes["limit"]),
        aperture=float(attributes["aperture"]),
        on_limit=attributes["on_limit"],
    )


def _write_instrument(entry: h5py.Group, info: RunInfo) -> None:
    instrument = add_group(entry, "instrument", "NXinstrument")
    _add_note(instrument, "settings", info.instruments)
    table = add_group(instrument, "resistor_table")
    rows = np.array(info.resistors, dtype=np.float64).reshape(-1, 3)
    channel = rows[:, 0].astype(np.int32)
    add_column(table, "channel", channel, "Channel of the bank", compressed=False)
    for index, name in enumerate(("nominal", "calibrated"), start=1):
        add_column(table, name, rows[:, index], f"Resistance, {name}", "ohm", compressed=False)


def _add_note(parent: h5py.Group, name: str, value: Mapping[str, Any]) -> h5py.Group:
    text = to_json(value, name)
    note = add_group(parent, name, "NXnote")
    add_text(note, "type", "application/json")
    add_bytes(note, "data", text)
    add_text(note, "sha256", hashlib.sha256(text.encode()).hexdigest())
    return note

"""Puts a compressed and checksummed file in the place of a working one.

A new file is written beside it, read back, brought to the disk and only then given the
name; until that instant the working file is untouched.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from data.description import to_json, write_info
from data.digest import NAME, content_digest
from data.errors import DataError
from data.layout import (
    TABLES,
    add_column,
    add_group,
    add_table,
    add_text,
    describe_data,
    set_attribute,
    texts,
)
from data.names import sync_file, sync_folder
from data.reader import Run, open_run
from data.run import Outcome
from data.samples import Samples
from data.timing import play_timings
from protocols.program import Instant
from protocols.quantities import RESISTANCE

MOST_CURVES = 32
"""PSV curves that a person can still tell apart; of more states none is drawn."""


class NotCompressedError(DataError):
    """The run is complete in its working file, which could not be replaced by a smaller one."""


def finish(path: Path, complete: Callable[[Run], Run] = lambda run: run) -> None:
    """Rewrite a working file; `complete` may set what the working file cannot hold.

    Raises
    ------
    NotCompressedError
        For example a full disk, or a program that holds the file on Windows; the working
        file stays as it is, and `finish` may be called again.
    """
    new = path.with_name(path.name + ".rewriting")
    try:
        run = complete(open_run(path, own=True))
        if run.outcome in (Outcome.RUNNING, Outcome.INTERRUPTED):
            raise DataError(f"{path} has no outcome yet")
        write_finished(new, run)
        open_run(new, own=True)  # holds every row on the disk against its checksum
        os.replace(new, path)
        sync_folder(path.parent)
    except (OSError, RuntimeError, ValueError, DataError) as error:
        with suppress(OSError):
            new.unlink()
        raise NotCompressedError(
            f"{path} stays a working file, complete but not compressed: {error}. Nothing is "
            "missing; 'fmes recover' makes a compressed copy once there is room and no other "
            "program holds the file"
        ) from error


def psv_curves(samples: Samples) -> dict[float, NDArray[np.float64]]:
    """PSV at the end of the gap after each pulse, in order, for each resistance in ohm.

    NaN where a reading was beyond the measuring range. Empty when there is no such reading, or
    more than `MOST_CURVES` resistances.
    """
    after = samples[(samples.instant == Instant.GAP_END) & (samples.pulse_index > 0)].blanked()
    resistances = dict.fromkeys(after.resistance.tolist())
    if len(resistances) > MOST_CURVES:
        return {}
    return {r: after.voltage[after.resistance == r] for r in resistances}


def write_finished(path: Path, run: Run) -> None:
    """Write a run to a file under a name of its own, on the disk when this returns."""
    with h5py.File(path, "w", libver="earliest", locking=False) as file:
        entry = write_info(file, run.info, compressed=True, writer=run.writer)
        _write_status(file, entry, run)
        samples, plays, events = vars(run.samples), run.plays, run.events
        add_table(entry, "data", samples, compressed=True)
        describe_data(entry, run.info.phases)
        columns = {
            "label": texts(p.label for p in plays),
            "digest": texts(p.digest for p in plays),
            "first_row": np.array([p.first_row for p in plays], np.int64),
            "started": np.array([p.started for p in plays], np.float64),
            "resistance": np.array([p.resistance for p in plays], np.float64),
            "settings": texts(to_json(p.settings, "settings") for p in plays),
            "device": texts(p.device for p in plays),
        }
        table = add_table(entry, "plays", columns, compressed=True)
        counts = np.array([p.n_rows for p in plays], np.int64)
        add_column(table, "n_rows", counts, "Number of its readings")
        _write_timing(file, table, run)
        columns = {
            "time": np.array([e.time for e in events], np.float64),
            "level": texts(e.level for e in events),
            "message": texts(e.message for e in events),
        }
        add_table(entry, "events", columns, compressed=True)
        columns = {name: run.blocks[name] for name in TABLES["blocks"]}
        add_table(entry, "blocks", columns, compressed=True)
        _write_psv(entry, run)
        _write_resistor_log(entry["instrument"], run)
        set_attribute(file, NAME, content_digest(file, own=True))
    sync_file(path)


def _write_timing(file: h5py.File, table: h5py.Group, run: Run) -> None:
    """How punctual each program was, and whether any was not."""
    timings = play_timings(run.samples, run.plays)
    for name, long_name in (
        ("lateness", "Mean of achieved minus requested time"),
        ("jitter", "Standard deviation of that"),
        ("latest", "Greatest amount of that"),
    ):
        values = np.array([getattr(t, name) for t in timings], np.float64)
        add_column(table, name, values, long_name, "s")
    overrun = np.array([t.overrun for t in timings], np.uint8)
    add_column(table, "overrun", overrun, "Whether its timing is not the one asked for")
    set_attribute(file, "programs_with_overrun", int(overrun.sum()))


def _write_status(file: h5py.File, entry: h5py.Group, run: Run) -> None:
    end = run.end.isoformat() if run.end else ""
    set_attribute(file, "outcome", str(run.outcome))
    set_attribute(file, "end", end)
    set_attribute(file, "rows", len(run.samples))
    add_text(entry, "outcome", run.outcome)
    add_text(entry, "reason", run.reason)
    add_text(entry, "end_time", end)
    if run.end:
        entry["duration"] = round((run.end - run.info.start).total_seconds())
        set_attribute(entry["duration"], "units", "s")


def _write_psv(entry: h5py.Group, run: Run) -> None:
    """What a person wants to see first; where there is none, the readings over time are."""
    curves = psv_curves(run.samples)
    if not curves:
        return
    set_attribute(entry, "default", "psv")
    group = add_group(entry, "psv", "NXdata")
    names = tuple(f"psv_{_name(resistance)}" for resistance in curves)
    set_attribute(group, "signal", names[0])
    if names[1:]:
        set_attribute(group, "auxiliary_signals", names[1:])
    set_attribute(group, "axes", ("pulse_number",))
    add_text(group, "title", "PSV at the end of the gap after each pulse")
    longest = max(map(len, curves.values()))
    add_column(group, "pulse_number", np.arange(1, longest + 1), "Pulse number")
    for name, (resistance, curve) in zip(names, curves.items(), strict=True):
        column = np.full(longest, np.nan)
        column[: len(curve)] = curve
        add_column(group, name, column, f"PSV at R = {RESISTANCE.format(resistance)}", "V")


def _name(resistance: float) -> str:
    if np.isinf(resistance):
        return "open"
    return f"{np.format_float_positional(resistance, trim='-')}_ohm"


def _write_resistor_log(instrument: h5py.Group, run: Run) -> None:
    log = add_group(instrument, "resistor_log", "NXlog")
    values = np.array([play.resistance for play in run.plays], np.float64)
    times = np.array([play.started for play in run.plays], np.float64)
    changed = np.ones(len(values), np.bool_)
    changed[1:] = values[1:] != values[:-1]
    add_column(log, "time", times[changed], "Time after the start of the run", "s")
    set_attribute(log["time"], "start", run.info.start.isoformat())
    add_column(log, "value", values[changed], "Regulating resistance", "ohm")

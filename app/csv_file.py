"""A run's readings as CSV, with units and provenance."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from typing import TextIO

from data.layout import TABLES
from data.reader import Run
from data.samples import COLUMNS, Flag


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

"""The folder of a campaign: one file a run, and an index that may be thrown away.

The runs' files are the truth: what is complete is read from them alone, whatever has ended
the program before. The index is JSON lines for people and their scripts, one per change of a
run's state, of which the latest counts; it is written anew from the files at each start. A
line is appended in one piece and nothing is ever decided from it, so it needs no database.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from app.output import OwnFolder, file_words, new_file
from app.running.experiment import Experiment
from app.running.user_protocol import ProtocolSource, recorded_source
from data.errors import DataError
from data.reader import Run, open_run
from data.run import Outcome

INDEX = "campaign.jsonl"
"""Name of the index in the folder."""


class Identity(NamedTuple):
    """What makes two runs the same measurement."""

    digest: str
    """SHA-256 of the protocol's name, all its parameters, the user's file it came from, and
    whether the rig is simulated."""
    sample: str
    """Name of the device."""

    @classmethod
    def planned(cls, experiment: Experiment, sample: str) -> Identity:
        """Of a run that is to be measured."""
        protocol = experiment.protocol
        parameters = protocol.model_dump(mode="json")
        simulated = experiment.rig.simulated
        return cls(_digest(protocol.name, parameters, experiment.source, simulated), sample)

    @classmethod
    def recorded(cls, run: Run) -> Identity:
        """Of a run that was measured."""
        info = run.info
        source = recorded_source(info)
        return cls(_digest(info.protocol, info.parameters, source, info.simulated), info.sample)


def _digest(
    protocol: str, parameters: Mapping[str, Any], source: ProtocolSource | None, simulated: bool
) -> str:
    content = [protocol, parameters, source.sha256 if source else "", simulated]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Measured(NamedTuple):
    """What a folder holds already."""

    finished: Mapping[Identity, list[Path]]
    """Files of finished runs, by what they measured, in the order of their names."""
    unusable: tuple[str, ...]
    """Why a file was not looked at, one text a file."""


def measured_in(folder: Path) -> Measured:
    """Read every run in a folder; only those count whose files are whole and say finished."""
    finished: defaultdict[Identity, list[Path]] = defaultdict(list)
    unusable, known = [], set[str]()
    for path in sorted(folder.glob("*.h5")):
        try:
            run = open_run(path)
        except DataError as error:
            unusable.append(str(error))
            continue
        # A run that `fmes recover` wrote once more is still one measurement.
        if run.outcome is Outcome.FINISHED and run.info.run_id not in known:
            known.add(run.info.run_id)
            finished[Identity.recorded(run)].append(path)
    return Measured(finished, tuple(unusable))


class CampaignFolder(OwnFolder):
    """A folder that this process alone measures into."""

    lock_name = ".campaign.lock"
    busy = "a campaign is running"

    def new_file(self, number: int, protocol: str, sample: str) -> Path:
        """A name that no file has; a run that is measured again gets the next one."""
        return new_file(self.path, file_words(f"{number:04d}", protocol, sample))

    def write_index(self, lines: list[dict[str, Any]]) -> None:
        """Replace the index."""
        new = self.path / f"{INDEX}.new"
        new.write_text("".join(map(_line, lines)), encoding="utf-8")
        os.replace(new, self.path / INDEX)

    def note(self, line: Mapping[str, Any]) -> None:
        """Append to the index."""
        with (self.path / INDEX).open("a", encoding="utf-8") as file:
            file.write(_line(line))


def _line(content: Mapping[str, Any]) -> str:
    time = datetime.now().astimezone().isoformat(timespec="seconds")
    return json.dumps({**content, "time": time}, ensure_ascii=False) + "\n"

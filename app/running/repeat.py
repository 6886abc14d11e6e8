"""A recorded run once more: its protocol, its parameters, its rig, and what differs now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.user_protocol import find_protocol, recorded_protocol, recorded_source
from app.toml_file import checked
from data.reader import Run, open_run
from data.run import RunInfo
from drivers.rig import Rig
from protocols.plan import Plan
from protocols.quantities import RESISTANCE
from protocols.steps import Mark

_NOT_COMPARED = {"simulation.speed", "transcript."}
"""Of the rig file: neither how fast a simulated bench goes nor keeping transcripts changes
anything that is measured."""


@dataclass(frozen=True)
class Repetition:
    """An experiment as it was recorded.

    Parameters
    ----------
    run
        The recorded run.
    experiment
        The same, prepared again.
    differences
        What is otherwise than it was, one a line.
    """

    run: Run
    experiment: Experiment
    differences: tuple[str, ...]

    @classmethod
    def of(cls, file: Path, name: str | None, rig: Path | None) -> Repetition:
        """Prepare a recorded run again; nothing is energised.

        Parameters
        ----------
        file
            The run's.
        name
            The protocol, when a user's own file is elsewhere now; None for where it was.
        rig
            Rig file; None for the rig that is recorded in the file.

        Raises
        ------
        DataError
            The file is not a whole run.
        InputError
            The protocol's file is not the one that was recorded, or the protocol or the rig that
            was recorded cannot be used any more.
        """
        run = open_run(file)
        info = run.info
        kind, source = find_protocol(name) if name else recorded_protocol(info)
        if kind.name != info.protocol:
            raise InputError(f"{file} is of protocol {info.protocol!r}, not {kind.name!r}")
        was = recorded_source(info)
        if (source.sha256 if source else "") != (was.sha256 if was else ""):
            raise InputError(
                f"{source.path if source else kind.name} is not the protocol that {file} was "
                f"recorded with: that was {was.path if was else 'of this program'}"
                f"{f', SHA-256 {was.sha256}' if was else ''}; its text is in the file"
            )
        rig_file = RigFile.read(rig) if rig else _recorded_rig(info, file)
        experiment = Experiment.build(kind, info.preset, info.parameters, rig_file, source)
        return cls(run, experiment, tuple(_differences(run, experiment)))

    def on(self, rig: Rig) -> Repetition:
        """The same with what differs of the instruments that are there now."""
        now = self.experiment.info(rig, sample="", notes="")
        found = (*self.differences, *_other_instruments(self.run.info, now))
        return replace(self, differences=found)

    def check(self, *, allowed: bool) -> None:
        """Refuse what differs, unless that was allowed.

        Raises
        ------
        InputError
            With every difference, one a line.
        """
        if self.differences and not allowed:
            lines = "\n".join(f"  {text}" for text in self.differences)
            raise InputError(
                f"this is not the experiment of {self.run.path.name}:\n{lines}\n"
                "--allow-differences runs it nevertheless and records them"
            )

    def told(self) -> Experiment:
        """The experiment that begins with saying in its log what it repeats and what differs."""
        info = self.run.info
        lines = [f"repeats run {info.run_id} ({self.run.path.name})"]
        lines += [f"differs: {text}" for text in self.differences]
        before = tuple(map(Mark, lines))
        plan = Plan((*before, *self.experiment.plan.steps))
        return replace(self.experiment, before=before, plan=plan, repeats=info.run_id)


def _recorded_rig(info: RunInfo, file: Path) -> RigFile:
    return checked(info.rig, RigFile, f"the rig recorded in {file}")


def _differences(run: Run, experiment: Experiment) -> Iterator[str]:
    info, protocol = run.info, experiment.protocol
    yield from _unlike(info.parameters, protocol.model_dump(mode="json"), "parameter ")
    known = {program.digest for program in info.programs}
    planned = {program.digest for program in experiment.plan.every_program}
    if other := planned - known:
        yield f"{len(other)} of {len(planned)} programs are otherwise than they were recorded"
    if any(e.level == "mark" and e.message.startswith("wait for the base") for e in run.events):
        yield "before the run a campaign waited for the baseline; that is not repeated"
    was, now = info.rig, experiment.rig.model_dump(mode="json")
    for line in _unlike(_flat(was), _flat(now), "rig file: "):
        if not any(line.startswith(f"rig file: {name}") for name in _NOT_COMPARED):
            yield line


def _other_instruments(was: RunInfo, now: RunInfo) -> Iterator[str]:
    for role, facts in now.instruments.items():
        recorded = was.instruments.get(role, {})
        for name in ("driver", "manufacturer", "model", "serial", "firmware"):
            if recorded.get(name) != facts[name]:
                yield f"{role} {name}: was {recorded.get(name)!r}, is {facts[name]!r}"
    before = {channel: calibrated for channel, _, calibrated in was.resistors}
    for channel, _, calibrated in now.resistors:
        if channel in before and before[channel] != calibrated:
            yield (
                f"resistor on channel {channel}: was {RESISTANCE.format(before[channel])}, is "
                f"{RESISTANCE.format(calibrated)}"
            )


def _unlike(was: Mapping[str, Any], now: Mapping[str, Any], what: str) -> Iterator[str]:
    for name in dict.fromkeys([*was, *now]):
        if name not in now:
            yield f"{what}{name}: was {was[name]!r}, and there is none now"
        elif name not in was:
            yield f"{what}{name}: is {now[name]!r}, and there was none"
        elif was[name] != now[name]:
            yield f"{what}{name}: was {was[name]!r}, is {now[name]!r}"


def _flat(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{key}": value
        for section, keys in sections.items()
        for key, value in (keys.items() if isinstance(keys, Mapping) else [("", keys)])
    }

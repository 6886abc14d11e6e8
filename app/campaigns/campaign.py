"""A campaign: its runs, planned and checked before the first, then measured one by one.

Only what is small is kept of a run before and after its turn, so a campaign needs no more
memory than its largest run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.campaigns.campaign_file import CampaignFile, RunSection, WaitForBaseline, swept_text
from app.campaigns.campaign_folder import Identity, Measured
from app.errors import InputError
from app.rigs.rig_file import RigFile
from app.running.experiment import Before, Experiment
from app.running.user_protocol import ProtocolSource, find_protocol
from app.toml_file import all_lines
from data.run import Outcome
from protocols.plan import Plan
from protocols.protocol import Protocol
from protocols.quantities import OPEN, TIME, VOLTAGE
from protocols.steps import Mark, ReturnToBaseline, SelectResistance, Step

PENDING = "pending"
"""What the index says of a run that was not begun."""
_HOLDING_CURRENT = 10e-3
"""Greatest current while 0 V is held before a run, in A, if the device stands that much."""


@dataclass(frozen=True)
class PlannedRun:
    """One run of a campaign.

    Parameters
    ----------
    number
        From 1, in the order of measuring.
    section
        The entry of the campaign file that it comes from.
    protocol, preset, source
        As in `Experiment`.
    swept
        What the sweep sets, as people write it.
    identity
        By which it is found again in the runs' files.
    duration
        Expected time on the instruments, in s.
    """

    number: int
    section: RunSection
    protocol: Protocol
    preset: str
    source: ProtocolSource | None
    swept: str
    identity: Identity
    duration: float

    def experiment(self, rig: RigFile) -> Experiment:
        """The run with its plan, which is not kept between runs."""
        before = _before(self.section.wait_for_baseline, rig)
        return Experiment.of(self.protocol, self.preset, rig, self.source, before)

    def entry(
        self, path: Path | None, state: Outcome = Outcome.FINISHED, reason: str = ""
    ) -> dict[str, Any]:
        """A line of the index; a run without a file is pending."""
        return {
            "run": self.number, "state": state.value if path else PENDING,
            "file": path.name if path else None, "protocol": self.protocol.name,
            "sample": self.section.sample, "swept": self.swept, "digest": self.identity.digest,
            "reason": reason,
        }  # fmt: skip

    def __str__(self) -> str:
        words = (self.protocol.name, self.section.sample, self.swept)
        return ", ".join(filter(None, words))


@dataclass(frozen=True)
class Campaign:
    """Every run of a campaign file, checked against the rig.

    Parameters
    ----------
    rig
        The rig file's content.
    rig_path
        Where it is; None for the embedded simulated rig.
    runs
        In the order of measuring.
    """

    rig: RigFile
    rig_path: Path | None
    runs: tuple[PlannedRun, ...]

    @classmethod
    def read(cls, path: Path) -> Campaign:
        """Read a campaign file, and prepare and check every run; nothing is energised.

        Raises
        ------
        InputError
            With every problem that was found, one a line.
        """
        content = CampaignFile.read(path)
        rig = content.rig_file(path.parent)
        runs: list[PlannedRun] = []
        problems: list[str] = []
        for index, section in enumerate(content.entries):
            try:
                planned = _planned(section, path.parent, rig)
            except InputError as error:
                where = f"campaign file {path}: run.{index} ({section.protocol})"
                problems += [f"{where}: {line}" for line in str(error).splitlines()]
                continue
            for _ in range(section.repeat):
                runs += [
                    replace(run, number=len(runs) + k) for k, run in enumerate(planned, start=1)
                ]
        if problems:
            raise InputError(all_lines(problems))
        return cls(rig, path.parent / content.rig if content.rig else None, tuple(runs))

    def complete(self, measured: Measured) -> dict[int, Path]:
        """The file of each run, by its number, that need not be measured again.

        Runs that ask for the same are told apart by how often they were measured.
        """
        left = {identity: list(files) for identity, files in measured.finished.items()}
        return {r.number: left[r.identity].pop(0) for r in self.runs if left.get(r.identity)}


def _planned(section: RunSection, folder: Path, rig: RigFile) -> Sequence[PlannedRun]:
    kind, source = find_protocol(section.protocol, folder)
    try:
        points = section.points(kind)
    except ValueError as error:
        raise InputError(str(error)) from None
    runs, problems = [], []
    for point in points:
        try:
            runs.append(_run(section, kind, source, point, rig))
        except InputError as error:
            swept = swept_text(point, kind)
            problems += [f"{swept}: {p}" if swept else p for p in str(error).splitlines()]
    if problems:
        raise InputError(all_lines(problems))
    return runs


def _run(
    section: RunSection,
    kind: type[Protocol],
    source: ProtocolSource | None,
    point: Mapping[str, Any],
    rig: RigFile,
) -> PlannedRun:
    values = {**section.set, **point}
    experiment = Experiment.build(
        kind, section.preset, values, rig, source, _before(section.wait_for_baseline, rig)
    )
    plan = experiment.plan
    # The run before it has left the device somewhere.
    hold = plan.resets[0].round if plan.resets and not plan.devices else 0.0
    if any(device.by_hand for device in plan.devices):
        raise InputError("by=hand waits for the operator before each device; a campaign runs alone")
    return PlannedRun(
        number=0, section=section, protocol=experiment.protocol, preset=experiment.preset,
        source=source, swept=swept_text(point, kind),
        identity=Identity.planned(experiment, section.sample),
        duration=plan.expected_duration + hold,
    )  # fmt: skip


def _before(wait: WaitForBaseline | None, rig: RigFile) -> Before:
    """The steps that bring the device to rest, recorded in the run's own file."""
    if wait is None:
        return lambda _: ()

    def steps(plan: Plan) -> tuple[Step, ...]:
        if plan.devices:
            raise InputError(
                "wait_for_baseline: no device is connected before the run; its protocol returns "
                "each to the baseline by itself"
            )
        reset = ReturnToBaseline(
            tolerance=wait.tolerance, hold=wait.hold, watch=wait.watch,
            time_limit=wait.time_limit, voltage_limit=rig.device.max_voltage,
            current_limit=min(_HOLDING_CURRENT, rig.device.max_current), phases=plan.phases,
        )  # fmt: skip
        text = (
            f"wait for the baseline within {VOLTAGE.format(wait.tolerance)}, at most "
            f"{TIME.format(wait.time_limit)}"
        )
        return (Mark(text), SelectResistance(OPEN), reset)

    return steps

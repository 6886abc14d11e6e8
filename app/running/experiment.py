"""From what a person asked for to a checked experiment, and from there to a run.

Everything that can be wrong with the request is found here, before an instrument is
touched: protocol, parameters, rig, instrument's and device's limits, resistances, file.
"""

from __future__ import annotations

import getpass
import platform
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from pydantic import InstanceOf

from app.errors import InputError
from app.rigs.opening import resistor_bank_class, stated_capabilities
from app.rigs.rig_file import RigFile
from app.running.user_protocol import ProtocolSource, find_protocol
from data.run import RunInfo
from drivers.errors import LimitError
from drivers.rig import Rig
from protocols.capabilities import Capabilities
from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.protocol import Preset, Protocol
from protocols.steps import Step, Steps

_SOFTWARE = ("fmes-lab", "numpy", "h5py", "pymeasure", "PyVISA", "PyVISA-py", "lupa", "pydantic")


Before: TypeAlias = Callable[[Plan], tuple[Step, ...]]
"""From a protocol's own plan to the steps that are taken before it."""


@dataclass(frozen=True)
class Experiment:
    """A protocol with its parameters, on a rig, checked as far as can be without it.

    Parameters
    ----------
    protocol
        With all parameters.
    preset
        Name of the preset that they started from.
    rig
        The rig file's content.
    plan
        The steps as expected, those of `before` included.
    source
        The user's own file that the protocol came from; None for those of the catalogue.
    before
        Steps that are taken before the protocol's own, in the same run.
    repeats
        Id of the run that it is to repeat.
    """

    protocol: Protocol
    preset: str
    rig: RigFile
    plan: Plan
    source: ProtocolSource | None = None
    before: tuple[Step, ...] = ()
    repeats: str = ""

    @classmethod
    def prepare(
        cls, name: str, *, preset: str | None, values: Mapping[str, Any], rig: Path | RigFile | None
    ) -> Experiment:
        """Build the protocol and hold it against the rig.

        Parameters
        ----------
        name
            Of the protocol, or a user's own file with its class, as ``mine.py:Mine``.
        values
            Parameters that differ from the preset, by name.
        rig
            The rig file or what was read from it; None for the embedded simulated rig.

        Raises
        ------
        InputError
            With every problem that was found, one a line.
        """
        rig_file = rig if isinstance(rig, RigFile) else RigFile.read(rig)
        kind, source = find_protocol(name)
        return cls.build(kind, preset, values, rig_file, source)

    @classmethod
    def build(
        cls,
        kind: type[Protocol],
        preset: str | None,
        values: Mapping[str, Any],
        rig: RigFile,
        source: ProtocolSource | None = None,
        before: Before = lambda _: (),
    ) -> Experiment:
        """The same for a protocol that was found; `before` says what is to be done first.

        Raises
        ------
        InputError
            With every problem that was found, one a line.
        """
        try:
            with source.blamed() if source else nullcontext():
                protocol = kind.build(preset, **values)
                return cls.of(protocol, preset or next(iter(kind.presets)), rig, source, before)
        except ProtocolError as error:
            raise InputError(str(error)) from error

    @classmethod
    def of(
        cls,
        protocol: Protocol,
        preset: str,
        rig: RigFile,
        source: ProtocolSource | None = None,
        before: Before = lambda _: (),
    ) -> Experiment:
        """Plan a protocol that has all its parameters, and hold it against the rig.

        Raises
        ------
        InputError
            With every problem that was found, one a line.
        """
        experiment = cls.planned(protocol, preset, rig, source, before)
        if problems := experiment.problems(stated_capabilities(rig)):
            raise InputError("\n".join(problems))
        return experiment

    @classmethod
    def planned(
        cls,
        protocol: Protocol,
        preset: str,
        rig: RigFile,
        source: ProtocolSource | None = None,
        before: Before = lambda _: (),
    ) -> Experiment:
        """The same without holding it against the rig; see `problems`.

        Raises
        ------
        InputError
            The protocol has no steps that could be played.
        """
        plan = Plan.of(protocol)
        given: Sequence[object] = plan.steps  # a user's own file may yield anything
        if strange := [step for step in given if not isinstance(step, Step)]:
            raise InputError(
                f"{protocol.name} yields {strange[0]!r}, which is not a step; protocols.steps has "
                "Play, SelectResistance, ReturnToBaseline and others"
            )
        if not plan.every_program:
            raise InputError(f"{protocol.name} plays no program, so there is nothing to record")
        first = before(plan)
        return cls(protocol, preset, rig, Plan((*first, *plan.steps)), source, first)

    @property
    def stimulus(self) -> Protocol:
        """What a runner plays: the protocol, after the steps that come before it."""
        return _Preceded(before=self.before, then=self.protocol) if self.before else self.protocol

    def problems(self, capabilities: Capabilities) -> list[str]:
        """Everything that the rig forbids, one line each; empty when it may run."""
        found = []
        for program in self.plan.every_program:
            found += capabilities.violations(program)
            try:
                self.rig.limits.check(program)
            except LimitError as error:
                found.append(str(error))
        bank = resistor_bank_class(self.rig)
        for step in self.plan.selections:
            try:
                bank.nearest(self.rig.resistors, step.resistance, step.tolerance)
            except LimitError as error:
                found.append(str(error))
        return list(dict.fromkeys(found + self._device_problems()))

    def _device_problems(self) -> list[str]:
        wired, asked = [d.name for d in self.rig.devices], self.plan.devices
        if not asked and wired:
            return [
                f"the rig file wires devices {', '.join(wired)} behind relays and "
                f"{self.protocol.name} connects none; run 'array' with devices= and protocol="
            ]
        found = [
            f"device {step.name!r} is not wired to the bank; resistor_bank.devices of the rig "
            f"file has {', '.join(wired) or 'none'} (by=hand has the operator connect each)"
            for step in asked
            if not step.by_hand and step.name not in wired
        ]
        if wired and any(step.by_hand for step in asked):
            found.append("the devices of this rig are behind relays; give by=bank, not by=hand")
        return found

    def info(self, rig: Rig, *, sample: str, notes: str) -> RunInfo:
        """What is known of a run of this experiment that begins now."""
        return RunInfo(
            run_id=str(uuid.uuid4()),
            protocol=self.protocol.name,
            preset=self.preset,
            parameters=self.protocol.model_dump(mode="json"),
            phases=self.plan.phases,
            programs=self.plan.every_program,
            start=datetime.now(UTC).astimezone(),
            sample=sample,
            notes=notes,
            user=_user(),
            simulated=rig.simulated,
            instruments={
                role: {
                    "driver": driver, "address": rig.addresses[role],
                    "manufacturer": who.manufacturer, "model": who.model, "serial": who.serial,
                    "firmware": who.firmware,
                }
                for role, driver, who in (
                    ("source_meter", rig.meter.driver, rig.meter.identity),
                    ("resistor_bank", rig.bank.driver, rig.bank.identity),
                )
            },
            rig=rig.description,
            resistors=tuple((r.channel, r.nominal, r.calibrated) for r in rig.resistors),
            software=_software() | (self.source.record() if self.source else {}),
            repeats=self.repeats,
        )  # fmt: skip


class _Preceded(Protocol):
    """Steps, and after them a protocol."""

    name: ClassVar[str] = "preceded"
    title: ClassVar[str] = "Steps, and after them a protocol"
    phases: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[Mapping[str, Preset]] = {}

    before: tuple[Any, ...]
    then: InstanceOf[Protocol]

    def steps(self) -> Steps:
        for step in self.before:  # noqa: UP028 (a tuple cannot take what is sent back)
            yield step
        yield from self.then.steps()


def values_of(settings: Sequence[str]) -> dict[str, str]:
    """Parameters from texts ``parameter=value``.

    Raises
    ------
    InputError
        A text without a value, or a parameter that is given twice.
    """
    values: dict[str, str] = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InputError(f"--set {text!r}: write parameter=value, for example width=10ms")
        if (key := name.strip()) in values:
            raise InputError(f"--set {text!r}: {key} is given already, as {values[key]!r}")
        values[key] = value.strip()
    return values


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in the system's table, as in some containers
        return ""


def _software() -> dict[str, str]:
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _SOFTWARE:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions

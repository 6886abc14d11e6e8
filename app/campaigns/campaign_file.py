"""The campaign file: which runs, with which parameters, under which conditions.

TOML, every key validated; an error names the file, the key, the value and what is accepted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from app.errors import InputError
from app.rigs.rig_file import RigFile
from app.toml_file import Section, all_lines, read_toml
from protocols.parameter import Parameter
from protocols.protocol import Protocol
from protocols.quantities import TIME, Quantity, Time, Voltage
from protocols.ranges import expand

MOST_RUNS = 10_000
"""Most runs of one campaign."""

_NUMBER = Quantity("a number", "", "10")


class WaitForBaseline(Section):
    """Before a run the device is brought to rest; without success the run fails.

    Attributes
    ----------
    tolerance
        Rebound at open circuit that counts as the baseline, in V.
    time_limit
        Time after which it fails, in s.
    hold, watch
        Time at 0 V and then at open circuit, per round, in s.
    """

    tolerance: Annotated[Voltage, Field(gt=0)] = 0.5e-3
    time_limit: Annotated[Time, Field(gt=0)] = 300.0
    hold: Annotated[Time, Field(ge=0.1)] = 40.0
    watch: Annotated[Time, Field(ge=0.1)] = 10.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.watch > self.time_limit:
            raise ValueError(
                f"watch {TIME.format(self.watch)} does not fit into the time_limit of "
                f"{TIME.format(self.time_limit)}"
            )
        return self


def _yes_or_no(value: object) -> object:
    """`true` stands for the default values, `false` for no wait."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


class Defaults(Section):
    """What holds for every run that does not say otherwise.

    Attributes
    ----------
    protocol
        A name, or a file with a class in it, relative to the campaign file.
    set
        Parameters that differ from the preset.
    repeat
        Times that the run, with its whole sweep, is measured.
    on_fault
        What a failed run does to the rest of the campaign.
    """

    protocol: str = Field("", min_length=1)
    preset: str | None = Field(None, min_length=1)
    set: dict[str, Any] = Field(default_factory=dict)
    sample: str = Field("", max_length=200)
    note: str = ""
    repeat: int = Field(1, ge=1, le=MOST_RUNS, strict=True)
    on_fault: Literal["stop", "continue"] = "stop"
    wait_for_baseline: Annotated[WaitForBaseline | None, BeforeValidator(_yes_or_no)] = None


class RunSection(Defaults):
    """One entry of the list: a run, or as many as `repeat` and `sweep` make of it.

    Attributes
    ----------
    sweep
        Parameter to a list of values or a range as text; every combination is measured, the
        last parameter changing fastest.
    """

    sweep: dict[str, list[Any] | str] = Field(default_factory=dict)

    def completed(self, defaults: Defaults) -> RunSection:
        """The entry with what it leaves open taken from the defaults; `set` key by key."""
        given = {name: getattr(defaults, name) for name in defaults.model_fields_set}
        given |= {name: getattr(self, name) for name in self.model_fields_set}
        return self.model_copy(update={**given, "set": {**defaults.set, **self.set}})

    def points(self, protocol: type[Protocol]) -> list[dict[str, Any]]:
        """The parameters that each combination of the sweep sets, in the order of measuring.

        Raises
        ------
        ValueError
            An unknown parameter, one that `set` sets too, nothing to sweep over, text that is
            not a range, or too many combinations.
        """
        known = {p.name: p for p in protocol.parameters()}
        columns: list[list[Any]] = []
        for name, values in self.sweep.items():
            where = f"sweep.{name} = {values!r}"
            if name not in known:
                raise ValueError(f"{where}: {protocol.name} has no such parameter; it has "
                                 f"{', '.join(known)}")  # fmt: skip
            if name in self.set:
                raise ValueError(f"{where}: the parameter is in set too; leave one of them out")
            try:
                columns.append(_swept(values, known[name]))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
        if (count := self.repeat * math.prod(map(len, columns))) > MOST_RUNS:
            raise ValueError(f"sweep and repeat make {count} runs; at most {MOST_RUNS}")
        return [dict(zip(self.sweep, point, strict=True)) for point in product(*columns)]


def _swept(values: list[Any] | str, parameter: Parameter) -> list[Any]:
    if not values:
        raise ValueError("nothing to sweep over; give a list of values or FIRST..LAST x COUNT")
    if not isinstance(values, str):
        return values
    numbers = expand(values, parameter.quantity or _NUMBER)
    return [[number] for number in numbers] if parameter.is_list else list(numbers)


class CampaignFile(Section):
    """A whole campaign.

    Attributes
    ----------
    rig
        The rig file, relative to the campaign file; the embedded simulated rig without it.
    """

    rig: str | None = Field(None, min_length=1)
    defaults: Defaults = Defaults()
    run: tuple[RunSection, ...] = Field(min_length=1)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a campaign file.

        Raises
        ------
        InputError
            Not readable, not TOML, an unknown key, a value that is not accepted, or a run
            without a protocol.
        """
        campaign = read_toml(path, cls, "campaign file")
        nameless = [
            f"campaign file {path}: run.{index}.protocol is missing; give it here or in defaults"
            for index, run in enumerate(campaign.entries)
            if not run.protocol
        ]
        if nameless:
            raise InputError(all_lines(nameless))
        return campaign

    @property
    def entries(self) -> tuple[RunSection, ...]:
        """The list of runs, each completed from the defaults."""
        return tuple(run.completed(self.defaults) for run in self.run)

    def rig_file(self, folder: Path) -> RigFile:
        """The rig, its file looked for in `folder`.

        Raises
        ------
        InputError
            The rig file cannot be used.
        """
        return RigFile.read(folder / self.rig if self.rig else None)


def swept_text(values: Mapping[str, Any], protocol: type[Protocol]) -> str:
    """The parameters of one combination, as people write them."""
    quantities = {p.name: p.quantity for p in protocol.parameters()}
    return ", ".join(f"{name}={_text(v, quantities[name])}" for name, v in values.items())


def _text(value: Any, quantity: Quantity | None) -> str:
    if isinstance(value, list):
        return " ".join(_text(item, quantity) for item in value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return quantity.format(value) if quantity and number else str(value)

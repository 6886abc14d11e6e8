"""What every protocol is: validated parameters, presets, and a generator of steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from protocols.errors import ParameterError, ProtocolError
from protocols.parameter import Parameter
from protocols.steps import RESET, Steps
from protocols.suggestion import suggestion


@dataclass(frozen=True)
class Preset:
    """Named parameter values, and why one would choose them."""

    explanation: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Protocol(BaseModel, ABC):
    """The description of a stimulus; its fields are the parameters a person sets.

    Subclasses declare fields with the annotated types of `protocols.quantities`, and the
    class attributes below. An instance is always valid and never changes.

    Attributes
    ----------
    name
        As it is typed: ``ltp-ltd``.
    title
        One line for a list.
    phases
        What the protocol does to the device, as names; "reset" is added in front.
    presets
        Named settings; the first is the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    name: ClassVar[str]
    title: ClassVar[str]
    phases: ClassVar[tuple[str, ...]]
    presets: ClassVar[Mapping[str, Preset]]

    @abstractmethod
    def steps(self) -> Steps:
        """The steps of one run; what each step read is sent back to the generator."""

    @classmethod
    def phase_names(cls) -> tuple[str, ...]:
        """Every phase of a run; the index into it is a reading's phase code."""
        return (RESET, *cls.phases)

    @classmethod
    def build(cls, preset: str | None = None, **values: Any) -> Self:
        """Make the protocol from a preset with some values replaced.

        Raises
        ------
        ProtocolError
            Unknown preset.
        ParameterError
            Unknown parameter, or values that are not accepted.
        """
        chosen = preset or next(iter(cls.presets))
        if chosen not in cls.presets:
            raise ProtocolError(
                f"{cls.name} has no preset {chosen!r}; it has {', '.join(cls.presets)}"
                f"{suggestion(chosen, cls.presets)}"
            )
        try:
            return cls(**{**cls.presets[chosen].values, **values})
        except ValidationError as error:
            raise ParameterError(tuple(_problems(cls, error))) from None

    @classmethod
    def parameters(cls) -> list[Parameter]:
        """The fields, a protocol's own before shared ones, with what a form needs."""
        declared = (name for kind in cls.__mro__ for name in vars(kind).get("__annotations__", ()))
        names = dict.fromkeys(name for name in declared if name in cls.model_fields)
        return [Parameter.of(name, cls.model_fields[name]) for name in names]


def _problems(cls: type[Protocol], error: ValidationError) -> Iterator[tuple[str, str]]:
    known = {p.name: p for p in cls.parameters()}
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if problem["type"] == "extra_forbidden":
            accepted = f"it has {', '.join(known)}{suggestion(name, known)}"
            yield "", f"{cls.name} has no parameter {name!r}; {accepted}"
        elif name in known:
            yield ".".join(map(str, problem["loc"])), known[name].message(problem)
        else:
            yield "", problem["msg"].removeprefix("Value error, ")

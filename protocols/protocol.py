"""What every protocol is: validated parameters, presets, and a generator of steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from protocols.errors import ProtocolError
from protocols.quantities import Quantity
from protocols.steps import RESET, Steps


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
            Unknown preset or parameter, or a value that is not accepted; one line a problem.
        """
        chosen = preset or next(iter(cls.presets))
        if chosen not in cls.presets:
            raise ProtocolError(
                f"{cls.name} has no preset {chosen!r}; it has {', '.join(cls.presets)}"
            )
        try:
            return cls(**{**cls.presets[chosen].values, **values})
        except ValidationError as error:
            raise ProtocolError("\n".join(_lines(cls, error))) from None

    @classmethod
    def parameters(cls) -> list[Parameter]:
        """The fields, a protocol's own before shared ones, with what a form needs."""
        own = [name for name in cls.__annotations__ if name in cls.model_fields]
        names = dict.fromkeys([*own, *cls.model_fields])
        return [_parameter(name, cls.model_fields[name]) for name in names]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a protocol, as shown to a person."""

    name: str
    quantity: Quantity | None
    default: Any
    description: str
    limits: str
    is_list: bool

    def format(self, value: Any) -> str:
        """Write a value of this parameter the way a person types it."""
        if value is None:
            return "-"
        if self.is_list:
            return ", ".join(self.quantity.format(v) if self.quantity else str(v) for v in value)
        if self.quantity and not isinstance(value, str):
            return self.quantity.format(value)
        return str(value)


def _parameter(name: str, info: Any) -> Parameter:
    is_list = get_origin(info.annotation) is tuple
    metadata = [*info.metadata, *_metadata_within(info.annotation)]
    quantity = next((m for m in metadata if isinstance(m, Quantity)), None)
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    limits = [
        f"{sign} {quantity.format(bound) if quantity else bound}"
        for m in metadata
        for key, sign in signs.items()
        if (bound := getattr(m, key, None)) is not None
    ]
    return Parameter(
        name, quantity, info.default, info.description or "", " and ".join(limits), is_list
    )


def _metadata_within(annotation: Any) -> list[Any]:
    """Metadata of what a list holds or of what may be left out (`X | None`)."""
    found: list[Any] = []
    for inner in get_args(annotation):
        found += getattr(inner, "__metadata__", ())
        found += _metadata_within(inner) if get_origin(inner) is not Annotated else ()
    return found


def _lines(cls: type[Protocol], error: ValidationError) -> list[str]:
    known = {p.name: p for p in cls.parameters()}
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"]) or "parameters together"
        given = problem["input"]
        if problem["type"] == "extra_forbidden":
            lines.append(f"{cls.name} has no parameter {where!r}; it has {', '.join(known)}")
            continue
        message = problem["msg"].removeprefix("Value error, ")
        parameter = known.get(str(problem["loc"][0])) if problem["loc"] else None
        if parameter and parameter.limits and problem["type"] != "value_error":
            message = f"{given!r} is not accepted; {parameter.limits}"
        lines.append(f"{where}: {message}")
    return lines

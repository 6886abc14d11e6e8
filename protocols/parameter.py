"""A parameter as a form needs it: what it is, its limits, and text in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from protocols.quantities import Quantity, QuantityError, split_list
from protocols.ranges import write

Kind: TypeAlias = Literal["quantity", "whole number", "number", "switch", "choice", "text"]
_KINDS: dict[object, Kind] = {bool: "switch", int: "whole number", float: "number"}
_EXAMPLES = 3
"""Values of a list that are given as an example."""
_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a protocol, as shown to a person.

    Parameters
    ----------
    name
        As it is typed.
    quantity
        Of the value or of each in a list; None for what has no unit.
    default
        In SI units.
    description
        One line for people.
    limits
        As text: "> 0 A".
    kind
        What it takes, or what a list of them holds.
    is_list, optional
        Whether it takes several; whether it may be left out.
    choices
        All values that there are, when they are few words.
    """

    name: str
    quantity: Quantity | None
    default: Any
    description: str
    limits: str
    kind: Kind
    is_list: bool
    optional: bool
    choices: tuple[Any, ...]
    annotation: Any = field(repr=False)

    @classmethod
    def of(cls, name: str, info: FieldInfo) -> Parameter:
        """Describe a field of a protocol."""
        types = list(_types(info.annotation))
        metadata = [*info.metadata, *_metadata_within(info.annotation)]
        quantity = next((m for m in metadata if isinstance(m, Quantity)), None)
        limits = [
            f"{sign} {quantity.format(bound) if quantity else bound}"
            for m in metadata
            for key, sign in _SIGNS.items()
            if (bound := getattr(m, key, None)) is not None
        ]
        choices = next((get_args(t) for t in types if get_origin(t) is Literal), ())
        plain = next((t for t in types if t is not NoneType and not _is_list(t)), str)
        kind: Kind = "choice" if choices else _KINDS.get(plain, "text")
        made = cls(
            name, quantity, info.get_default(call_default_factory=True), info.description or "",
            " and ".join(limits), "quantity" if quantity else kind,
            any(map(_is_list, types)), NoneType in types,
            choices,
            Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation,
        )  # fmt: skip
        # A default may be text: `width: Time = "20 ms"`.
        written = isinstance(made.default, str) and (made.is_list or quantity is not None)
        return replace(made, default=made.read(made.default)) if written else made

    def format(self, value: Any) -> str:
        """Write a value of this parameter the way a person types it, to four digits."""
        if value is None:
            return "-"
        if self.is_list:
            return ", ".join(self.quantity.format(v) if self.quantity else str(v) for v in value)
        if self.quantity and not isinstance(value, str):
            return self.quantity.format(value)
        return str(value)

    def write(self, value: Any) -> str:
        """Write a value so that `read` gives exactly that value again; "" for one left out."""
        if value is None:
            return ""
        if not self.is_list:
            exact = self.quantity and not isinstance(value, str)
            return self.quantity.write(value) if self.quantity and exact else _plain(value)
        if self.quantity is None:
            return ", ".join(map(_plain, value))
        text = write(value, self.quantity)
        try:
            if self.read(text) == tuple(value):
                return text
        except ValueError:  # a list of one's own that takes no ranges
            pass
        return ", ".join(map(self.quantity.write, value))

    def read(self, given: object) -> Any:
        """The value that was typed or stored, checked alone; other parameters may forbid it.

        Raises
        ------
        ValueError
            It is not accepted: why, what is, and an example.
        """
        plain = self.kind == "text" or not isinstance(given, str)
        text = given if plain else str(given).strip()
        if text in ("", "-") and self.optional:
            return None
        text = next((c for c in self.choices if str(c) == text), text)
        if text == "" and self.kind in ("quantity", "whole number", "number") and not self.is_list:
            raise ValueError(self._advise(f"{self._noun} is needed"))
        try:
            return self._adapter.validate_python(text)
        except ValidationError as error:
            if self.is_list and isinstance(text, str) and self.quantity is None:
                return self._read_items(text)
            raise ValueError(self._place_and_message(error)) from None

    def stored(self, value: Any) -> Any:
        """A value that was read, as JSON holds it; `read` takes that too."""
        return self._adapter.dump_python(value, mode="json")

    def _read_items(self, text: str) -> Any:
        """A list that has no reader of its own: words or numbers between commas."""
        try:
            return self._adapter.validate_python(split_list(text))
        except ValidationError as error:
            raise ValueError(self._place_and_message(error)) from None

    def _place_and_message(self, error: ValidationError) -> str:
        problem = error.errors()[0]
        place = [part for part in problem["loc"] if isinstance(part, int)]
        return f"value {place[0] + 1}: {self.message(problem)}" if place else self.message(problem)

    def message(self, problem: Any) -> str:
        """What pydantic says of a value of this parameter, with what is accepted."""
        given, told = self._shown(problem["input"]), problem.get("ctx", {}).get("error")
        match problem["type"]:
            case "value_error" if isinstance(told, QuantityError):
                reason = told.reason
            case "value_error":
                reason = str(told)
            case "int_parsing" | "int_from_float" | "int_type":
                reason = f"{given} is not a whole number"
            case "float_parsing" | "float_type":
                reason = f"{given} is not a number"
            case "literal_error":
                return f"{given} is not accepted; {problem['ctx']['expected']}"
            case "too_short" if self.is_list:
                reason = "at least one value is needed"
            case _ if self.limits:
                reason = f"{given} is not accepted"
            case _:
                reason = f"{given} is not accepted: {problem['msg']}"
        return self._advise(reason)

    def _shown(self, value: object) -> str:
        """As it was given, except that what a range was expanded to gets its unit back."""
        if self.quantity and self.is_list and isinstance(value, float):
            return self.quantity.write(value)
        return repr(value)

    def _advise(self, reason: str) -> str:
        example = self.write(self.default) or (self.quantity.example if self.quantity else "")
        if self.is_list and ".." not in example:
            example = ", ".join(example.split(", ")[:_EXAMPLES])
        return "; ".join(filter(None, (reason, self.limits, example and f"for example {example}")))

    @property
    def _noun(self) -> str:
        return self.quantity.name if self.quantity else f"a {self.kind}"

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}={_plain(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    return str(value)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (tuple, list)


def _types(annotation: Any) -> Iterator[Any]:
    """The types that an annotation allows, without what is only said about them."""
    if get_origin(annotation) is Annotated:
        yield from _types(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for inner in get_args(annotation):
            yield from _types(inner)
    else:
        yield annotation
        if _is_list(annotation):
            yield from _types(get_args(annotation)[0])


def _metadata_within(annotation: Any) -> list[Any]:
    """Metadata of what a list holds or of what may be left out (`X | None`)."""
    found: list[Any] = []
    for inner in get_args(annotation):
        for told in getattr(inner, "__metadata__", ()):
            found += told.metadata if isinstance(told, FieldInfo) else [told]
        found += _metadata_within(inner) if get_origin(inner) is not Annotated else ()
    return found

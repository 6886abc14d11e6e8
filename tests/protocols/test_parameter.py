"""What a form and a command line know of a parameter: kinds, limits, text in and out."""

import json
import math
import re
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from protocols.array import Array
from protocols.catalogue import PROTOCOLS
from protocols.errors import ParameterError
from protocols.ppf import Ppf
from protocols.protocol import Preset, Protocol
from protocols.quantities import Resistance, Time
from protocols.ranges import Currents


class Own(Protocol):
    """Every kind of parameter that a person may declare."""

    name: ClassVar[str] = "own"
    title: ClassVar[str] = "Own"
    phases: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar = {"first": Preset("As it is."), "second": Preset("Wide.", {"width": 1.0})}

    width: Annotated[Time, Field(gt=0, le=2)] = Field(20e-3, description="Time on")
    rest: Annotated[Time, Field(ge=0.1)] | None = None
    load: Resistance = "8 kohm"
    levels: Currents = "1 mA, 2 mA"
    count: int = Field(3, ge=1, le=100)
    most: Annotated[int, Field(ge=1)] | None = None
    factor: float = 0.5
    fast: bool = False
    edge: Literal["up", "down"] = "up"
    side: Literal["left", "right"] | None = None
    rate: Literal[50, 60] = 50
    label: str = "x"
    counts: tuple[int, ...] = (1, 2)
    weights: list[float] = Field(default_factory=lambda: [0.5])

    @field_validator("label")
    @classmethod
    def _short(cls, value):
        if len(value) > 5:
            raise ValueError("the label is too long; at most 5 letters")
        return value

    @model_validator(mode="after")
    def _fits(self):
        if self.rest and self.rest < self.width:
            raise ValueError("rest is shorter than width")
        return self

    def steps(self):
        yield from ()


OWN = {p.name: p for p in Own.parameters()}


@pytest.mark.parametrize(
    ("name", "kind", "is_list", "optional", "limits"),
    [
        ("width", "quantity", False, False, "> 0 s and <= 2 s"),
        ("rest", "quantity", False, True, ">= 100 ms"),
        ("levels", "quantity", True, False, ""),
        ("count", "whole number", False, False, ">= 1 and <= 100"),
        ("most", "whole number", False, True, ">= 1"),
        ("factor", "number", False, False, ""),
        ("fast", "switch", False, False, ""),
        ("edge", "choice", False, False, ""),
        ("side", "choice", False, True, ""),
        ("label", "text", False, False, ""),
        ("counts", "whole number", True, False, ""),
        ("weights", "number", True, False, ""),
    ],
)
def test_a_parameter_says_what_it_takes(name, kind, is_list, optional, limits):
    known = OWN[name]
    assert (known.kind, known.is_list, known.optional) == (kind, is_list, optional)
    assert known.limits == limits


def test_choices_and_defaults_written_as_text_are_read():
    assert OWN["edge"].choices == ("up", "down")
    assert OWN["side"].choices == ("left", "right")
    assert OWN["load"].default == 8000.0
    assert OWN["levels"].default == (1e-3, 2e-3)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("width", "10m", 0.01), ("width", " 10 \u00b5s ", 1e-5), ("width", "0,5 ms", 5e-4),
        ("width", "1e-3", 1e-3), ("rest", "", None), ("rest", "-", None),
        ("load", "open", math.inf),
        ("levels", "1 mA..3 mA x 3", (1e-3, 2e-3, 3e-3)), ("count", "7", 7), ("most", "", None),
        ("factor", "2.5", 2.5), ("fast", "true", True), ("edge", "down", "down"),
        ("side", "", None),
        ("label", "abc", "abc"), ("label", " a ", " a "), ("rate", "60", 60),
        ("counts", "3, 4", (3, 4)), ("weights", "1; 2", [1.0, 2.0]),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_a_value(name, text, value):
    assert OWN[name].read(text) == value


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("width", "", "a time is needed; > 0 s and <= 2 s; for example 20 ms"),
        ("width", "3 V", "'3 V' has the unit of another quantity (volt); > 0 s and <= 2 s; for"),
        ("width", "ten", "'ten' is not a time; > 0 s and <= 2 s; for example 20 ms"),
        ("width", "3", "'3' is not accepted; > 0 s and <= 2 s; for example 20 ms"),
        ("rest", "1 ms", "'1 ms' is not accepted; >= 100 ms"),
        ("count", "1.5", "'1.5' is not a whole number; >= 1 and <= 100; for example 3"),
        ("count", "", "a whole number is needed; >= 1 and <= 100; for example 3"),
        ("most", "0", "'0' is not accepted; >= 1"),
        ("factor", "x", "'x' is not a number; for example 0.5"),
        ("edge", "sideways", "'sideways' is not accepted; 'up' or 'down'"),
        ("levels", "", "at least one value is needed; for example 1 mA, 2 mA"),
        ("levels", "1 mA, 2 V", "'2 V' has the unit of another quantity"),
        ("counts", "1, x", "value 2: 'x' is not a whole number; for example 1, 2"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_limits_and_an_example_within_them(name, text, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
        OWN[name].read(text)


@pytest.mark.parametrize("protocol", [*PROTOCOLS, Own], ids=lambda p: p.name)
def test_what_is_written_reads_back_exactly_in_every_preset(protocol):
    for preset in protocol.presets:
        built = protocol.build(preset)
        for known in protocol.parameters():
            value = getattr(built, known.name)
            assert known.read(known.write(value)) == value, (preset, known.name)
            stored = json.loads(json.dumps(known.stored(value), allow_nan=False))
            assert known.read(stored) == value, (preset, known.name)


def test_a_long_range_is_written_as_one_and_a_short_list_as_values():
    known = {p.name: p for p in Ppf.parameters()}
    assert known["intervals"].write(known["intervals"].default) == "log 10 ms..100 s x 13"
    assert known["states"].write((500.0, 1000.0, math.inf)) == "500 ohm, 1 kohm, open"


def test_settings_of_an_array_read_back():
    (settings,) = (p for p in Array.parameters() if p.name == "settings")
    text = settings.write({"up": 30, "states": [500, "open"]})
    assert settings.read(text) == {"up": "30", "states": "500, open"}


def test_problems_are_told_by_parameter_and_together():
    with pytest.raises(ParameterError) as caught:
        Own.build(width=0, count="x", label="too long", nonsense=1)
    assert [where for where, _ in caught.value.problems] == ["width", "count", "label", ""]
    assert "the label is too long" in str(caught.value)
    with pytest.raises(ParameterError) as caught:
        Own.build(rest="0.1", width="0.2")
    assert caught.value.problems == (("", "rest is shorter than width"),)
    with pytest.raises(ParameterError) as caught:
        Own.build(counts=(1, "x"))
    assert caught.value.problems[0][0] == "counts.1"

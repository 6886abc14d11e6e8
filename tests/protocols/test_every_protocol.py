"""What holds for each protocol of the catalogue, whatever its parameters are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.catalogue import PROTOCOLS
from protocols.errors import ProtocolError
from protocols.plan import Plan

EVERY = [pytest.param(p, id=p.name) for p in PROTOCOLS]
JUNK = st.one_of(
    st.just("3 parsnips"), st.just("--"), st.just("1 2"), st.just({}), st.just({"a": 1}),
    st.just([[1]]), st.just([None]), st.just(math.nan), st.just("nan"), st.booleans(),
    st.just(-math.inf), st.just([True]), st.just(b"1"), st.just(object()),
)  # fmt: skip


def refused(parameter):
    """Values that a parameter does not accept, whatever the others are."""
    match parameter.kind:
        case "quantity":
            other = "3 ohm" if parameter.quantity.unit != "ohm" else "3 V"
            wrong = JUNK | st.just(other)
            if parameter.limits.startswith(">"):
                wrong |= st.floats(-1e9, -1e-9) | st.just("-3")
            if parameter.limits.startswith("> "):
                wrong |= st.just(0) | st.just("0")
            return wrong | (st.just("") if not parameter.is_list else st.just([other]))
        case "whole number":
            low = int(parameter.limits.split()[1])
            return JUNK.filter(lambda v: not isinstance(v, (bool, bytes))) | st.one_of(
                st.integers(-(10**9), low - 1), st.just(1.5), st.just("many"), st.just(10**30),
                st.just(""),
            )  # fmt: skip
        case "choice":
            return st.one_of(st.just("nonsense"), st.integers(), st.just([]), st.none())
        case "switch":
            return st.one_of(st.just("perhaps"), st.just(7), st.just([]), st.none())
        case _:
            return st.one_of(st.integers(), st.just(["D1", "D1"]), st.just([3]), st.just(object()))


@pytest.mark.parametrize("protocol", EVERY)
@given(data=st.data())
@settings(max_examples=80)
def test_a_value_that_is_not_accepted_is_refused_when_built_and_the_field_is_named(protocol, data):
    parameter = data.draw(st.sampled_from(protocol.parameters()), "parameter")
    value = data.draw(refused(parameter), "value")
    if parameter.optional and value is None:
        return
    with pytest.raises(ProtocolError) as told:
        protocol.build(**{parameter.name: value})
    assert parameter.name in str(told.value)


@pytest.mark.parametrize("protocol", EVERY)
@given(data=st.data())
@settings(max_examples=80)
def test_any_numbers_make_a_protocol_or_are_refused_and_nothing_else_is_raised(protocol, data):
    sizes = [5e-324, 1e-18, 1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e9, 1e18, 1e300]
    wild = st.floats(allow_nan=False) | st.integers(-3, 10**7) | st.sampled_from(sizes)
    numbers = [p for p in protocol.parameters() if p.kind in ("quantity", "whole number")]
    if not numbers:
        return
    chosen = data.draw(st.lists(st.sampled_from(numbers), min_size=1, max_size=3), "parameters")
    values = {
        p.name: data.draw(st.lists(wild, min_size=1, max_size=3) if p.is_list else wild, p.name)
        for p in chosen
    }
    try:
        protocol.build(**values)
    except ProtocolError as error:
        message = str(error)
        assert any(p.name in message for p in chosen), message


@pytest.mark.parametrize("protocol", EVERY)
def test_an_unknown_parameter_and_an_unknown_preset_are_refused_with_those_that_exist(protocol):
    with pytest.raises(
        ProtocolError, match=f"no parameter 'widht'; it has .*{_a_parameter(protocol)}"
    ):
        protocol.build(widht=1)
    with pytest.raises(
        ProtocolError, match=f"no preset 'nicest'; it has {next(iter(protocol.presets))}"
    ):
        protocol.build("nicest")


def _a_parameter(protocol):
    return protocol.parameters()[0].name


@pytest.mark.parametrize(
    ("protocol", "preset"),
    [pytest.param(p, name, id=f"{p.name} {name}") for p in PROTOCOLS for name in p.presets],
)
def test_every_preset_is_a_plan_and_survives_json(protocol, preset):
    built = protocol.build(preset)
    assert protocol.model_validate_json(built.model_dump_json()) == built
    plan = Plan.of(built)
    assert plan.every_program
    assert plan.stimulus_duration <= plan.expected_duration
    assert set(plan.phases) == set(plan.every_program[0].phases)
    assert all(program.phases == plan.phases for program in plan.every_program)
    assert protocol.presets[preset].explanation


@pytest.mark.parametrize("protocol", EVERY)
def test_what_describes_a_parameter_is_there(protocol):
    for parameter in protocol.parameters():
        assert parameter.description, parameter.name
        assert (parameter.quantity is not None) == (parameter.kind == "quantity"), parameter.name

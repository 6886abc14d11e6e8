import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from protocols.device_parameters import States
from protocols.quantities import CURRENT, OPEN, RATE, RESISTANCE, TIME
from protocols.ranges import Currents, PositiveCurrents, Rates, Times, expand, write


@pytest.mark.parametrize(
    ("text", "quantity", "values"),
    [
        ("1 ms", TIME, [1e-3]),
        ("1 ms, 2ms; 0.5 s", TIME, [1e-3, 2e-3, 0.5]),
        ("0.1 mA..0.4 mA x 4", CURRENT, [1e-4, 2e-4, 3e-4, 4e-4]),
        ("1mA..-1mA x 3", CURRENT, [1e-3, 0.0, -1e-3]),
        ("log 10 ms..100 s x 5", TIME, [1e-2, 1e-1, 1.0, 10.0, 100.0]),
        ("log 10 ms .. 1 s \u00d7 3", TIME, [1e-2, 1e-1, 1.0]),
        ("0.1..0.3 x 3", TIME, [0.1, 0.2, 0.3]),
        ("log1ms..100ms x3", TIME, [1e-3, 1e-2, 1e-1]),
        ("1 s, log 1 ms..100 ms x 3, 2 s", TIME, [1.0, 1e-3, 1e-2, 1e-1, 2.0]),
        ("10 mV/s, 50 mV/s", RATE, [0.01, 0.05]),
        ("1 s,,", TIME, [1.0]),
        ("", TIME, []),
    ],
)
def test_text_becomes_exact_si_floats(text, quantity, values):
    assert expand(text, quantity) == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 ms..5 s", "is not a range; write FIRST..LAST x COUNT"),
        ("1 ms..5 s x", "is not a range"),
        ("1 ms..5 s x many", "is not a range"),
        ("1 ms..5 V x 3", "'5 V' has the unit of another quantity"),
        ("1..5 ms x 3", "give a unit to both ends, or to none for s"),
        ("1 ms..5 s x 1", "has 2 to 10000 values, not 1"),
        ("1 ms..5 s x 10001", "has 2 to 10000 values, not 10001"),
        ("1 ms..5 s x 99999999999999", "has 2 to 10000 values"),
        ("log 0 s..5 s x 3", "neither of them 0"),
        ("log -1 s..5 s x 3", "one sign"),
        ("log 1 ms", "is not a time"),
        ("1,5 ms", "may be a decimal comma"),
        ("3 parsnips", "'parsnips' is not a unit"),
    ],
)
def test_other_text_is_refused_with_the_reason(text, says):
    with pytest.raises(ValueError, match=says):
        expand(text, TIME)


@given(
    st.floats(1e-6, 1e3), st.floats(1e-6, 1e3), st.integers(2, 50), st.sampled_from(["", "log "])
)
def test_a_range_has_its_ends_its_count_and_equal_steps_or_ratios(first, last, count, log):
    values = np.array(expand(f"{log}{first!r}..{last!r} x {count}", TIME))
    assert len(values) == count
    assert values[[0, -1]] == pytest.approx([first, last], rel=1e-11)
    steps = np.diff(np.log(values) if log else values)
    assert steps == pytest.approx(steps.mean(), rel=1e-6, abs=1e-9 * max(first, last, 1))


@given(st.text(max_size=40))
def test_no_text_raises_anything_but_value_error(text):
    try:
        values = expand(text, TIME)
    except ValueError:
        return
    assert np.all(np.isfinite(values))


@pytest.mark.parametrize("given", ["2 ms", 2e-3, [2e-3], ("2 ms",)])
def test_one_value_may_stand_for_a_list(given):
    assert TypeAdapter(Times).validate_python(given) == (2e-3,)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Times, "0 s"), (Times, "0 s..1 s x 3"), (Times, ""), (Times, [-1.0]), (Times, None),
        (PositiveCurrents, "-1 mA"), (Rates, "0"), (Currents, "1 V"), (Currents, [True]),
    ],
)  # fmt: skip
def test_each_value_is_held_against_its_kind(kind, value):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("values", "quantity", "text"),
    [
        ((1e-3,), TIME, "1 ms"),
        (tuple(expand("log 10 ms..100 s x 13", TIME)), TIME, "log 10 ms..100 s x 13"),
        (tuple(expand("-1 mA..1 mA x 9", CURRENT)), CURRENT, "-1 mA..1 mA x 9"),
        ((500.0,) * 7 + (OPEN,), RESISTANCE, ", ".join(["500 ohm"] * 7 + ["open"])),
    ],
)
def test_a_list_is_written_as_a_range_where_that_is_exact(values, quantity, text):
    assert write(values, quantity) == text


@given(st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=12))
def test_what_is_written_expands_to_exactly_the_same_values(values):
    assert expand(write(values, TIME), TIME) == values


def test_states_take_ranges_and_a_single_number():
    states = TypeAdapter(States)
    assert states.validate_python("log 500..8000 x 5, open") == (500, 1000, 2000, 4000, 8000, OPEN)
    assert states.validate_python(500) == (500.0,)

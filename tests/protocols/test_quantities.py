import math
import os
import subprocess
import sys

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.quantities import (
    CURRENT,
    NUMBER,
    OPEN,
    RATE,
    RESISTANCE,
    TIME,
    VOLTAGE,
    with_prefix,
)


@pytest.mark.parametrize(
    ("quantity", "text", "value"),
    [
        (CURRENT, "1 mA", 1e-3), (CURRENT, "1mA", 1e-3), (CURRENT, "-1 mA", -1e-3),
        (CURRENT, "10\u00b5A", 1e-5), (CURRENT, "10 \u03bcA", 1e-5), (CURRENT, "10uA", 1e-5),
        (CURRENT, "0,5 mA", 5e-4), (CURRENT, "1e-3", 1e-3), (CURRENT, "10m", 0.01),
        (TIME, "20 ms", 0.02), (TIME, "2 min", 120.0), (TIME, "0.7ms", 7e-4), (TIME, ".5", 0.5),
        (VOLTAGE, "800 mV", 0.8), (RESISTANCE, "8 kohm", 8000.0), (RESISTANCE, "8k", 8000.0),
        (RESISTANCE, "8 k\u03a9", 8000.0), (RESISTANCE, "open", OPEN), (RESISTANCE, " Open ", OPEN),
        (RATE, "50 mV/s", 0.05), (TIME, "10us", 1e-5), (TIME, "10 \u00b5s", 1e-5),
        (TIME, "10 \u03bcs", 1e-5), (TIME, "10\u00b5", 1e-5), (TIME, "10\u03bc", 1e-5),
        (CURRENT, 1e-3, 1e-3), (TIME, 2, 2.0),
    ],
)  # fmt: skip
def test_what_people_type_becomes_an_exact_si_float(quantity, text, value):
    assert quantity.parse(text) == value


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (TIME, "3 V"), (TIME, "3 parsnips"), (TIME, "ms"), (TIME, ""), (TIME, "1 2 ms"),
        (CURRENT, "open"), (CURRENT, "inf"), (CURRENT, math.nan), (CURRENT, math.inf),
        (RESISTANCE, -math.inf), (VOLTAGE, True), (VOLTAGE, None), (VOLTAGE, [1]),
        (TIME, "__import__('os')"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example_or_the_reason(quantity, text):
    with pytest.raises(ValueError, match=r"give for example|expected|not a finite"):
        quantity.parse(text)


@given(st.floats(1e-9, 1e6), st.sampled_from([CURRENT, VOLTAGE, TIME, RESISTANCE]))
def test_what_is_written_reads_back_to_its_four_digits(value, quantity):
    assert quantity.parse(quantity.format(value)) == pytest.approx(value, rel=1e-3)


@given(
    st.just(0.0) | st.floats(1e-18, 1e18).flatmap(lambda size: st.sampled_from([size, -size])),
    st.sampled_from([CURRENT, VOLTAGE, TIME, RESISTANCE, RATE, NUMBER]),
)
def test_what_is_written_exactly_reads_back_exactly(value, quantity):
    assert quantity.parse(quantity.write(value)) == value


def test_a_prefix_means_the_same_as_to_pint():
    registry = pint.UnitRegistry()
    for quantity in (CURRENT, VOLTAGE, TIME, RESISTANCE, RATE):
        for prefix in ("f", "p", "n", "u", "\u00b5", "m", "", "k", "M", "G"):
            said = registry.Quantity(1.0, f"{prefix}{quantity.unit}").to(quantity.unit).magnitude
            read = quantity.parse(f"1 {prefix}{quantity.unit}")
            assert read == pytest.approx(said, rel=1e-12)


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_value_error(text):
    try:
        number = TIME.parse(text)
    except ValueError:
        return
    assert math.isfinite(number)


def test_prefixes():
    assert with_prefix(1e-3, "A") == "1 mA"
    assert with_prefix(0.0, "A") == "0 A"
    assert with_prefix(0.99999e-3, "A") == "1 mA"
    assert with_prefix(0.99999e-3, "A", 6) == "999.99 uA"
    assert with_prefix(59.99996, "s") == "60 s"
    assert with_prefix(120.0, "s") == "120 s"
    assert with_prefix(1.7e308, "A") == "1.7e+299 GA"
    assert with_prefix(10_800.0, "s") == "10800 s"
    assert with_prefix(100_000.0, "") == "100000"
    assert RESISTANCE.format(OPEN) == "open"


def test_units_need_nothing_of_another_environment(tmp_path):
    """A cache that outlives the environment whose files it names once broke every other one."""
    code = "from protocols.quantities import TIME; print(TIME.parse('2 minute'))"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.strip() == "120.0", done.stderr
    assert list(tmp_path.iterdir()) == []

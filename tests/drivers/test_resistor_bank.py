"""Which resistances a bank makes, and the 34970A driver against the emulated 34970A."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.errors import LimitError, RelayError
from drivers.keysight_34970a import Keysight34970A
from drivers.resistor_bank import Resistor, achievable_states, nearest_state
from drivers.simulated.links import simulated_links

OHMS = st.lists(st.floats(1.0, 1e6), min_size=1, max_size=6)


def table(ohms):
    return [Resistor(101 + k, r, r) for k, r in enumerate(ohms)]


@given(OHMS)
def test_every_state_is_the_parallel_combination_of_its_resistors(ohms):
    resistors = table(ohms)
    value = {r.channel: r.calibrated for r in resistors}
    states = achievable_states(resistors)
    assert len({s.channels for s in states}) == len(states)
    for state in states:
        conductance = sum(1 / value[c] for c in state.channels)
        assert state.resistance == pytest.approx(1 / conductance if conductance else math.inf)


@given(OHMS, st.floats(1.0, 1e6), st.floats(0.001, 0.5))
def test_the_nearest_state_is_taken_or_named(ohms, wanted, tolerance):
    states = achievable_states(table(ohms))
    closest = min(abs(math.log(s.resistance / wanted)) for s in states if s.channels)
    try:
        state = nearest_state(states, wanted, tolerance)
    except LimitError as error:
        assert "the nearest is" in str(error)  # noqa: PT017
        assert all(
            abs(s.resistance - wanted) > tolerance * wanted
            for s in states
            if s.channels and abs(math.log(s.resistance / wanted)) <= closest + 1e-12
        )
    else:
        assert abs(state.resistance - wanted) <= tolerance * wanted
        assert abs(math.log(state.resistance / wanted)) == pytest.approx(closest, abs=1e-8)


def test_open_is_always_there():
    states = achievable_states(table([500.0]))
    assert nearest_state(states, math.inf, 0.01).channels == frozenset()


@pytest.fixture
def bench():
    return make_bench(RigFile(), noise=False)


@pytest.fixture
def link(bench):
    return simulated_links(bench, "keithley-2600b", "keysight-34970a")[1]


@pytest.fixture
def bank(link):
    bank = Keysight34970A.connect(link, RigFile().resistors, 0.0)
    yield bank
    bank.close()


def test_selecting_breaks_before_it_makes(bank, bench):
    bank.select(500.0, 0.02)
    bank.select(8000.0, 0.02)
    moves = [e.what for e in bench.journal if "relay" in e.what]
    assert moves == ["relay 101 close", "relay 101 open", "relay 106 close"]
    times = [e.time for e in bench.journal if "relay" in e.what]
    assert times[2] - times[1] >= 15e-3, "the open contact has settled"
    assert bench.device.resistance == 8000.0
    assert bank.read_back().resistance == 8000.0


def test_parallel_combinations_and_the_actual_value(bank, bench):
    state = bank.select(333.0, 0.02)
    assert state.channels == {101, 102}
    assert state.resistance == pytest.approx(1000 / 3)
    assert bench.device.resistance == pytest.approx(1000 / 3)


def test_a_value_that_cannot_be_made_names_the_nearest(bank, bench):
    with pytest.raises(LimitError, match=r"cannot make 20 kohm .* the nearest is 8 kohm"):
        bank.select(20e3, 0.02)
    assert not [e for e in bench.journal if "relay" in e.what]


def test_a_stuck_relay_is_noticed(bank, link):
    link.instrument.stuck.add(101)
    with pytest.raises(RelayError, match="none read back closed where 101 should be"):
        bank.select(500.0, 0.02)


def test_make_safe_opens_everything_over_a_new_link(bank, link, bench):
    bank.select(500.0, 0.02)
    link.cut()
    assert bank.make_safe() == "all relays open"
    assert math.isinf(bench.device.resistance)

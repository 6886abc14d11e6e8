"""The emulated 3706A's channels, as the reference manual describes them."""

import math

import pytest

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_3706a import OPERATING_TIME, Emulated3706A
from drivers.simulated.stage import StageErrors


@pytest.fixture
def bench():
    ideal = StageErrors((), (), (), 0.0, (), 1e-6)
    return Bench({1001: 500.0, 1003: 8000.0}, ideal, noise=False)


@pytest.fixture
def bank(bench, console):
    return type(console)(bench, Emulated3706A(bench))


def moves(bank):
    return [(t, what) for t, what in bank.journal() if what.startswith("relay")]


def states(bank, channels):
    return bank.ask(f'print(channel.getstate("{channels}"))')


@pytest.mark.parametrize(
    ("channels", "closed"),
    [("1001", "1001"), ("1001, 1003", "1001,1003"), ("1003;1001", "1001,1003"),
     ("1001:1003", "1001,1002,1003"), ("1001:1002, 1032", "1001,1002,1032")],
)  # fmt: skip
def test_channel_lists(bank, channels, closed):
    bank.send(f"channel.close('{channels}')")
    assert bank.ask("print(channel.getclose('slot1'))") == closed
    assert bank.ask("print(channel.getclose('allslots'))") == closed
    assert bank.errors() == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("channel.close('1033')", 1115),
        ("channel.close('2001')", 1115),
        ("channel.close('1005:1001')", 1115),
        ("channel.close('(@1001)')", 1115),
        ("channel.close('slot1')", 1115),
        ("channel.close('')", 1115),
        ("channel.close('1001, 1033')", 1115),
        ("channel.close(1001)", -104),
        ("channel.setdelay('1001', -1)", 1102),
        ("channel.connectrule = 3", -224),
        ("channel.closes('1001')", -286),
        ("channel.connectrules = 1", -286),
    ],
)
def test_refused_and_nothing_closes(bank, command, code):
    bank.send(command)
    ((found, text),) = bank.errors()
    assert found == code
    assert text
    assert bank.ask("print(channel.getclose('allslots'))") == "nil"
    assert moves(bank) == []


def test_closing_adds_and_opening_takes_away(bank):
    bank.send("channel.close('1001')")
    bank.send("channel.close('1003')")
    assert states(bank, "1001:1004") == "1,0,1,0"
    bank.send("channel.open('1001')")
    assert states(bank, "1001:1004") == "0,0,1,0"
    assert bank.ask("print(channel.getcount('1001:1003'))") == "1,0,1"


def test_a_move_lasts_until_the_contacts_have_settled(bank, bench):
    before = bench.clock.now
    bank.send("channel.setdelay('1001', 0.25) channel.close('1001')")
    assert bench.clock.now - before >= OPERATING_TIME + 0.25
    assert bank.ask("print(channel.getdelay('1001, 1002'))") == "0.25,0"


@pytest.mark.parametrize(
    ("rule", "order"),
    [("BREAK_BEFORE_MAKE", ["1001 open", "1003 close"]),
     ("MAKE_BEFORE_BREAK", ["1003 close", "1001 open"])],
)  # fmt: skip
def test_the_connection_rule_orders_an_exclusive_close(bank, rule, order):
    bank.send("channel.close('1001')")
    bank.send(f"channel.connectrule = channel.{rule}")
    bank.send("channel.exclusiveclose('1003')")
    (one, first), (two, second) = moves(bank)[1:]
    assert [first, second] == [f"relay {what}" for what in order]
    assert two - one >= OPERATING_TIME * (1 - 1e-9)
    assert states(bank, "1001,1003") == "0,1"


def test_breaking_before_making_is_the_rule_after_a_reset(bank):
    bank.send("channel.connectrule = channel.OFF")
    bank.send("channel.close('1001,1003')")
    bank.send("reset()")
    assert bank.number("channel.connectrule") == bank.number("channel.BREAK_BEFORE_MAKE")
    assert states(bank, "1001,1003") == "0,0"


def test_an_empty_exclusive_close_opens_everything(bank, bench):
    bank.send("channel.close('1001,1003')")
    assert bench.device.resistance == pytest.approx(1 / (1 / 500 + 1 / 8000))
    bank.send("channel.exclusiveclose('')")
    assert math.isinf(bench.device.resistance)
    assert bank.errors() == []


def test_what_is_forbidden_to_close_stays_open(bank):
    bank.send("channel.setforbidden('1003')")
    assert bank.ask("print(channel.getforbidden('allslots'))") == "1003"
    bank.send("channel.close('1001,1003')")
    assert [code for code, _ in bank.errors()] == [1115]
    bank.send("channel.clearforbidden('allslots')")
    bank.send("channel.close('1003')")
    assert states(bank, "1001,1003") == "0,1"


def test_identity_and_cards(bank):
    assert bank.ask("*IDN?").startswith("Keithley Instruments Inc., Model 3706A, ")
    assert bank.ask("print(slot[1].idn)").startswith("3740,")
    assert bank.ask("print(slot[2].idn)") == "Empty Slot"

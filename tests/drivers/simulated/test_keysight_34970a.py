"""The emulated 34970A's grammar, relays and their effect on the device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulated.keysight_34970a import (
    CHANNELS,
    OPERATING_TIME,
    Emulated34970A,
)
from drivers.simulated.scpi.parameters import Channels, bind
from drivers.simulated.scpi.program import units


@pytest.fixture
def bank(bench, console):
    return type(console)(bench, Emulated34970A(bench))


def closed(bank):
    return [c for c, s in zip(CHANNELS, bank.ask("ROUT:CLOS? (@101:120)").split(","), strict=True)
            if s == "1"]  # fmt: skip


@pytest.mark.parametrize(
    "command",
    ["ROUT:CLOS (@101)", "ROUTE:CLOSE (@101)", "rout:clos (@101)", ":ROUTe:CLOS (@101)",
     "CLOS (@101)", "ROUT:CLOS:EXCL (@101)", "route:close:exclusive (@101)"],
)  # fmt: skip
def test_short_and_long_forms(bank, command):
    bank.send(command)
    assert closed(bank) == [101]
    assert bank.ask("SYST:ERR?") == '+0,"No error"'


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("ROUTE:CLO (@101)", -113),
        ("ROUTER:CLOS (@101)", -113),
        ("ROUT:CLOS", -109),
        ("ROUT:CLOS 101", -102),
        ("ROUT:CLOS (@)", -102),
        ("ROUT:CLOS (@121)", -222),
        ("ROUT:CLOS (@105:101)", -222),
        ("SYST:CTYP? 400", -222),
    ],
)
def test_refused(bank, command, code):
    bank.send(command)
    assert bank.ask("SYST:ERR?").startswith(f"{code},")
    assert closed(bank) == []


def _channels(text):
    (unit,) = units(f"ROUT:CLOS {text}")
    (channels,) = bind((Channels(CHANNELS),), unit.data)
    return list(channels)


@given(st.sets(st.sampled_from(list(CHANNELS)), min_size=1))
def test_channel_list_round_trip(channels):
    assert _channels("(@" + ",".join(map(str, channels)) + ")") == list(channels)


@given(st.sampled_from(list(CHANNELS)), st.sampled_from(list(CHANNELS)))
def test_channel_range(a, b):
    first, last = sorted((a, b))
    assert _channels(f"(@{first}:{last})") == list(range(first, last + 1))


def test_lists_ranges_and_both_queries(bank):
    bank.send("ROUT:CLOS (@101,103:105)")
    assert closed(bank) == [101, 103, 104, 105]
    assert bank.ask("ROUT:OPEN? (@101,102)") == "0,1"
    bank.send("ROUT:OPEN (@103:105)")
    assert closed(bank) == [101]


def test_exclusive_opens_before_it_closes(bank):
    bank.send("ROUT:CLOS (@101)")
    bank.send("ROUT:CLOS:EXCL (@102)")
    assert closed(bank) == [102]
    moves = [(t, what) for t, what in bank.journal() if what.startswith("relay")]
    (_, one), (opened, two), (closing, three) = moves
    assert (one, two, three) == ("relay 101 close", "relay 101 open", "relay 102 close")
    assert closing - opened >= OPERATING_TIME * (1 - 1e-9)


def test_operation_complete_waits_for_the_contacts(bank, bench):
    bank.send("ROUT:CLOS (@101)")
    commanded = bench.clock.now
    assert bank.ask("ROUT:DONE?") == "0"
    assert bank.ask("*OPC?") == "1"
    assert bench.clock.now >= (commanded + OPERATING_TIME) * (1 - 1e-9)
    assert bank.ask("ROUT:DONE?") == "1"


def test_cycles_count_closures(bank):
    bank.send("ROUT:CLOS (@101);OPEN (@101);CLOS (@101,102)")
    assert bank.ask("DIAG:REL:CYCL? (@101:103)") == "2,1,0"
    bank.send("DIAG:REL:CYCL:CLE (@101)")
    assert bank.ask("DIAGNOSTIC:RELAY:CYCLES? (@101,102)") == "0,1"


def test_relays_put_their_resistors_across_the_device(bank, bench):
    device = bench.stage("a").device
    bank.send("ROUT:CLOS (@101,102)")
    assert device.resistance == pytest.approx(1 / (1 / 500 + 1 / 8000))
    bank.send("*RST")
    assert device.resistance == float("inf")
    assert closed(bank) == []


def test_identity_and_modules(bank):
    assert "34970A" in bank.ask("*IDN?")
    assert "34903A" in bank.ask("SYST:CTYP? 100")
    assert "34903A" not in bank.ask("SYST:CTYP? 200")


def test_the_other_mainframes(bench, console):
    for model, channel, slot in (("34972A", 120, 100), ("34980A", 1020, 1)):
        bank = type(console)(bench, Emulated34970A(bench, model))
        assert bank.ask("*IDN?").split(",")[1] == model
        bank.send(f"ROUT:CLOS (@{channel})")
        assert bank.ask(f"ROUT:CLOS? (@{channel})") == "1"
        bank.send(f"ROUT:CLOS (@{channel + 1})")
        assert bank.ask("SYST:ERR?").startswith("-222")
        assert "349" in bank.ask(f"SYST:CTYP? {slot}")


def test_several_queries_answer_in_one_response(bank):
    assert bank.ask("ROUT:CLOS (@102);:ROUT:CLOS? (@102);*OPC?") == "1;1"


def test_status(bank):
    assert int(bank.ask("*ESR?")) == 128
    bank.send("NOPE")
    assert int(bank.ask("*STB?")) == 4
    bank.send("*ESE 32;*SRE 32")
    assert int(bank.ask("*STB?")) == 4 | 32 | 64
    assert int(bank.ask("*ESR?")) == 32
    bank.send("*CLS")
    assert int(bank.ask("*STB?")) == 0


def test_error_queue_overflows(bank):
    bank.send("\n".join(["NOPE"] * 15))
    codes = [int(bank.ask("SYST:ERR?").split(",")[0]) for _ in range(11)]
    assert codes == [-113] * 9 + [-350, 0]

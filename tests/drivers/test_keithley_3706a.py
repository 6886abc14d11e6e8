"""The 3706A driver: its traffic, and what it does on the emulated 3706A."""

import math

import pytest
from scripted_link import ScriptedLink

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.errors import CommandError, InstrumentError, LimitError, LinkError, RelayError
from drivers.keithley_3706a import Keithley3706A
from drivers.resistor_bank import DeviceChannel, Resistor
from drivers.simulated.keithley_3706a import OPERATING_TIME
from drivers.simulated.links import simulated_links

IDENTITY = "Keithley Instruments Inc., Model 3706A, 4000001, 01.56a"
RESISTORS = [Resistor(1001, 500.0, 500.7), Resistor(1003, 8000.0, 8000.0)]


def test_it_opens_looks_closes_and_looks():
    link = ScriptedLink(IDENTITY, "0.00000e+00", "0,0", "0.00000e+00", "0,1")
    bank = Keithley3706A.connect(link, RESISTORS, 0.02)
    assert bank.identity.model == "3706A"
    assert bank.identity.serial == "4000001"
    assert bank.select(8000.0, 0.02).resistance == 8000.0
    count = "waitcomplete() print(errorqueue.count)"
    state = 'print(channel.getstate("1001,1003"))'
    assert link.traffic == [
        "*IDN?",
        "abort", "errorqueue.clear()", 'channel.open("1001,1003")', count, 0.02, state,
        "abort", "errorqueue.clear()", 'channel.close("1003")', count, 0.02, state,
    ]  # fmt: skip
    assert link.answers == []


@pytest.mark.parametrize("reply", ["0", "0,x", "1(1033),0", "0,0,0"])
def test_a_garbled_reply_is_refused(reply):
    bank = Keithley3706A.connect(ScriptedLink(IDENTITY, reply), RESISTORS, 0.02)
    with pytest.raises(LinkError, match="cannot be understood"):
        bank.read_back()


def test_silence_is_a_lost_link():
    bank = Keithley3706A.connect(ScriptedLink(IDENTITY), RESISTORS, 0.02)
    with pytest.raises(LinkError, match="no reply from scripted"):
        bank.read_back()


def test_another_model_is_refused_before_anything_is_sent_to_it():
    link = ScriptedLink("Keithley Instruments Inc., Model 2602B, 4000001, 3.4.2")
    with pytest.raises(InstrumentError, match=r"2602B.*keithley-3706a is for 3706A"):
        Keithley3706A.connect(link, RESISTORS, 0.02)
    assert link.traffic == ["*IDN?"]


@pytest.fixture
def bench():
    rows = [{"channel": r.channel, "nominal": r.nominal, "calibrated": r.calibrated}
            for r in RESISTORS]  # fmt: skip
    devices = [{"name": "A", "channel": 1011}, {"name": "B", "channel": 1012}]
    section = {"driver": "keithley-3706a", "resistors": rows, "devices": devices}
    return make_bench(RigFile(resistor_bank=section), noise=False)


@pytest.fixture
def link(bench):
    return simulated_links(bench, "keithley-2600b", "keithley-3706a")[1]


@pytest.fixture
def bank(link):
    devices = [DeviceChannel("A", 1011), DeviceChannel("B", 1012)]
    bank = Keithley3706A.connect(link, RESISTORS, 0.02, devices)
    yield bank
    bank.close()


def moves(bench):
    return [(e.time, e.what) for e in bench.journal if e.what.startswith("relay")]


def test_selecting_breaks_before_it_makes(bank, bench):
    bank.select(500.0, 0.02)
    bank.select(8000.0, 0.02)
    (_, one), (opened, two), (closing, three) = moves(bench)
    assert [one, two, three] == ["relay 1001 close", "relay 1001 open", "relay 1003 close"]
    assert closing - opened >= OPERATING_TIME, "the open contact has settled"
    assert bench.device.resistance == 8000.0
    assert bank.read_back().resistance == 8000.0


def test_parallel_combinations_and_the_actual_value(bank, bench):
    state = bank.select(471.0, 0.02)
    assert state.channels == {1001, 1003}
    assert state.resistance == pytest.approx(1 / (1 / 500.7 + 1 / 8000))
    assert bench.device.resistance == pytest.approx(state.resistance)


def test_a_value_that_cannot_be_made_moves_nothing(bank, bench):
    with pytest.raises(LimitError, match=r"the nearest is 500\.7 ohm"):
        bank.select(2000.0, 0.02)
    assert moves(bench) == []


def test_a_stuck_relay_is_noticed(bank, link):
    bank.select(500.0, 0.02)
    link.instrument.stuck.add(1001)
    with pytest.raises(RelayError, match="relays 1001 read back closed where none should be"):
        bank.make_safe()


def test_a_channel_that_the_card_lacks_is_reported(link):
    bank = Keithley3706A.connect(link, [Resistor(1040, 500.0, 500.0)], 0.02)
    with pytest.raises(CommandError, match="1040 does not exist"):
        bank.select(500.0, 0.02)
    with pytest.raises(CommandError, match="1040 does not exist"):
        bank.read_back()
    bank.close()


def test_devices_are_connected_one_at_a_time(bank, bench):
    bank.select_device("A")
    bank.select(500.0, 0.02)
    bank.select_device("B")
    assert [what for _, what in moves(bench)] == [
        "relay 1011 close", "relay 1001 close", "relay 1001 open", "relay 1011 open",
        "relay 1012 close",
    ]  # fmt: skip
    assert bank.select(500.0, 0.02).channels == {1001}


def test_make_safe_opens_everything_over_a_new_link(bank, link, bench):
    bank.select(500.0, 0.02)
    link.cut()
    assert bank.make_safe() == "all relays open"
    assert math.isinf(bench.device.resistance)

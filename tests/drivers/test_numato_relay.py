"""The Numato driver: its traffic byte for byte, and what it does on the emulated boards."""

import math

import pytest
from scripted_link import ScriptedLink

from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from drivers.errors import CommandError, InstrumentError, LimitError, LinkError, RelayError
from drivers.numato_relay import NumatoRelay
from drivers.resistor_bank import DeviceChannel, Resistor
from drivers.simulated.links import simulated_links

RESISTORS = [Resistor(0, 500.0, 500.7), Resistor(10, 8000.0, 8000.0)]
HELLO = ["\n\r", "ver\n\r00000008\n\r", "relay readall\n\r0000\n\r", "relay readall\n\r0000\n\r",
         "id get\n\rbank0001\n\r", "ver\n\r00000008\n\r"]  # fmt: skip
GREETING = ["", "ver", "relay readall", "relay readall", "id get", "ver"]


def scripted(*answers):
    return ScriptedLink(*HELLO, *answers)


def test_it_greets_the_board_and_moves_nothing():
    link = scripted()
    bank = NumatoRelay.connect(link, RESISTORS, 0.02)
    assert link.traffic == GREETING
    assert link.opened == [("\r", ">")]
    assert str(bank.identity).startswith("Numato Lab 16-channel")
    assert bank.identity.serial == "bank0001"


def test_it_opens_waits_looks_closes_waits_and_looks():
    link = scripted(
        "relay off 0\n\r", "relay off A\n\r", "relay readall\n\r0000\n\r",
        "relay on A\n\r", "relay readall\n\r0400\n\r",
    )  # fmt: skip
    bank = NumatoRelay.connect(link, RESISTORS, 0.02)
    assert bank.select(8000.0, 0.02).resistance == 8000.0
    assert link.traffic[len(GREETING) :] == [
        "relay off 0", "relay off A", 0.1, 0.02, "relay readall",
        "relay on A", 0.1, 0.02, "relay readall",
    ]  # fmt: skip
    assert link.answers == []


def test_old_answers_are_dropped_before_it_begins():
    link = ScriptedLink("on\n\r", "relay read 0\n\roff\n\r", *HELLO)
    bank = NumatoRelay.connect(link, RESISTORS, 0.02)
    assert bank.identity.model == "16-channel"
    assert link.answers == []


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        ("relay r\xffadall\n\r0400\n\r", "cannot be understood"),
        ("relay readall\n\r04\n\r", "cannot be understood"),
        ("relay readall\n\r0g00\n\r", "cannot be understood"),
        ("relay readall\n\r", "cannot be understood"),
        ("0400\n\r", "cannot be understood"),
        ("relay readall\n\r0400\n\r0400\n\r", "cannot be understood"),
    ],
)
def test_a_garbled_reply_is_refused(reply, what):
    bank = NumatoRelay.connect(scripted(reply), RESISTORS, 0.02)
    with pytest.raises(LinkError, match=what):
        bank.read_back()


def test_silence_is_a_lost_link():
    bank = NumatoRelay.connect(scripted(), RESISTORS, 0.02)
    with pytest.raises(LinkError, match="no reply from scripted"):
        bank.read_back()


def test_what_answers_otherwise_is_no_board():
    link = ScriptedLink(*["KEITHLEY INSTRUMENTS\n"] * 20)
    with pytest.raises(LinkError, match="does not answer as a Numato board"):
        NumatoRelay.connect(link, RESISTORS, 0.02)


def test_a_board_that_complains_is_believed():
    bank = NumatoRelay.connect(scripted("relay off 0\n\rERROR\n\r"), RESISTORS, 0.02)
    with pytest.raises(CommandError, match="'ERROR' to 'relay off 0'"):
        bank.make_safe()


@pytest.mark.parametrize(
    ("digits", "what"), [("0", "4-channel.*is for 8-channel"), ("00", "relays 0 to 7.*names 10")]
)
def test_a_board_of_another_size_is_refused(digits, what):
    answer = f"relay readall\n\r{digits}\n\r"
    link = ScriptedLink(*HELLO[:2], answer, answer, *HELLO[4:])
    resistors = RESISTORS if digits == "00" else RESISTORS[:1]
    with pytest.raises(InstrumentError, match=what):
        NumatoRelay.connect(link, resistors, 0.02)


def rig(model="16-channel", **bank):
    rows = [{"channel": r.channel, "nominal": r.nominal, "calibrated": r.calibrated}
            for r in RESISTORS]  # fmt: skip
    section = {"driver": "numato-relay", "model": model, "resistors": rows, **bank}
    return RigFile(resistor_bank=section)


@pytest.fixture
def bench():
    return make_bench(rig(), noise=False)


def links(bench, model="16-channel"):
    return simulated_links(bench, "keithley-2600b", "numato-relay", ("2602B", model))[1]


@pytest.fixture
def link(bench):
    return links(bench)


@pytest.fixture
def bank(link):
    bank = NumatoRelay.connect(link, RESISTORS, 0.02)
    yield bank
    bank.close()


def moves(bench):
    return [e.what for e in bench.journal if e.what.startswith("relay")]


def test_selecting_breaks_before_it_makes(bank, bench):
    bank.select(500.0, 0.02)
    state = bank.select(471.0, 0.02)
    assert state.resistance == pytest.approx(1 / (1 / 500.7 + 1 / 8000))
    assert moves(bench) == [
        "relay 0 close", "relay 0 open", "relay 0 close", "relay 10 close",
    ]  # fmt: skip
    assert bench.device.resistance == pytest.approx(state.resistance)
    assert bank.read_back() == state


def test_a_value_that_cannot_be_made_moves_nothing(bank, bench):
    with pytest.raises(LimitError, match=r"the nearest is 500\.7 ohm"):
        bank.select(2000.0, 0.02)
    assert moves(bench) == []


def test_a_stuck_relay_is_noticed(bank, link):
    bank.select(500.0, 0.02)
    link.instrument.stuck.add(0)
    with pytest.raises(RelayError, match="relays 0 read back closed where none should be"):
        bank.select(8000.0, 0.02)
    with pytest.raises(RelayError):
        bank.make_safe()


def test_make_safe_opens_everything_over_a_new_link(bank, link, bench):
    bank.select(500.0, 0.02)
    link.cut()
    assert bank.make_safe() == "all relays open"
    assert math.isinf(bench.device.resistance)


@pytest.mark.parametrize(
    ("model", "channel"), [("8-channel", 7), ("32-channel", 31), ("64-channel", 63)]
)
def test_every_size_of_board_reaches_its_last_relay(model, channel):
    last = [Resistor(channel, 1000.0, 1000.0)]
    bench = make_bench(rig(model, resistors=[{"channel": channel, "nominal": 1000.0}]))
    bank = NumatoRelay.connect(links(bench, model), last, 0.02)
    assert bank.identity.model == model
    assert bank.select(1000.0, 0.02).channels == {channel}
    assert bench.device.resistance == 1000.0
    assert bank.make_safe() == "all relays open"


def test_a_small_board_without_the_commands_for_all_is_read_relay_by_relay():
    near = [Resistor(0, 500.0, 500.0), Resistor(7, 1000.0, 1000.0)]
    rows = [{"channel": r.channel, "nominal": r.nominal} for r in near]
    bench = make_bench(rig("8-channel", resistors=rows))
    link = links(bench, "8-channel")
    link.instrument.reads_all = False
    bank = NumatoRelay.connect(link, near, 0.02)
    assert bank.identity.model == "8-channel"
    bank.select(1000.0, 0.02)
    assert bank.read_back().channels == {7}
    link.instrument.stuck.add(7)
    with pytest.raises(RelayError):
        bank.select(500.0, 0.02)


def test_devices_behind_relays_are_connected_one_at_a_time():
    devices = [{"name": "A", "channel": 1}, {"name": "B", "channel": 2}]
    bench = make_bench(rig(devices=devices), noise=False)
    bank = NumatoRelay.connect(
        links(bench), RESISTORS, 0.02, [DeviceChannel("A", 1), DeviceChannel("B", 2)]
    )
    bank.select_device("A")
    bank.select(500.0, 0.02)
    bank.select_device("B")
    assert moves(bench) == [
        "relay 1 close", "relay 0 close", "relay 0 open", "relay 1 open", "relay 2 close",
    ]  # fmt: skip
    assert bank.select(500.0, 0.02).channels == {0}
    with pytest.raises(LimitError, match=r"no device 'C'.*A, B"):
        bank.select_device("C")


def test_the_rig_file_names_the_model_that_must_be_there():
    wanted = rig("8-channel", resistors=[{"channel": 0, "nominal": 500.0}])
    opened = open_rig(wanted, make_bench(wanted))
    assert opened.bank.identity.model == "8-channel"
    opened.close()
    with pytest.raises(ValueError, match="it takes 8-channel, 16-channel, 32-channel, 64-channel"):
        rig("128-channel")

"""The emulated 2400 against the vendor's manual."""

import struct

import pytest

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2400 import Emulated2400
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(
    source_offset=((1.0, 0.0),), voltage_offset=((200.0, 0.0),), current_offset=((1.0, 0.0),),
    noise=0.0, settling=((1.0, 1e-6),), voltage_settling=1e-6,
)  # fmt: skip


@pytest.fixture
def meter(console):
    bench = Bench({101: 500.0}, IDEAL, channel="", noise=False)
    talk = type(console)(bench, Emulated2400(bench))
    talk.send("*CLS")
    return talk


def numbers(answer):
    return [float(word) for word in answer.split(",")]


LIST = """
:SOUR:FUNC CURR
:SOUR:CURR:RANG 1e-2
:SENS:FUNC "VOLT"
:SENS:VOLT:PROT 2
:SENS:VOLT:NPLC 0.01
:SYST:AZER:STAT OFF
:SOUR:CURR:MODE LIST
:SOUR:LIST:CURR 1e-3,2e-3,3e-3
:SOUR:DEL 0.001
:ARM:SOUR TIM
:ARM:TIM 0.01
:ARM:COUN 3
:TRAC:POIN 3
:TRAC:FEED:CONT NEXT
:FORM:ELEM CURR,TIME,STAT
:OUTP ON
"""


def test_the_manual_s_custom_sweep(meter):
    """Table 10-6, as it stands there."""
    meter.send(
        """
*RST
:SENS:FUNC:CONC OFF
:SOUR:FUNC VOLT
:SENS:FUNC 'CURR:DC'
:SENS:CURR:PROT 0.1
:SOUR:VOLT:MODE LIST
:SOUR:LIST:VOLT 7,1,3,8,2
:TRIG:COUN 5
:SOUR:DEL 0.1
:OUTP ON
"""
    )
    values = numbers(meter.ask(":READ?"))
    assert len(values) == 5 * 5
    assert values[::5] == pytest.approx([7, 1, 3, 8, 2])
    assert all(a != 9.91e37 for a in values[1::5])
    assert min(b - a for a, b in zip(values[3::5], values[8::5], strict=False)) > 0.1
    assert meter.ask(":SYST:ERR?") == '0,"No error"'


def test_the_manual_s_data_store(meter):
    """Table 9-2, as it stands there, without the statistics."""
    meter.send(
        """
*RST
:SOUR:VOLT 10
:TRAC:FEED SENS
:TRAC:POIN 10
:TRAC:FEED:CONT NEXT
:TRIG:COUN 10
:OUTP ON
:INIT
"""
    )
    values = numbers(meter.ask(":TRACE:DATA?"))
    assert len(values) == 10 * 5
    assert values[::5] == pytest.approx([10.0] * 10)
    assert values[3] == 0.0
    assert meter.ask(":SYST:ERR?") == '0,"No error"'


def test_a_list_is_stepped_by_the_timer_and_stored(meter):
    meter.send(f"{LIST}:INIT")
    values = numbers(meter.ask(":TRAC:DATA?"))
    assert values[::3] == pytest.approx([1e-3, 2e-3, 3e-3])
    assert values[1::3] == pytest.approx([0.0, 0.01, 0.02], abs=1e-3)
    status = {int(v) for v in values[2::3]}
    assert status == {4 | 1 << 11 | 1 << 12 | 1 << 15}
    assert meter.ask(":SYST:ERR?") == '0,"No error"'
    assert meter.ask(":TRAC:POIN:ACT?;:TRAC:FEED:CONT?") == "3;NEV"


def test_more_triggers_than_levels_begin_the_list_again(meter):
    meter.send(f"{LIST}:ARM:COUN 7\n:TRAC:FEED:CONT NEV\n:TRAC:POIN 7\n:TRAC:FEED:CONT NEXT\n:INIT")
    assert numbers(meter.ask(":TRAC:DATA?"))[::3] == pytest.approx(
        [1e-3, 2e-3, 3e-3, 1e-3, 2e-3, 3e-3, 1e-3]
    )


def test_a_point_takes_what_the_appendix_says(meter):
    """Case III: 225 us, 50 us, source delay, the conversion and 185 us, 640 us of firmware."""
    meter.send(f'{LIST}:SENS:FUNC:OFF:ALL\n:SENS:FUNC "VOLT"\n:ARM:SOUR IMM\n:ARM:COUN 100')
    meter.send(":TRAC:FEED:CONT NEV\n:TRAC:POIN 100\n:TRAC:FEED:CONT NEXT\n:INIT")
    time = numbers(meter.ask(":TRAC:DATA?"))[1::3]
    point = 225e-6 + 50e-6 + 1e-3 + 0.01 / 50 + 185e-6 + 640e-6
    assert time[-1] == pytest.approx(99 * point, abs=1e-3)


def test_a_timer_that_is_too_fast_is_late_and_loses_nothing(meter):
    meter.send(f"{LIST}:ARM:TIM 0.001\n:INIT")
    time = numbers(meter.ask(":TRAC:DATA?"))[1::3]
    assert len(time) == 3
    assert time[-1] > 0.005


def test_a_range_is_answered_as_what_it_holds_at_most(meter):
    meter.send(":SOUR:FUNC CURR\n:SOUR:CURR:RANG 1e-3\n:SENS:VOLT:RANG 2")
    assert numbers(meter.ask(":SOUR:CURR:RANG?")) == pytest.approx([1.05e-3])
    assert numbers(meter.ask(":SENS:VOLT:RANG?")) == pytest.approx([2.1])


def test_what_comes_while_it_runs_waits(meter):
    meter.send(f"{LIST}:ARM:TIM 1\n:ARM:COUN 100")
    before = meter.bench.clock.now
    meter.send(":INIT")
    meter.ask("*OPC?")
    assert meter.bench.clock.now - before == pytest.approx(99, abs=0.2)


def test_an_abort_is_carried_out_at_once(meter):
    meter.send(f"{LIST}:ARM:TIM 1\n:ARM:COUN 100\n:INIT")
    meter.send(":ABOR")
    assert meter.bench.clock.now < 10
    assert int(meter.ask(":STAT:OPER:COND?")) & 1024
    assert meter.ask(":OUTP?") == "1"


@pytest.mark.parametrize(
    ("mode", "arms", "triggers", "times"), [("ALW", 1, 3, 3), ("TCO", 1, 3, 1), ("TCO", 3, 1, 3)]
)
def test_the_output_goes_off_by_itself_after_each_point_or_trigger_count(
    meter, mode, arms, triggers, times
):
    meter.send(LIST)
    meter.send(
        f":ARM:COUN {arms};:TRIG:COUN {triggers};:SOUR:CLE:AUTO 1;:SOUR:CLE:AUTO:MODE {mode}"
    )
    meter.send(":INIT")
    assert meter.ask("*OPC?") == "1"
    assert meter.ask(":SOUR:CLE:AUTO:MODE?") == mode
    assert sum("output off" in what for _, what in meter.journal()) == times
    assert meter.ask(":OUTP?") == "0"


def test_binary_is_a_block_without_a_length(meter):
    meter.send(f"{LIST}:FORM:DATA REAL,32\n:FORM:BORD SWAP\n:INIT")
    meter.send(":TRAC:DATA?")
    answer = meter.read()
    assert answer[:2] == b"#0"
    assert len(answer) == 2 + 9 * 4 + 1
    assert struct.unpack("<9f", answer[2:38])[0] == pytest.approx(1e-3)


def test_what_is_neither_measured_nor_sourced_is_not_a_number(meter):
    meter.send(f"{LIST}:FORM:ELEM RES,VOLT,CURR\n:SENS:FUNC:OFF:ALL\n:INIT")
    values = numbers(meter.ask(":TRAC:DATA?"))
    # Voltage, current as it is programmed, resistance, in the manual's order.
    assert values[:3] == pytest.approx([9.91e37, 1e-3, 9.91e37])


@pytest.mark.parametrize(("mode", "then"), [("HIMP", "high_z"), ("NORM", "zero"), ("ZERO", "zero")])
def test_what_off_means(meter, mode, then):
    meter.send(f":OUTP:SMOD {mode}\n:OUTP ON\n:OUTP OFF")
    assert meter.bench.stage("").mode == then


def test_turning_on_takes_the_relay_15_ms(meter):
    before = meter.bench.clock.now
    meter.send(":OUTP ON")
    assert meter.bench.clock.now - before == pytest.approx(15e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (":SOUR:CUR 1", "-113"),
        (":SOUR2:CURR 0", "-114"),
        (":INIT", "803"),
        (":SOUR:FUNC CURR;:SENS:VOLT:RANG 200", "824"),
        (":SOUR:FUNC CURR;:SENS:CURR:RANG 1e-3", "823"),
        (":SENS:VOLT:PROT 0.01", "822"),
        (":SOUR:CURR:MODE LIST;:SOUR:CURR 1e-3", "-221"),
        (":SOUR:CURR:RANG 1e-6;:SOUR:CURR 1e-3", "-222"),
        (":SOUR:CURR 2", "-222"),
        (":TRAC:FEED:CONT NEXT;:TRAC:CLE", "800"),
        (":TRAC:POIN 2501", "-222"),
        (":ARM:TIM 0.0001", "-222"),
        (":SOUR:LIST:CURR " + ",".join(["0"] * 101), "-223"),
        (":OUTP:SMOD HIGH", "-224"),
        (":FORM REAL,64", "-222"),
        (":SOUR:FUNC VOLT;:SOUR:VOLT 100;:SENS:CURR:PROT 1;:OUTP ON;:INIT", "826"),
        (":OUTP ON;:SOUR:FUNC CURR", "-221"),
    ],
)
def test_what_is_wrong_is_an_error(meter, command, error):
    meter.send(command)
    assert meter.ask(":SYST:ERR?").startswith(f"{error},")


def test_the_timestamp_starts_again_and_is_set_back(meter):
    meter.send(":SYST:TIME:RES")
    meter.bench.clock.advance(99_999.0)
    meter.bench.run_to(meter.bench.clock.now)
    assert float(meter.ask(":SYST:TIME?")) == pytest.approx(99_999.0, abs=0.1)
    meter.bench.clock.advance(2.0)
    meter.bench.run_to(meter.bench.clock.now)
    assert float(meter.ask(":SYST:TIME?")) < 2

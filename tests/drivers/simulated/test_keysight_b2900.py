"""The emulated B2901A and B2902A against the vendor's command reference and users' programs."""

import struct

import pytest

from drivers.simulated.bench import Bench
from drivers.simulated.keysight_b2900 import EmulatedB2900
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(
    source_offset=((3.0, 0.0),), voltage_offset=((200.0, 0.0),), current_offset=((3.0, 0.0),),
    noise=0.0, settling=((3.0, 1e-6),), voltage_settling=1e-6,
)  # fmt: skip


def on_a_bench(console, model, channel):
    bench = Bench({101: 500.0}, IDEAL, channel=channel, noise=False)
    talk = type(console)(bench, EmulatedB2900(bench, model))
    talk.send("*CLS")
    return talk


@pytest.fixture
def one(console):
    return on_a_bench(console, "B2901A", "")


@pytest.fixture
def two(console):
    return on_a_bench(console, "B2902A", "1")


def numbers(answer):
    return [float(word) for word in answer.split(",")]


EXAMPLES = """
:VOLT 3
:SOUR2:CURR:LEV:IMM:AMPL?
:CURR:RANG 1E-6
:SOUR2:VOLT:RANG?
:CURR:RANG:AUTO 0
:SOUR2:VOLT:RANG:AUTO?
:LIST:VOLT 0.1,0.2,0.3
:SOUR2:LIST:CURR?
:LIST:VOLT:APP 1.1,1.2,1.3
:SOUR2:LIST:CURR:APP 1E-6,2E-6,3E-6
:CURR:POIN 51
:SOUR2:VOLT:POIN?
:SWE:DIR DOWN
:SOUR2:SWE:DIR?
:SENS:CURR:APER 2E-3
:SENS2:CURR:DC:APER?
:SENS:WAIT 0
:SENS2:WAIT:STAT?
:OUTP:OFF:MODE HIZ
:OUTP2:OFF:MODE?
:OUTP:ON:AUTO 0
:OUTP2:ON:AUTO?
:TRAC:FEED:CONT NEXT
:TRAC2:FEED:CONT?
:TRAC2:FREE?
:TRAC2:POIN:ACT?
:TRAC:TST:FORM DELT
:TRAC2:TST:FORM?
:FORM?
:FORM:ELEM:SENS CURR,SOUR
:FETC? (@1,2)
:FETC:ARR:CURR? (@2,1)
:SENS:DATA?
"""
"""Lines that the command reference gives as examples, as they stand there."""


def test_the_examples_of_the_reference_are_taken(two):
    for example in EXAMPLES.split("\n"):
        two.send(example)
        assert len(two.lines()) == example.count("?"), example
    assert two.ask(":SYST:ERR?") == '+0,"No error"'


def test_a_users_pulse_program_runs(one):
    """A single 50 ms pulse of 40 mA with 500 readings, as a public program plays it.

    Its last three commands stand in one message here: on a bus at full speed time passes between
    messages while something runs.
    """
    one.send(
        """
*RST
*CLS
:SOUR:FUNC:MODE CURR
:SOUR:FUNC:SHAP PULS
:SOUR:CURR 0.0
:SOUR:CURR:TRIG 0.04
:SOUR:CURR:RANG 0.04
:SOUR:PULS:DEL 0.01
:SOUR:PULS:WIDT 0.05
:SENS:FUNC "VOLT","CURR"
:SENS:VOLT:PROT 5.0
:SENS:VOLT:APER 0.0001
:SENS:CURR:APER 0.0001
:TRIG:ACQ:COUN 500
:TRIG:ACQ:SOUR TIM
:TRIG:ACQ:TIM 0.0002
:TRIG:TRAN:COUN 1
:TRIG:TRAN:SOUR AINT
:FORM:DATA ASC
:SENS:VOLT:RANG:AUTO OFF
:SENS:VOLT:RANG 20
:OUTP ON
:INIT:ACQ;:INIT:TRAN;*WAI
"""
    )
    time = numbers(one.ask(":FETC:ARR:TIME?"))
    current = numbers(one.ask(":FETC:ARR:CURR?"))
    assert len(time) == len(numbers(one.ask(":FETC:ARR:VOLT?"))) == len(current) == 500
    driven = [t for t, amps in zip(time, current, strict=True) if amps > 0.02]
    assert min(driven) == pytest.approx(0.01, abs=3e-4)
    assert max(driven) - min(driven) == pytest.approx(0.05, abs=3e-4)
    assert one.ask(":SYST:ERR?") == '+0,"No error"'


def test_an_automatic_sweep_reads_each_step(one):
    one.send(
        """
:SOUR:FUNC:MODE VOLT
:SOUR:VOLT:MODE SWE
:SOUR:VOLT:STAR 0.1
:SOUR:VOLT:STOP 0.5
:SOUR:VOLT:POIN 5
:SENS:FUNC "CURR"
:SENS:CURR:PROT 0.1
:TRIG:COUN 5
:OUTP ON
:FORM:ELEM:SENS VOLT,SOUR
:INIT (@1)
"""
    )
    values = numbers(one.ask(":FETC:ARR? (@1)"))
    assert values[1::2] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert values[::2] == pytest.approx(values[1::2], rel=1e-3)
    one.bench.clock.advance(1e-3)
    assert one.bench.stage("").terminal(one.bench.clock.now)[0] == pytest.approx(0.0, abs=1e-6)


def timed(console, extra=""):
    console.send(
        f"""
:SOUR:FUNC:MODE CURR
:SOUR:CURR:MODE LIST
:SOUR:LIST:CURR 1e-3,2e-3,3e-3
:SENS:VOLT:PROT 2
:SENS:VOLT:RANG:AUTO OFF
:SENS:VOLT:RANG 2
:SENS:VOLT:APER 1e-4
:TRIG:SOUR TIM
:TRIG:TIM 1e-3
:TRIG:COUN 3
:TRIG:ACQ:DEL 5e-4
{extra}
:OUTP ON
:INIT (@1)
"""
    )
    console.ask("*OPC?")


def test_a_timer_fires_at_once_and_then_every_period(one):
    timed(one)
    assert numbers(one.ask(":FETC:ARR:TIME?")) == pytest.approx([5e-4, 1.5e-3, 2.5e-3])
    assert numbers(one.ask(":FETC:ARR:CURR?")) == pytest.approx([1e-3, 2e-3, 3e-3])
    assert one.ask(":STAT:QUES:COND?") == "+0"


@pytest.mark.parametrize(
    ("cause", "bit"),
    [
        (":SENS:VOLT:APER 1.2e-3", 12),
        (":SENS:VOLT:RANG:AUTO ON", 12),
        (":SENS:VOLT:RANG 0.2", 12),
        (":TRIG:TRAN:DEL 1.5e-3", 11),
        (":SOUR:FUNC:SHAP PULS;:SOUR:PULS:WIDT 1.5e-3", 11),
    ],
)
def test_a_trigger_that_comes_too_early_is_lost_and_told(one, cause, bit):
    timed(one, cause)
    assert int(one.ask(":STAT:QUES:COND?")) & 1 << bit


def test_readings_in_binary_are_definite_blocks(one):
    one.send(":FORM REAL,64\n:FORM:BORD SWAP\n:FORM:ELEM:SENS SOUR,TIME,STAT")
    timed(one, ":TRAC:FEED SENS\n:TRAC:FEED:CONT NEXT")
    one.send(":TRAC:DATA? 1,2")
    answer = one.read()
    assert answer[:4] == b"#248"
    values = struct.unpack("<6d", answer[4:52])
    # Trace times count from the first reading; elements come in the reference's order.
    assert values == pytest.approx((1e-3, 1.0, 2e-3, 2e-3, 1.0, 3e-3))
    assert answer[52:] == b"\n"
    one.send(":FORM:BORD NORM\n:FORM REAL,32\n:TRAC:DATA? 0,1")
    assert struct.unpack(">3f", one.read()[4:16]) == pytest.approx((0.0, 1.0, 1e-3))


def test_the_trace_buffer_fills_and_is_left_alone_while_it_is_written(one):
    timed(one, ":TRAC:POIN 2\n:TRAC:FEED:CONT NEXT")
    assert one.ask(":TRAC:POIN:ACT?;:TRAC:FEED:CONT?;:TRAC:FREE?") == "+2;NEV;+0,+2"
    one.send(":TRAC:CLE\n:TRAC:FEED:CONT NEXT\n:TRAC:CLE")
    assert one.ask(":SYST:ERR?").startswith("-221")


def test_what_is_not_measured_is_not_a_number(one):
    one.send(":SENS:FUNC:OFF:ALL")
    timed(one, ':SENS:FUNC "VOLT"')
    assert numbers(one.ask(":FETC:ARR:CURR?")) == [9.91e37] * 3
    assert one.ask(":SENS:FUNC?;:SENS:FUNC:COUN?") == '"VOLT";+1'


@pytest.mark.parametrize(
    ("mode", "then"), [("HIZ", "high_z"), ("ZERO", "zero"), ("NORM", "high_z")]
)
def test_what_off_means(one, mode, then):
    one.send(f":OUTP:OFF:MODE {mode}\n:OUTP ON\n:OUTP OFF")
    one.bench.clock.advance(0.01)
    one.bench.run_to(one.bench.clock.now)
    assert one.bench.stage("").mode == then


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (":TRIG:TIMR 1", -113),
        (":SOUR2:CURR 0", -114),
        (":TRIG:TIM 1e-5", -222),
        (":SOUR:PULS:WIDT 4e-5", -222),
        (":SENS:VOLT:PROT 0.01", -222),
        (":SOUR:CURR 4", -222),
        (":SOUR:CURR:RANG 1e-6;:SOUR:CURR 1e-3", -222),
        (":SOUR:FUNC:SHAP PULSED", -224),
        (":OUTP:OFF:MODE HIGHZ", -224),
        (":SOUR:CURR", -109),
        (":OUTP 1,2", -108),
        (":OUTP ON;:SOUR:FUNC:MODE CURR", -221),
        (":OUTP:ON:AUTO 0;:INIT (@1)", -221),
        (":TRIG:SOUR BUS;:INIT (@1);:INIT (@1)", -213),
        (":INIT (@2)", -222),
        (":FORM REAL,16", -222),
        (":SOUR:LIST:CURR " + ",".join(["0"] * 2501), -223),
        (":SENS:FUNC VOLT", -148),
    ],
)
def test_what_is_wrong_is_an_error(one, command, code):
    one.send(command)
    assert one.ask(":SYST:ERR?").startswith(f"{code},")


def test_an_aperture_out_of_range_is_clipped_without_an_error(one):
    one.send(":SENS:VOLT:APER 5")
    assert float(one.ask(":SENS:CURR:APER?")) == 2.0
    one.send(":SENS:VOLT:APER 1e-6")
    assert float(one.ask(":SENS:CURR:APER?")) == 8e-6
    assert one.ask(":SYST:ERR:COUN?") == "+0"


def test_power_line_cycles_are_the_same_setting_as_the_aperture(one):
    one.send(":SYST:LFR 60\n:SENS:VOLT:NPLC 6")
    assert float(one.ask(":SENS:CURR:APER?")) == pytest.approx(0.1)
    assert float(one.ask(":SENS:CURR:NPLC?")) == pytest.approx(6.0)


def test_compliance_is_told(one):
    one.send(":SOUR:FUNC:MODE CURR\n:SENS:VOLT:PROT 0.5\n:SOUR:CURR 0.1\n:OUTP ON")
    one.bench.clock.advance(0.1)
    one.bench.run_to(one.bench.clock.now)
    assert one.ask(":SENS:VOLT:PROT:TRIP?") == "1"


def test_initiating_turns_the_output_on_by_itself_unless_told_otherwise(one):
    assert one.ask(":OUTP?") == "0"
    one.send(":INIT (@1)")
    assert one.ask(":OUTP?") == "1"


def test_both_channels_run_by_themselves(two):
    two.send(
        """
:SOUR1:FUNC:MODE CURR
:SOUR2:FUNC:MODE VOLT
:SOUR1:CURR:TRIG 1e-3
:SOUR2:VOLT:TRIG 0.5
:TRIG1:COUN 2
:TRIG2:COUN 3
:FORM:ELEM:SENS SOUR
:INIT (@1,2)
"""
    )
    values = numbers(two.ask(":FETC:ARR? (@1,2)"))
    assert values == [1e-3, 0.5, 1e-3, 0.5, 9.91e37, 0.5]


def test_reset_ends_everything(one):
    one.send(":TRIG:SOUR BUS\n:OUTP:OFF:MODE HIZ\n:OUTP ON\n:INIT (@1)\n*RST")
    assert one.ask(":OUTP?;:OUTP:OFF:MODE?;:TRIG:ACQ:SOUR?;:STAT:OPER:COND?") == "0;NORM;AINT;+18"


def test_a_bus_trigger_is_one_step(one):
    one.send(":SOUR:FUNC:MODE CURR\n:SOUR:CURR:TRIG 1e-3\n:TRIG:SOUR BUS\n:INIT (@1)")
    assert float(one.ask(":TRAC:POIN:ACT?")) == 0
    one.send("*TRG")
    assert numbers(one.ask(":FETC:ARR:CURR?")) == pytest.approx([1e-3], rel=1e-3)

"""The emulated 2461 against its reference manual: dialogues, ranges, timing, errors."""

import numpy as np
import pytest
from scpi_answers import errors, values

from drivers.simulated.bench import Bench
from drivers.simulated.device import Circuit
from drivers.simulated.keithley_2461 import Emulated2461
from drivers.simulated.keithley_2461.sequence import Timing
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(
    source_offset=((10.0, 0.0),), voltage_offset=((100.0, 0.0),), current_offset=((10.0, 0.0),),
    noise=0.0, settling=((10.0, 1e-6),), voltage_settling=1e-6,
)  # fmt: skip


@pytest.fixture
def bench():
    return Bench({}, IDEAL, channel="", circuit=Circuit(), noise=False)


@pytest.fixture
def smu(bench, console):
    return type(console)(bench, Emulated2461(bench))


# Dialogues of the manual, as they stand there.

PULSE_LIST = """
*RST
SENS:FUNC "CURR"
SENS:CURR:RANG:AUTO ON
SENS:CURR:RSEN OFF
SOUR:FUNC VOLT
SOUR:VOLT:RANG 20
SOUR:PULS:VOLT:ILIM 1
SOUR:PULS:LIST:VOLT 1, 5, 1, 5, 1, 5
SOUR:PULS:SWE:VOLT:LIST 200e-3, ON, "defbuffer1", 1, 3, 0, 200e-3, ON
INIT
"""
SWEEP_LIST = """
*RST
SENS:FUNC "CURR"
SENS:CURR:RANG:AUTO ON
SENS:CURR:RSEN OFF
SOUR:FUNC VOLT
SOUR:VOLT:RANG 20
SOUR:VOLT:ILIM 1
SOUR:LIST:VOLT 1, 5, 1, 5, 1, 5
SOUR:LIST:VOLT:APP 1, 5, 1, 5, 1, 5
SOUR:SWE:VOLT:LIST 1, 0.2
INIT
*WAI
"""


def test_the_pulse_list_of_the_manual(smu):
    """Page 6-107: six levels, three times, 200 ms each and 200 ms apart."""
    smu.send(PULSE_LIST)
    assert smu.ask("*OPC?") == "1"
    assert errors(smu) == []
    assert smu.ask("TRAC:ACT?") == "18"
    assert values(smu, 'TRAC:DATA? 1, 3, "defbuffer1", SOUR') == pytest.approx([1, 5, 1], rel=0.01)
    times = values(smu, 'TRAC:DATA? 1, 18, "defbuffer1", REL')
    assert np.diff(times) == pytest.approx(0.4, abs=1e-6)


def test_the_appended_list_of_the_manual(smu):
    """Pages 6-101 and 6-102: every point lasts 200 ms and what a measurement takes."""
    smu.send(SWEEP_LIST)
    answer = values(smu, 'TRAC:DATA? 1, 12, "defbuffer1", SOUR, READ')
    assert answer[::2] == pytest.approx([1, 5] * 6, rel=0.01)
    times = values(smu, 'TRAC:DATA? 1, 12, "defbuffer1", REL')
    assert np.diff(times).min() >= 0.2
    assert smu.ask("SOUR:LIST:VOLT?").count(",") == 11
    assert errors(smu) == []


def test_a_query_of_the_buffer_sizes_of_the_manual(smu):
    """Pages 6-165 and 6-166."""
    smu.send('TRACe:MAKE "bufferVolts", 100')
    assert smu.ask('TRACe:POINts? "bufferVolts"') == "100"
    smu.send('TRACe:DELete "bufferVolts"\nTRACe:MAKE "bufferVolts", 1000')
    smu.send('TRACe:MAKE "bufferVolts", 1000')
    assert errors(smu) == [1115]
    smu.send('TRACe:POINts 5000, "bufferVolts"')
    assert smu.ask('TRACe:POINts? "bufferVolts"') == "5000"
    assert smu.ask('TRACe:FILL:MODE? "bufferVolts"') == "ONCE"
    assert smu.ask("TRACe:FILL:MODE?") == "CONT"


def test_the_event_log(smu):
    smu.send('*CLS\nSYST:EVEN:POST "my error", INF')
    assert smu.ask("SYST:EVEN:NEXT?").startswith('1003,"User: my error;4;2026/01/01 00:00:00.')
    smu.send("SOUR:CURR")
    assert smu.ask("SYST:ERR?").startswith('-109,"Missing parameter;1;')
    assert smu.ask("SYST:EVEN:NEXT? INF").startswith("0,")


# Pulses.


def current_pulses(smu, levels, play):
    smu.send(f"""
SOUR:FUNC CURR
SENS:FUNC "VOLT"
SENS:VOLT:RANG 2
SENS:VOLT:NPLC 0.01
SENS:VOLT:AZER OFF
SOUR:CURR:DEL:AUTO OFF
SOUR:CURR:READ:BACK OFF
SOUR:CURR:RANG 1e-3
SOUR:CURR:VLIM 0.8
SOUR:PULS:CURR:VLIM 0.8
SOUR:PULS:LIST:CURR {levels}
SOUR:PULS:SWE:CURR:LIST {play}
""")
    assert errors(smu) == []


def test_levels_come_and_go_as_the_list_says(smu, bench):
    current_pulses(smu, "1e-3,5e-4", '1e-3,ON,"defbuffer1",1,2,2e-3,3e-3,OFF')
    levels = []
    stage = bench.stage("")
    drive = stage.drive
    stage.drive = lambda t, *what: (levels.append((t, *what[:3])), drive(t, *what))
    smu.send("INIT")
    assert smu.ask("*OPC?") == "1"
    began = levels[0][0]
    expected = [(0.0, 0.0)]
    for k, level in enumerate([1e-3, 5e-4] * 2):
        expected += [(2e-3 + 6e-3 * k, level), (3e-3 + 6e-3 * k, 0.0)]
    found = [(t - began, level) for t, mode, level, _ in levels if mode == "current"]
    assert found == [pytest.approx(pair, abs=1e-9) for pair in expected]
    assert levels[-1][1] == "zero", "the normal output-off state"
    assert levels[-1][0] - began == pytest.approx(24e-3)


def test_a_reading_is_as_late_as_the_vendor_computes(smu):
    timing = Timing(2e-4, readback=False, autozero=False)
    assert timing.measuring == pytest.approx(3.5e-4)
    assert timing.before(1e-3) == pytest.approx(6.5e-4), "570 us and the 80 us of the pulse block"
    assert Timing(2e-4, readback=True, autozero=False).measuring == pytest.approx(1.16e-3)
    assert Timing(2e-4, readback=False, autozero=True).measuring == pytest.approx(2.43e-3)
    current_pulses(smu, "1e-3,1e-3", '1e-3,ON,"defbuffer1",1,1,0,1e-3,OFF')
    smu.send("INIT\n*WAI")
    row = values(smu, 'TRAC:DATA? 2,2,"defbuffer1",REL,SOUR,SOURSTAT')
    assert row == pytest.approx([2e-3, 1e-3, 128])


def test_linear_pulses_and_trains(smu):
    current_pulses(smu, "0", '1e-3,ON,"defbuffer1",1,1,0,1e-3,OFF')
    smu.send('SOUR:PULS:SWE:CURR:LIN 0,1e-4,5e-4,5,1e-3,ON,"defbuffer1",0,1e-3,1,0.8,0.8,OFF,ON')
    smu.send("INIT\n*WAI")
    assert values(smu, 'TRAC:DATA? 1,10,"defbuffer1",SOUR') == pytest.approx(
        [1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 5e-4, 4e-4, 3e-4, 2e-4, 1e-4]
    )
    smu.send('SOUR:PULS:TR:CURR 0,1e-3,1e-3,4,ON,"defbuffer1",0,1e-3\nINIT\n*WAI')
    assert values(smu, 'TRAC:DATA? 1,4,"defbuffer1",SOUR') == [1e-3] * 4
    assert errors(smu) == []


def test_a_limit_that_is_reached_ends_a_sweep_that_asks_for_it(smu):
    current_pulses(smu, "1e-3", '0.1,ON,"defbuffer1",1,50,0,1e-3,ON')
    smu.send("SENS:VOLT:RANG 0.2\nSOUR:PULS:CURR:VLIM 0.05\nSOUR:CURR:VLIM 0.05")
    smu.send('SOUR:PULS:SWE:CURR:LIST 0.1,ON,"defbuffer1",1,50,0,1e-3,ON\nINIT')
    assert smu.ask("*OPC?") == "1"
    assert 0 < int(smu.ask("TRAC:ACT?")) < 50
    assert smu.ask("TRIG:STAT?").startswith("ABORTED")


def test_the_state_is_looked_at_every_100_ms(smu, bench):
    current_pulses(smu, "1e-3", '1e-3,ON,"defbuffer1",1,10,0,1e-3,OFF')
    assert smu.ask("TRIG:STAT?").startswith("IDLE")
    bench.clock.advance(0.01)
    bench.run_to(bench.clock.now)
    smu.instrument.write(b"INIT")
    smu.instrument.write(b"TRIG:STAT?")
    assert smu.read().startswith(b"IDLE"), "not yet seen"


def test_abort_leaves_the_output_on(smu, bench):
    current_pulses(smu, "1e-3", '1,ON,"defbuffer1",1,50,0,1,OFF')
    smu.send("INIT\nABOR")
    assert smu.ask("OUTP?") == "1"
    smu.send("OUTP:SMOD HIMP\nOUTP OFF")
    assert bench.stage("").mode == "high_z"
    assert errors(smu) == []


# What it refuses.


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ("SOUR:CURR 7.4", -222),
        ("SOUR:CURR:RANG 11", -222),
        ("SOUR:CURR:RANG 1e-3;:SOUR:CURR 2e-3", -222),
        ("SOUR:VOLT 106", -222),
        ("SOUR:CURR:VLIM 0.01", -222),
        ('SENS:FUNC "VOLT";:SENS:VOLT:RANG 100;:SOUR:CURR:VLIM 10', -222),
        ("SENS:VOLT:NPLC 0.001", -222),
        ("SOUR:PULS:LIST:CURR 11", -222),
        (f"SOUR:PULS:LIST:CURR {','.join(['0'] * 101)}", -223),
        ("SOUR:PULS:SWE:VOLT:LIST 1e-3", -221),
        ("SOUR:PULS:LIST:VOLT 1;:SOUR:PULS:SWE:VOLT:LIST 1e-4", -222),
        ("SOUR:PULS:LIST:VOLT 1;:SOUR:PULS:SWE:VOLT:LIST ON,1e-3", -224),
        ('SOUR:PULS:LIST:VOLT 1;:SOUR:PULS:SWE:VOLT:LIST 1e-3,ON,"nobuffer"', -221),
        ("SOUR:PULS:LIST:VOLT 1;:SOUR:PULS:SWE:VOLT:LIST 1e-3,ON,\"defbuffer1\",2", -221),
        ("SOUR:PULS:LIST:CURR 1;:SOUR:PULS:SWE:CURR:LIST 1e-3", -221),
        ("SOUR:LIST:VOLT 1;:SOUR:SWE:VOLT:LIST 1,2e-5", -222),
        ("INIT", -221),
        ("OUTP:SMOD HIGHZ", -224),
        ('TRAC:DATA? 1,1,"defbuffer1",READ', -222),
        ("SOUR:CURR:RANGE:AUTOMATIC ON", -113),
        ("smu.source.output = smu.ON", -111),
    ],
)  # fmt: skip
def test_what_it_refuses(smu, commands, code):
    smu.send(commands)
    assert code in errors(smu)
    assert smu.ask("OUTP?") == "0"


def test_a_list_holds_2500(smu):
    part = ",".join(["0"] * 100)
    smu.send("\n".join([f"SOUR:PULS:LIST:CURR {part}", *[f"SOUR:PULS:LIST:CURR:APP {part}"] * 24]))
    assert errors(smu) == []
    smu.send("SOUR:PULS:LIST:CURR:APP 0")
    assert errors(smu) == [-223]


def test_settings_are_held_while_it_runs(smu):
    current_pulses(smu, "1e-3", '1,ON,"defbuffer1",1,50,0,1,OFF')
    smu.send("INIT\nSOUR:CURR:RANG 1\nOUTP OFF\nINIT\nTRAC:POIN 10")
    smu.send("ABOR")
    assert errors(smu) == [-213, -213, -213, -213]


def test_binary_readings_hold_four_elements_only(smu):
    current_pulses(smu, "1e-3", '1e-3,ON,"defbuffer1",1,2,0,1e-3,OFF')
    smu.send("INIT\n*WAI\nFORM REAL")
    smu.send('TRAC:DATA? 1,2,"defbuffer1",SOUR,REL')
    block = smu.read()
    assert block[:2] == b"#0"
    assert np.frombuffer(block[2:-1], "<f8") == pytest.approx([1e-3, 0, 1e-3, 2e-3])
    smu.send('TRAC:DATA? 1,2,"defbuffer1",READ,SOURSTAT')
    assert errors(smu) == [1133]


def test_another_command_set_answers_common_commands_only(smu):
    smu.instrument.language = "TSP"
    assert smu.ask("*LANG?") == "TSP"
    smu.send("*LANG SCPI\nSOUR:CURR 1e-3")
    assert smu.ask("*LANG?") == "TSP", "until it is switched on again"
    assert smu.instrument.errors.next().code == -285


def test_reset_turns_it_off_into_a_0_volt_source(smu, bench):
    smu.send("OUTP:SMOD HIMP\nSOUR:FUNC CURR\nSOUR:CURR 1e-3\nOUTP ON")
    assert bench.stage("").mode == "current"
    smu.send("*RST")
    assert bench.stage("").mode == "zero"
    assert smu.ask("SOUR:FUNC?") == "VOLT"
    assert smu.ask("OUTP:SMOD?") == "NORM"

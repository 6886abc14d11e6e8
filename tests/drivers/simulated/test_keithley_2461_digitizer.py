"""The digitizer of the emulated 2461 against its reference manual and the vendor's examples."""

import numpy as np
import pytest
from reference import mean_voltages
from scpi_answers import errors, values

from drivers.simulated.bench import Bench
from drivers.simulated.device import Circuit
from drivers.simulated.keithley_2461 import Emulated2461
from drivers.simulated.keithley_2461.model import ERRORS
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(
    source_offset=((10.0, 0.0),), voltage_offset=((100.0, 0.0),), current_offset=((10.0, 0.0),),
    noise=0.0, settling=((10.0, 1e-4),), voltage_settling=1e-6,
)  # fmt: skip
DESELECTED = '"NONE"'


@pytest.fixture
def smu(console):
    bench = Bench({}, IDEAL, channel="", circuit=Circuit(), noise=False)
    return type(console)(bench, Emulated2461(bench))


PULSES = """
*RST
SOUR:FUNC CURR
SOUR:CURR:RANG 10e-3
SOUR:CURR:READ:BACK OFF
DIG:FUNC "VOLT"
DIG:VOLT:RANG 20
DIG:VOLT:RSEN ON
DIG:VOLT:SRAT 500000
TRAC:POIN 1000000, "defbuffer1"
SOUR:PULS:SWE:CURR:LIN 0, -10e-3, 10e-3, 5, 500e-6, ON, "defbuffer1", 0, 500e-6, 1, 2, 20, ON, OFF
INIT
"""
"""As the vendor's example of a pulse sweep with digitizing, with 5 points in the place of 201."""


def test_the_example_of_the_manual(smu):
    """Page 6-71, without its last line."""
    smu.send('DIG:FUNC "CURR"\nDIG:CURR:SRATE 1000000\nDIG:CURR:APER AUTO\nDIG:COUN 10')
    assert errors(smu) == []
    assert smu.ask("DIG:FUNC?") == '"CURR"'
    assert values(smu, ["SENS1:DIG:CURR:SRAT?", " DIG:COUN?"][0]) == [1e6]
    assert smu.ask("DIG:COUN?") == "10"


def test_what_a_reset_leaves(smu):
    smu.send('SENS:DIG:FUNC "VOLT"\nSENS:DIG:VOLT:SRAT 2000\nSENS:DIG:VOLT:RANG 0.2\n*RST')
    assert smu.ask("SENS:DIG:FUNC?") == DESELECTED
    for kind, full in (("VOLT", 7.0), ("CURR", 0.1)):
        assert values(smu, f"SENS:DIG:{kind}:SRAT?") == [1e5]
        assert values(smu, f"SENS:DIG:{kind}:RANG?") == [full]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("DIG:VOLT:SRAT 999", -222), ("DIG:VOLT:SRAT 1000001", -222), ("DIG:VOLT:APER 2e-3", -222),
        ("DIG:VOLT:RANG 101", -222), ('DIG:FUNC "RES"', -224), ('DIG:FUNC "NONE"', -224),
        ("DIG:VOLT:APER 20e-6", -222),  # longer than the interval of 100,000 a second
    ],
)  # fmt: skip
def test_what_it_does_not_accept(smu, command, code):
    smu.send(command)
    assert errors(smu) == [code]


def test_a_rate_shortens_an_aperture_that_is_too_long_for_it(smu):
    smu.send("DIG:VOLT:SRAT 1000\nDIG:VOLT:APER 900e-6\nDIG:VOLT:SRAT 5000")
    assert values(smu, "DIG:VOLT:APER?") == pytest.approx([200e-6])
    smu.send("DIG:VOLT:RANG 1.5")
    assert values(smu, "DIG:VOLT:RANG?") == [2.0]
    assert errors(smu) == []


def test_measure_and_digitize_functions_exclude_each_other(smu):
    smu.send('SENS:FUNC "VOLT"')
    assert smu.ask("SENS:FUNC?") == '"VOLT"'
    smu.send('SENS:DIG:FUNC "VOLT"')
    assert smu.ask("SENS:FUNC?") == DESELECTED
    smu.send("OUTP ON\nREAD?")
    assert errors(smu) == [-221]
    smu.send('SENS:FUNC "VOLT"')
    assert smu.ask("SENS:DIG:FUNC?") == DESELECTED


def test_it_samples_constantly_through_pulses_and_off_times(smu):
    smu.send(PULSES)
    assert smu.ask("*OPC?") == "1"
    assert errors(smu) == []
    # The last ends with the sweep: whether it is taken is nobody's promise.
    assert smu.ask("TRAC:ACT?") in ("2499", "2500")
    smu.send("FORM:ASC:PREC 12")
    read = values(smu, 'TRAC:DATA? 1, 2499, "defbuffer1", READ, REL, SOUR, STAT')
    voltage, time, source, status = np.reshape(read, (-1, 4)).T
    np.testing.assert_allclose(time, np.arange(2499) * 2e-6, atol=1e-9)
    assert set(status) == {2}
    levels = np.repeat([-10e-3, 0, -5e-3, 0, 0, 0, 5e-3, 0, 10e-3, 0], 250)[:-1]
    np.testing.assert_allclose(source[1:], levels[1:], atol=1e-12)
    exact = mean_voltages(np.inf, [(float(level), 2e-6) for level in levels], 2e-6, 0.0)
    np.testing.assert_allclose(voltage, exact, atol=1e-6)


def test_it_does_not_sample_where_measuring_is_off_nor_in_sweeps(smu):
    smu.send(PULSES.replace("500e-6, ON", "500e-6, OFF"))
    assert smu.ask("*OPC?") == "1"
    assert smu.ask("TRAC:ACT?") == "0"
    smu.send('SOUR:LIST:CURR 1e-3,2e-3\nSOUR:SWE:CURR:LIST 1,0.01,1,OFF,"defbuffer1"')
    assert errors(smu) == [-221]


def test_an_abort_ends_it_and_what_was_sampled_stays(smu):
    smu.send(PULSES.replace("500e-6, 1, 2", "500e-3, 100, 2").replace("500000", "1000"))
    smu.send("ABOR")
    stored = smu.ask("TRAC:ACT?")
    assert 100 < int(stored) < 250_000
    assert smu.ask("TRAC:ACT?") == stored


def test_its_steps_are_those_of_18_bits(console):
    bench = Bench({}, ERRORS, channel="", circuit=Circuit(), noise=True)
    smu = type(console)(bench, Emulated2461(bench))
    smu.send(PULSES)
    assert smu.ask("*OPC?") == "1"
    smu.send("FORM:ASC:PREC 12")
    steps = np.array(values(smu, 'TRAC:DATA? 1, 500, "defbuffer1", READ')) / (2 * 1.05 * 20 / 2**18)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    assert len(set(np.rint(steps))) > 3

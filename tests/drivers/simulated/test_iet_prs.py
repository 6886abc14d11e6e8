"""The emulated decades against chapter 7 of the manual."""

import math

import pytest

from drivers.simulated.iet_prs import RESIDUAL, EmulatedPrs


@pytest.fixture
def box(bench, console):
    return type(console)(bench, EmulatedPrs(bench))


def test_the_model_code_is_in_the_identity(box):
    box.instrument.code = "F-6-100m-0-0"
    assert box.ask("*IDN?") == "IET Labs,PRS-200-F-6-100m-0-0,D6-0211201,D6"


@pytest.mark.parametrize(
    ("code", "digits", "ohm"),
    [
        ("F-7-100m-0-1", "0006005679", 600_567.9),  # the manual's own examples
        ("F-8-100m-0-1", "0027000000", 2_700_000.0),
        ("F-4-1K-4-0", "0106005679", 600_000.0),  # decades that are not there are ignored
        ("F-7-100m-0-1", "0010000000", math.inf),
        ("F-7-100m-0-1", "0016005679", math.inf),
        ("F-7-100m-0-1", "0056005679", math.inf),
        ("F-7-100m-0-1", "0046005679", 600_567.9),
        ("F-7-100m-0-1", "0026005679", 600_567.9),  # without the option for a short
        ("F-7-100m-0-3", "0036005679", RESIDUAL),
        ("F-7-100m-0-2", "0016005679", 600_567.9),  # without the option to open
        ("F-7-100m-0-1", "0000000000", RESIDUAL),
    ],
)
def test_ten_digits_set_the_resistance(box, bench, code, digits, ohm):
    box.instrument.code = code
    box.send(f"SOURce:DATA {digits}")
    assert bench.device.resistance == pytest.approx(ohm)
    assert box.ask("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("SOUR:DATA 6005679", -222),
        ("SOUR:DATA 00060056790", -222),
        ("SOUR:DATA 600567.9", -104),
        ("SOUR:DATA '0006005679'", -104),
        ("SOUR:DATA", -109),
        ("SOUR:DAT 0006005679", -113),
        ("SOUR:DATA?", -113),
    ],
)
def test_what_is_no_setting_moves_nothing(box, bench, command, code):
    box.send("SOUR:DATA 0000005000")
    box.send(command)
    assert box.ask("SYST:ERR?").startswith(f"{code},")
    assert bench.device.resistance == 500.0

"""How settings that are read back are compared with what was sent."""

import pytest

from drivers.scpi_settings import RANGE_STEP, Setting, disagreements


@pytest.mark.parametrize(
    ("setting", "answer", "agrees"),
    [
        (Setting(":TRIG:COUN", 16), "+16", True),
        (Setting(":TRIG:COUN", 16), "1.600000E+01\n", True),
        (Setting(":TRIG:COUN", 16), "17", False),
        (Setting(":TRIG:TIM", 1.23456789), "+1.234568E+00", True),
        (Setting(":TRIG:TIM", 1.23456789), "+1.234600E+00", False),
        (Setting(":SENS:VOLT:RANG", 2.0, RANGE_STEP * 2.0), "2.100000E+00", True),
        (Setting(":SENS:VOLT:RANG", 2.0, RANGE_STEP * 2.0), "2.100000E+01", False),
        (Setting(":SYST:RSEN", 1), "ON", True),
        (Setting(":SYST:RSEN", 1), "0", False),
        (Setting(":SYST:AZER", "OFF"), "0", True),
        (Setting(":SYST:AZER", "OFF"), "1", False),
        (Setting(":SOUR:FUNC", "CURR"), "CURRENT", True),
        (Setting(":SOUR:FUNC", "CURR"), "VOLT", False),
        (Setting(":TRAC:FEED", "SENS"), "SENS1", True),
        (Setting(":FORM:ELEM", "VOLT,TIME"), "VOLT,TIME", True),
        (Setting(":FORM:ELEM", "VOLT,TIME"), "VOLT,TIME,STAT", False),
        (Setting(":FORM:ELEM", "VOLT,TIME"), "TIME,VOLT", False),
    ],
)
def test_what_counts_as_set(setting, answer, agrees):
    assert setting.agrees(answer) is agrees


def test_disagreements_are_told_with_both_values():
    settings = [Setting(":A", 1), Setting(":B", "HIZ"), Setting(":C", 0.5)]
    assert disagreements(lambda _: "1;NORM;0.25", settings) == [
        ":B is NORM instead of HIZ", ":C is 0.25 instead of 0.5",
    ]  # fmt: skip


def test_too_few_answers_are_not_understood():
    with pytest.raises(ValueError, match="zip"):
        disagreements(lambda _: "1", [Setting(":A", 1), Setting(":B", 2)])

"""Nothing that is beyond what the device stands gets past its limits, not by a thousandth."""

import pytest

from drivers.errors import LimitError
from drivers.limits import Limits
from protocols.program import PulseProgram, PulseTrain

LIMITS = Limits(max_voltage=0.8, max_current=1e-2)


def program(source, level, limit):
    train = PulseTrain(level, 1e-3, 1e-3, 2, "up")
    return PulseProgram.compile([train], phases=("up",), source=source, limit=limit, aperture=1e-4)


@pytest.mark.parametrize(
    ("source", "level", "limit"), [("current", -1e-2, 0.8), ("voltage", -0.8, 1e-2)]
)
def test_a_program_at_the_limits_passes(source, level, limit):
    LIMITS.check(program(source, level, limit))


@pytest.mark.parametrize(
    ("source", "level", "limit", "says"),
    [
        ("current", -1.001e-2, 0.8, "current level 10.01 mA is beyond the device's max_current"),
        ("current", 1e-2, 0.8008, "voltage limit 800.8 mV is beyond the device's max_voltage"),
        ("voltage", -0.8008, 1e-2, "voltage level 800.8 mV is beyond the device's max_voltage"),
        ("voltage", 0.8, 1.001e-2, "current limit 10.01 mA is beyond the device's max_current"),
    ],
)
def test_a_level_or_a_compliance_beyond_them_is_refused(source, level, limit, says):
    with pytest.raises(LimitError, match=says):
        LIMITS.check(program(source, level, limit))

"""Which readings end a run, and which do not."""

from dataclasses import replace

import numpy as np
import pytest

from app.running import safeguards
from data.samples import COLUMNS, Flag, Samples
from drivers.errors import ComplianceError, InstrumentError
from drivers.limits import Limits
from protocols.program import PulseProgram, PulseTrain
from protocols.steps import Play

LIMITS = Limits(max_voltage=0.8, max_current=1e-2)
PROGRAM = PulseProgram.compile(
    [PulseTrain(1e-3, 1e-2, 1e-2, 2, "up")], phases=("up",), limit=0.8, aperture=1e-3
)


def samples(**columns):
    """Four readings, two of them driven, with some columns otherwise."""
    plain = {name: np.zeros(4, dtype) for name, dtype in COLUMNS.items()}
    plain |= {"source_level": PROGRAM.level, "pulse_index": PROGRAM.pulse_index}
    return replace(Samples(**plain), **{n: np.asarray(c, COLUMNS[n]) for n, c in columns.items()})


@pytest.mark.parametrize("volts", [[0.83, 0, -0.83, 0], [0.1, 5.0, 0.1, -5.0]])
def test_a_device_within_its_limits_or_at_rest_goes_on(volts):
    safeguards.stop_beyond(samples(voltage=volts), "train", LIMITS)


@pytest.mark.parametrize("volts", [[0, 0, 0.85, 0], [0, 0, -0.85, 0]])
def test_a_driven_device_beyond_its_voltage_ends_the_run(volts):
    with pytest.raises(ComplianceError, match=r"850 mV was read .* at pulse 2 of 'train'"):
        safeguards.stop_beyond(samples(voltage=volts), "train", LIMITS)


def test_a_driven_device_that_was_not_read_ends_the_run():
    unread = samples(voltage=[9.9e37, 0, 0, 0], flags=[Flag.OVERRANGE, 0, 0, 0])
    with pytest.raises(ComplianceError, match="nobody knows whether it kept its max_voltage"):
        safeguards.stop_beyond(unread, "train", LIMITS)


def test_a_source_at_its_limit_ends_the_run():
    play = Play(PROGRAM, "train")
    safeguards.stop_at_limit(samples(flags=[Flag.LATE] * 4), play)
    with pytest.raises(ComplianceError, match="limit of 800 mV at pulse 2 of 'train'"):
        safeguards.stop_at_limit(samples(flags=[0, 0, Flag.LIMIT, 0]), play)


def test_a_closed_loop_goes_by_no_reading_without_a_value():
    safeguards.stop_without_value(samples(flags=[Flag.LIMIT] * 4))
    with pytest.raises(InstrumentError, match=r"1 readings .* the first at pulse 2"):
        safeguards.stop_without_value(samples(flags=[0, 0, 0, Flag.OVERRANGE]))

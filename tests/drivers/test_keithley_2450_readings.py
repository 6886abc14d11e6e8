"""A 2450's readings are taken for what was asked only when they were made as it was asked."""

import numpy as np
import pytest

from data.samples import Flag
from drivers import keithley_2450_models as holds
from drivers import keithley_2450_script as script
from drivers.errors import InstrumentError
from drivers.keithley_2450_readings import Readings
from protocols.program import PulseProgram, PulseTrain

PROGRAM = PulseProgram.compile(
    [PulseTrain(1e-3, 20e-3, 20e-3, 5, "up")], phases=("up",), limit=0.8, aperture=2e-4
)
OUTPUT_AND_SENSE = 128 + 64


@pytest.fixture
def readings():
    able = holds.capabilities_of("2450", 50.0, None)
    settings = script.settings(PROGRAM, able, 50.0, four_wire=True)
    return Readings("2450", PROGRAM, settings, holds.delays(PROGRAM))


def table(readings):
    """Rows of readings that were made as asked."""
    begin = PROGRAM.start + readings.delay
    status = np.full(len(PROGRAM), float(OUTPUT_AND_SENSE))
    return np.column_stack([np.full(len(PROGRAM), 0.1), PROGRAM.level, begin - begin[0], status])


def test_readings_that_were_made_as_asked(readings):
    readout = readings.readout(0, table(readings), running=False)
    assert readout.time == pytest.approx(PROGRAM.start + readings.delay)
    assert not readout.flags.any()


def test_a_reading_before_its_time_was_made_by_an_event_of_before(readings):
    rows = table(readings)
    rows[7, 2] -= 11e-3  # more than half of a segment
    with pytest.raises(InstrumentError, match=r"reading 8 of 10 0\.011 s before its time"):
        readings.readout(0, rows, running=False)


def test_a_late_reading_is_flagged(readings):
    rows = table(readings)
    rows[7, 2] += 1e-3
    flags = readings.readout(0, rows, running=False).flags
    assert flags.tolist() == [0] * 7 + [Flag.LATE] + [0] * 2

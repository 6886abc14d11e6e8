"""pymeasure's classes for the 2400 and the 2450 drive served instruments.

The 2450, 2460 and 2461 share the SCPI commands of the 2450 class, so it drives the 2461. Its buffer
methods are the 2400's, which these models refuse: the buffer is read by the command of the family.
"""

import numpy as np
import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:GPIB library not found"),
]


def test_the_class_for_the_2400(served):
    from pymeasure.instruments.keithley import Keithley2400

    instrument, address = served("keithley-2400", "2400")
    meter = Keithley2400(address, visa_library="@py", read_termination="\n", write_termination="\n")
    try:
        assert "MODEL 2400" in meter.id
        meter.reset()
        meter.apply_current(current_range=1e-3, compliance_voltage=1)
        meter.source_current = 1e-4
        meter.enable_source()
        meter.measure_voltage(nplc=1, voltage=1)
        first = meter.voltage
        assert 0 < first < 1
        assert meter.check_errors() == []
        meter.config_buffer(10)
        meter.start_buffer()
        meter.wait_for_buffer(timeout=20)
        rows = np.reshape(meter.buffer_data, (10, 5))
        volts, amps, seconds = rows[:, 0], rows[:, 1], rows[:, 3]
        assert np.all(np.diff(volts) > 0)
        assert volts[0] > first
        assert np.allclose(amps, 1e-4, rtol=1e-3)
        assert np.all(np.diff(seconds) > 0)
        meter.write(":SOUR:CURR:RNAG 1")
        ((code, text),) = meter.check_errors()
        assert code == -113
        assert "Undefined header" in text
        meter.disable_source()
        assert meter.check_errors() == []
    finally:
        meter.adapter.connection.close()
    with instrument.bench.lock:
        assert instrument.bench.stage("").mode != "current"


def test_the_class_for_the_2450_on_a_2461(served):
    from pymeasure.instruments.keithley import Keithley2450

    instrument, address = served("keithley-2461", "2461")
    meter = Keithley2450(address, visa_library="@py", read_termination="\n", write_termination="\n")
    try:
        assert "MODEL 2461" in meter.id
        meter.reset()
        meter.apply_current(current_range=1e-3, compliance_voltage=1)
        meter.source_current = 1e-4
        meter.enable_source()
        meter.measure_voltage(nplc=1, voltage=1)
        volts = [meter.voltage for _ in range(5)]
        assert volts == sorted(volts)
        assert 0 < volts[0] < volts[-1] < 1
        assert meter.check_errors() == []
        stored = meter.values(':TRAC:DATA? 1, 5, "defbuffer1", READ')
        assert np.allclose(stored, volts)
        meter.write(":SOUR:CURR:RNAG 1")
        ((code, text),) = meter.check_errors()
        assert code == -113
        assert "Undefined header" in text
        meter.disable_source()
        assert meter.check_errors() == []
    finally:
        meter.adapter.connection.close()
    with instrument.bench.lock:
        assert instrument.bench.stage("").mode != "current"

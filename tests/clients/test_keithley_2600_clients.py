"""Programs that are not ours drive the served 2602B: pymeasure, QCoDeS, Tektronix' tm_devices.

The last two come with the extra: ``pip install -e ".[test,clients]"``.
"""

import warnings

import numpy as np
import pytest

MADE = ("keithley-2600b", "2602B")
CHARGING = 100e-6
"""Level that the clients source, in A."""

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:GPIB library not found"),
]


def safe(instrument):
    """True state of the output, from the analogue side of the bench."""
    bench = instrument.bench
    with bench.lock:
        return bench.stage("a").mode


def test_pymeasure(served):
    from pymeasure.instruments.keithley import Keithley2600

    instrument, address = served(*MADE)
    meter = Keithley2600(address, visa_library="@py", read_termination="\n", write_termination="\n")
    assert "2602B" in meter.id
    channel = meter.ChA
    channel.source_mode = "current"
    channel.source_current_range = 1e-3
    channel.compliance_voltage = 1
    channel.source_current = CHARGING
    channel.source_output = "ON"
    volts = [channel.voltage for _ in range(3)]
    assert channel.current == pytest.approx(CHARGING, rel=1e-3)
    assert 0 < volts[0] < volts[1] < volts[2] < 1
    assert meter.next_error[0] == 0
    meter.write("smua.source.levle = 1")
    code, text = meter.next_error
    assert code in (-285, -286)
    assert "levle" in str(text)
    channel.source_output = "OFF"
    assert meter.ask("print(1)")  # what came before has been taken
    meter.adapter.connection.close()
    assert safe(instrument) != "current"


def test_qcodes_with_a_sweep_and_a_time_trace(served):
    drivers = pytest.importorskip("qcodes.instrument_drivers.Keithley")

    _, address = served(*MADE)
    meter = drivers.Keithley2602B("meter", address, visalib="@py", terminator="\n")
    try:
        assert meter.get_idn()["model"] == "2602B"
        channel = meter.smua
        channel.mode("current")
        channel.sourcerange_i(1e-3)
        channel.limitv(1)
        channel.curr(CHARGING)
        channel.output("on")
        assert 0 < channel.volt() < 1
        assert channel.curr() == pytest.approx(CHARGING, rel=1e-3)
        channel.timetrace_mode("voltage")
        channel.timetrace_npts(20)
        channel.timetrace_dt(0.05)
        trace = channel.timetrace()
        assert len(trace) == 20
        assert np.all(np.diff(trace) > 0)
        channel.output("off")
        channel.mode("voltage")
        sweep = pytest.importorskip("qcodes.dataset").LinSweep(channel.volt, 0, 0.1, 11, 0)
        channel.setup_fastsweep(sweep, mode="IV")
        swept = channel.fastsweep()
        assert len(swept) == 11
        assert int(float(meter.ask("print(errorqueue.count)"))) == 0
    finally:
        meter.close()


def test_the_makers_own_package(served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes logs where it is
    tm_devices = pytest.importorskip("tm_devices")

    instrument, address = served(*MADE)
    port = int(address.split("::")[2])
    with warnings.catch_warnings():
        # A plain socket has no status byte to poll, which the package says aloud.
        warnings.simplefilter("ignore")
        manager = tm_devices.DeviceManager(verbose=False)
        manager.visa_library = "@py"
        meter = manager.add_smu("127.0.0.1", connection_type="SOCKET", port=port)
    try:
        assert "2602B" in meter.model
        assert int(meter.query("*ESR?")) == 128  # it was switched on
        smu = meter.commands.smu["a"]
        smu.source.func = 0
        smu.source.rangei = 1e-3
        smu.source.limitv = 1
        smu.source.leveli = CHARGING
        meter.write("smua.nvbuffer1.clear()")
        smu.measure.count = 5
        smu.source.output = 1
        smu.measure.v("smua.nvbuffer1")
        assert float(meter.query("print(smua.nvbuffer1.n)")) == 5
        volts = [float(v) for v in meter.query("printbuffer(1, 5, smua.nvbuffer1)").split(", ")]
        assert volts == sorted(volts)
        assert 0 < volts[0] < 1
        assert meter.expect_esr(0)
        smu.source.output = 0
        assert meter.query("print(1)")
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            manager.close()
    assert safe(instrument) != "current"

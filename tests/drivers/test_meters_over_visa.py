"""The SCPI source-measure units over pyvisa, on the interfaces that `fmes emulate` serves."""

import numpy as np
import pytest

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.keithley_2400 import Keithley2400
from drivers.keysight_b2900 import KeysightB2900
from drivers.link import VisaLink
from drivers.simulated.catalogue import emulated
from drivers.simulated.serving import serve_main, serve_others
from protocols.program import Instant, PulseProgram, PulseTrain, Segment

METERS = {
    "B2902A": (KeysightB2900, "2"),
    "2400": (Keithley2400, ""),
}


def train(count, width):
    return PulseProgram.compile(
        [PulseTrain(1e-4, width, width, count, "up")], phases=("up",), limit=0.8, aperture=2e-4
    )


def served(driver, model, channel, transport, speed):
    bench = make_bench(
        RigFile(source_meter={"driver": driver.driver, "model": model, "channel": channel}),
        noise=False, speed=speed,
    )  # fmt: skip
    instrument = emulated(driver.driver, bench, model)
    if transport == "socket":
        return bench, serve_main(bench, instrument)
    (hislip,) = serve_others(bench, instrument)
    return bench, hislip


@pytest.fixture(params=["socket", "hislip"])
def transport(request):
    return request.param


@pytest.mark.parametrize("model", METERS)
def test_a_train_is_played_and_read(model, transport):
    driver, channel = METERS[model]
    bench, server = served(driver, model, channel, transport, float("inf"))
    try:
        meter = driver.connect(VisaLink(server.resource_name, "@py"), channel, "4-wire")
        played = train(300, 5e-3)
        meter.load(played)
        meter.start()
        readouts = [meter.drain()]
        while readouts[-1].running:
            readouts.append(meter.drain())
        meter.stand_by()
        currents = np.concatenate([r.current for r in readouts])
        assert currents == pytest.approx(played.level, abs=1e-9)
        assert "high-impedance" in meter.make_safe()
        meter.close()
        assert bench.stage(channel).mode == "high_z"
    finally:
        server.close()


@pytest.mark.parametrize("model", METERS)
def test_a_train_is_aborted_midway(model, transport):
    driver, channel = METERS[model]
    bench, server = served(driver, model, channel, transport, 20.0)
    try:
        link = VisaLink(server.resource_name, "@py", timeout=0.5)
        meter = driver.connect(link, channel, "4-wire")
        meter.load(train(500, 0.1))
        meter.start()
        assert meter.drain().running
        assert "high-impedance" in meter.make_safe()
        assert bench.stage(channel).mode == "high_z"
        # The next program is not mistaken for what was left of this one.
        rest = PulseProgram.compile(
            [Segment(0.0, 0.5, "up", Instant.REST)], phases=("up",), limit=0.8, aperture=2e-4
        )
        meter.load(rest)
        meter.start()
        readout = meter.drain()
        while readout.running and not len(readout):
            readout = meter.drain()
        assert len(readout) == 1
        meter.stand_by()
        meter.close()
    finally:
        server.close()

"""When the host has died, the program on the instrument comes to its end and leaves 0 A."""

import pytest

from app.rig_file import RigFile
from app.rigs import make_bench, source_meter_class
from drivers.catalogue import SOURCE_METERS
from drivers.simulated.links import simulated_links
from protocols.program import Instant, PulseProgram, PulseTrain, Segment

LEVEL = 1e-5
TRAIN = [PulseTrain(LEVEL, 9.0, 9.0, 5, "up")]
DRIVEN_TO_THE_END = [*TRAIN, Segment(LEVEL, 9.0, "up", Instant.PULSE_END)]


@pytest.mark.parametrize("segments", [TRAIN, DRIVEN_TO_THE_END], ids=["train", "driven to the end"])
@pytest.mark.parametrize("driver", SOURCE_METERS, ids=lambda d: d.driver)
def test_nobody_need_be_there_at_the_end(driver, segments):
    file = RigFile(source_meter={"driver": driver.driver})
    bench = make_bench(file, noise=False)
    link, _ = simulated_links(
        bench, driver.driver, "keysight-34970a", (file.source_meter.model, "")
    )
    section = file.source_meter
    meter = source_meter_class(file).connect(
        link, section.channel, section.wiring, verified_period=section.verified_period
    )
    program = PulseProgram.compile(
        segments, phases=("up",), limit=0.8, aperture=1e-3, on_limit="flag"
    )
    meter.load(program)
    meter.start()
    stage, driven = bench.stage(section.channel), 0.0
    for _ in range(40):
        bench.clock.advance(1.0)
        bench.run_to(bench.clock.now)
        driven = max(driven, abs(stage.terminal(bench.clock.now)[1]))
    assert driven == pytest.approx(LEVEL), "nothing was driven"
    bench.clock.advance(300.0)
    bench.run_to(bench.clock.now)
    assert not link.instrument.busy
    assert abs(stage.terminal(bench.clock.now)[1]) < 1e-9

"""When the host has died, the program on the instrument comes to its end and leaves 0 A."""

import pytest
from bench_meter import BenchMeter, pulse
from bench_meter import program as compiled

from drivers.catalogue import SOURCE_METERS
from protocols.program import PulseTrain

LEVEL = 1e-5
TRAIN = [PulseTrain(LEVEL, 9.0, 9.0, 5, "up")]
DRIVEN_TO_THE_END = [*TRAIN, pulse(LEVEL, 9.0)]


@pytest.mark.parametrize("segments", [TRAIN, DRIVEN_TO_THE_END], ids=["train", "driven to the end"])
@pytest.mark.parametrize("driver", SOURCE_METERS, ids=lambda d: d.driver)
def test_nobody_need_be_there_at_the_end(driver, segments):
    known = BenchMeter(driver.driver)
    bench, _, link = known.rig()
    meter = known.connect(link)
    program = compiled(*segments, aperture=1e-3, on_limit="flag")
    meter.load(program)
    meter.start()
    stage, driven = bench.stage(known.file.source_meter.channel), 0.0
    for _ in range(40):
        bench.clock.advance(1.0)
        bench.run_to(bench.clock.now)
        driven = max(driven, abs(stage.terminal(bench.clock.now)[1]))
    assert driven == pytest.approx(LEVEL), "nothing was driven"
    bench.clock.advance(300.0)
    bench.run_to(bench.clock.now)
    assert not link.instrument.busy
    assert abs(stage.terminal(bench.clock.now)[1]) < 1e-9
    # On a 2600B only a script of its own could switch off, for which all else would have to wait.
    assert stage.mode == ("current" if driver.driver == "keithley-2600b" else "high_z")

"""The course of a pulse, over real interfaces and by the commands: figure, table and JSON of it."""

import json

import numpy as np
import pytest
from served_rig import served_rig

from analysis.waveform import WaveformAnalysis
from app import lab
from data.reader import open_run
from data.run import Outcome
from drivers.simulated.device import Circuit, current_driven
from protocols.program import Instant

BANK = {"resistors": [{"channel": 101, "nominal": "500 ohm"}]}
SHORT = {
    "states": "500, open", "width": "4 ms", "gap": "20 ms", "baseline": "4 ms", "count": "2",
    "interval": "200 us", "aperture": "50 us",
}  # fmt: skip
NOISE = 1e-3
"""Offsets and noise of two readings over 50 us on the 2 V range, in V: five standard deviations."""


@pytest.mark.parametrize(
    ("driver", "model"), [("keithley-2461", "2461"), ("keysight-b2900", "B2901A")]
)
def test_instruments_of_two_makers_read_the_course_that_the_2602b_reads(driver, model):
    def course(**meter):
        with served_rig(meter, BANK) as rig:
            read = rig.run("waveform", SHORT)
        return read[read.phase == 2]

    usual = course(driver="keithley-2600b", model="2602B")
    found = course(driver=driver, model=model)
    assert len(found) == 2 * 2 * (20 + 100)
    assert np.array_equal(found.instant, usual.instant)
    assert np.array_equal(found.resistance, usual.resistance)
    assert not found.flags.any()
    # The first reading behind an edge may still hold the source's settling.
    settled = np.diff(found.source_level, prepend=np.nan) == 0
    assert np.abs(found.voltage - usual.voltage)[settled].max() < NOISE
    assert np.ptp(found.voltage) > 40e-3


RIG = """
[source_meter]
driver = "keithley-2461"
address = "{meter}"
[resistor_bank]
address = "{bank}"
resistors = [{{ channel = 101, nominal = "500 ohm" }}]
[visa]
library = "@py"
"""


def test_the_commands_digitize_a_pulse_draw_and_measure_it(start, fmes, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text(RIG.format(meter="GPIB0::26::INSTR", bank="GPIB0::9::INSTR"))
    served = start("emulate", rig.name).stdout
    meter, bank = (served.readline().strip().split(": ", 1)[1] for _ in range(2))
    rig.write_text(RIG.format(meter=meter, bank=bank))
    options = ("--preset", "digitizer", "--set", "states=open", "--set", "gap=8ms")
    done = fmes("run", "waveform", "--rig", rig.name, *options, "--out", "x.h5", "--figure")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "x.png").stat().st_size > 20_000

    run = open_run(tmp_path / "x.h5")
    assert run.outcome is Outcome.FINISHED
    samples = run.samples[run.plays[-1].rows]
    np.testing.assert_allclose(np.diff(samples.time), 10e-6, atol=2e-7)
    assert np.count_nonzero(samples.instant == Instant.DURING) == 499 + 799
    assert run.plays[-1].settings["rate"] == 100_000

    told = fmes("analyse", "x.h5", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    (state,) = found["states"]
    assert state["complete"]
    assert state["series"]["value"] == pytest.approx(Circuit().rs, rel=0.05)


@pytest.mark.parametrize("driver", ["keithley-2600b", "keithley-2461"])
def test_without_noise_the_measures_are_those_of_the_simulated_circuit(tmp_path, driver):
    rig = tmp_path / "rig.toml"
    rig.write_text(
        f'[source_meter]\ndriver = "{driver}"\n[simulation]\nnoise = false\n'
        '[resistor_bank]\nresistors = [{ channel = 101, nominal = "500 ohm" }]\n'
    )
    run = lab.run("waveform", rig=rig, out=tmp_path / "x.h5", states="500, open", count=1)
    for state in WaveformAnalysis().analyse(run).states:
        r = state.state.resistance
        step = 1 / (1 / Circuit().rs + 1 / r)
        # A source that settles in 100 or 150 us lags behind by 15 or 22 us of the rise.
        lag = 22e-6 / Circuit().c1
        assert state.step_on.value == pytest.approx(step, abs=lag + 0.03)
        assert state.step_off.value == pytest.approx(step, abs=lag + 0.03)
        assert state.tau1.value == pytest.approx(
            1 / max(current_driven(Circuit(), r).rate), rel=0.01
        )

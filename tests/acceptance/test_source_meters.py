"""Every source-measure unit, reached as the real one is, measures what the usual one measures.

The instruments are served by `fmes emulate` and reached through pyvisa. Pulses of 1 ms at 500 Hz
run where the model can time them; where it cannot, the refusal names what fits.
"""

import numpy as np
import pytest

from data.reader import open_run
from data.run import Outcome
from drivers.catalogue import SOURCE_METERS

USUAL = ("keithley-2600b", "2602B")
OTHERS = [(d.driver, next(m for m in d.models if m != USUAL[1])) for d in SOURCE_METERS]

QUICK = ("reset_hold=2s", "reset_watch=0.5s", "reset_tolerance=5mV")
MISSION = {
    "ltp-ltd": ("states=500,8k,open", "up=15", "down=15", *QUICK),
    "ppf": ("states=8k", "intervals=10ms,50ms", "aperture=0.2ms", *QUICK),
}
"""1 ms pulses: where a model cannot time them, `SLOW` is played instead."""
SLOW = {
    "ltp-ltd": (
        "states=500,8k,open", "up=6", "down=6", "amplitude=0.1mA", "width=60ms", "gap=60ms",
        "aperture=20ms", *QUICK,
    ),
    "ppf": (
        "states=8k", "intervals=500ms,1s", "amplitude=0.2mA", "width=50ms", "aperture=20ms",
        *QUICK,
    ),
}  # fmt: skip
GRID = {"ppf": ("states=8k", "intervals=10ms,50ms", "width=10ms", "aperture=0.2ms", *QUICK)}
"""What the 2461 plays instead of paired pulses whose intervals are no multiples of the width."""
SWEEP = (
    "states=500,open", "cycles=1", "step=50mV", "rates=100mV/s", "aperture=0.2s",
    "unaveraged=1.5ms", *QUICK,
)  # fmt: skip
ACCURACY = 2e-3
"""Offset and gain error that any two of these models may differ by at 0.8 V, in V."""

RIG = """
[source_meter]
driver = "{driver}"
model = "{model}"
address = "{meter}"
[resistor_bank]
address = "{bank}"
resistors = [
  {{ channel = 101, nominal = "500 ohm" }},
  {{ channel = 102, nominal = "8 kohm" }},
]
[visa]
library = "@py"
"""


@pytest.fixture
def play(start, fmes, tmp_path):
    """Run a protocol on a served rig with the model; the run's file and the command's end."""

    def run(driver, model, protocol, settings):
        rig, text = tmp_path / f"{model}.toml", {"driver": driver, "model": model}
        if not rig.exists():
            rig.write_text(RIG.format(meter="GPIB0::26::INSTR", bank="GPIB0::9::INSTR", **text))
            served = start("emulate", rig.name).stdout
            meter, bank = (served.readline().strip().split(": ", 1)[1] for _ in range(2))
            rig.write_text(RIG.format(meter=meter, bank=bank, **text))
        out = tmp_path / f"{model}-{protocol}-{len(list(tmp_path.iterdir()))}.h5"
        options = [word for setting in settings for word in ("--set", setting)]
        done = fmes("run", protocol, "--rig", rig.name, *options, "--out", out.name, "--no-figure")
        return out, done

    return run


def readings(out, done):
    assert done.returncode == 0, done.stdout + done.stderr
    run = open_run(out)
    assert run.outcome is Outcome.FINISHED
    return run


@pytest.mark.parametrize(("driver", "model"), OTHERS, ids=[m for _, m in OTHERS])
def test_it_measures_what_the_usual_one_measures(play, driver, model):
    for protocol, mission in MISSION.items():
        settings = mission
        if model == "2461":
            # Its reset stops just within 5 mV, where that of the usual one goes on.
            settings = (*mission[:-1], "reset_tolerance=1mV")
        if model == "2400":
            # It reads 1 ms before the usual one: where the voltage rises by 3 mV in that time.
            settings = SLOW[protocol]
        out, done = play(driver, model, protocol, settings)
        if done.returncode == 2:
            assert not out.exists()
            assert model in done.stderr
            assert "the nearest that fits" in done.stderr
            settings = (GRID if model == "2461" else SLOW)[protocol]
            out, done = play(driver, model, protocol, settings)
        run = readings(out, done)
        assert run.info.instruments["source_meter"]["model"] == model
        found = run.samples[run.samples.pulse_index > 0]
        expected = readings(*play(*USUAL, protocol, settings)).samples
        expected = expected[expected.pulse_index > 0]
        assert np.array_equal(found.source_level, expected.source_level)
        assert np.ptp(expected.voltage) > 20e-3
        assert np.abs(found.voltage - expected.voltage).max() < ACCURACY

    swept = readings(*play(driver, model, "iv-sweep", SWEEP)).samples
    expected = readings(*play(*USUAL, "iv-sweep", SWEEP)).samples
    assert np.allclose(swept.source_level, expected.source_level)
    scale = np.abs(expected.current).max()
    assert scale > 1e-3
    assert np.abs(swept.current - expected.current).max() < 0.01 * scale

"""Every bank, reached as the real one is, gives the measurement that the usual bank gives."""

import numpy as np
import pytest

from data.reader import open_run
from data.run import Outcome

USUAL = ("keysight-34970a", "34970A", 101)
BANKS = [("numato-relay", "16-channel", 0), ("keithley-3706a", "3706A", 1001)]

RIG = """
[source_meter]
address = "{meter}"
[resistor_bank]
driver = "{driver}"
model = "{model}"
address = "{bank}"
resistors = [
  {{ channel = {first}, nominal = "500 ohm", calibrated = "500.7 ohm" }},
  {{ channel = {second}, nominal = "8 kohm" }},
]
[visa]
library = "@py"
"""


def voltages(start, fmes, tmp_path, driver, model, first):
    """Voltages of a short LTP/LTD run, served and run over the bank's own interface."""
    rig, out = tmp_path / f"{driver}.toml", tmp_path / f"{driver}.h5"
    known = {"driver": driver, "model": model, "first": first, "second": first + 1}
    rig.write_text(RIG.format(meter="GPIB0::26::INSTR", bank="GPIB0::9::INSTR", **known))
    served = start("emulate", rig.name).stdout
    meter, bank = (served.readline().strip().split(": ", 1)[1] for _ in range(2))
    rig.write_text(RIG.format(meter=meter, bank=bank, **known))
    done = fmes(
        "run", "ltp-ltd", "--rig", rig.name, "--set", "states=500,471,8k,open", "--set", "up=10",
        "--set", "down=10", "--out", out.name, "--no-figure",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    run = open_run(out)
    assert run.outcome is Outcome.FINISHED
    assert run.info.instruments["resistor_bank"]["model"] == model
    return run.samples[run.samples.pulse_index > 0], bank


@pytest.mark.parametrize(("driver", "model", "first"), BANKS)
def test_it_measures_what_the_usual_bank_measures(start, fmes, tmp_path, driver, model, first):
    expected, _ = voltages(start, fmes, tmp_path, *USUAL)
    found, address = voltages(start, fmes, tmp_path, driver, model, first)
    assert address.startswith("ASRL" if driver == "numato-relay" else "TCPIP")
    assert np.array_equal(found.resistance, expected.resistance)
    assert np.isclose(found.resistance[0], 500.7)
    assert len(found) == len(expected) > 100
    # One seed, one noise: what remains is the time that a bank takes to move.
    assert np.abs(found.voltage - expected.voltage).max() < 1e-6
    assert np.ptp(expected.voltage) > 20e-3


def test_a_decade_box_makes_every_value_itself(start, fmes, tmp_path):
    rig, text = tmp_path / "decade.toml", '[resistor_bank]\ndriver = "iet-prs"\n'
    rig.write_text(text)
    served = start("emulate", rig.name).stdout
    addresses = [served.readline().strip().split(": ", 1)[1] for _ in range(2)]
    rig.write_text(
        f'[source_meter]\naddress = "{addresses[0]}"\n{text}address = "{addresses[1]}"\n'
        '[visa]\nlibrary = "@py"\n'
    )
    done = fmes(
        "run", "ltp-ltd", "--rig", rig.name, "--set", "states=471.3,8k,open", "--set", "up=10",
        "--set", "down=10", "--out", "decade.h5", "--no-figure",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    run = open_run(tmp_path / "decade.h5")
    assert run.outcome is Outcome.FINISHED
    assert "open as commanded" in run.events[-1].message
    values = run.samples[run.samples.pulse_index > 0].resistance
    assert np.allclose(np.unique(values), [471.3, 8000.0, np.inf])

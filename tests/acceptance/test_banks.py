"""Every bank, reached as the real one is, gives the measurement that the usual bank gives."""

from functools import cache

import numpy as np
import pytest
from served_rig import served_rig

from data.reader import open_run
from data.run import Outcome
from drivers.catalogue import RESISTOR_BANKS

USUAL = ("keysight-34970a", "34970A")
BANKS = [(d.driver, model) for d in RESISTOR_BANKS for model in d.models]
FIRST = {"34980A": 1001, "3706A": 1001, **{f"{n}-channel": 0 for n in (8, 16, 32, 64)}}
"""Number of the first channel, where it is not 101."""
MISSION = {
    "ltp-ltd": {
        "states": "500.7, 8k, open", "up": "20", "down": "20", "width": "1 ms", "gap": "1 ms",
    },
    "ppf": {"states": "8k", "intervals": "10 ms"},
    "iv-sweep": {
        "states": "500.7, open", "cycles": "1", "step": "50 mV", "rates": "100 mV/s",
        "aperture": "0.2 s", "unaveraged": "1.5 ms",
    },
}  # fmt: skip


@cache
def measure(driver, model):
    """A run of each protocol in turn."""
    first = FIRST.get(model, 101)
    bank = {"driver": driver, "model": model}
    if driver != "iet-prs":
        bank["resistors"] = [
            {"channel": first, "nominal": "500 ohm", "calibrated": "500.7 ohm"},
            {"channel": first + 1, "nominal": "8 kohm"},
        ]
    with served_rig({}, bank) as rig:
        address = rig.file.resistor_bank.address
        assert address.startswith("ASRL" if driver == "numato-relay" else "TCPIP")
        assert rig.rig.bank.identity.model == model
        return {name: rig.run(name, values) for name, values in MISSION.items()}


@pytest.mark.parametrize(("driver", "model"), [bank for bank in BANKS if bank != USUAL])
def test_it_measures_what_the_usual_bank_measures(driver, model):
    expected, measured = measure(*USUAL), measure(driver, model)
    assert set(expected["ltp-ltd"].resistance) == {500.7, 8000.0, np.inf}
    for name, usual in expected.items():
        usual, found = (samples[samples.cycle > 0] for samples in (usual, measured[name]))
        assert np.array_equal(found.source_level, usual.source_level)
        assert np.allclose(found.resistance, usual.resistance, rtol=1e-12)
        # One seed, one noise: what remains is the time that a bank takes to move.
        assert np.abs(found.voltage - usual.voltage).max() < 1e-5
        assert np.abs(found.current - usual.current).max() < 1e-8
        assert np.ptp(usual.voltage) > 20e-3


@pytest.mark.parametrize(
    ("table", "ohms", "left"),
    [
        (
            'driver = "numato-relay"\nresistors = [{ channel = 0, nominal = "8 kohm" }]\n',
            "8k",
            "all relays open",
        ),
        ('driver = "iet-prs"\n', "471.3", "open as commanded"),
    ],
    ids=["a serial board", "a decade that makes every value itself"],
)
def test_the_commands_measure_with_it_too(start, fmes, tmp_path, table, ohms, left):
    rig = tmp_path / "rig.toml"
    table = f"[resistor_bank]\n{table}"
    rig.write_text(table)
    served = start("emulate", rig.name).stdout
    meter, bank = (served.readline().strip().split(": ", 1)[1] for _ in range(2))
    rig.write_text(
        f'{table}address = "{bank}"\n[source_meter]\naddress = "{meter}"\n[visa]\nlibrary = "@py"\n'
    )
    done = fmes(
        "run", "ltp-ltd", "--rig", rig.name, "--set", f"states={ohms},open", "--set", "up=5",
        "--set", "down=5", "--out", "x.h5", "--no-figure",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    run = open_run(tmp_path / "x.h5")
    assert run.outcome is Outcome.FINISHED
    assert left in run.events[-1].message
    values = run.samples[run.samples.pulse_index > 0].resistance
    assert np.allclose(np.unique(values), [8e3 if ohms == "8k" else float(ohms), np.inf])

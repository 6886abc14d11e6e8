"""Every source-measure unit, on each channel and its real interface, measures what the usual does.

LTP/LTD with pulses of 1 ms at 500 Hz, PPF and an I-V curve. Where a model cannot time one, the
refusal names the limit and the nearest program that fits, and that one is measured.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from served_rig import served_rig

from app.errors import InputError
from data.reader import open_run
from data.run import Outcome
from drivers.catalogue import SOURCE_METERS
from drivers.simulated.catalogue import emulator_of
from drivers.simulated.device import Circuit

MISSION: Mapping[str, Mapping[str, str]] = {
    "ltp-ltd": {
        "states": "500, 8k, open", "up": "20", "down": "20", "width": "1 ms", "gap": "1 ms",
        "aperture": "0.2 ms",
    },
    "ppf": {
        "states": "8k", "intervals": "10 ms", "baseline": "60 ms", "aperture": "0.2 ms",
    },
    "iv-sweep": {
        "states": "500, open", "cycles": "1", "step": "50 mV", "rates": "100 mV/s",
        "aperture": "0.2 s", "unaveraged": "1.5 ms",
    },
}  # fmt: skip
AMPLITUDE, LIMIT, LINE_FREQUENCY = 1e-3, 0.8, 50.0
RISE = AMPLITUDE / Circuit().c1
"""How fast a pulse raises the voltage at most, in V/s."""
NOISE = 0.2e-3
"""Of two readings over 0.2 ms on the least exact of the ranges: five standard deviations, in V."""


class Unit(NamedTuple):
    """A source-measure unit as a rig file names it."""

    driver: str
    model: str
    channel: str = ""
    verified_period: str = ""

    @property
    def table(self) -> dict[str, str]:
        return {name: value for name, value in self._asdict().items() if value}

    @property
    def lead(self) -> float:
        """How long before the end of a segment it reads, in s."""
        kind = next(d for d in SOURCE_METERS if d.driver == self.driver)
        return kind.capabilities_of(self.model, LINE_FREQUENCY).reading_overhead

    def inaccuracy(self, voltage: float) -> float:
        """What its maker states of its source and its meter, at a voltage that it has made."""
        errors = emulator_of(self.driver).errors_of(self.model)
        meter = next(offset for full, offset in errors.voltage_offset if full >= LIMIT)
        source = next(offset for full, offset in errors.source_offset if full >= AMPLITUDE)
        return meter + source / AMPLITUDE * voltage


USUAL = Unit("keithley-2600b", "2602B", "a")
UNITS = [
    unit
    for driver in SOURCE_METERS
    for model in driver.models
    for channel in driver.channels_of(model) or ("",)
    for period in (("", "2ms") if driver.verifiable else ("",))
    if (unit := Unit(driver.driver, model, channel, period)) != USUAL
]
UNVERIFIED = {"ltp-ltd": {"width": "1 ms", "gap": "3 ms"}}
INSTEAD = {
    Unit("keithley-2450", "2450"): UNVERIFIED,
    Unit("keithley-2450", "2460"): UNVERIFIED,
    Unit("keithley-2400", "2400"): {"ltp-ltd": {"width": "2 ms", "gap": "2 ms"}},
    Unit("keithley-2461", "2461"): {"ppf": {"intervals": "20 ms"}},
}
"""What a refusal names as the nearest that fits, where the mission is refused."""
NAMED = {
    "ltp-ltd": "the nearest that fits has a width of {width} and a gap of {gap}",
    "ppf": "the nearest that fits has no gap below {intervals}",
}


def mission(unit):
    """The mission, with what a unit plays instead of parts of it."""
    instead = INSTEAD.get(unit, {})
    return {name: {**values, **instead.get(name, {})} for name, values in MISSION.items()}


def measure(unit, parts, refused=()):
    """A run of each part in turn, on a device that was at rest before the first."""
    with served_rig(unit.table, BANK) as rig:
        for name in refused:
            with pytest.raises(InputError) as refusal:
                rig.run(name, MISSION[name])
            assert unit.model in str(refusal.value)
            assert NAMED[name].format(**parts[name]) in str(refusal.value)
        return {name: rig.run(name, values) for name, values in parts.items()}


BANK = {
    "resistors": [
        {"channel": 101, "nominal": "500 ohm"},
        {"channel": 102, "nominal": "8 kohm"},
    ]
}


@cache
def usual(other):
    """What the usual unit measures with the parts of the other."""
    return measure(USUAL, mission(other))


def pulses(samples):
    return samples[samples.pulse_index > 0]


def assert_same_pulses(unit, found, expected):
    found, expected = pulses(found), pulses(expected)
    assert np.array_equal(found.source_level, expected.source_level)
    assert np.array_equal(found.resistance, expected.resistance)
    assert not found.flags.any()
    assert np.ptp(expected.voltage) > 20e-3
    highest = float(np.abs(expected.voltage).max())
    stated = unit.inaccuracy(highest) + USUAL.inaccuracy(highest)
    allowed = stated + RISE * abs(unit.lead - USUAL.lead) + NOISE
    assert np.abs(found.voltage - expected.voltage).max() < allowed


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: "-".join(w for w in u[1:] if w))
def test_it_measures_what_the_usual_one_measures(unit):
    found = measure(unit, mission(unit), refused=INSTEAD.get(unit, ()))
    expected = usual(next((u for u in INSTEAD if u == unit), USUAL))
    for name in ("ltp-ltd", "ppf"):
        assert_same_pulses(unit, found[name], expected[name])

    swept, curve = found["iv-sweep"], expected["iv-sweep"]
    assert np.allclose(swept.source_level, curve.source_level)
    scale = np.abs(curve.current).max()
    assert scale > 1e-3
    assert np.abs(swept.current - curve.current).max() < 0.01 * scale


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
"""The same as tables of a file."""


@pytest.mark.parametrize("driver", SOURCE_METERS, ids=lambda d: d.driver)
def test_the_commands_measure_it_too(start, fmes, tmp_path, driver):
    channels = driver.channels_of(driver.models[0]) or ("",)
    unit = Unit(driver.driver, driver.models[0], channels[0])
    rig, text = tmp_path / "rig.toml", {"driver": unit.driver, "model": unit.model}
    rig.write_text(RIG.format(meter="GPIB0::26::INSTR", bank="GPIB0::9::INSTR", **text))
    served = start("emulate", rig.name).stdout
    meter, bank = (served.readline().strip().split(": ", 1)[1] for _ in range(2))
    rig.write_text(RIG.format(meter=meter, bank=bank, **text))

    def run(values):
        options = [word for pair in values.items() for word in ("--set", "=".join(pair))]
        return fmes("run", "ltp-ltd", "--rig", rig.name, *options, "--out", "x.h5", "--no-figure")

    if "ltp-ltd" in INSTEAD.get(unit, {}):
        refused = run(MISSION["ltp-ltd"])
        assert refused.returncode == 2
        assert not (tmp_path / "x.h5").exists()
        assert "the nearest that fits" in refused.stderr
    done = run(mission(unit)["ltp-ltd"])
    assert done.returncode == 0, done.stdout + done.stderr
    found = open_run(tmp_path / "x.h5")
    assert found.outcome is Outcome.FINISHED
    assert found.info.instruments["source_meter"]["model"] == unit.model
    assert_same_pulses(unit, found.samples, usual(unit if unit in INSTEAD else USUAL)["ltp-ltd"])

"""What every driver of the catalogue must state, and that each can be tried without hardware."""

from dataclasses import fields

import pytest

from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS
from drivers.simulated.catalogue import EMULATED, emulator_of
from protocols.capabilities import Capabilities

UNSOURCED = {"model", "sources", "period_hint"}


@pytest.mark.parametrize(
    ("driver", "model"), [(d, m) for d in SOURCE_METERS for m in d.models],
    ids=lambda value: value if isinstance(value, str) else value.driver,
)  # fmt: skip
def test_every_number_has_its_source(driver, model):
    capabilities = driver.capabilities_of(model, 50.0)
    assert capabilities.model == model
    stated = {f.name for f in fields(Capabilities) if getattr(capabilities, f.name)} - UNSOURCED
    assert not stated - set(capabilities.sources)
    assert not set(capabilities.sources) - {f.name for f in fields(Capabilities)}
    for full_scales in (capabilities.current_ranges, capabilities.voltage_ranges):
        assert list(full_scales) == sorted(full_scales)


@pytest.mark.parametrize("driver", [*SOURCE_METERS, *RESISTOR_BANKS], ids=lambda d: d.driver)
def test_every_model_of_every_driver_is_emulated(driver):
    assert set(driver.models) <= set(emulator_of(driver.driver).models)


def test_no_two_emulators_stand_for_one_driver():
    names = [kind.driver for kind in EMULATED]
    assert len(names) == len(set(names))

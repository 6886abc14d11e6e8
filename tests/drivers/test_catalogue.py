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


@pytest.mark.parametrize(
    ("driver", "model"), [(d, m) for d in SOURCE_METERS for m in d.models],
    ids=lambda value: value if isinstance(value, str) else value.driver,
)  # fmt: skip
def test_stated_offsets_are_those_of_the_emulated_instrument(driver, model):
    """Both are from the data sheet, each written down by itself."""
    able, errors = driver.capabilities_of(model, 50.0), emulator_of(driver.driver).errors_of(model)
    for stated, ranges, emulated in (
        (able.voltage_accuracy, able.voltage_ranges, errors.voltage_offset),
        (able.current_accuracy, able.current_ranges, errors.current_offset),
    ):
        if stated is None:
            assert model in ("2460", "2461"), "their sheets were not at hand"
            continue
        assert [row[0] for row in stated.rows] == list(ranges)
        known = dict(emulated)
        for full, _, offset in stated.rows:
            assert offset == pytest.approx(known.get(full, offset))


@pytest.mark.parametrize("driver", [*SOURCE_METERS, *RESISTOR_BANKS], ids=lambda d: d.driver)
def test_every_model_of_every_driver_is_emulated(driver):
    assert set(driver.models) <= set(emulator_of(driver.driver).models)


def test_no_two_emulators_stand_for_one_driver():
    names = [kind.driver for kind in EMULATED]
    assert len(names) == len(set(names))

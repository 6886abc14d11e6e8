"""The devices behind the pixels are the devices of the simulated rig, stepped in one piece."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.simulated.device import Circuit, Device
from network.mapped_devices import (
    MappedDevices,
    OverLimitError,
    PixelResistance,
    Presentation,
    level_resistances,
)


def stepped(device, nodes, resistance, drive):
    """Node voltages and highest voltage after the pulses, one step of the device at a time."""
    device.resistance = resistance
    modes = device.driven_by("current")
    z, highest = tuple(modes.to_modes @ nodes), -math.inf
    for _ in range(drive.pulses):
        z = modes.step(z, drive.width, drive.amplitude)
        highest = max(highest, modes.output(z, drive.amplitude))
        z = modes.step(z, drive.gap, 0.0)
    return modes.to_nodes @ np.array(z), highest


def rested(device, nodes, seconds):
    device.resistance = math.inf
    modes = device.driven_by("current")
    return modes.to_nodes @ np.array(modes.step(tuple(modes.to_modes @ nodes), seconds, 0.0))


@settings(max_examples=40, deadline=None)
@given(
    start=st.lists(st.floats(0.0, 0.5), min_size=6, max_size=6),
    shown=st.lists(
        st.tuples(st.integers(0, 1), st.lists(st.integers(0, 255), min_size=3, max_size=3)),
        min_size=1, max_size=5,
    ),
    amplitude=st.floats(1e-5, 1e-3),
    width=st.floats(1e-3, 0.05),
    gap=st.floats(1e-3, 1.0),
    pulses=st.integers(1, 4),
    law=st.sampled_from(["conductance", "resistance"]),
)  # fmt: skip
def test_images_at_once_are_the_device_model_pulse_by_pulse(
    start, shown, amplitude, width, gap, pulses, law
):
    drive = Presentation(amplitude, width, gap, pulses)
    resistances = level_resistances(PixelResistance(law=law))
    psv = np.array(start).reshape(3, 2)
    devices = MappedDevices(psv, resistances, drive)
    one, highest = Device(), psv.max()
    nodes = {(p, c): np.full(3, psv[p, c]) for p in range(3) for c in range(2)}
    for row, pixels in shown:
        devices.present(row, np.array(pixels, np.uint8))
        for p, level in enumerate(pixels):
            nodes[p, row], peak = stepped(one, nodes[p, row], float(resistances[level]), drive)
            highest = max(highest, peak)
            nodes[p, 1 - row] = rested(one, nodes[p, 1 - row], drive.duration)
    expected = [[rested(one, nodes[p, c], 1.0)[0] for c in range(2)] for p in range(3)]
    np.testing.assert_allclose(devices.psv(1.0), expected, rtol=1e-9, atol=1e-12)
    assert devices.highest <= highest + 1e-12
    assert devices.highest == pytest.approx(highest, abs=2e-3)


def test_a_strength_is_that_of_smaller_capacitances():
    nominal, drive = Circuit(), Presentation(pulses=3)
    resistances = level_resistances(PixelResistance())
    strength = np.array([[0.7, 1.0], [1.2, 1.6]])
    start = np.array([[0.1, 0.2], [0.3, 0.4]])
    together = MappedDevices(start, resistances, drive, strength=strength)
    pixels = np.array([40, 250], np.uint8)
    together.present(1, pixels)
    together.present(0, pixels[::-1])
    for p in range(2):
        for c in range(2):
            own = {f: getattr(nominal, f) / strength[p, c] for f in ("c1", "c2", "c3")}
            alone = MappedDevices(
                start[p : p + 1], resistances, drive, replace(nominal, **own)
            )  # fmt: skip
            alone.present(1, pixels[p : p + 1])
            alone.present(0, pixels[::-1][p : p + 1])
            assert alone.psv(1.0)[0, c] == pytest.approx(together.psv(1.0)[p, c], rel=1e-9)


def test_the_noise_of_a_pulse_is_the_one_asked_for():
    start, noise = np.full((4000, 2), 0.3), 2e-3
    quiet, noisy = (
        MappedDevices(
            start, level_resistances(PixelResistance()), Presentation(pulses=4), noise=sigma,
            rng=np.random.default_rng(1),
        )
        for sigma in (0.0, noise)
    )  # fmt: skip
    for devices in (quiet, noisy):
        devices.present(0, np.full(4000, 128, np.uint8))
    off = noisy.psv(0.0) - quiet.psv(0.0)
    assert off[:, 0].std() == pytest.approx(2 * noise, rel=0.05)
    assert not off[:, 1].any()


def test_bright_pixels_accumulate_and_dark_ones_dissipate():
    devices = MappedDevices(
        np.full((2, 1), 0.3), level_resistances(PixelResistance()), Presentation()
    )
    for _ in range(20):
        devices.present(0, np.array([0, 255], np.uint8))
    dark, bright = devices.psv(1.0)[:, 0]
    assert dark < 0.3 < bright


def test_reading_leaves_the_devices_as_they_are():
    devices = MappedDevices(
        np.full((4, 2), 0.2), level_resistances(PixelResistance()), Presentation()
    )
    devices.present(1, np.array([0, 80, 160, 255], np.uint8))
    first = devices.psv(1.0)
    devices.psv(3600.0)
    np.testing.assert_array_equal(devices.psv(1.0), first)


def test_the_stored_weight_stays_at_open_circuit():
    devices = MappedDevices(
        np.full((1, 1), 0.4), level_resistances(PixelResistance()), Presentation()
    )
    assert devices.psv(600.0)[0, 0] == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize("law", ["conductance", "resistance"])
def test_ends_and_order_of_the_mapping(law):
    resistances = level_resistances(PixelResistance(500.0, 8000.0, law))
    assert resistances[0] == pytest.approx(500.0)
    assert resistances[-1] == pytest.approx(8000.0)
    assert (np.diff(resistances) > 0).all()


def test_above_the_limit_is_refused_with_what_helps():
    devices = MappedDevices(
        np.full((1, 1), 0.4), level_resistances(PixelResistance()), Presentation(pulses=400)
    )
    with pytest.raises(OverLimitError, match=r"limit of 800 mV.*below 1 mA"):
        devices.present(0, np.array([255], np.uint8))

"""The spread over an array of devices, from runs on the simulated bench."""

import numpy as np
import pytest

from app import lab

RIG = """
[resistor_bank]
devices = [{name="D1", channel=111}, {name="D2", channel=112}, {name="D3", channel=113}]
[simulation]
spread = %s
noise = false
"""
QUICK = {"devices": "D1, D2, D3", "settings": "up=25; down=25; states=500, open"}


def array(tmp_path, spread, **values):
    rig = tmp_path / "rig.toml"
    rig.write_text(RIG % spread)
    return lab.run("array", rig=rig, out=tmp_path / "array.h5", **{**QUICK, **values})


def test_equal_devices_have_no_spread(tmp_path):
    spreads = lab.analyse(array(tmp_path, 0.0)).of("delta-w LTP")
    assert spreads
    for spread in spreads:
        assert len(spread.values) == 3
        assert spread.spread.value == pytest.approx(0.0, abs=2e-3)


def test_the_spread_is_that_of_the_devices_own_measures(tmp_path):
    run = array(tmp_path, 0.05)
    result = lab.analyse(run)
    assert tuple(result.devices) == ("D1", "D2", "D3")
    assert result.complete
    opened = result.of("delta-w LTP")[1]
    ranges = [d.states[1].first.up.range.value for d in result.devices.values()]
    assert opened.spread.value == pytest.approx(np.std(ranges, ddof=1) / np.mean(ranges))
    assert 0.005 < opened.spread.value < 0.2
    assert len(result.table().rows) == 2 * (3 + 2)
    assert lab.figure(run, dark=True).axes


def test_one_device_has_no_spread_and_says_so(tmp_path):
    spreads = lab.analyse(array(tmp_path, 0.05, devices="D2")).of("delta-w LTP")
    assert spreads
    for spread in spreads:
        assert spread.spread.value is None
        assert spread.spread.note


def test_another_protocol_has_no_spread(tmp_path):
    settings = "states=500; amplitudes=1 mA"
    run = array(tmp_path, 0.05, protocol="intensity", settings=settings)
    result = lab.analyse(run)
    assert result.protocol == "intensity"
    assert result.spreads == ()
    assert lab.figure(run).axes

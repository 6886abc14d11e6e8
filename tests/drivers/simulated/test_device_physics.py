"""The simulated device and its source against an independent solution: scipy's expm."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import network, share
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from drivers.simulated.device import OPEN_TERMINALS, Circuit, Device, current_driven, pulse_train
from drivers.simulated.stage import OutputStage, StageErrors

IDEAL = StageErrors(
    source_offset=((1.0, 3e-7),), voltage_offset=((10.0, 2e-4),), current_offset=((1.0, 1e-7),),
    noise=1e-5, settling=((1.0, 1e-4),), voltage_settling=5e-5,
)  # fmt: skip


def stage(device=None, random=None):
    return OutputStage(device or Device(), IDEAL, random)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([500.0, 1000.0, 7000.0, math.inf]),
    st.lists(st.tuples(st.floats(-2e-3, 2e-3), st.floats(1e-5, 3.0)), min_size=1, max_size=8),
)
def test_any_sequence_of_currents_agrees_with_the_matrix_exponential(resistance, sequence):
    output, a, x, t = stage(Device(resistance=resistance)), network(resistance), np.zeros(6), 0.0
    for level, duration in sequence:
        output.drive(t, "current", level, 1e6, 1e-3)
        begin = output.sample(t)
        x[4], area = level, x[5]
        t += duration
        x = expm(a * duration) @ x
        mean = output.reading(begin, output.sample(t), 1.0, 1e-3).voltage
        volts, amps = output.terminal(t)
        assert volts == pytest.approx(
            share(resistance) * (x[0] + Circuit().rs * x[3]), rel=1e-10, abs=1e-11
        )
        assert amps == pytest.approx(x[3], abs=1e-13)
        assert mean * duration == pytest.approx(x[5] - area, rel=1e-10, abs=1e-11)


def test_a_forced_voltage_agrees_with_an_ode_solver():
    c, output = Circuit(), stage(Device(resistance=2000.0))
    tau = IDEAL.voltage_settling / math.log(1000)

    def slope(t, v):
        u = 0.5 * (1 - math.exp(-t / tau))
        i1, i2 = (v[0] - v[1]) / c.r1, (v[1] - v[2]) / c.r2
        into = (u - v[0]) / c.rs
        return [(into - v[0] / c.r_leak - i1) / c.c1, (i1 - i2) / c.c2, i2 / c.c3, into + u / 2000]

    output.drive(0.0, "voltage", 0.5, 1.0, 1.0)
    begin = output.sample(0.0)
    solved = solve_ivp(slope, (0, 3.0), [0.0] * 4, method="LSODA", rtol=1e-11, atol=1e-13)
    reading = output.reading(begin, output.sample(3.0), 1.0, 1e-2)
    assert reading.current * 3.0 == pytest.approx(solved.y[3, -1], rel=1e-8)


def test_the_source_hands_over_at_its_voltage_limit_and_the_limit_holds():
    output = stage()
    output.drive(0.0, "current", 10e-3, 0.8, 1e-2)
    before, after = output.terminal(1e-3), None
    assert before[1] == pytest.approx(10e-3)
    assert before[0] < 0.8
    after = output.terminal(1.0)
    assert after[0] == pytest.approx(0.8, rel=1e-6)
    assert 0 < after[1] < 10e-3
    assert output.limited(1.0)
    output.drive(1.0, "current", 0.0, 0.8, 1e-2)
    assert output.terminal(1.1)[0] < 0.8
    assert not output.limited(1.1)


def test_holding_zero_volts_first_runs_at_the_current_limit_then_at_zero():
    output = stage()
    output.drive(0.0, "current", 5e-3, 10.0, 1e-2)
    output.drive(1.0, "voltage", 0.0, 1e-3, 1.0)
    assert output.terminal(1.1)[1] == pytest.approx(-1e-3)
    assert output.limited(1.1)
    volts, amps = output.terminal(300.0)
    assert volts == pytest.approx(0.0, abs=1e-12)
    assert abs(amps) < 1e-6


def test_high_impedance_leaves_the_device_alone_and_normal_off_discharges_it():
    kept, lost = stage(), stage()
    for output in (kept, lost):
        output.drive(0.0, "current", 1e-3, 10.0, 1e-3)
    kept.drive(2.0, "high_z", 0.0, 1.0, 1.0)
    lost.drive(2.0, "zero", 0.0, 1e-2, 1.0)
    assert kept.terminal(12.0)[0] > 0.1
    assert kept.terminal(12.0)[1] == 0.0
    assert lost.terminal(12.0)[0] == pytest.approx(0.0, abs=1e-12)


def test_changing_the_resistor_of_a_charged_device_keeps_its_charge():
    output = stage()
    output.drive(0.0, "current", 1e-3, 10.0, 1e-3)
    output.drive(2.0, "high_z", 0.0, 1.0, 1.0)
    open_circuit = output.terminal(2.5)[0]
    output.set_resistance(2.5, 500.0)
    loaded = output.terminal(2.5)[0]
    assert loaded == pytest.approx(open_circuit * 500 / (500 + Circuit().rs), rel=1e-9)
    assert output.terminal(3.5)[0] < loaded


def test_open_terminals_reach_the_limit_at_once():
    output = stage(Device(OPEN_TERMINALS))
    output.drive(0.0, "current", 1e-3, 2.0, 1e-3)
    assert output.terminal(1e-3)[0] == pytest.approx(2.0, rel=1e-6)
    assert output.limited(1e-3)


def test_noise_is_seeded_and_shrinks_with_the_aperture():
    def readings(seed, aperture, count=200):
        output = stage(random=np.random.default_rng(seed))
        found = []
        for k in range(count):
            begin = output.sample(k * 1.0)
            end = output.sample(k + aperture)
            found.append(output.reading(begin, end, 1.0, 1e-3).voltage)
        return np.array(found)

    assert np.array_equal(readings(1, 1e-3), readings(1, 1e-3))
    assert not np.array_equal(readings(1, 1e-3), readings(2, 1e-3))
    assert readings(1, 1e-3).std() > 5 * readings(1, 0.1).std()


@pytest.mark.parametrize("resistance", [500.0, math.inf])
def test_a_bulk_train_agrees_with_the_stage(resistance):
    modes, z = current_driven(Circuit(), resistance), np.zeros((3, 4))
    weights = pulse_train(modes, z, 1e-3, 20e-3, 20e-3, 5)
    x, a, seen = np.zeros(6), network(resistance), []
    for _ in range(5):
        x[3] = x[4] = 1e-3
        x = expm(a * 20e-3) @ x
        x[3] = x[4] = 0.0
        x = expm(a * 20e-3) @ x
        seen.append(share(resistance) * x[0])
    assert weights == pytest.approx(np.tile(np.array(seen)[:, None], 4), abs=1e-12)

"""The update curve moves a weight as the device does that it was measured on."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.ltp_ltd import LtpLtdAnalysis, Options
from analysis.update_curve import NoCurveError, update_curves
from app import lab
from data.reader import open_run
from drivers.simulated.device import Circuit, current_driven, pulse_train
from network.synapses import Devices, Rule

PULSES = 150
AMPLITUDE, WIDTH, GAP = 1e-3, 20e-3, 20e-3
READING = 2e-3
"""Room for offset and noise of the readings, over the window."""


def stepped(resistance, *trains):
    """The weights of the device model after each pulse of trains (sign, count), from rest, in V."""
    modes, z = current_driven(Circuit(), resistance), np.zeros((3, 1))
    return [
        pulse_train(modes, z, sign * AMPLITUDE, WIDTH, GAP, count)[:, 0] for sign, count in trains
    ]


def in_window(curve, volt):
    low, high = curve.window
    return (np.asarray(volt) - low) / (high - low)


def network_jump(curve, x, n, sign, jump):
    """One device of a layer, at x, given n pulses."""
    place = np.array([x], np.float32)
    Devices(curve, place, np.random.default_rng(0), Rule(jump=jump, noise=0.0)).pulse(
        np.array([sign * n], np.int32)
    )
    return float(place[0])


@given(
    label=st.sampled_from(["500 ohm", "8 kohm", "open"]),
    before=st.integers(1, PULSES - 1),
    n=st.integers(1, PULSES),
)
def test_potentiation_from_any_weight_is_that_of_the_device(curves, label, before, n):
    curve = curves[label]
    n = min(n, PULSES - before)
    (weights,) = stepped(curve.resistance, (1, PULSES))
    x = in_window(curve, weights)
    start, end = x[before - 1], x[before + n - 1]
    # What the formula misses at the start lives on in part, what it misses at the end adds.
    room = curve.up.worst * (1 + math.exp(-curve.up.rate * n)) + READING
    assert network_jump(curve, start, n, 1, "formula") == pytest.approx(end, abs=room)
    assert network_jump(curve, start, n, 1, "table") == pytest.approx(end, abs=2 * READING)


@given(
    label=st.sampled_from(["500 ohm", "8 kohm", "open"]),
    before=st.integers(0, PULSES - 1),
    n=st.integers(1, PULSES),
)
def test_depression_from_any_weight_is_that_of_the_device(curves, label, before, n):
    curve = curves[label]
    up, down = stepped(curve.resistance, (1, PULSES), (-1, PULSES))
    x = in_window(curve, np.concatenate((up[-1:], down)))
    last = len(curve.down.table) - 1
    before = min(before, last - 1)
    n = min(n, last - before)
    room = curve.down.worst * (1 + math.exp(-curve.down.rate * n)) + READING
    start, end = x[before], x[before + n]
    assert network_jump(curve, start, n, -1, "formula") == pytest.approx(end, abs=room)
    assert network_jump(curve, start, n, -1, "table") == pytest.approx(end, abs=2 * READING)


def updated_at_random(curve, rest, rng, updates=60):
    """Errors of the curve, and changes, over updates of 1 to 3 pulses on the device model.

    Each is followed by a rest at open circuit, in s, before the weight is read; all over the
    window.
    """
    modes, opened = (current_driven(Circuit(), r) for r in (curve.resistance, math.inf))
    z = np.zeros((3, 1))

    def read_after(sign, count):
        pulse_train(modes, z, sign * AMPLITUDE, WIDTH, GAP, count)
        at_rest = opened.step(tuple(opened.to_modes @ modes.to_nodes @ z[:, 0]), rest, 0.0)
        z[:, 0] = modes.to_modes @ opened.to_nodes @ np.array(at_rest)
        return float(in_window(curve, np.array(modes.response) @ z[:, 0]))

    x, errors, changes = read_after(1, PULSES // 2), [], []
    for _ in range(updates):
        count, sign = int(rng.integers(1, 4)), int(rng.choice([-1, 1]))
        after = read_after(sign, count)
        errors.append(network_jump(curve, x, count, sign, "formula") - after)
        changes.append(after - x)
        x = after
    return np.sqrt(np.mean(np.square([errors, changes]), axis=1))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), label=st.sampled_from(["8 kohm", "open"]))
def test_whatever_came_before_the_curve_holds_for_a_device_that_rests(curves, seed, label):
    error, change = updated_at_random(curves[label], 1.0, np.random.default_rng(seed))
    assert error < 0.01
    assert error < 0.35 * change


def test_without_a_rest_a_turn_moves_it_as_no_curve_without_memory_can(curves):
    error, change = updated_at_random(curves["open"], 0.0, np.random.default_rng(1))
    assert error > 0.5 * change


def test_the_formula_is_close_to_the_readings_of_a_potentiation(curves):
    for curve in curves.values():
        assert curve.up.misfit < 0.02
        assert curve.up.worst < 0.05


@settings(max_examples=50)
@given(
    x=st.floats(0, 1), n=st.integers(1, 400), m=st.integers(1, 400),
    label=st.sampled_from(["500 ohm", "8 kohm", "open"]), rising=st.booleans(),
)  # fmt: skip
def test_jumps_add_up_and_stay_in_the_window(curves, x, n, m, label, rising):
    curve = curves[label]
    way = curve.up if rising else curve.down
    at = np.array([x])
    for jump in (way.after, way.after_by_table):
        once, twice = jump(at, np.array([n + m])), jump(jump(at, np.array([n])), np.array([m]))
        assert 0 <= once[0] <= 1
        assert once[0] == pytest.approx(twice[0], abs=1e-9)
        assert (once[0] >= x - 1e-12) if rising else (once[0] <= x + 1e-12)


def test_a_depression_renormalised_uses_all_of_its_pulses(measured):
    whole, cut = update_curves([measured], depression="renormalise"), update_curves([measured])
    assert len(whole) == len(cut) > 0
    for curve in whole:
        assert len(curve.down.table) == PULSES
        assert (curve.down.table[0], curve.down.table[-1]) == (1.0, 0.0)
    for curve in cut:
        assert len(curve.down.table) < PULSES


def test_cycles_give_the_noise_and_one_sample_gives_no_spread(curves):
    for curve in curves.values():
        # The readings scatter by some 10 uV over a window of 0.1 to 0.4 V.
        assert 1e-5 < curve.step_noise.value < 1e-3
        assert curve.step_noise.note == "cycles 2 to 3"
        assert curve.device_spread.value is None


def rig_of(folder, name, seed, spread):
    path = folder / f"{name}.toml"
    path.write_text(
        f'[source_meter]\naddress = "simulated"\n[simulation]\nseed = {seed}\nspread = {spread}\n',
        encoding="utf-8",
    )
    return path


def test_files_of_several_samples_give_the_spread_and_repeats_the_noise(tmp_path):
    results = []
    for k, sample in enumerate(("A", "A", "B", "C")):
        run = lab.run(
            "ltp-ltd", states="8k", sample=sample, out=tmp_path / f"{k}.h5",
            rig=rig_of(tmp_path, f"rig{k}", {"A": 1, "B": 2, "C": 3}[sample], 0.1),
        )  # fmt: skip
        results.append(LtpLtdAnalysis().analyse(run))
    (curve,) = update_curves(results)
    assert curve.device_spread.note == "3 samples"
    assert 0.005 < curve.device_spread.value < 0.5
    assert curve.step_noise.note == "2 runs"
    assert curve.source.startswith(f"run {results[0].provenance.run_id[:8]}")


def test_states_may_come_from_files_of_their_own(tmp_path):
    results = [
        LtpLtdAnalysis().analyse(lab.run("ltp-ltd", states=state, out=tmp_path / f"{k}.h5"))
        for k, state in enumerate(("500", "open"))
    ]
    assert [c.label for c in update_curves(results)] == ["500 ohm", "open"]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"down": 0}, "no depression"),
        ({"up": 2, "down": 3}, "2 readings have no shape"),
    ],
)
def test_a_run_without_a_curve_says_why(tmp_path, parameters, says):
    run = lab.run("ltp-ltd", states="8k", out=tmp_path / "a.h5", **parameters)
    with pytest.raises(NoCurveError, match=rf"a\.h5, 8 kohm: .*{says}"):
        update_curves([LtpLtdAnalysis().analyse(open_run(run.path))])


def test_no_run_and_another_convention_are_refused(measured):
    with pytest.raises(NoCurveError, match="at least one"):
        update_curves([])
    alpha = replace(measured, options=Options(nonlinearity="alpha"))
    with pytest.raises(NoCurveError, match="needs the neurosim convention, not alpha"):
        update_curves([alpha])

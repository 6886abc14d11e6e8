"""A layer of devices gets the pulses that a change asks for, and counts them and their energy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from network.perceptron import Perceptron, batches
from network.synapses import DeviceLayer, FloatLayer, Rule


def layer(curve, weights, seed=0, **rule):
    weights = np.asarray(weights, np.float32)
    return DeviceLayer(curve, Rule(**rule), weights, np.random.default_rng(seed))


@given(
    wanted=st.floats(-0.9, 0.9),
    mapping=st.sampled_from(["single", "pair"]),
    scale=st.sampled_from([0.5, 1.0, 3.0]),
)
def test_weights_start_where_they_are_wanted(curves, wanted, mapping, scale):
    made = layer(curves["open"], [[wanted * scale]], mapping=mapping, scale=scale)
    assert made.weights[0, 0] == pytest.approx(wanted * scale, abs=1e-6 * scale)


def test_beyond_the_window_is_its_end(curves):
    made = layer(curves["open"], [[5.0, -5.0]], scale=2.0)
    assert made.weights.tolist() == [[2.0, -2.0]]


@pytest.mark.parametrize("mapping", ["single", "pair"])
def test_one_pulse_in_the_middle_moves_by_the_step_of_the_curve(curves, mapping):
    curve = curves["8 kohm"]
    made = layer(curve, [[0.0]], mapping=mapping, rounding="sign", noise=0.0, scale=3.0)
    made.change(np.array([[1e-9]], np.float32))
    steps = [curve.up.step] if mapping == "single" else [curve.up.step, -curve.down.step]
    moved = 3.0 * (2 * steps[0] if mapping == "single" else sum(steps))
    assert made.weights[0, 0] == pytest.approx(moved, rel=1e-4)


@pytest.mark.parametrize("mapping", ["single", "pair"])
def test_pulses_and_their_energy_are_counted(curves, mapping):
    curve = curves["8 kohm"]
    made = layer(curve, np.zeros((2, 3)), mapping=mapping, rounding="deterministic")
    step = 2 * np.sqrt(-curve.up.step * curve.down.step)
    made.change(np.array([[3, -2, 0.4], [0, 1, -0.4]], np.float32) * np.float32(step))
    up, down = (4, 2) if mapping == "single" else (6, 6)
    assert (made.sent.up, made.sent.down) == (up, down)
    # Potentiation takes energy from the source; this depression discharges into it.
    delivered, returned = curve.energy(up, down)
    assert delivered == pytest.approx(up * curve.up.energy)
    assert returned == pytest.approx(-down * curve.down.energy)
    assert returned > 0


@settings(max_examples=30)
@given(share=st.floats(-3.0, 3.0), seed=st.integers(0, 1000))
def test_stochastic_rounding_is_true_on_average(curves, share, seed):
    curve, n = curves["open"], 20_000
    made = layer(curve, np.zeros((n, 1)), seed=seed)
    step = 2 * np.sqrt(-curve.up.step * curve.down.step)
    made.change(np.full((n, 1), share * step, np.float32))
    sent = (made.sent.up - made.sent.down) / n
    # Five standard deviations of a fraction's mean.
    assert sent == pytest.approx(share, abs=5 * 0.5 / np.sqrt(n) + 1e-3)


def test_noise_and_spread_are_of_the_size_that_is_asked(curves):
    curve, n = curves["open"], 20_000
    noisy = layer(curve, np.zeros((n, 1)), noise=0.02, rounding="sign")
    noisy.change(np.ones((n, 1), np.float32))
    assert noisy.weights.std() == pytest.approx(2 * 0.02, rel=0.05)
    uneven = layer(curve, np.zeros((n, 1)), noise=0.0, spread=0.2, rounding="sign")
    uneven.change(np.ones((n, 1), np.float32))
    assert np.log(uneven.weights).std() == pytest.approx(0.2, rel=0.05)
    # Without a value of its own the curve's noise holds, and it has no spread.
    own = layer(curve, np.zeros((n, 1)), rounding="sign")
    own.change(np.ones((n, 1), np.float32))
    assert own.weights.std() == pytest.approx(2 * curve.step_noise.value, rel=0.05)


def test_formula_and_table_agree_as_far_as_the_fit(curves):
    curve, rng = curves["open"], np.random.default_rng(2)
    start = rng.uniform(-1, 1, (500, 1)).astype(np.float32)
    wanted = rng.normal(0, 0.1, (500, 1)).astype(np.float32)
    moved = []
    for jump in ("formula", "table"):
        made = layer(curve, start, jump=jump, rounding="deterministic", noise=0.0)
        made.change(wanted)
        moved.append(made.weights)
    difference = np.abs(moved[0] - moved[1]).max()
    assert 0 < difference < 2 * 2 * max(curve.up.worst, curve.down.worst)


def xor_like(n, rng):
    """Two inputs whose product's sign is the class: no single layer can tell."""
    images = rng.uniform(-1, 1, (n, 2)).astype(np.float32)
    return images, (images[:, 0] * images[:, 1] > 0).astype(np.uint8)


def learnt(make, seed=3):
    rng = np.random.default_rng(seed)
    images, labels = xor_like(1500, rng)
    shapes = ((3, 12), (13, 2))
    net = Perceptron(*(make(rng.uniform(-1, 1, s).astype(np.float32), rng) for s in shapes))
    for _ in range(30):
        for chosen in batches(len(labels), 20, rng):
            net.learn(images[chosen], labels[chosen], 2.0)
    return net, net.accuracy(*xor_like(2000, rng))


def test_plain_numbers_learn_what_one_layer_cannot():
    _, accuracy = learnt(lambda weights, _: FloatLayer(weights))
    assert accuracy > 0.95


@pytest.mark.parametrize("mapping", ["single", "pair"])
def test_devices_learn_it_too_and_a_seed_repeats(curves, mapping):
    def make(weights, rng):
        return DeviceLayer(curves["open"], Rule(mapping=mapping, scale=6.0), weights, rng)

    net, accuracy = learnt(make)
    again, _ = learnt(make)
    assert accuracy > 0.85
    np.testing.assert_array_equal(net.hidden.weights, again.hidden.weights)
    assert net.hidden.sent == again.hidden.sent


def test_back_propagation_goes_down_the_gradient_of_the_loss():
    rng = np.random.default_rng(5)
    # Few images, of which some pixels are dark in all.
    images = rng.uniform(0, 1, (7, 4)).astype(np.float32) * np.array([1, 0, 1, 1], np.float32)
    labels = rng.integers(0, 3, 7).astype(np.uint8)
    first = rng.normal(0, 1, (5, 6)).astype(np.float32)
    second = rng.normal(0, 1, (7, 3)).astype(np.float32)

    def loss(a, b):
        net = Perceptron(FloatLayer(a), FloatLayer(b))
        return -np.log(net.probabilities(images)[np.arange(7), labels].astype(np.float64)).mean()

    net = Perceptron(FloatLayer(first.copy()), FloatLayer(second.copy()))
    net.learn(images, labels, 1.0)
    for which, (before, after) in enumerate(
        ((first, net.hidden.weights), (second, net.output.weights))
    ):
        for place in np.ndindex(before.shape):
            nudged = [[first, second], [first, second]]
            for k, sign in enumerate((1, -1)):
                changed = before.copy()
                changed[place] += sign * 1e-2
                nudged[k][which] = changed
            slope = (loss(*nudged[0]) - loss(*nudged[1])) / 2e-2
            assert before[place] - after[place] == pytest.approx(slope, abs=2e-4)


def test_every_image_is_in_one_batch_of_an_epoch():
    found = list(batches(23, 5, np.random.default_rng(1)))
    assert [len(b) for b in found] == [5, 5, 5, 5, 3]
    assert sorted(np.concatenate(found).tolist()) == list(range(23))


def test_a_curve_without_energies_gives_none(curves):
    curve = curves["open"]
    bare = replace(curve, up=replace(curve.up, energy=float("nan")))
    assert np.isnan(bare.energy(1, 1)).all()


@pytest.mark.parametrize("mapping", [None, "single", "pair"])
def test_inputs_that_are_0_may_be_left_out(curves, mapping):
    rng = np.random.default_rng(4)
    start = rng.uniform(-0.5, 0.5, (9, 5)).astype(np.float32)
    wanted = rng.normal(0, 0.1, (9, 5)).astype(np.float32)
    rows = np.array([0, 3, 4, 8])
    wanted[np.setdiff1d(np.arange(9), rows)] = 0
    moved = []
    for which in (None, rows):
        made = (
            FloatLayer(start.copy())
            if mapping is None
            else layer(curves["open"], start, mapping=mapping, rounding="deterministic", noise=0.0)
        )
        made.change(wanted.copy() if which is None else wanted[rows], which)
        moved.append(made.weights.copy())
    np.testing.assert_array_equal(moved[0], moved[1])
    assert np.abs(moved[0] - start).max() > 0.05

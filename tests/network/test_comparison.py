"""Trainings stand beside the study's statements as they came out, whichever way that is."""

import numpy as np
import pytest

from network.comparison import rows
from network.summary import MNIST, summarise
from network.synapses import Rule
from network.training import Epoch, Snapshot, Task
from network.training_file import load, save


def trained(folder, curve, seed, accuracy, weights):
    """The file of a training that ended with an accuracy and with weights all over the window."""
    task = Task(curve, Rule(), 1.0, seed, 1, MNIST)
    pair = (weights, weights[:11, :10])
    snapshot = Snapshot((Epoch(0.1), Epoch(accuracy)), pair, pair, ([weights], [weights]), "{}")
    save(path := folder / f"{curve.label}{seed}.h5", task, snapshot)
    return load(path)


def compared(folder, curves, closed, opened, weights=None):
    rng = np.random.default_rng(1)
    found = rng.uniform(-0.8, 0.8, (20, 10)).astype(np.float32) if weights is None else weights
    both = [curves["8 kohm"], curves["open"]]
    files = [
        trained(folder, curve, seed, value, found)
        for curve, values in zip(both, (closed, opened), strict=True)
        for seed, value in enumerate(values)
    ]
    return {(r.panel, r.quantity): r for r in rows(summarise(files), both)}


@pytest.mark.parametrize(
    ("closed", "opened", "verdicts"),
    [
        ((0.90, 0.91), (0.89, 0.89), ("agrees", "agrees", "agrees")),
        ((0.96, 0.97), (0.97, 0.98), ("agrees", "agrees", "disagrees")),
        ((0.85, 0.86), (0.80, 0.80), ("disagrees", "disagrees", "agrees")),
    ],
)
def test_accuracies_and_their_order_are_reported_as_found(
    tmp_path, curves, closed, opened, verdicts
):
    found = compared(tmp_path, curves, closed, opened)
    named = (
        "accuracy at 8 kohm after 1 epochs", "accuracy open after 1 epochs",
        "accuracy at 8 kohm against open",
    )  # fmt: skip
    assert tuple(found["4d", name].verdict for name in named) == verdicts
    mean = 100 * np.mean(closed)
    assert found["4d", named[0]].found.startswith(f"{mean:.2f} \N{PLUS-MINUS SIGN}")


def test_weights_that_gather_on_both_sides_are_told_from_those_that_do_not(tmp_path, curves):
    quantity = ("4f", "weights at the sides of the window at 8 kohm after 1 epochs")
    sides = np.where(np.arange(200).reshape(20, 10) % 2, 0.99, -0.99).astype(np.float32)
    for name, weights, verdict in (("even", None, "disagrees"), ("sides", sides, "agrees")):
        (folder := tmp_path / name).mkdir()
        found = compared(folder, curves, (0.9,), (0.9,), weights)
        assert found[quantity].verdict == verdict


def test_the_learning_rate_rises_with_the_resistance(tmp_path, curves):
    row = compared(tmp_path, curves, (0.9,), (0.9,))["4b", "learning rate that the resistor sets"]
    assert (row.verdict, row.basis) == ("agrees", "predicted")
    assert row.found.endswith("open 1.00")

"""A training gives the same whether it goes on in one piece or in many, and its file keeps it."""

from dataclasses import replace

import numpy as np
import pytest

from data.errors import DataError
from network.drawn_digits import write_drawn_digits
from network.idx import read_digits
from network.summary import summarise
from network.synapses import Rule
from network.training import Task, advance, effective_rate, set_by_resistor
from network.training_file import load, save


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return read_digits(write_drawn_digits(tmp_path_factory.mktemp("drawn"), 600, 200))


def task(digits, curve=None, **values):
    given = {"rule": Rule(), "rate": 1.0, "seed": 1, "epochs": 6, "batch": 20} | values
    return Task(curve, digits=(digits[0].digest, digits[1].digest), **given)


def assert_same(one, other):
    for a, b in zip((*one.weights, *one.start), (*other.weights, *other.start), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [replace(e, seconds=0.0) for e in one.epochs] == [
        replace(e, seconds=0.0) for e in other.epochs
    ]


@pytest.mark.parametrize("label", [None, "500 ohm", "open"])
def test_in_one_piece_and_in_many_it_is_the_same(digits, curves, tmp_path, label):
    rule = Rule(mapping="pair", spread=0.1) if label else Rule()
    asked = task(digits, curves[label] if label else None, rule=rule)
    whole = advance(asked, *digits, None, 100)
    parts = None
    for epochs in (1, 2, 100):
        parts = advance(asked, *digits, parts, epochs)
        # Through the file, as after a kill.
        save(path := tmp_path / "part.h5", asked, parts)
        parts = load(path).snapshot
    assert whole.done == parts.done == 6
    assert_same(whole, parts)


def test_networks_learn_and_before_they_know_nothing(digits, curves):
    reference = advance(task(digits), *digits, None, 6)
    assert reference.epochs[0].accuracy < 0.3
    assert reference.accuracy > 0.85
    for curve in curves.values():
        snapshot = advance(task(digits, curve), *digits, None, 6)
        assert snapshot.accuracy > 0.75
        # All start from the same weights, whatever they are made of.
        np.testing.assert_allclose(snapshot.start[0], reference.start[0], atol=1e-6)
        learnt = snapshot.epochs[1:]
        assert all(e.up > 0 and e.down > 0 and e.delivered > 0 for e in learnt)
        assert snapshot.epochs[0].up == 0


def test_another_seed_is_another_training_of_its_own_name(digits):
    one, other = task(digits), task(digits, seed=2)
    assert one.digest != other.digest
    assert task(digits).digest == one.digest
    results = [advance(t, *digits, None, 1) for t in (one, other)]
    assert not np.array_equal(results[0].weights[0], results[1].weights[0])


def test_the_resistor_sets_the_learning_rate(curves):
    reference = curves["open"]
    rates = {}
    for label, curve in curves.items():
        rule = set_by_resistor(Rule(), curve, reference)
        rates[label] = effective_rate(curve, rule, 0.5)
        # The same wanted change is the same number of pulses in every state.
        assert rule.pulses == pytest.approx(set_by_resistor(Rule(), reference, reference).pulses)
    assert rates["500 ohm"] < rates["8 kohm"] < rates["open"] == pytest.approx(0.5)


def test_a_summary_tells_kinds_apart_and_compares_with_the_study_only_on_mnist(
    digits, curves, tmp_path
):
    trained = []
    for number, asked in enumerate(
        [
            *(task(digits, seed=s, epochs=1) for s in (1, 2)),
            *(task(digits, curves["8 kohm"], seed=s, epochs=1) for s in (1, 2)),
            task(digits, curves["8 kohm"], epochs=1, rule=Rule(noise=0.02)),
        ]
    ):
        save(path := tmp_path / f"{number}.h5", asked, advance(asked, *digits, None, 1))
        trained.append(load(path))
    summary = summarise(trained)
    assert [(k.label, len(k.trained)) for k in summary.kinds] == [
        ("float", 2), ("8 kohm", 2), ("8 kohm", 1),
    ]  # fmt: skip
    assert summary.kinds[2].noise == 0.02
    assert [k.paper for k in summary.kinds] == [None, None, None]
    assert "no comparison" in summary.table().notes[1]
    rows = summary.as_json()["kinds"][1]["trainings"]
    assert [r["seed"] for r in rows] == [1, 2]
    assert rows[0]["epochs"][1]["delivered"] > 0


def test_what_is_no_training_is_refused(tmp_path, digits):
    (path := tmp_path / "a.h5").write_bytes(b"no HDF5")
    with pytest.raises(DataError, match=r"a\.h5 cannot be read"):
        load(path)
    missing = tmp_path / "no folder" / "a.h5"
    with pytest.raises(DataError, match="cannot be written"):
        save(missing, task(digits), advance(task(digits), *digits, None, 0))

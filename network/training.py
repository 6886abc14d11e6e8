"""One training of the study's network: what decides its result, and how it goes on.

A training is advanced some epochs at a time, from snapshot to snapshot. The same task and the
same snapshot give the same next one, in whatever process, so that a training may be stopped,
moved and resumed.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from analysis.update_curve import UpdateCurve
from network.idx import Digits
from network.perceptron import Perceptron, batches
from network.synapses import DeviceLayer, FloatLayer, Floats, Layer, Rule, pulses_per_weight

CLASSES = 10
_EDITION = 1
"""Goes up when the same task would give another result than before."""


@dataclass(frozen=True, eq=False)
class Task:
    """Everything that decides the result of one training.

    Parameters
    ----------
    curve
        Of the devices; None for weights that are plain numbers.
    rule
        How changes become pulses.
    rate
        Length of a step down the mean gradient of a batch.
    seed
        Of the start, the order of the images, the rounding, the noise and the spread.
    epochs
        Times that every training image is seen.
    digits
        `Digits.digest` of the training and of the test set.
    batch, hidden
        Images of a batch; hidden units.
    """

    curve: UpdateCurve | None
    rule: Rule
    rate: float
    seed: int
    epochs: int
    digits: tuple[str, str]
    batch: int = 100
    hidden: int = 100

    @property
    def label(self) -> str:
        """The state of the devices: ``"8 kohm"``, ``"open"``, or ``"float"``."""
        return self.curve.label if self.curve else "float"

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            "edition": _EDITION, "curve": self.curve and self.curve.as_json(),
            "rule": asdict(self.rule) if self.curve else None, "rate": self.rate,
            "seed": self.seed, "epochs": self.epochs, "digits": list(self.digits),
            "batch": self.batch, "hidden": self.hidden,
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """SHA-256 of `as_json`: tells one task from another."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to; epoch 0 is the state before the first.

    Parameters
    ----------
    accuracy
        Share of the test images whose most probable class is their label, after it.
    up, down
        Pulses sent in it.
    delivered, returned
        Energy in J from the source and back to it in it.
    seconds
        Time that its learning took.
    """

    accuracy: float
    up: int = 0
    down: int = 0
    delivered: float = 0.0
    returned: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Snapshot:
    """How far a training is.

    Parameters
    ----------
    epochs
        So far, from epoch 0 on.
    start, weights
        Weights of the two layers at the start and now.
    state
        Of the two layers, as `Layer.state` gives it.
    generator
        State of the random numbers, as JSON.
    """

    epochs: tuple[Epoch, ...]
    start: tuple[Floats, Floats]
    weights: tuple[Floats, Floats]
    state: tuple[list[Floats], list[Floats]]
    generator: str

    @property
    def done(self) -> int:
        """Epochs of learning so far."""
        return len(self.epochs) - 1

    @property
    def accuracy(self) -> float:
        """After the last epoch."""
        return self.epochs[-1].accuracy

    @property
    def best(self) -> float:
        """The greatest accuracy after any epoch of learning."""
        return max(e.accuracy for e in self.epochs[1:])


def advance(
    task: Task, train: Digits, test: Digits, snapshot: Snapshot | None, epochs: int
) -> Snapshot:
    """Train for `epochs` epochs more, but not beyond the task's.

    Parameters
    ----------
    task
        What is trained.
    train, test
        Digits that its digests are of.
    snapshot
        Where it is; None for the start.
    epochs
        How many.
    """
    rng = np.random.default_rng(task.seed)
    layers = _layers(task, train.pixels, rng)
    net = Perceptron(*layers)
    if snapshot is None:
        records = [Epoch(net.accuracy(test.images, test.labels))]
        start = _copies(layers)
    else:
        records, start = list(snapshot.epochs), snapshot.start
        for layer, state in zip(layers, snapshot.state, strict=True):
            layer.restore(state)
        rng.bit_generator.state = json.loads(snapshot.generator)
    for _ in range(min(epochs, task.epochs + 1 - len(records))):
        before, began = layers[0].sent + layers[1].sent, time.perf_counter()
        for chosen in batches(len(train), task.batch, rng):
            net.learn(train.images[chosen], train.labels[chosen], task.rate)
        seconds = time.perf_counter() - began
        sent = layers[0].sent + layers[1].sent - before
        delivered, returned = task.curve.energy(sent.up, sent.down) if task.curve else (0.0, 0.0)
        accuracy = net.accuracy(test.images, test.labels)
        records.append(Epoch(accuracy, sent.up, sent.down, delivered, returned, seconds))
    return Snapshot(
        epochs=tuple(records),
        start=start,
        weights=_copies(layers),
        state=(layers[0].state(), layers[1].state()),
        generator=json.dumps(rng.bit_generator.state),
    )


def set_by_resistor(rule: Rule, curve: UpdateCurve, reference: UpdateCurve) -> Rule:
    """A rule under which the resistor sets the learning rate, as in the study's 2T1C cell.

    A weight is the device's voltage times one factor, the same in every state, and a wanted
    change is the same number of pulses in every state: those that it takes in the state
    `reference`, whose window is the rule's scale. How far a pulse moves the weight is then up to
    the resistor. Under the plain rule every state has its own factor and its own number of
    pulses, so that the states differ in the shape of their curves alone.
    """
    window, full = (c.window[1] - c.window[0] for c in (curve, reference))
    pulses = pulses_per_weight(reference, rule.scale)
    return replace(rule, scale=rule.scale * window / full, pulses=pulses)


def effective_rate(curve: UpdateCurve | None, rule: Rule, rate: float = 1.0) -> float:
    """The learning rate that devices make of `rate`, in the middle of the window."""
    if curve is None or rule.pulses is None:
        return rate
    return rate * rule.pulses / pulses_per_weight(curve, rule.scale)


def _layers(task: Task, pixels: int, rng: np.random.Generator) -> tuple[Layer, Layer]:
    wanted = []
    for inputs, outputs in ((pixels, task.hidden), (task.hidden, CLASSES)):
        # Uniform, as the study's weights are at the start; the width is Glorot's.
        width = math.sqrt(6 / (inputs + outputs))
        wanted.append(rng.uniform(-width, width, (inputs + 1, outputs)).astype(np.float32))
    if task.curve is None:
        return FloatLayer(wanted[0]), FloatLayer(wanted[1])
    curve, rule = task.curve, task.rule
    return DeviceLayer(curve, rule, wanted[0], rng), DeviceLayer(curve, rule, wanted[1], rng)


def _copies(layers: tuple[Layer, Layer]) -> tuple[Floats, Floats]:
    return layers[0].weights.copy(), layers[1].weights.copy()

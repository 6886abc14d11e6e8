"""A trained network of four digits that adapts to four others while it is shown them.

The study (Zhao et al., Natl Sci Rev 2022, nwac158, Fig. 5) trains on dataset 1, the digits
8, 6, 2, 4, with the resistor open, then converts the pixels of images of dataset 2, the
digits 9, 5, 7, 1, into regulating resistances, "continuously mapping images", and reports
that the recognition of dataset 2 rises from 8 % to 73 %. Its algorithm stands in a supplement
that is not at hand. **The algorithm here is ours:**

1. One layer of weights, pixels x 4, one device each, no bias. It is trained by gradient
   descent on a softmax with pulses that move the devices as their measured update curve in
   the open state says.
2. The weight is the charge that stays: a device's voltage after a rest at open circuit. The
   trained weights become stored voltages in the curve's window.
3. The row of 8 becomes that of 9, 6 that of 5, 2 that of 7, 4 that of 1 (the order in which
   the study names them, unless another is asked for). An image is presented to the row of its
   digit: each device of the row stands under the resistance of its pixel, and all get the same
   pulse, the one that they were trained with; the other rows wait at open circuit. Where pixels
   are mostly bright, charge
   accumulates, where they are dark, it dissipates: a row forgets its old digit and drifts
   towards the mean image of the new one. No error is computed, no gradient, no write pulse.
4. Images come in rounds, one of each digit, drawn at random from the training images.

The ablation presents the same images with the same pulses under one fixed resistance: then
all devices of a row get the same, and nothing is learned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from analysis.measure import Measure
from analysis.update_curve import UpdateCurve
from network.adaptation_result import (
    FIRST,
    SECOND,
    Adaptation,
    Course,
    Options,
    Outcomes,
    Pairing,
    rows_of,
)
from network.idx import Digits
from network.mapped_devices import (
    Array,
    MappedDevices,
    OverLimitError,
    PixelResistance,
    level_resistances,
)
from network.synapses import DeviceLayer, Rule
from protocols.quantities import OPEN, RESISTANCE

SAMPLES = 200
"""Samples of dataset 2 whose outcomes are shown, as many as in the study."""

_POINTS = 60
"""How often the accuracy is measured while images are mapped."""
_HOUR = 3600.0


class AdaptationError(ValueError):
    """Digits that the study cannot be made with; the message says what is missing."""


def adapt(
    digits: tuple[Digits, Digits],
    curve: UpdateCurve,
    options: Options,
    tell: Callable[[str, float], None],
) -> Adaptation:
    """Train on dataset 1, then map images of dataset 2.

    Parameters
    ----------
    digits
        Training and test images of all ten digits.
    curve
        Update curve of the open state.
    options
        See `Options`.
    tell
        Called with what is done and the share that is done, from 0 to 1.

    Raises
    ------
    AdaptationError
        Too few images of a digit, images that are not square, or noise or spread that were
        asked for as measured and were not.
    """
    if math.isqrt(digits[0].pixels) ** 2 != digits[0].pixels:
        raise AdaptationError(
            f"the images have {digits[0].pixels} pixels and are not square, as 28 x 28 is"
        )
    noise = _measured("noise", options.noise, curve.step_noise)
    spread = _measured("spread", options.spread, curve.device_spread)
    rule = Rule(scale=options.scale, noise=noise, spread=spread)
    rng = np.random.default_rng(options.seed)
    learned, unseen = digits[0].only(FIRST), digits[1].only(FIRST)
    shown, asked = digits[0].only(SECOND), digits[1].only(SECOND)
    order = _rounds(shown, options.images, rng)
    picked = _samples(asked, rng)
    training, layer = _train(learned, unseen, curve, rule, options, rng, tell)
    low, high = curve.window
    trained = low + (high - low) * (layer.weights.astype(np.float64) / options.scale + 1) / 2
    reader = _Reader(curve.window, options.scale)

    def course(pairing: Pairing, resistances: Array, part: str) -> Course:
        rows = rows_of(pairing)
        devices = MappedDevices(
            trained[:, rows], resistances, options.presentation,
            strength=None if layer.strength is None else layer.strength[:, rows],
            noise=noise * (high - low), rng=np.random.default_rng((options.seed, 1)),
        )  # fmt: skip
        return _course(devices, shown, order, asked, reader, options, lambda f: tell(part, f))

    pixels = level_resistances(PixelResistance(law=options.law))
    start = MappedDevices(trained, pixels, options.presentation, strength=layer.strength).psv(
        options.rest
    )
    pairings = _pairings(reader.outcomes(start, asked))
    lowest = min(pairings, key=pairings.__getitem__)
    mapped = course(options.pairing, pixels, "mapping images")
    from_lowest = course(lowest, pixels, "another pairing")
    fixed = {}
    for resistance in (OPEN, PixelResistance().dark):
        name = RESISTANCE.format(resistance)
        fixed[name] = course(options.pairing, np.full(256, resistance), f"fixed: {name}")
    samples = Digits(asked.images[picked], asked.labels[picked])
    return Adaptation(
        options=options, source=curve.source, curve_simulated=curve.simulated,
        digits=(digits[0].digest, digits[1].digest), noise=noise, spread=spread,
        window=curve.window, training=training,
        trained=trained, pairings=pairings, mapped=mapped, lowest=lowest, from_lowest=from_lowest,
        ablations=fixed, before=reader.outcomes(start[:, rows_of(options.pairing)], samples),
        after=reader.outcomes(mapped.psv, samples),
    )  # fmt: skip


@dataclass(frozen=True)
class _Reader:
    """From stored voltages to what the network says."""

    window: tuple[float, float]
    scale: float

    def outcomes(self, psv: Array, digits: Digits) -> Outcomes:
        low, high = self.window
        weights = self.scale * (2 * (psv - low) / (high - low) - 1)
        return Outcomes(_softmax(digits.images @ weights.astype(np.float32)), digits.labels)


def _train(
    digits: Digits,
    unseen: Digits,
    curve: UpdateCurve,
    rule: Rule,
    options: Options,
    rng: np.random.Generator,
    tell: Callable[[str, float], None],
) -> tuple[Array, DeviceLayer]:
    start = np.zeros((digits.pixels, len(FIRST)), np.float32)
    layer = DeviceLayer(curve, rule, start, rng)
    accuracies = []
    for epoch in range(options.epochs):
        order = rng.permutation(len(digits))
        for begin in range(0, len(order), options.batch):
            batch = order[begin : begin + options.batch]
            images, labels = digits.images[batch], digits.labels[batch]
            error = _softmax(images @ layer.weights)
            error[np.arange(len(batch)), labels] -= 1.0
            step = np.float32(-options.rate / len(batch))
            layer.change((images.T @ error.astype(np.float32)) * step)
        found = (unseen.images @ layer.weights).argmax(axis=1) == unseen.labels
        accuracies.append(float(found.mean()))
        tell("training", (epoch + 1) / options.epochs)
    return np.array(accuracies), layer


def _measured(name: str, asked: float | None, found: Measure) -> float:
    """What was asked for; None: what was measured."""
    if asked is not None:
        return asked
    if found.value is None:
        raise AdaptationError(f"the {name} was not measured: {found.note}; or give a number")
    return found.value


def _course(
    devices: MappedDevices,
    shown: Digits,
    order: NDArray[np.intp],
    asked: Digits,
    reader: _Reader,
    options: Options,
    tell: Callable[[float], None],
) -> Course:
    levels = np.rint(shown.images[order] * 255).astype(np.uint8)
    count = len(order)
    points = np.unique(np.rint(np.geomspace(1, count, _POINTS)).astype(int))
    images, accuracy = [0], [reader.outcomes(devices.psv(options.rest), asked).accuracy]
    done, stopped = 0, ""
    for point in points.tolist():
        while done < point and not stopped:
            try:
                devices.present(int(shown.labels[order[done]]), levels[done])
                done += 1
            except OverLimitError as error:
                stopped = f"ended after {done} of {count} images: {error}"
        images.append(done)
        accuracy.append(reader.outcomes(devices.psv(options.rest), asked).accuracy)
        tell(point / count)
        if stopped:
            break
    return Course(
        np.array(images), np.array(accuracy), devices.psv(options.rest), devices.highest,
        reader.outcomes(devices.psv(_HOUR), asked).accuracy, stopped,
    )  # fmt: skip


def _rounds(shown: Digits, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Images in rounds of one of each digit."""
    rounds = -(-count // len(SECOND))
    rows = []
    for row, digit in enumerate(SECOND):
        of_row = np.flatnonzero(shown.labels == row)
        if len(of_row) < rounds:
            raise AdaptationError(
                f"{count} images are {rounds} of each digit, and the training images hold "
                f"{len(of_row)} of {digit}; map {len(SECOND) * len(of_row)} or fewer"
            )
        rows.append(rng.permutation(of_row)[:rounds])
    return np.stack(rows, axis=1).ravel()[:count]


def _samples(asked: Digits, rng: np.random.Generator) -> NDArray[np.intp]:
    """The same number of test images of each digit, sorted by digit."""
    each = SAMPLES // len(SECOND)
    rows = []
    for row, digit in enumerate(SECOND):
        of_row = np.flatnonzero(asked.labels == row)
        if len(of_row) < each:
            raise AdaptationError(
                f"the test images hold {len(of_row)} of {digit}; {each} of each are needed"
            )
        rows.append(rng.permutation(of_row)[:each])
    return np.concatenate(rows)


def _pairings(outcomes: Outcomes) -> dict[Pairing, float]:
    """Accuracy if the rows stood for the digits of dataset 2 in any other order."""
    confusion = outcomes.confusion
    total = confusion.sum()
    return {
        tuple(FIRST[row] for row in rows): float(
            sum(confusion[right, row] for right, row in enumerate(rows)) / total
        )
        for rows in permutations(range(len(FIRST)))
    }


def _softmax(scores: NDArray[np.float32]) -> Array:
    out = scores.astype(np.float64)
    out -= out.max(axis=1, keepdims=True)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out

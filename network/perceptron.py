"""The network of the study: 784 inputs, 100 hidden units, 10 outputs, back-propagation.

Hidden units are sigmoid. The outputs are a softmax with cross-entropy, for which the error that
goes back is the plain difference. The bias of a layer is the last row of its weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from network.synapses import Floats, Layer

FEW = 10
"""Images of a batch up to which many pixels are dark in all of them."""


class Perceptron:
    """Two layers of weights.

    Parameters
    ----------
    hidden, output
        Weights of shape (inputs + 1, hidden units) and (hidden units + 1, classes).
    """

    def __init__(self, hidden: Layer, output: Layer) -> None:
        self.hidden, self.output = hidden, output

    def probabilities(self, images: Floats) -> Floats:
        """Of each class for each image, shape (n, classes)."""
        return self._forward(images)[1]

    def accuracy(self, images: Floats, labels: NDArray[np.uint8]) -> float:
        """Share of images whose most probable class is their label."""
        return float(np.mean(self.probabilities(images).argmax(axis=1) == labels))

    def learn(self, images: Floats, labels: NDArray[np.uint8], rate: float) -> None:
        """One step down the mean gradient of a batch, of length `rate`."""
        active, errors = self._forward(images)
        count = len(labels)
        errors[np.arange(count), labels] -= 1.0
        errors *= np.float32(-rate / count)
        back = errors @ self.output.weights[:-1].T
        back *= active
        back *= 1 - active
        self.output.change(_product(active, errors))
        if count > FEW:
            self.hidden.change(_product(images, back))
            return
        # Most pixels of an image are dark, and no weight of a dark pixel is to change.
        bright = np.flatnonzero(images.any(axis=0))
        rows = np.append(bright, images.shape[1])
        self.hidden.change(_product(images[:, bright], back), rows)

    def _forward(self, images: Floats) -> tuple[Floats, Floats]:
        first, second = self.hidden.weights, self.output.weights
        active: Floats = images @ first[:-1]
        active += first[-1]
        np.negative(active, out=active)
        # Beyond 80 the exponential would leave float32; the unit is 0 there all the same.
        np.exp(np.minimum(active, 80, out=active), out=active)
        active += 1
        np.reciprocal(active, out=active)
        out: Floats = active @ second[:-1]
        out += second[-1]
        out -= out.max(axis=1, keepdims=True)
        np.exp(out, out=out)
        out /= out.sum(axis=1, keepdims=True)
        return active, out


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """The order of one epoch: every image once, in batches of `size`, the last one shorter."""
    order = rng.permutation(count)
    return (order[k : k + size] for k in range(0, count, size))


def _product(inputs: Floats, errors: Floats) -> Floats:
    """Inputs by errors, summed over the batch, with the row of the bias's constant 1."""
    product = np.empty((inputs.shape[1] + 1, errors.shape[1]), np.float32)
    np.matmul(inputs.T, errors, out=product[:-1])
    product[-1] = errors.sum(axis=0)
    return product

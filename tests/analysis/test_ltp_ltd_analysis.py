from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.ltp_ltd import CycleMeasures, LtpLtdAnalysis, LtpLtdResult, Options, StateMeasures
from analysis.measure import Measure
from data.run import Outcome
from data.samples import Flag
from protocols.ltp_ltd import LtpLtd

MakeRun = Callable[..., Any]


@pytest.fixture(scope="module")
def result(make_run: MakeRun) -> LtpLtdResult:
    return LtpLtdAnalysis().analyse(make_run())


def first(state: StateMeasures) -> CycleMeasures:
    assert state.first
    return state.first


def value(measure: Measure) -> float:
    assert measure.value is not None
    return measure.value


def test_dynamic_range_is_above_six_in_every_state(result: LtpLtdResult) -> None:
    ranges = [value(first(s).dynamic_range) for s in result.states]
    assert min(ranges) > 6
    # The reference circuit: 7.7 at 500 ohm to 14.8 open.
    assert (round(ranges[0], 1), round(ranges[-1], 1)) == (7.7, 14.8)


def test_range_fails_the_criterion_at_the_end_of_the_pulse(make_run: MakeRun) -> None:
    found = LtpLtdAnalysis(Options(instant="pulse-end")).analyse(make_run())
    assert all(value(first(s).dynamic_range) < 6 for s in found.states)
    assert "pulse end" in found.table().notes[0]


@pytest.mark.parametrize("branch", ["up", "down"])
def test_nonlinearity_falls_and_change_rises_with_resistance(
    result: LtpLtdResult, branch: str
) -> None:
    measures = [getattr(first(s), branch) for s in result.states]
    labels = np.array([value(m.nonlinearity.label) for m in measures])
    changes = np.array([value(m.range) for m in measures])
    sign = 1 if branch == "up" else -1
    assert (sign * labels > 0).all()
    assert (np.diff(np.abs(labels)) < 0).all()
    assert (sign * changes > 0).all()
    assert (np.diff(np.abs(changes)) > 0).all()


def test_depression_ends_below_zero_and_still_has_a_label(result: LtpLtdResult) -> None:
    for s in result.states:
        down = first(s).down
        assert down.branch.weights[-1] < 0
        assert down.nonlinearity.label.low is not None


def test_energy_bounds_hold_the_exact_energy(
    result: LtpLtdResult, reference: Callable[[LtpLtd, float], Any]
) -> None:
    for s in result.states:
        exact = reference(LtpLtd(), s.state.resistance).energy[::2]
        for measures, part in ((first(s).up, exact[:150]), (first(s).down, exact[150:])):
            energy = measures.energy
            # The last reading averages 0.2 ms: the true end of the pulse lies a little higher.
            slack = 1e-3 * (energy.high - energy.low)
            assert (energy.low - slack <= part).all()
            assert (part <= energy.high + slack).all()
        np.testing.assert_allclose(first(s).up.energy.per_pulse, exact[:150], rtol=0.06)


def test_label_of_a_noisy_run_is_near_that_of_the_quiet_one(
    result: LtpLtdResult, make_run: MakeRun
) -> None:
    noisy = LtpLtdAnalysis().analyse(make_run(noise=2e-4))
    for quiet, other in zip(result.states, noisy.states, strict=True):
        label = first(other).up.nonlinearity.label
        half = (
            value(replace(label, value=label.high)) - value(replace(label, value=label.low))
        ) / 2
        assert abs(value(label) - value(first(quiet).up.nonlinearity.label)) < 3 * half


def test_an_aborted_run_is_measured_as_far_as_it_went(
    result: LtpLtdResult, make_run: MakeRun
) -> None:
    # The first state, then 10 readings of its reset, 150 pulses up and 45 down of the second.
    run = make_run(readings=610 + 10 + 300 + 90, outcome=Outcome.ABORTED)
    found = LtpLtdAnalysis().analyse(run)
    whole, part, *missing = found.states
    assert not found.complete
    assert whole.state.complete
    assert first(whole).up.nonlinearity.label == first(result.states[0]).up.nonlinearity.label
    assert part.reason == (
        "partial: cycle 1 of 1 has 150 of 150 potentiating and 45 of 150 depressing pulses"
    )
    assert first(part).dynamic_range == first(result.states[1]).dynamic_range
    assert len(first(part).down.branch.pulses) == 45
    assert "45 of 150 pulses" in first(part).down.nonlinearity.label.note
    assert first(part).asymmetry_ratio.value is None
    assert [s.reason for s in missing] == ["not measured"] * 2
    assert [s.state.label for s in missing] == ["8 kohm", "open"]


@pytest.mark.parametrize("readings", [0, 5, 11, 12, 13, 16, 25])
def test_a_run_that_ends_at_once_has_reasons_in_place_of_measures(
    make_run: MakeRun, readings: int
) -> None:
    found = LtpLtdAnalysis().analyse(make_run(readings=readings, outcome=Outcome.FAILED))
    assert len(found.states) == 4
    assert not found.complete
    text = json.dumps(found.as_json(), allow_nan=False)
    assert "not measured" in text
    for cycle in (c for s in found.states for c in s.cycles):
        for measure in (cycle.dynamic_range, cycle.up.nonlinearity.label, cycle.down.range):
            assert measure.value is not None or measure.note


def test_cycles_are_kept_apart(make_run: MakeRun) -> None:
    found = LtpLtdAnalysis().analyse(make_run(cycles=3, up=30, down=20, states=("500", "open")))
    for s in found.states:
        assert [c.number for c in s.cycles] == [1, 2, 3]
        assert [len(c.up.branch.pulses) for c in s.cycles] == [30] * 3
        assert [len(c.down.branch.pulses) for c in s.cycles] == [20] * 3
        assert s.cycles[1].up.branch.before == s.cycles[0].down.branch.gap_end[-1]
        assert 0 < value(s.up.write_noise) < value(s.up.range_variation)


def test_the_same_resistance_twice_makes_two_states(make_run: MakeRun) -> None:
    found = LtpLtdAnalysis().analyse(make_run(states=(500.0, 500.0), up=20, down=20))
    a, b = (first(s) for s in found.states)
    assert a.up.range == b.up.range
    assert found.complete


def test_potentiation_alone(make_run: MakeRun) -> None:
    found = LtpLtdAnalysis().analyse(make_run(down=0, states=(1000.0,)))
    cycle = first(found.states[0])
    assert found.complete
    assert cycle.up.nonlinearity.label.value is not None
    assert "0 readings" in cycle.down.nonlinearity.label.note
    assert cycle.asymmetry_ratio.note == "the protocol has no depression"


def test_flagged_readings_are_counted_and_named(make_run: MakeRun) -> None:
    run = make_run(states=(1000.0,))
    run.samples.flags[40:43] = Flag.LATE
    found = LtpLtdAnalysis().analyse(run)
    assert found.states[0].state.flagged == {"late": 3}
    assert any("3 readings flagged late" in note for note in found.table().notes)


def test_table_has_a_row_a_state_under_its_columns(result: LtpLtdResult) -> None:
    table = result.table()
    assert [row[0] for row in table.rows] == ["500 ohm", "1 kohm", "8 kohm", "open"]
    assert all(len(row) == len(table.columns) for row in table.rows)
    cell = table.rows[0][table.columns.index("NL LTP")]
    label = first(result.states[0]).up.nonlinearity.label
    assert cell == str(label)
    assert cell.startswith(f"{label.value:.3g} [")


def test_json_names_every_definition_and_carries_provenance(result: LtpLtdResult) -> None:
    found = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert found["provenance"]["simulated"] is True
    assert found["options"]["instant"] == "gap-end"
    assert found["complete"] is True
    assert [s["nominal"] for s in found["states"]] == [500.0, 1000.0, 8000.0, "open"]
    cycle = found["states"][3]["cycles"][0]
    assert len(cycle["potentiation"]["weight"]) == 150
    label = first(result.states[3]).up.nonlinearity.label
    assert cycle["potentiation"]["nonlinearity"]["label"]["value"] == label.value
    for name in ("NL", "A", "dynamic range", "energy per pulse", "asymmetry ratio", "write noise"):
        assert found["definitions"][name]["text"]
        assert found["definitions"][name]["source"]


def test_alpha_and_min_max_are_options(make_run: MakeRun) -> None:
    options = Options(nonlinearity="alpha", asymmetry="min-max")
    cycle = first(LtpLtdAnalysis(options).analyse(make_run(states=("open",))).states[0])
    assert cycle.up.nonlinearity.label.definition.name == "alpha"
    assert "undefined for weights <= 0" in cycle.down.nonlinearity.label.note
    assert cycle.asymmetry_ratio.note == "min-max"
